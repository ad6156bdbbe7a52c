"""Standard deviations of nsgp's values, and the factor that the pair itself asks for."""

from pathlib import Path

import numpy as np
import pytest

from mossfuse import MossFuseError, fuse
from mossfuse.__main__ import main
from mossfuse.files import write_cube
from mossfuse.files.tiles import assemble_tiles
from mossfuse.pair import calibration
from mossfuse.pair.calibration import Calibration, calibrate, factor, middle
from mossfuse.pair.deviation import Deviations, deviations_of
from mossfuse.protocol import Observation, Sensor

SENSOR = Sensor(psf=np.full((4, 4), 1 / 16), phase=(1, 1), srf=np.ones((3, 5)), noise_hsi=np.zeros(5), noise_msi=np.zeros(3))  # fmt: skip


@pytest.fixture(scope="module")
def fusion(make_pair):
    observation, truth = make_pair(rows=48, cols=64)
    return fuse(observation.hsi, observation.msi, phase=3, register="off", uncertainty=True), truth


def blank(rows=8, cols=6, bands=3):
    return Observation(np.zeros((rows, cols, 5), np.float32), np.zeros((4 * rows, 4 * cols, bands), np.float32), 4, SENSOR)  # fmt: skip


@pytest.fixture
def known(monkeypatch):
    """Cubes that are 3 standard deviations beside a truth of 0, of which the model says 1; (truth, errors)."""
    errors = 3 * np.random.default_rng(0).normal(size=(32, 24, 50))
    monkeypatch.setattr(calibration, "fit_model", lambda *args, **known: None)
    monkeypatch.setattr(calibration, "fit_deviation", lambda *args, **known: None)
    monkeypatch.setattr(calibration, "predict", lambda model: errors)
    monkeypatch.setattr(
        calibration, "deviation_tiles", lambda model: [((slice(0, 32), slice(0, 24)), np.ones(errors.shape))]
    )
    return np.zeros(errors.shape), errors


def test_standard_deviations_cover_the_truth(fusion):
    """Not chosen on this pair: 95 % of the errors lie within 1.96 standard deviations, give or take."""
    fusion, truth = fusion
    assert fusion.deviation.shape == truth.shape and (fusion.deviation > 0).all()
    inside = np.abs(fusion.cube - truth) < 1.96 * fusion.deviation
    assert 0.85 < inside.mean() <= 1
    assert fusion.deviation.mean() < 4 * np.sqrt(np.mean((fusion.cube - truth) ** 2))
    with pytest.raises(MossFuseError, match="'gsa' has no standard deviations"):
        fuse(None, None, method="gsa", uncertainty=True)


def test_command_line_writes_standard_deviations(make_pair, tmp_path, monkeypatch, capsys):
    observation = make_pair(rows=32, cols=40)[0]
    monkeypatch.chdir(tmp_path)
    write_cube("lr.h5", observation.hsi)
    write_cube("hr.npy", observation.msi)
    assert (
        main(
            "fuse lr.h5 hr.npy -o o.npy --no-preview --register off --phase 3 --method nsgp-fast --uncertainty".split()
        )
        == 0
    )
    assert "deviation standard deviations multiplied by" in capsys.readouterr().out
    assert np.load("o_std.npy").shape == np.load("o.npy").shape and Path("o_sensor.npz").is_file()


def test_factor_of_the_pair_multiplies_every_standard_deviation(fusion, monkeypatch):
    fusion, _ = fusion
    found = fusion.notes["deviation_factor"]
    assert found >= 1 and f"multiplied by {found:.2f}; the pair asks for" in fusion.notes["deviation"]
    monkeypatch.setattr(calibration, "calibrate", lambda *args: Calibration(2 * found, (), None, ()))
    twice = assemble_tiles(deviations_of(fusion.pair, fusion.work).tiles, fusion.cube.shape)
    np.testing.assert_allclose(twice, 2 * fusion.deviation, rtol=1e-5)


def test_factor_is_that_at_which_95_percent_lie_within_the_band(known):
    truth, _ = known
    assert factor(blank(), SENSOR, truth, None, "best", 0.0) == pytest.approx(3, rel=0.02)
    assert factor(blank(), SENSOR, truth, None, "best", 8**0.5) == pytest.approx(1, rel=0.02)  # the truth's own noise


def test_filled_pixels_and_too_few_values_count_in_no_factor(known):
    truth, errors = known
    measured = np.ones((32, 24), bool)
    measured[10:20] = False
    errors[10:20] = 1e3
    assert factor(blank(), SENSOR, truth, measured, "best", 0.0) == pytest.approx(3, rel=0.02)
    measured[1:] = False
    with pytest.raises(MossFuseError, match="fewer than 200 values"):
        factor(blank(), SENSOR, truth[..., :5], measured, "best", 0.0)
    errors[:] = np.nan
    with pytest.raises(MossFuseError, match="not finite"):
        factor(blank(), SENSOR, truth, None, "best", 0.0)


@pytest.mark.parametrize(
    ("bands", "tests", "expected"),
    [
        (3, ([1.5, 2.0, 0.5], 1.0), (2.2, (1.5, 2.0, 0.5), 1.0, ())),
        (3, ([0.5, 0.4, 0.5], 0.7), (1.0, (0.5, 0.4, 0.5), 0.7, ())),
        (1, ([], 3.0), (3.3, (), 3.0, ("HR has one band",))),
        (3, ([2.0, "no fit", "no fit"], "too few"), (2.2, (2.0,), None, ("no fit", "too few"))),
        (1, ([], "too few"), (1.0, (), None, ("HR has one band", "too few"))),
    ],
)
def test_largest_factor_counts_and_a_test_that_fails_is_named(monkeypatch, bands, tests, expected):
    each = iter(tests[0])

    def made(found):
        if isinstance(found, str):
            raise MossFuseError(found)
        return found

    monkeypatch.setattr(calibration, "predicted_band", lambda *args: made(next(each)))
    monkeypatch.setattr(calibration, "one_scale_down", lambda *args: made(tests[1]))
    found = calibrate(blank(bands=bands), SENSOR)
    assert (pytest.approx(found.factor), found.bands, found.reduced, found.missing) == expected
    assert all(reason in str(Deviations(iter(()), found)) for reason in found.missing)


def test_pair_too_small_to_be_calibrated_says_so(make_pair):
    observation = make_pair(rows=16, cols=16)[0]
    sensor = Sensor(psf=np.full((4, 4), 1 / 16), phase=(1, 1), srf=np.ones((3, 31)), noise_hsi=np.zeros(31), noise_msi=np.zeros(3))  # fmt: skip
    found = calibrate(observation, sensor)
    assert found.reduced is None and "LR has too few pixels for a smaller pair" in found.missing


def test_middle_of_a_pair_is_cut_to_whole_lr_pixels():
    measured = np.zeros((32, 24), bool)
    measured[8:24, 4:20] = True
    part, inside = middle(blank(), measured, 17)
    assert part.hsi.shape == (4, 4, 5) and part.msi.shape == (16, 16, 3) and inside.all()
    assert middle(blank(), None, 64)[0].msi.shape == (32, 24, 3)
