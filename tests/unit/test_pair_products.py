"""From two products to a GeoTIFF in one command: half an LR pixel apart, clouds in HR, other extents."""

import shlex

import numpy as np
import pytest

rasterio = pytest.importorskip("rasterio", reason="GeoTIFF is an optional extra")
from helpers import products  # noqa: E402
from mossfuse import fuse  # noqa: E402
from mossfuse.__main__ import main  # noqa: E402
from mossfuse.datasets import phantom  # noqa: E402
from mossfuse.files.reading import read_image  # noqa: E402
from mossfuse.physics.psf import gaussian_psf  # noqa: E402
from mossfuse.physics.sampling import BlurSample  # noqa: E402

WAVELENGTHS = np.linspace(450, 1300, 31)
CORNER = (500000.0, 5000000.0)  # of HR; LR begins 15 m further east and south, 1.5 HR pixels


@pytest.fixture(scope="module")
def scene():
    """(LR (20, 20, 31), HR (63, 63, 4)): LR's pixels of 30 m begin 15 m inside HR's of 10 m."""
    cube = 0.1 + 0.8 * phantom.read("twins", None, None, size=64)[0][:63, :63]
    low = BlurSample(gaussian_psf(4, 1.2), (2, 2), 3, cube.shape)(cube)[:-1, :-1]
    responses = np.exp(-0.5 * ((WAVELENGTHS - np.array([[493], [560], [665], [833]])) / 45) ** 2)
    return low, cube @ (responses / responses.sum(1, keepdims=True)).T


@pytest.fixture(scope="module")
def cloud():
    """(32, 32) True for the pixels of 20 m that are cloudy in HR: its rows 44 to 55, cols 40 to 57."""
    cloud = np.zeros((32, 32), bool)
    cloud[22:28, 20:29] = True
    return cloud


@pytest.fixture(scope="module")
def cloudy(scene, cloud, tmp_path_factory):
    """A folder with PRS.he5, ENMAP01-L2A (clouds in two LR pixels) and S2.SAFE (clouds), and the cube that fuse writes from the first and the last."""
    folder = tmp_path_factory.mktemp("products")
    low, high = scene
    bright = np.where(np.kron(cloud, np.ones((2, 2), bool))[:63, :63, None], 0.95, high)
    hidden = np.zeros(low.shape[:2], bool)
    hidden[3, 4:6] = True
    place = (CORNER[0] + 15, CORNER[1] - 15)
    products.write_prisma(folder / "PRS.he5", low, WAVELENGTHS, place)
    products.write_enmap(folder / "ENMAP01-L2A", np.where(hidden[..., None], 0.9, low), WAVELENGTHS, place, hidden)
    products.write_safe(folder / "S2.SAFE", bright, CORNER, cloud)
    command = f"fuse {folder / 'PRS.he5'} {folder / 'S2.SAFE'} -o {folder / 'out.tif'} --no-preview"
    assert main(shlex.split(command)) == 0
    return folder


@pytest.fixture(scope="module")
def clean(scene):
    """The cube of the same pair without clouds."""
    low, high = (image.astype(np.float32) for image in scene)
    return fuse(low, high[2:62, 2:62], wavelengths=WAVELENGTHS).cube


def test_one_command_makes_a_geotiff_in_the_right_place(cloudy):
    with rasterio.open(cloudy / "out.tif") as file:
        assert file.crs.to_epsg() == 32631 and file.count == 31
        # LR's corner at 1.5 HR pixels: its blocks begin at HR pixel 2
        assert tuple(file.transform)[:6] == (10, 0, CORNER[0] + 20, 0, -10, CORNER[1] - 20)
        cube = file.read().transpose(1, 2, 0)
    assert cube.shape == (60, 60, 31)
    blank = ~np.isfinite(cube).any(2)
    assert blank[42:54, 38:56].all() and blank.sum() == 12 * 18


def test_clouds_change_little_of_what_was_measured(cloudy, clean):
    """Nine in ten values within 1e-3: beside a cloud the regression has fewer LR pixels to learn from, so that not every value can be."""
    with rasterio.open(cloudy / "out.tif") as file:
        cube = file.read().transpose(1, 2, 0)
    difference = np.abs(cube - clean)[np.isfinite(cube).all(2)]
    assert (difference < 1e-3).mean() > 0.9
    assert np.sqrt((difference**2).mean()) < 1e-3 and np.median(difference) < 2e-4 and difference.max() < 0.05


def test_clouds_in_both_products_change_little_of_what_was_measured(cloudy, clean):
    command = f"fuse {cloudy / 'ENMAP01-L2A'} {cloudy / 'S2.SAFE'} -o {cloudy / 'enmap.tif'} --no-preview"
    assert main(shlex.split(command)) == 0
    with rasterio.open(cloudy / "enmap.tif") as file:
        cube = file.read().transpose(1, 2, 0)
        assert file.crs.to_epsg() == 32631 and tuple(file.transform)[2:6:3] == (CORNER[0] + 20, CORNER[1] - 20)
    blank = ~np.isfinite(cube).any(2)
    assert blank[42:54, 38:56].all() and blank[9:12, 12:18].all() and blank.sum() == 12 * 18 + 3 * 6
    difference = np.abs(cube - clean)[~blank]
    assert (difference < 1e-3).mean() > 0.9
    assert np.sqrt((difference**2).mean()) < 1.2e-3 and np.median(difference) < 5e-4 and difference.max() < 0.05


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
