"""Makes the volumes and astronomical images of this directory, by programs that are not Hoodoo: nibabel, astropy and NumPy.

    pip install numpy nibabel astropy
    python make_volumes.py

The sample at each index is known by a formula, which `volumes.rs` has as well.
"""

import nibabel
import numpy as np
from astropy.io import fits

SHAPE = (7, 6, 5)


def samples(kind, shape=SHAPE):
    weights = (3, 7, 11, 13)
    value = sum(np.arange(n).reshape([-1 if a == b else 1 for b in range(len(shape))]) * weights[a]
                for a, n in enumerate(shape)) % 100
    kind = np.dtype(kind)
    return (value / 4 if kind.kind == "f" else value).astype(kind)


affine = np.array([[-2.0, 0.25, 0, 90], [0.5, 2, 0, -126], [0, 0, 3, -72], [0, 0, 0, 1]])


def nifti(name, array, version=nibabel.Nifti1Image, big=False):
    header = version.header_class(endianness=">" if big else "<")
    header["descrip"] = b"made for Hoodoo"
    header.set_data_dtype(array.dtype)
    image = version(array, affine, header)
    image.header.set_xyzt_units("mm", "sec")
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"kept as it is"))
    nibabel.save(image, name)


nifti("volume-i2.nii", samples("i2"))
nifti("volume-f4.nii.gz", samples("f4"))
nifti("volume-big-endian-u2.nii", samples(">u2"), big=True)
nifti("second-version-f8.nii", samples("f8"), nibabel.Nifti2Image)
nifti("times-i2.nii.gz", samples("i2", SHAPE + (3,)))
# Stored numbers are half of what they stand for, less 10.
scaled = nibabel.Nifti1Image((samples("i2") - 10).astype("i2"), affine)
scaled.header.set_data_dtype("i2")
raw = bytearray(scaled.to_bytes())
raw[112:120] = np.array([2.0, 20.0], "<f4").tobytes()
open("scaled-i2.nii", "wb").write(raw)


def image(array, **cards):
    hdu = fits.ImageHDU(array)
    for key, value in cards.items():
        hdu.header[key] = value
    return hdu


primary = fits.PrimaryHDU(samples("f4", (6, 5)))
primary.header["OBJECT"] = ("M 31 / not a comment", "what was seen")
primary.header["CRPIX1"], primary.header["CRPIX2"] = 2.5, 3.0
table = fits.BinTableHDU.from_columns([fits.Column("x", "J", array=np.arange(4))], name="CATALOGUE")
second = image(samples("u2", (4, 6, 5)), EXTNAME="COUNTS")
primary.header["HISTORY"] = "made for Hoodoo"
fits.HDUList([primary, table, second]).writeto("sky.fits", overwrite=True, checksum=True)
for kind in ("u1", "i1", "i2", "i4", "u4", "i8", "u8", "f8"):
    fits.PrimaryHDU(samples(kind, (6, 5))).writeto(f"sky-{kind}.fits", overwrite=True)
holes = samples("i2", (6, 5))
holes[2, 3] = -999
hdu = fits.PrimaryHDU(holes)
hdu.header["BLANK"] = -999
hdu.writeto("holes-i2.fits", overwrite=True)
hdu = fits.PrimaryHDU(samples("f4", (6, 5)) * 4 * 0.5 + 3)
hdu.scale("int16", bscale=0.5, bzero=3.0)
hdu.writeto("scaled-i2.fits", overwrite=True)
np.savez("arrays.npz", depth=samples("i2", (6, 5)), mask=samples("u1", (6, 5)) % 2 == 0)
np.savez_compressed("one.npz", samples("f4", (6, 5)))
