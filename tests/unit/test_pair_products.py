"""From two products to a GeoTIFF in one command: half an LR pixel apart, clouds in HR, other extents."""

import shlex

import numpy as np
import pytest

rasterio = pytest.importorskip("rasterio", reason="GeoTIFF is an optional extra")
from helpers import products  # noqa: E402
from helpers.cloudy_pair import CLASSES, CLOUD, HAZE, WAVELENGTHS, make_scene  # noqa: E402
from mossfuse import fuse  # noqa: E402
from mossfuse.__main__ import main  # noqa: E402
from mossfuse.files.reading import read_image  # noqa: E402

CORNER = (500000.0, 5000000.0)  # of HR; LR begins 15 m further east and south, 1.5 HR pixels


@pytest.fixture(scope="module")
def scene():
    """(LR (20, 20, 31), HR (63, 63, 4)): LR's pixels of 30 m begin 15 m inside HR's of 10 m."""
    return make_scene()[1:]


@pytest.fixture(scope="module")
def cloudy(scene, tmp_path_factory):
    """A folder with PRS.he5, ENMAP01-L2A and S2.SAFE, clouds drawn into the last two, and the cubes that fuse writes: prisma.tif, enmap.tif."""
    folder = tmp_path_factory.mktemp("products")
    low, high = scene
    place = (CORNER[0] + 15, CORNER[1] - 15)
    products.write_prisma(folder / "PRS.he5", low, WAVELENGTHS, place)
    products.write_enmap(folder / "ENMAP01-L2A", np.where(HAZE[..., None], 0.9, low), WAVELENGTHS, place, HAZE)
    products.write_safe(folder / "S2.SAFE", np.where(CLOUD[..., None], 0.95, high), CORNER, CLASSES)
    for name, product in (("prisma.tif", "PRS.he5"), ("enmap.tif", "ENMAP01-L2A")):
        command = f"fuse {folder / product} {folder / 'S2.SAFE'} -o {folder / name} --no-preview"
        assert main(shlex.split(command)) == 0
    return folder


@pytest.fixture(scope="module")
def controls(scene):
    """Cubes of the clean images without those pixels, no cloud and no file anywhere: of the first pair, of the second (rounded as EnMAP stores it)."""
    low, high = scene[0], left_out(scene[1], CLOUD)[2:62, 2:62]
    gains, offsets = products.enmap_scale(low.shape[2])
    rounded = np.round((low - offsets) / gains) * gains + offsets
    return [fuse(image, high, wavelengths=WAVELENGTHS).cube for image in (low, left_out(rounded, HAZE))]


def left_out(image, hidden):
    return np.ma.MaskedArray(image, np.broadcast_to(hidden[..., None], image.shape))


def read_cube(path):
    with rasterio.open(path) as file:
        return file.read().transpose(1, 2, 0)


def test_one_command_makes_a_geotiff_in_the_right_place(cloudy):
    with rasterio.open(cloudy / "prisma.tif") as file:
        assert file.crs.to_epsg() == 32631 and file.count == 31
        # LR's corner at 1.5 HR pixels: its blocks begin at HR pixel 2
        assert tuple(file.transform)[:6] == (10, 0, CORNER[0] + 20, 0, -10, CORNER[1] - 20)
        cube = file.read().transpose(1, 2, 0)
    assert cube.shape == (60, 60, 31)
    blank = ~np.isfinite(cube).any(2)
    assert blank[42:54, 38:56].all() and blank.sum() == 12 * 18


def test_nothing_of_a_cloud_gets_through_its_mask(cloudy, controls):
    """Every value within 1e-3 of the cube that the clean images give without those pixels; docs/measure/clouds.py: what lacking them costs."""
    for name, control in zip(("prisma.tif", "enmap.tif"), controls, strict=True):
        cube = read_cube(cloudy / name)
        measured = np.isfinite(cube).all(2)
        assert (measured == np.isfinite(control).all(2)).all()
        assert np.abs(cube - control)[measured].max() < 1e-3, name


def test_clouds_change_little_of_what_was_measured(cloudy, scene):
    """Beside the cube of the whole clean pair: hidden LR pixels teach the regression nothing, so that not every value can be within 1e-3."""
    clean = fuse(scene[0], scene[1][2:62, 2:62], wavelengths=WAVELENGTHS).cube
    for name, size, middle in (("prisma.tif", 1e-3, 2e-4), ("enmap.tif", 1.2e-3, 5e-4)):  # EnMAP's numbers are coarser
        cube = read_cube(cloudy / name)
        difference = np.abs(cube - clean)[np.isfinite(cube).all(2)]
        assert (difference < 1e-3).mean() > 0.9, name
        assert np.sqrt((difference**2).mean()) < size and np.median(difference) < middle, name
        assert difference.max() < 0.05, name


def test_clouds_in_both_products_are_no_data(cloudy):
    with rasterio.open(cloudy / "enmap.tif") as file:
        cube = file.read().transpose(1, 2, 0)
        assert file.crs.to_epsg() == 32631 and tuple(file.transform)[2:6:3] == (CORNER[0] + 20, CORNER[1] - 20)
    blank = ~np.isfinite(cube).any(2)
    assert blank[42:54, 38:56].all() and blank[9:12, 12:18].all() and blank.sum() == 12 * 18 + 3 * 6


def test_enmap_and_a_larger_safe_are_cropped_to_the_common_area(scene, tmp_path):
    low, high = scene
    products.write_enmap(tmp_path / "ENMAP01-L2A", low[:14, :12], WAVELENGTHS, (CORNER[0] + 15, CORNER[1] - 15))
    products.write_safe(tmp_path / "S2.SAFE", high, CORNER)
    command = (
        f"fuse {tmp_path / 'ENMAP01-L2A'} {tmp_path / 'S2.SAFE'} -o {tmp_path / 'out.tif'} --method gsa --no-preview"
    )
    assert main(shlex.split(command)) == 0
    with rasterio.open(tmp_path / "out.tif") as file:
        assert (file.height, file.width) == (42, 36) and file.crs.to_epsg() == 32631
        assert tuple(file.transform)[2:6:3] == (CORNER[0] + 20, CORNER[1] - 20)


def test_a_pair_is_written_and_read_back(scene, tmp_path, capsys):
    low, high = scene
    products.write_enmap(tmp_path / "ENMAP01-L2A", low[:12, :12], WAVELENGTHS, (CORNER[0] + 15, CORNER[1] - 15))
    products.write_safe(tmp_path / "S2.SAFE", high, CORNER)
    assert main(shlex.split(f"pair {tmp_path / 'ENMAP01-L2A'} {tmp_path / 'S2.SAFE'} -o {tmp_path / 'pair.h5'}")) == 0
    assert "cropped to the common area" in capsys.readouterr().out
    first, second = (read_image(tmp_path / "pair.h5", f"{name}/cube") for name in ("lr", "hr"))
    assert first.values.shape == (12, 12, 31) and second.values.shape == (36, 36, 4) and second.wavelengths is None
    assert np.allclose(first.wavelengths, WAVELENGTHS) and first.georeference.pixel == (30, 30)
    assert np.allclose(second.values, high[2:38, 2:38], atol=1e-4) and second.georeference.crs.startswith(
        ("EPSG", "PROJ")
    )
