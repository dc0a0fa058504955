"""Makes the pictures of this directory, by programs that are not Hoodoo: tifffile, Pillow and rasterio.

    pip install numpy tifffile imagecodecs pillow rasterio
    python make.py

The sample of page p, row y, column x and band b is known by a formula, which `files.rs` has as well.
"""

import numpy as np
import rasterio
import tifffile
from PIL import Image, ImageCms, PngImagePlugin
from rasterio.transform import from_origin

TYPES = ["bool", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]


def samples(kind, height=21, width=19, pages=None, bands=None):
    p, y, x, b = np.ogrid[: pages or 1, :height, :width, : bands or 1]
    value = (p * 40 + y * 7 + x * 3 + b * 11) % 128
    kind = np.dtype(kind)
    if kind == bool:
        value = value % 3 == 0
    elif kind.kind == "i":
        value = value - 60
    elif kind.kind == "f":
        value = value / 4 - 10
    value = value.astype(kind)
    if bands is None:
        value = value[..., 0]
    return value if pages else value[0]


def write(name, array, **options):
    tifffile.imwrite(name + ".tif", array, metadata=None, software=False, **options)


for kind in TYPES:
    photometric = "minisblack"
    write(f"type-{kind}", samples(kind), photometric=photometric)

write("lzw-horizontal-u2", samples("u2"), compression="lzw", predictor=2, rowsperstrip=4)
write("deflate-float-f4", samples("f4"), compression="deflate", predictor=3, rowsperstrip=8)
write("deflate-float-f8x2", samples("f8", bands=2), compression="deflate", predictor=3, photometric="minisblack", planarconfig="contig", extrasamples=[0])
write("deflate-float-f2", samples("f2"), compression="deflate", predictor=3)
write("zstd-horizontal-i4", samples("i4"), compression="zstd", predictor=2)
write("packbits-u1", samples("u1"), compression="packbits")
write("big-endian-lzw-u2", samples("u2"), byteorder=">", compression="lzw", predictor=2)
write("big-endian-deflate-f4", samples("f4"), byteorder=">", compression="deflate", predictor=3)
write("bigtiff-i2", samples("i2"), bigtiff=True)
write("tiled-u1x3", samples("u1", 37, 29, bands=3), tile=(16, 16), photometric="rgb")
write("tiled-deflate-u2x5", samples("u2", 37, 29, bands=5), tile=(16, 32), compression="deflate", predictor=2, photometric="minisblack", planarconfig="contig", extrasamples=[0] * 4)
planar = np.moveaxis(samples("u2", 37, 29, bands=5), -1, 0)
write("planar-tiled-zstd-u2x5", planar, tile=(16, 16), compression="zstd", photometric="minisblack", planarconfig="separate", extrasamples=[0] * 4)
write("planar-u1x3", np.moveaxis(samples("u1", bands=3), -1, 0), photometric="rgb", planarconfig="separate")
write("white-is-zero-u1", 255 - samples("u1"), photometric="miniswhite")
write("associated-u1x4", samples("u1", bands=4), photometric="rgb", extrasamples=["assocalpha"])
write("pages-u1", samples("u1", pages=5), photometric="minisblack", description="five pages", resolution=(300, 150), resolutionunit=2, datetime="2024:02:29 12:00:00")
write("orientation-6-u1", np.rot90(samples("u1")), photometric="minisblack", extratags=[(274, "H", 1, 6, True)])
write("jpeg-u1x3", np.full((32, 32, 3), [200, 100, 50], "u1"), compression="jpeg", compressionargs={"level": 100}, photometric="ycbcr", tile=(16, 16))
tifffile.imwrite("imagej-u2.tif", samples("u2", pages=6).reshape(3, 2, 21, 19), imagej=True, resolution=(2.0, 2.0), metadata={"axes": "ZCYX", "spacing": 0.5, "unit": "um"})
tifffile.imwrite("ome-u1.tif", samples("u1", pages=6).reshape(2, 3, 21, 19), ome=True, metadata={"axes": "TZYX"})

one_bit = Image.fromarray(samples("bool"))
one_bit.save("one-bit.tif")
one_bit.save("one-bit-group4.tif", compression="group4")
palette = Image.fromarray(samples("u1"), "P")
palette.putpalette([value for index in range(256) for value in (index, 255 - index, index // 2)])
palette.save("palette.tif")


def geo(name, array, nodata, **options):
    bands = array[None] if array.ndim == 2 else array
    profile = dict(driver="GTiff", count=len(bands), height=bands.shape[1], width=bands.shape[2], dtype=bands.dtype.name)
    profile |= dict(crs="EPSG:32633", transform=from_origin(500000, 4600000, 30, 20), nodata=nodata)
    with rasterio.open(name + ".tif", "w", **profile, **options) as file:
        file.write(bands)
        file.set_band_description(1, "height")
        file.update_tags(1, source="survey")


heights = samples("i2", 40, 33)
heights[10:13, 7:9] = -9999
heights[30, 30] = -9999
geo("dem-i2", heights, -9999, tiled=True, blockxsize=16, blockysize=16, compress="deflate", predictor=2)
holes = samples("f4", 40, 33)
holes[5, 5:9] = -9999
geo("dem-f4", holes, -9999, compress="lzw", predictor=3)
geo("bands-u2", np.moveaxis(samples("u2", bands=4), -1, 0), 0, interleave="band")
sparse = np.full((64, 64), -9999, "f4")
sparse[:16, :16] = 5
geo("sparse-f4", sparse, -9999, tiled=True, blockxsize=16, blockysize=16, sparse_ok=True)

profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
exif = Image.Exif()
exif[0x010F] = "Maker"
exif[0x0112] = 6
photo = Image.fromarray(np.rot90(samples("u1", 32, 24))).convert("RGB")
texts = PngImagePlugin.PngInfo()
texts.add_text("Title", "a ramp")
photo.save("photo.png", icc_profile=profile, exif=exif, dpi=(300, 300), pnginfo=texts)
photo.save("photo.jpg", icc_profile=profile, exif=exif, dpi=(300, 300), quality=95)
photo.save("photo.webp", icc_profile=profile, exif=exif, lossless=True)
frames = [Image.fromarray(np.full((8, 8), value, "u1")) for value in (0, 50, 100)]
frames[0].save("animation.png", save_all=True, append_images=frames[1:])

# The profile is none, but for what says that its colours are inks.
Image.new("CMYK", (8, 8), (10, 60, 110, 20)).save("inks.jpg", icc_profile=b"\0" * 16 + b"CMYK" + b"\0" * 108)
