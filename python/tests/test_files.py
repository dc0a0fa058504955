"""Files of others through the command: what rasterio, tifffile, Pillow, nibabel, astropy and OpenEXR write, they read again.

Values, types, tags, pages, profiles and headers are compared by those packages. The command is that of `cargo build`, or the one that
HOODOO_COMMAND names.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


def _command() -> Path | None:
    named = os.environ.get("HOODOO_COMMAND")
    built = [Path(named)] if named else [ROOT / "target" / kind / "hoodoo" for kind in ("debug", "release")]
    return next((path for path in built if path.is_file()), None)


COMMAND = _command()
pytestmark = pytest.mark.skipif(COMMAND is None, reason="the command is not built, and HOODOO_COMMAND names none")


@pytest.fixture
def run(tmp_path):
    """Runs a kernel on a file of the test's directory, and gives what it says that it lost."""

    def run(kernel: str, source: str, target: str, *options: str) -> list[str]:
        words = [COMMAND, "run", kernel, source, "-o", target, "--json", "--quiet", *options]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)["files"][0]["outputs"][0]["lost"]

    return run


@pytest.fixture
def terrain():
    y, x = np.mgrid[:40, :50]
    heights = 1000 + 60 * np.sin(y / 7) * np.cos(x / 9) + (y * 37 + x * 101) % 17
    holes = ((y - 12) ** 2 + (x - 20) ** 2 < 20) | (x == 44) & (y > 30)
    return heights, holes


# GeoTIFF


def geotiff(path, bands, **profile):
    rasterio = pytest.importorskip("rasterio")
    from rasterio.transform import from_origin

    count, height, width = bands.shape
    profile = {"driver": "GTiff", "crs": "EPSG:32633", "transform": from_origin(5e5, 5.2e6, 30, 30), **profile}
    with rasterio.open(path, "w", height=height, width=width, count=count, dtype=bands.dtype, **profile) as file:
        file.write(bands)
        file.update_tags(AREA_OR_POINT="Area", SURVEY="2024")
        for band in range(1, count + 1):
            file.set_band_description(band, f"band {band}")


def described(path):
    import rasterio

    with rasterio.open(path) as file:
        return file.read(), file.profile, file.tags(), file.descriptions, file.colorinterp


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"compress": "deflate", "predictor": 2, "tiled": True, "blockxsize": 16, "blockysize": 32},
        {"compress": "lzw", "interleave": "band"},
        {"compress": "zstd", "interleave": "pixel", "BIGTIFF": "YES"},
    ],
    ids=["plain", "deflate", "lzw", "zstd"],
)
def test_geotiffs_come_out_as_they_went_in(run, tmp_path, terrain, dtype, stored):
    if dtype.startswith("float") and "predictor" in stored:
        stored = {**stored, "predictor": 3}
    heights = terrain[0] if dtype != "uint8" else terrain[0] - 900
    bands = np.stack([heights, heights + 7, heights / 2]).astype(dtype)
    geotiff(tmp_path / "in.tif", bands, nodata=77, **stored)
    assert run("w[0, 0]", "in.tif", "out.tif") == []
    before, after = described(tmp_path / "in.tif"), described(tmp_path / "out.tif")
    np.testing.assert_array_equal(after[0], before[0])
    assert after[0].dtype == dtype
    assert after[1:] == before[1:]


def test_the_tie_point_moves_with_what_is_left(run, tmp_path, terrain):
    geotiff(tmp_path / "in.tif", terrain[0][None].astype("float32"))
    run("mean(w)", "in.tif", "out.tif", "--size", "5,3", "--mode", "valid")
    profile = described(tmp_path / "out.tif")[1]
    assert (profile["height"], profile["width"]) == (36, 48)
    assert (profile["transform"].c, profile["transform"].f) == (5e5 + 30, 5.2e6 - 60)


def test_rational_polynomials_move_with_what_is_left(run, tmp_path, terrain):
    rasterio = pytest.importorskip("rasterio")
    from rasterio.rpc import RPC

    coefficients = {f"{name}_coeff": [1.0] + [0.0] * 19 for name in ("line_den", "line_num", "samp_den", "samp_num")}
    offsets = {"height_off": 1.0, "height_scale": 2.0, "lat_off": 3.0, "lat_scale": 4.0, "long_off": 5.0, "long_scale": 6.0}
    rpcs = RPC(line_off=20, line_scale=21, samp_off=25, samp_scale=26, err_bias=None, err_rand=None, **offsets, **coefficients)
    geotiff(tmp_path / "in.tif", terrain[0][None].astype("float32"), crs=None, transform=None, rpcs=rpcs)

    def places(*options):
        assert run("mean(w)", "in.tif", "out.tif", *options) == []
        with rasterio.open(tmp_path / "out.tif") as file:
            return file.rpcs.line_off, file.rpcs.line_scale, file.rpcs.samp_off, file.rpcs.samp_scale

    assert places("--size", "3") == (20, 21, 25, 26)
    assert places("--size", "5,3", "--mode", "valid") == (18, 21, 24, 26)
    assert places("--size", "3", "--stride", "2,5") == (10, 10.5, 5, 5.2)


@pytest.mark.parametrize("text", ["-9999", "256", "nan", "2.4"])
def test_a_number_that_the_type_has_not_stands_for_no_pixel(run, tmp_path, tifffile, text):
    pixels = np.arange(30, dtype=np.uint8).reshape(5, 6)
    tifffile.imwrite(tmp_path / "in.tif", pixels, extratags=[(42113, "s", 0, text, True)])
    for way in ([], ["--stream"]):
        run("len(w)", "in.tif", "out.tif", "--size", "1", *way)
        np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif"), 1)


def means(heights, holes, size):
    """The mean of the values in boxes of this size, of which those beyond the ends have none, by loops."""
    known = np.where(holes, np.nan, heights)
    padded = np.pad(known, size // 2, constant_values=np.nan)
    with warnings.catch_warnings(category=RuntimeWarning, action="ignore"):
        return np.nanmean(np.lib.stride_tricks.sliding_window_view(padded, (size, size)), axis=(2, 3))


def test_means_beside_holes(run, tmp_path, terrain):
    heights, holes = terrain
    geotiff(tmp_path / "dem.tif", np.where(holes, -9999, heights)[None].astype("float32"), nodata=-9999)
    run("mean(w)", "dem.tif", "smooth.tif", "--size", "3", "--mode", "shrink")
    smooth = described(tmp_path / "smooth.tif")[0][0]
    heights = heights.astype("float32").astype("float64")
    np.testing.assert_array_equal(smooth == -9999, holes)
    np.testing.assert_allclose(smooth[~holes], means(heights, holes, 3)[~holes], rtol=2e-7)

    # With the holes filled, as others compute it.
    run("mean(w)", "dem.tif", "filled.tif", "--size", "3", "--mode", "shrink", "--fill")
    filled = described(tmp_path / "filled.tif")[0][0]
    convolution = pytest.importorskip("astropy.convolution")
    known = np.where(holes, np.nan, heights)
    seen = ~np.isnan(means(heights, holes, 3))
    by_astropy = convolution.convolve(np.pad(known, 1, constant_values=np.nan), np.ones((3, 3)), nan_treatment="interpolate")[1:-1, 1:-1]
    np.testing.assert_allclose(filled[seen], by_astropy[seen], rtol=2e-7)


def test_means_are_those_of_xarray_spatial(run, tmp_path, terrain):
    focal = pytest.importorskip("xrspatial.focal")
    xarray = pytest.importorskip("xarray")
    heights, holes = terrain
    known = np.where(holes, np.nan, heights).astype("float32")
    geotiff(tmp_path / "dem.tif", known[None], nodata=np.nan)
    run("mean(w)", "dem.tif", "filled.tif", "--size", "3", "--mode", "shrink", "--fill")
    # It keeps what is excluded, which are holes by default.
    theirs = focal.mean(xarray.DataArray(known), excludes=[np.inf])
    ours = described(tmp_path / "filled.tif")[0][0]
    seen = ~np.isnan(means(heights, holes, 3))
    np.testing.assert_allclose(ours[seen], theirs.values[seen], rtol=1e-6)


@pytest.mark.parametrize("way", [(), ("--stream",)], ids=["whole", "by rows"])
@pytest.mark.parametrize("bands", [1, 3])
def test_internal_masks_of_gdal(run, tmp_path, terrain, bands, way):
    rasterio = pytest.importorskip("rasterio")
    heights, holes = terrain
    pixels = np.stack([heights - 900 + band for band in range(bands)]).astype("uint8")
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        geotiff(tmp_path / "in.tif", pixels, compress="deflate")
        with rasterio.open(tmp_path / "in.tif", "r+") as file:
            file.write_mask(~holes)
    assert run("mean(w)", "in.tif", "out.tif", "--size", "3", "--mode", "shrink", "--dtype", "f32", *way) == []
    with rasterio.open(tmp_path / "out.tif") as file:
        assert file.mask_flag_enums == ([rasterio.enums.MaskFlags.per_dataset],) * bands
        np.testing.assert_array_equal(file.dataset_mask() > 0, ~holes)
        values = file.read()
    for band in range(bands):
        expected = means(pixels[band].astype(float), holes, 3)
        np.testing.assert_allclose(values[band][~holes], expected[~holes], rtol=2e-7)
        np.testing.assert_array_equal(values[band][holes], pixels[band][holes])
    # What is cut off is cut off of the mask, too; other files have no place for it.
    run("mean(w)", "in.tif", "valid.tif", "--size", "5", "--mode", "valid", *way)
    with rasterio.open(tmp_path / "valid.tif") as file:
        np.testing.assert_array_equal(file.dataset_mask() > 0, ~holes[2:-2, 2:-2])
    assert "mask" in run("w[0, 0]", "in.tif", "out.png", *way)


def test_a_palette_of_classes_stays(run, tmp_path):
    rasterio = pytest.importorskip("rasterio")
    classes = (np.mgrid[:20, :30].sum(axis=0) // 7 % 4).astype("uint8")
    geotiff(tmp_path / "in.tif", classes[None], photometric="palette")
    colours = {0: (0, 0, 0, 255), 1: (255, 0, 0, 255), 2: (0, 128, 0, 255), 3: (9, 8, 200, 255)}
    with rasterio.open(tmp_path / "in.tif", "r+") as file:
        file.write_colormap(1, colours)
    assert run("mode(w)", "in.tif", "out.tif", "--size", "3") == []
    with rasterio.open(tmp_path / "out.tif") as file:
        written = file.colormap(1)
        assert {number: written[number] for number in colours} == colours
        assert set(np.unique(file.read(1))) <= set(colours)


# TIFF of microscopes


@pytest.fixture
def tifffile():
    return pytest.importorskip("tifffile")


def tags(page):
    # Where samples are, and a format that is the default.
    places = {"StripOffsets", "StripByteCounts", "RowsPerStrip", "NewSubfileType", "SampleFormat"}
    return {"BitsPerSample": 1} | {tag.name: tag.value for tag in page.tags if tag.name not in places}


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_imagej_hyperstacks(run, tmp_path, tifffile, dtype):
    stack = (np.arange(2 * 3 * 2 * 16 * 20) % 251).reshape(2, 3, 2, 16, 20).astype(dtype)
    metadata = {"axes": "TZCYX", "spacing": 0.5, "unit": "um", "fps": 2.0}
    tifffile.imwrite(tmp_path / "in.tif", stack, imagej=True, resolution=(20000, 20000), metadata=metadata)
    assert run("w[0, 0]", "in.tif", "out.tif") == []
    with tifffile.TiffFile(tmp_path / "in.tif") as before, tifffile.TiffFile(tmp_path / "out.tif") as after:
        assert after.imagej_metadata == before.imagej_metadata
        assert after.series[0].axes == before.series[0].axes
        np.testing.assert_array_equal(after.asarray(), stack)


def means_along_slices(stack, axis):
    """The mean of three slices, those beyond the ends being their mirror images."""
    padded = np.pad(stack.astype(float), [(int(place == axis),) * 2 for place in range(stack.ndim)], mode="symmetric")
    return np.lib.stride_tricks.sliding_window_view(padded, 3, axis=axis).mean(axis=-1)


@pytest.mark.parametrize("kind", ["imagej", "ome"])
def test_volumes_of_a_hyperstack(run, tmp_path, tifffile, kind):
    axes = "TZCYX" if kind == "imagej" else "TCZYX"
    stack = np.random.default_rng(4).integers(0, 999, [dict(zip("TCZYX", (2, 3, 5, 12, 14)))[axis] for axis in axes]).astype("float32")
    tifffile.imwrite(tmp_path / "in.tif", stack, metadata={"axes": axes}, **{kind: True})
    assert run("mean(w)", "in.tif", "out.tif", "--volume", "--size", "3,1,1") == []
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        assert file.series[0].axes == axes
        np.testing.assert_allclose(file.asarray(), means_along_slices(stack, axes.index("Z")), rtol=1e-6)
    lost = run("mean(w)", "in.tif", "less.tif", "--volume", "--size", "3,1,1", "--mode", "valid")
    assert lost == ["description, which counts slices that are cut off"]
    inner = np.moveaxis(means_along_slices(stack, axes.index("Z")), axes.index("Z"), 0)[1:-1]
    with tifffile.TiffFile(tmp_path / "less.tif") as file:
        pages = np.stack([page.asarray() for page in file.pages])
    np.testing.assert_allclose(pages, np.moveaxis(inner, 0, axes.index("Z")).reshape(-1, 12, 14), rtol=1e-6)


def test_ome_tiffs(run, tmp_path, tifffile):
    stack = (np.arange(2 * 3 * 16 * 20) % 251).reshape(2, 3, 16, 20).astype("uint16")
    metadata = {"axes": "CZYX", "PhysicalSizeX": 0.1, "PhysicalSizeXUnit": "µm", "Channel": {"Name": ["DAPI", "GFP"]}}
    tifffile.imwrite(tmp_path / "in.ome.tif", stack, metadata=metadata)
    assert run("w[0, 0]", "in.ome.tif", "out.ome.tif") == []
    with tifffile.TiffFile(tmp_path / "in.ome.tif") as before, tifffile.TiffFile(tmp_path / "out.ome.tif") as after:
        assert after.ome_metadata == before.ome_metadata
        assert after.series[0].axes == "CZYX"
        np.testing.assert_array_equal(after.asarray(), stack)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int16", "uint32", "int64", "uint64", "float16", "float64"])
def test_pages_and_their_tags(run, tmp_path, tifffile, dtype):
    pages = (np.arange(5 * 12 * 14) % 100).reshape(5, 12, 14).astype(dtype)
    options = {"description": "five pages", "resolution": (300, 150), "resolutionunit": 2, "software": "a program", "datetime": "2024:02:29 12:00:00"}
    tifffile.imwrite(tmp_path / "in.tif", pages, photometric="minisblack", metadata=None, compression="zlib", **options)
    assert run("w[0, 0]", "in.tif", "out.tif") == []
    with tifffile.TiffFile(tmp_path / "in.tif") as before, tifffile.TiffFile(tmp_path / "out.tif") as after:
        assert [tags(page) for page in after.pages] == [tags(page) for page in before.pages]
        np.testing.assert_array_equal(after.asarray(), pages)
        assert after.asarray().dtype == dtype


# Pictures


@pytest.fixture
def picture():
    y, x = np.mgrid[:24, :32]
    return np.stack([y * 8, x * 8, (y * x) % 256], axis=-1).astype("uint8")


def camera():
    from PIL import Image

    exif = Image.Exif()
    exif[271], exif[272] = "Hoodoo", "H1"
    own = exif.get_ifd(0x8769)
    own[33434], own[34855], own[36867] = (1, 250), 400, "2024:02:29 12:00:00"
    exif.get_ifd(0x8825)[1] = "N"
    return exif


def profile():
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def seen(path):
    """What Pillow sees of the camera: its tags, those of the two directories, and the colour profile."""
    from PIL import Image

    with Image.open(path) as image:
        exif = image.getexif()
        main = {number: exif.get(number) for number in (271, 272)}
        return main, dict(exif.get_ifd(0x8769)), dict(exif.get_ifd(0x8825)), image.info.get("icc_profile")


@pytest.mark.parametrize("name", ["in.png", "in.jpg", "in.webp"])
def test_pictures_keep_what_they_carry(run, tmp_path, picture, name):
    image_module = pytest.importorskip("PIL.Image")
    options = {"lossless": True} if name.endswith("webp") else {"dpi": (300, 300)}
    image_module.fromarray(picture).save(tmp_path / name, exif=camera(), icc_profile=profile(), **options)
    target = name.replace("in", "out")
    assert run("w[0, 0]", name, target) == []
    assert seen(tmp_path / target) == seen(tmp_path / name)
    with image_module.open(tmp_path / name) as before, image_module.open(tmp_path / target) as after:
        assert after.info.get("dpi") == pytest.approx(before.info.get("dpi"), abs=0.01)
        if not name.endswith("jpg"):
            np.testing.assert_array_equal(np.asarray(after), picture)
        else:
            assert np.abs(np.asarray(after).astype(int) - np.asarray(before)).max() < 20


def test_exif_data_go_through_tiff(run, tmp_path, picture):
    image_module = pytest.importorskip("PIL.Image")
    image_module.fromarray(picture).save(tmp_path / "in.jpg", exif=camera(), icc_profile=profile(), dpi=(300, 300))
    assert run("w[0, 0]", "in.jpg", "through.tif") == []
    assert run("w[0, 0]", "through.tif", "again.tif") == []
    assert run("w[0, 0]", "again.tif", "out.png") == []
    for name in ["through.tif", "again.tif", "out.png"]:
        assert seen(tmp_path / name) == seen(tmp_path / "in.jpg"), name


def test_texts_and_xmp_of_png(run, tmp_path, picture):
    image_module = pytest.importorskip("PIL.Image")
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_text("Title", "a title")
    texts.add_itxt("Author", "Käthe")
    texts.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    image_module.fromarray(picture).save(tmp_path / "in.png", pnginfo=texts)
    assert run("w[0, 0]", "in.png", "out.png") == []
    with image_module.open(tmp_path / "out.png") as image:
        image.load()
        assert image.text == {"Title": "a title", "Author": "Käthe", "XML:com.adobe.xmp": "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"}
    # TIFF files have both as well.
    assert run("w[0, 0]", "in.png", "out.tif") == []
    with image_module.open(tmp_path / "out.tif") as image:
        assert image.tag_v2[700] == b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_with_its_middle_cut_out(tmp_path, progressive):
    image_module = pytest.importorskip("PIL.Image")
    pixels = np.random.default_rng(1).integers(0, 256, (160, 160, 3)).astype("uint8")
    bytes_ = io.BytesIO()
    image_module.fromarray(pixels).save(bytes_, "jpeg", quality=90, progressive=progressive)
    whole = bytes_.getvalue()
    (tmp_path / "whole.jpg").write_bytes(whole)
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 3] + whole[len(whole) * 2 // 3 :])

    def filtered(*words):
        words = [COMMAND, "run", "max(w)", *words, "--size", "3", "-q"]
        return subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert filtered("whole.jpg", "-o", "out.png", "--strict").stderr == ""
    cut = filtered("cut.jpg", "-o", "out.png")
    assert cut.returncode == 0 and "cut.jpg: damaged: a part of its picture is missing" in cut.stderr
    strict = filtered("cut.jpg", "-o", "strict.png", "--strict")
    assert strict.returncode == 1 and "--strict" in strict.stderr and not (tmp_path / "strict.png").exists()


# Volumes and the sky


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("extension", [".nii", ".nii.gz"])
def test_nifti_volumes(run, tmp_path, dtype, extension):
    nibabel = pytest.importorskip("nibabel")
    volume = (np.arange(6 * 7 * 8) % 120).reshape(6, 7, 8).astype(dtype)
    affine = np.array([[0, -2, 0, 90], [1.5, 0, 0, -126], [0, 0, 3, -72], [0, 0, 0, 1.0]])
    image = nibabel.Nifti1Image(volume, affine)
    image.header.set_xyzt_units("mm", "sec")
    image.header["descrip"] = "a brain"
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"kept"))
    nibabel.save(image, tmp_path / f"in{extension}")
    assert run("w[0, 0, 0]", f"in{extension}", f"out{extension}") == []
    before, after = nibabel.load(tmp_path / f"in{extension}"), nibabel.load(tmp_path / f"out{extension}")
    np.testing.assert_array_equal(np.asarray(after.dataobj), volume)
    assert after.get_data_dtype() == dtype
    assert after.header.structarr.tobytes() == before.header.structarr.tobytes()
    assert [part.get_content() for part in after.header.extensions] == [part.get_content() for part in before.header.extensions]
    run("mean(w)", f"in{extension}", f"valid{extension}", "--size", "3", "--mode", "valid")
    np.testing.assert_allclose(nibabel.load(tmp_path / f"valid{extension}").affine[:3, 3], (affine @ [1, 1, 1, 1])[:3])


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "int64", "float32", "float64"])
def test_fits_images(run, tmp_path, dtype):
    fits = pytest.importorskip("astropy.io.fits")
    wcs = pytest.importorskip("astropy.wcs")
    sky = (np.arange(30 * 40) % 120).reshape(30, 40).astype(dtype)
    primary = fits.PrimaryHDU(sky)
    for key, value in {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": 20.5, "CRPIX2": 15.5, "CRVAL1": 10.0, "CRVAL2": 41.0, "CDELT1": -0.01, "CDELT2": 0.01}.items():
        primary.header[key] = value
    primary.header["OBSERVER"] = ("Herschel", "who looked")
    primary.header["HISTORY"] = "made for a test"
    table = fits.BinTableHDU.from_columns([fits.Column("flux", "E", array=np.arange(5.0))], name="STARS")
    fits.HDUList([primary, table]).writeto(tmp_path / "in.fits")
    assert run("w[0, 0]", "in.fits", "out.fits") == []
    with fits.open(tmp_path / "in.fits") as before, fits.open(tmp_path / "out.fits") as after:
        after.verify("exception")
        assert repr(after[0].header) == repr(before[0].header)
        np.testing.assert_array_equal(after[0].data, sky)
        assert after[0].data.dtype.kind + str(after[0].data.dtype.itemsize) == np.dtype(dtype).kind + str(np.dtype(dtype).itemsize)
        np.testing.assert_array_equal(after["STARS"].data["flux"], np.arange(5.0))
    run("mean(w)", "in.fits", "valid.fits", "--size", "5,3", "--mode", "valid")
    place = [wcs.WCS(fits.getheader(tmp_path / name)).pixel_to_world_values(*pixel) for name, pixel in (("in.fits", (1, 2)), ("valid.fits", (0, 0)))]
    np.testing.assert_allclose(place[0], place[1])


def test_blank_pixels_of_fits(run, tmp_path, terrain):
    fits = pytest.importorskip("astropy.io.fits")
    heights, holes = terrain
    pixels = np.where(holes, -32768, heights).astype("int16")
    primary = fits.PrimaryHDU(pixels)
    primary.header["BLANK"] = -32768
    primary.writeto(tmp_path / "in.fits")
    run("mean(w)", "in.fits", "out.fits", "--size", "3", "--mode", "shrink")
    with fits.open(tmp_path / "out.fits", do_not_scale_image_data=True) as file:
        np.testing.assert_array_equal(file[0].data == -32768, holes)
        expected = np.round(means(pixels.astype(float), holes, 3))
        np.testing.assert_array_equal(file[0].data[~holes], expected[~holes])


def test_floats_of_fits_have_no_number_for_no_value(run, tmp_path):
    fits = pytest.importorskip("astropy.io.fits")
    primary = fits.PrimaryHDU(np.array([[1, -99], [3, 4]], "int16"))
    primary.header["BLANK"] = -99
    primary.writeto(tmp_path / "in.fits")
    assert run("max(w)", "in.fits", "same.fits", "--size", "1") == []
    assert any("nodata value -99" in each for each in run("max(w)", "in.fits", "out.fits", "--size", "1", "--dtype", "f32"))


# OpenEXR


@pytest.mark.parametrize("dtype", ["float16", "float32", "uint32"])
@pytest.mark.parametrize("names", [["R", "G", "B"], ["R", "G", "B", "A"], ["Y"], ["depth", "normal.x", "normal.y", "id", "mask"]])
def test_exr_channels(run, tmp_path, dtype, names):
    exr = pytest.importorskip("OpenEXR")
    channels = {name: ((np.arange(20 * 30) * (place + 1)) % 1000).reshape(20, 30).astype(dtype) for place, name in enumerate(names)}
    header = {"compression": exr.ZIP_COMPRESSION, "type": exr.scanlineimage, "comments": "a comment", "owner": "somebody"}
    with exr.File(header, {name: exr.Channel(name, values) for name, values in channels.items()}) as file:
        file.write(str(tmp_path / "in.exr"))
    assert run("w[0, 0]", "in.exr", "out.exr") == []
    with exr.File(str(tmp_path / "in.exr"), separate_channels=True) as before, exr.File(str(tmp_path / "out.exr"), separate_channels=True) as after:
        assert set(after.channels()) == set(names)
        for name, values in channels.items():
            np.testing.assert_array_equal(after.channels()[name].pixels, values)
            assert after.channels()[name].pixels.dtype == dtype
        for key in ["comments", "owner", "compression", "pixelAspectRatio"]:
            assert after.header()[key] == before.header()[key], key
    # One channel by its name, and bands in the order of names.
    run("w[0, 0]", f"in.exr#{names[-1]}", "one.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "one.npy"), channels[names[-1]])
    if len(names) > 4:
        order = sorted(names)
        run("w[0, 0]", "in.exr#2", "second.npy")
        np.testing.assert_array_equal(np.load(tmp_path / "second.npy"), channels[order[1]])
