"""Pairs of two measured images, one level down: what is reduced, what is moved, what is refused, and that nothing else of LR gets through."""

from argparse import Namespace

import numpy as np
import pytest

from mossfuse.benchmark.data.pairs import pair_sha256, read_pair
from mossfuse.benchmark.data.real_pair import block_means, make_real_pair, real_pair
from mossfuse.cli.bench import real_pairs
from mossfuse.datasets import find_dataset
from mossfuse.degradations import find_degradation
from mossfuse.errors import MossFuseError
from mossfuse.files import write_cube
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.sampling import BlurSample

WAVELENGTHS = np.linspace(450, 900, 6)
BY_2 = find_degradation("x2-box2-estimated")


@pytest.fixture(scope="module")
def images():
    """LR (20, 20, 6) and HR (60, 60, 2) of one scene whose detail is a random field, both measured through a blur."""
    rng = np.random.default_rng(0)
    fields = BlurSample(gaussian_psf(7, 1.5), (0, 0), 1, (60, 60))(rng.random((60, 60, 4)))
    fields = (fields - fields.min()) / np.ptp(fields)
    scene = fields @ rng.dirichlet(np.ones(4), 6).T
    low = BlurSample(gaussian_psf(5, 1.5), (1, 1), 3, (60, 60))(scene)
    return low.astype(np.float32), (scene @ rng.dirichlet(np.ones(6), 2).T).astype(np.float32)


def test_both_images_are_reduced_by_block_means(images):
    low, high = images
    pair = real_pair(low, high, BY_2)
    np.testing.assert_allclose(pair.hsi, low.reshape(10, 2, 10, 2, 6).mean((1, 3)), atol=1e-6)
    np.testing.assert_allclose(pair.msi, high.reshape(20, 3, 20, 3, 2).mean((1, 3)), atol=1e-6)
    sensor = pair.sensor
    assert all(
        value is not None for value in (sensor.psf, sensor.srf, sensor.phase, sensor.noise_hsi, sensor.noise_msi)
    )


@pytest.mark.parametrize("registered", [False, True])
def test_nothing_of_lr_but_its_block_means_reaches_the_pair(images, registered):
    low, high = np.round(images[0] * 1024) / 1024, images[1]  # sums of four such numbers are exact in any order
    turned = low.reshape(10, 2, 10, 2, 6)[:, ::-1, :, ::-1].reshape(low.shape)  # the same block means of another truth
    first, second = (real_pair(cube, high, BY_2, registered=registered) for cube in (low, turned))
    assert pair_sha256(first) == pair_sha256(second) and not np.array_equal(low, turned)


def test_registration_takes_back_a_shift(images):
    low, high = images
    moved = np.roll(high, 2, (0, 1))  # a third of a reduced LR pixel
    registered = real_pair(low, moved, BY_2, registered=True).msi
    aligned, plain, registered = (
        image[3:-3, 3:-3] for image in (block_means(high, 3), block_means(moved, 3), registered)
    )
    assert np.abs(registered - aligned).mean() < 0.4 * np.abs(plain - aligned).mean()


def test_written_pair_names_what_it_is_made_from(images, tmp_path):
    write_cube(tmp_path / "scene.mat", images[0], WAVELENGTHS)
    path = tmp_path / "pair.mat"
    digest = make_real_pair(BY_2, truth=tmp_path / "scene.mat", high=images[1], path=path, scene="s")
    assert digest == pair_sha256(read_pair(path))
    np.testing.assert_allclose(read_pair(path).wavelengths, WAVELENGTHS)
    assert '"hr"' in path.with_suffix(".json").read_text("utf-8")


@pytest.mark.parametrize("name", ["x2-box4-estimated", "x2-box2-estimated-snr30-30", "x2-box2-estimated-phase1x1"])
def test_anything_but_block_means_is_refused(images, name):
    with pytest.raises(MossFuseError, match="write x2-box2-estimated"):
        real_pair(*images, find_degradation(name))


def test_sizes_that_do_not_fit_and_too_few_pixels_are_refused(images):
    low, high = images
    with pytest.raises(MossFuseError, match="choose a ratio that divides"):
        real_pair(low[:19], high, BY_2)
    with pytest.raises(MossFuseError, match="does not fit"):
        real_pair(low, high[:10, :10], BY_2)
    with pytest.raises(MossFuseError, match="leave 'registered' out"):
        real_pair(low[:12, :12], block_means(high[:36, :36], 3), BY_2, registered=True)


def test_dataset_without_a_measured_hr_image_is_refused(monkeypatch):
    spec, module = find_dataset("samson")
    block = Namespace(module=module, dataset=spec.name)
    job = Namespace(grid=Namespace(block_of=lambda label: block))
    monkeypatch.setattr(real_pairs, "load", lambda options: job)
    with pytest.raises(MossFuseError, match="'samson' has no measured HR image"):
        real_pairs.real_pair(Namespace(dataset="samson", degradation="x2-box2-estimated", scene="samson"))


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "factor", "channels"),
    [("paris-ms", 1, 9), ("paris-pan", 3, 1), ("sentinel2-20m-registered", 2, 4), ("sentinel2-60m", 6, 4)],
)
def test_measured_pair_of_the_mirror(mirror_file, tmp_path, name, factor, channels):
    mirror = mirror_file("real_pairs/sentinel2_vietnam/vietnam.mat").parents[2]
    spec, module = find_dataset(name)
    record = module.obtain((name,), tmp_path, [mirror])[name]
    low, wavelengths = module.read(name, tmp_path, [mirror])
    high = module.hr(name, tmp_path, [mirror])
    assert record["verified"] and low.shape == spec.shape and wavelengths.size == low.shape[2]
    assert 0 <= low.min() and low.max() <= 1 and high.shape[2] == channels
    assert high.shape[0] >= factor * low.shape[0] and high.shape[1] >= factor * low.shape[1]
    grey = block_means(high[: factor * low.shape[0], : factor * low.shape[1]], factor).mean(2)
    assert np.corrcoef(grey.ravel(), low.mean(2).ravel())[0, 1] > 0.5  # both images show the same place
    assert (name in module.REGISTERED) == name.endswith("registered")
