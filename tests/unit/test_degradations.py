"""Degradations: names, spectral responses, the pair and its file."""

import hashlib
import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mossfuse.benchmark.data.pairs import pair_sha256, read_pair, write_pair
from mossfuse.degradations import canonical_name, catalogue, degrade, find_degradation, load_srf, parse, responses
from mossfuse.degradations.effects import in_order
from mossfuse.errors import MossFuseError
from mossfuse.physics.psf_geometry import official_geometry
from mossfuse.protocol import Degradation

WAVELENGTHS = np.arange(400.0, 701, 10)
X8 = find_degradation("x8-gauss7s2-nikond5100")


@pytest.fixture(scope="module")
def cube():
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:64, 0:48] / 16
    weights = np.stack([np.sin(x * k + y) ** 2 + 0.1 * rng.random((64, 48)) for k in (1, 2, 3)], -1)
    spectra = 0.1 + 0.8 * rng.random((3, 31))
    return np.clip(weights @ spectra / 3, 0, 1).astype(np.float32)


@pytest.fixture(scope="module")
def srf():
    table = np.random.default_rng(6).random((3, 31))
    return table / table.sum(1, keepdims=True)


def test_every_registered_name_says_what_its_fields_say():
    assert len(catalogue().entries) >= 6
    for name, (degradation, _) in catalogue().entries.items():
        assert name == canonical_name(degradation) and parse(name) == degradation
        size, phase = official_geometry(degradation.ratio)
        assert degradation.psf["size"] == size and degradation.phase == (phase, phase)


def test_official_protocol_is_explicit():
    d = find_degradation("x32-gauss31s2-nikond700")
    assert (d.ratio, dict(d.psf), d.phase) == (32, {"family": "gaussian", "size": 31, "sigma": 2}, (15, 15))
    assert (d.srf, d.border, d.snr_hsi, d.snr_msi, d.shift) == ("nikon-d700", "reflect", None, None, (0, 0))


def test_suffixes_give_noisy_and_shifted_siblings():
    d = find_degradation("x8-gauss7s2-nikond5100-snr35-40-noise3")
    assert d == replace(X8, name=d.name, snr_hsi=35, snr_msi=40, noise_seed=3)
    assert find_degradation("x8-gauss7s2-nikond5100-snrinf-40").snr_hsi is None
    assert find_degradation("x8-gauss7s2-nikond5100-shift0.5x-1").shift == (0.5, -1)


numbers = st.integers(1, 40).map(lambda n: n / 4)
degradations = st.builds(
    Degradation,
    name=st.just(""),
    ratio=st.integers(1, 64),
    psf=st.one_of(
        st.builds(lambda k, s: {"family": "gaussian", "size": k, "sigma": s}, st.integers(1, 63), numbers),
        st.builds(
            lambda k, s, t, a: {"family": "gaussian", "size": k, "sigma": (s, t), "angle": a},
            st.integers(1, 63), numbers, numbers, st.integers(-90, 90).map(float),
        ),
        st.builds(lambda k: {"family": "box", "size": k}, st.integers(1, 63)),
    ),
    phase=st.tuples(st.integers(0, 63), st.integers(0, 63)),
    srf=st.sampled_from(sorted(responses.catalogue().entries)),
    border=st.sampled_from(["reflect", "wrap", "zero"]),
    snr_hsi=st.none() | numbers,
    snr_msi=st.none() | numbers,
    shift=st.tuples(st.integers(-8, 8).map(lambda n: n / 2), st.integers(-8, 8).map(lambda n: n / 2)),
    noise_seed=st.integers(0, 99),
    snr_per_band=st.booleans(),
    signal_noise=st.booleans(),
    effects=st.lists(
        st.one_of(
            st.builds(lambda s: {"effect": "vignetting", "strength": s / 40}, numbers),
            st.builds(lambda g: {"effect": "gamma", "gamma": g}, numbers),
            st.builds(lambda b: {"effect": "quantisation", "bits": b}, st.integers(1, 16)),
            st.just({"effect": "picture"}),
        ),
        unique_by=lambda entry: entry["effect"],
    ).map(in_order),
).filter(
    lambda d: not (d.snr_per_band and d.signal_noise)
    and (not (d.snr_per_band or d.signal_noise) or (d.snr_hsi, d.snr_msi) != (None, None))
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(degradations)
def test_name_and_fields_determine_each_other(degradation):
    name = canonical_name(degradation)
    assert find_degradation(name) == replace(degradation, name=name)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("x32-gauss31s2-nikond70", "did you mean x32-gauss31s2-nikond700"),
        ("x8-gauss7s2.0-nikond5100", "did you mean x8-gauss7s2-nikond5100"),
        ("x0-gauss7s2-nikond700", "did you mean"),
        ("nonsense", "known degradations: x16-gauss15s2-nikond5100"),
    ],
)
def test_unknown_degradation_names_the_nearest(name, hint):
    with pytest.raises(MossFuseError, match=f"unknown degradation '{name}'; {hint}"):
        find_degradation(name)


@pytest.mark.parametrize("ratio", [4, 8, 16])
def test_pair_equals_blur_then_sample_of_opencv(cube, srf, ratio):
    """The official code blurs the whole image and takes every ratio-th pixel from ratio/2-1 on."""
    cv2 = pytest.importorskip("cv2")
    d = find_degradation(f"x{ratio}-gauss{ratio - 1}s2-nikond700")
    pair = degrade(cube, d, srf)
    expected = cv2.GaussianBlur(cube, (ratio - 1, ratio - 1), 2)[ratio // 2 - 1 :: ratio, ratio // 2 - 1 :: ratio]
    np.testing.assert_allclose(pair.hsi, expected, atol=1e-6)
    np.testing.assert_allclose(pair.msi, np.tensordot(cube, srf, (2, 1)), atol=1e-6)
    assert pair.hsi.dtype == pair.msi.dtype == np.float32 and pair.ratio == ratio
    assert not pair.sensor.noise_hsi.any() and not pair.sensor.noise_msi.any()


@pytest.mark.real_data
def test_degraded_pair_equals_the_official_inputs(mirror_file):
    official = np.load(mirror_file("mossfuse_official.npz"))
    mirror_file("srf/MossFuse_resp.mat")
    truth = (official["balloons/GT_uint16_HWC"] / 65535).astype(np.float32)
    d = find_degradation("x32-gauss31s2-nikond700")
    pair = degrade(truth, d, load_srf(d.srf, WAVELENGTHS))
    assert np.abs(pair.hsi.transpose(2, 0, 1) - official["balloons/HSI"][0]).max() < 1e-6
    assert np.abs(pair.msi.transpose(2, 0, 1) - official["balloons/MSI"][0]).max() < 1e-6
    assert np.abs(pair.sensor.psf - official["true_psf"]).max() < 1e-6
    assert np.abs(pair.sensor.srf - official["true_srf"]).max() < 1e-6


def test_noise_has_the_stated_ratio_and_is_white(cube, srf):
    clean = degrade(cube, X8, srf, scene="a")
    noisy = degrade(cube, replace(X8, snr_hsi=30, snr_msi=40), srf, scene="a")
    for image, reference, snr, sigma in (
        (noisy.hsi, clean.hsi, 30, noisy.sensor.noise_hsi),
        (noisy.msi, clean.msi, 40, noisy.sensor.noise_msi),
    ):
        difference = (image - reference).astype(np.float64)
        assert abs(10 * np.log10((reference**2).mean() / (difference**2).mean()) - snr) < 0.4
        assert np.allclose(sigma, sigma[0]) and sigma.shape == (image.shape[2],)
        assert (
            abs(difference.std() / sigma[0] - 1) < 0.05 and abs(difference.mean()) < 4 * sigma[0] / difference.size**0.5
        )
        neighbours = np.corrcoef(difference[:, 1:].ravel(), difference[:, :-1].ravel())[0, 1]
        assert abs(neighbours) < 4 / difference.size**0.5


def test_noise_per_band_has_the_stated_ratio_in_every_band_and_names_its_sigma(cube, srf):
    dark = cube * np.linspace(0, 1, cube.shape[2], dtype=np.float32)
    per_image, per_band = (find_degradation(f"x8-gauss7s2-nikond5100-snr{each}30-35") for each in ("", "b"))
    clean, noisy = (degrade(dark, d, srf, scene="a") for d in (X8, per_band))
    for image, reference, sigma, snr in (
        (noisy.hsi, clean.hsi, noisy.sensor.noise_hsi, 30),
        (noisy.msi, clean.msi, noisy.sensor.noise_msi, 35),
    ):
        power = (reference.astype(np.float64) ** 2).mean((0, 1))
        np.testing.assert_allclose(sigma**2, power / 10 ** (snr / 10), rtol=1e-5)
        noise = (image - reference).astype(np.float64).std((0, 1))
        np.testing.assert_allclose(noise[sigma > 0], sigma[sigma > 0], rtol=0.5)
    assert noisy.sensor.noise_hsi[0] == 0 and np.array_equal(noisy.hsi[..., 0], clean.hsi[..., 0])
    whole = degrade(dark, per_image, srf, scene="a")
    assert np.ptp(whole.sensor.noise_hsi) == 0 and not np.array_equal(whole.hsi, noisy.hsi)


def test_noise_follows_the_stated_generator(cube, srf):
    clean = degrade(cube, X8, srf)
    noisy = degrade(cube, replace(X8, snr_hsi=30, noise_seed=7), srf)
    seed = hashlib.sha256(f"noise 7 hsi 30.0 {cube.shape} ".encode() + cube.tobytes()).digest()
    draw = np.random.Generator(np.random.PCG64(int.from_bytes(seed, "big"))).standard_normal(clean.hsi.shape)
    np.testing.assert_allclose(noisy.hsi - clean.hsi, noisy.sensor.noise_hsi[0] * draw, atol=1e-6)
    assert np.array_equal(noisy.msi, clean.msi)


def test_noise_is_seeded_by_the_scene_itself_and_not_by_its_name(cube, srf):
    """Redrawing it takes the truth: one value of one pixel gives other noise."""
    d = replace(X8, snr_msi=30)
    first, renamed = degrade(cube, d, srf, scene="a"), degrade(cube, d, srf, scene="b")
    assert np.array_equal(first.msi, renamed.msi)
    changed = cube.copy()
    changed[0, 0, 0] += np.float32(1e-6)
    drawn = [degrade(c, d, srf).msi - degrade(c, X8, srf).msi for c in (cube, changed)]
    assert abs(np.corrcoef(drawn[0].ravel(), drawn[1].ravel())[0, 1]) < 4 / drawn[0].size ** 0.5


def test_seed_scene_level_and_image_have_noise_of_their_own(cube, srf):
    d = replace(X8, snr_hsi=30, snr_msi=30)
    pairs = [
        degrade(cube, d, srf),
        degrade(cube, replace(d, noise_seed=1), srf),
        degrade(cube, replace(d, snr_hsi=40, snr_msi=40), srf),
    ]
    clean = degrade(cube, X8, srf)
    noise = [image - truth for pair in pairs for image, truth in ((pair.hsi, clean.hsi), (pair.msi, clean.msi))]
    for one, other in itertools.combinations([n.ravel()[: noise[0].size] for n in noise], 2):
        assert abs(np.corrcoef(one, other)[0, 1]) < 4 / one.size**0.5
    assert pair_sha256(pairs[0]) == pair_sha256(degrade(cube, d, srf))
    alone = degrade(cube, replace(d, snr_hsi=None), srf)  # the HSI's noise is no matter to the MSI's
    assert np.array_equal(alone.msi, pairs[0].msi)


def test_shift_moves_the_msi_and_leaves_the_hsi(cube, srf):
    straight = degrade(cube, X8, srf)
    moved = degrade(cube, replace(X8, shift=(2.0, -3.0)), srf)
    assert np.array_equal(moved.hsi, straight.hsi)
    np.testing.assert_allclose(moved.msi[2:, :-3], straight.msi[:-2, 3:], atol=1e-6)
    half = degrade(cube, replace(X8, shift=(0.5, 0.0)), srf)
    assert 0 <= half.msi.min() and half.msi.max() <= 1 and not np.allclose(half.msi, straight.msi, atol=1e-3)


def test_scene_that_does_not_fit_is_refused(cube, srf):
    with pytest.raises(MossFuseError, match="64x48 pixels, which is not a multiple of the ratio 32"):
        degrade(cube, find_degradation("x32-gauss31s2-nikond700"), srf)
    with pytest.raises(MossFuseError, match="response 'nikon-d5100' has 30 columns and the scene beads has 31 bands"):
        degrade(cube, X8, srf[:, :30], scene="beads")


def test_written_pair_reads_back_identical(cube, srf, tmp_path):
    d = find_degradation("x8-gauss7s2-nikond5100-snr35-40")
    pair = degrade(cube, d, srf, scene="beads", wavelengths=WAVELENGTHS)
    digest = write_pair(tmp_path / "p" / "beads.mat", pair, scene="beads", degradation=d)
    assert b"beads" not in (tmp_path / "p" / "beads.mat").read_bytes()
    back = read_pair(tmp_path / "p" / "beads.mat")
    assert pair_sha256(back) == digest and np.array_equal(back.hsi, pair.hsi) and np.array_equal(back.msi, pair.msi)
    assert (back.ratio, back.sensor.phase, back.sensor.psf_shape) == (8, (3, 3), (7, 7))
    assert back.sensor.border == "reflect" and np.array_equal(back.sensor.srf, srf) and back.wavelengths.shape == (31,)
    record = json.loads((tmp_path / "p" / "beads.json").read_text(encoding="utf-8"))
    assert record["sha256"] == digest and record["scene"] == "beads"
    assert record["degradation"]["snr_hsi"] == 35 and record["degradation"]["phase"] == [3, 3]


def test_same_pair_gives_same_file(cube, srf, tmp_path):
    d = find_degradation("x8-gauss7s2-nikond5100-snr35-40")
    for name in ("a.mat", "b.mat"):
        write_pair(tmp_path / name, degrade(cube, d, srf, scene="beads", wavelengths=WAVELENGTHS))
    assert (tmp_path / "a.mat").read_bytes() == (tmp_path / "b.mat").read_bytes()


@pytest.mark.parametrize("knows", [set(), {"psf"}, {"srf"}, {"phase", "noise"}])
def test_method_is_told_only_what_it_may_know(cube, srf, tmp_path, knows):
    d = find_degradation("x8-gauss7s2-nikond5100-snr35-40")
    write_pair(tmp_path / "p.mat", degrade(cube, d, srf, wavelengths=WAVELENGTHS))
    sensor = read_pair(tmp_path / "p.mat", knows=knows).sensor
    assert (sensor.psf is not None) == ("psf" in knows) and (sensor.srf is not None) == ("srf" in knows)
    assert (sensor.phase is not None) == bool(knows & {"phase", "psf"}) == (sensor.psf_shape is not None)
    assert (sensor.noise_hsi is not None) == ("noise" in knows) == (sensor.noise_msi is not None)


def test_hash_of_a_pair_sees_every_part(cube, srf):
    pair = degrade(cube, X8, srf, wavelengths=WAVELENGTHS)
    changed = [
        replace(pair, msi=pair.msi + np.float32(1e-6)),
        replace(pair, wavelengths=WAVELENGTHS + 1),
        replace(pair, sensor=replace(pair.sensor, phase=(4, 3))),
        replace(pair, sensor=replace(pair.sensor, border="wrap")),
        replace(pair, sensor=replace(pair.sensor, srf=srf[::-1])),
        replace(pair, sensor=replace(pair.sensor, noise_msi=np.ones(3))),
    ]
    assert len({pair_sha256(p) for p in [pair, *changed]}) == 1 + len(changed)


def test_file_that_is_no_pair_is_refused(cube, tmp_path):
    from mossfuse.files import write_cube

    write_cube(tmp_path / "x.mat", cube)
    with pytest.raises(MossFuseError, match=r"x\.mat is not a degraded pair \(it lacks hsi, msi, ratio\)"):
        read_pair(tmp_path / "x.mat")
    (tmp_path / "blocked").write_text("", encoding="utf-8")
    with pytest.raises(MossFuseError, match=r"cannot write .*p\.mat"):
        write_pair(tmp_path / "blocked" / "p.mat", degrade(cube, X8, np.full((3, 31), 1 / 31)))


def give_table(monkeypatch, name, table):
    """Let a response have another table."""
    response, module = responses.find_response(name)
    entry = (replace(response, table=lambda mirrors, folder: table), module)
    monkeypatch.setitem(responses.catalogue().entries, name, entry)


@pytest.fixture
def ramp(monkeypatch):
    """A response whose three channels are straight lines, so interpolation is exact."""
    lines = np.stack([np.linspace(0, 1, 31), np.linspace(1, 0, 31), np.ones(31)])
    for name in ("nikon-d700", "nikon-d700-by-band"):
        give_table(monkeypatch, name, lines)
    return lines


def test_srf_rows_sum_to_one_and_follow_the_wavelengths(ramp):
    at_31 = load_srf("nikon-d700", WAVELENGTHS)
    np.testing.assert_allclose(at_31.sum(1), 1)
    np.testing.assert_allclose(at_31, ramp / ramp.sum(1, keepdims=True))
    few = load_srf("nikon-d700", [405, 550, 700])
    np.testing.assert_allclose(few[0], np.array([5, 150, 300]) / 455)


def test_srf_outside_its_range_is_refused(ramp):
    with pytest.raises(
        MossFuseError, match="known from 400 to 700 nm and the bands go from 420 to 720 nm; choose another response"
    ):
        load_srf("nikon-d700", np.arange(420, 721, 10))
    by_band = load_srf("nikon-d700-by-band", np.arange(420, 721, 10))
    np.testing.assert_allclose(by_band, ramp / ramp.sum(1, keepdims=True))
    with pytest.raises(MossFuseError, match="31 columns, one per band, and the cube has 26 bands"):
        load_srf("nikon-d700-by-band", np.arange(26))


def test_channel_that_sees_nothing_is_refused_and_a_thin_one_reported(monkeypatch, caplog):
    lines = np.ones((3, 31))
    lines[2, 5:] = 0.002
    give_table(monkeypatch, "nikon-d700", lines)
    np.testing.assert_allclose(load_srf("nikon-d700", np.arange(560, 701, 20)).sum(1), 1)
    assert "channel 3 of 'nikon-d700' has only 1 % of its response inside the bands" in caplog.text
    lines[2, 5:] = 0
    with pytest.raises(MossFuseError, match="channel 3 of spectral response 'nikon-d700' sees none of the bands"):
        load_srf("nikon-d700", np.arange(560, 701, 20))


def test_unknown_srf_names_the_nearest():
    with pytest.raises(MossFuseError, match="unknown spectral response 'nikon-d70'; did you mean nikon-d700"):
        load_srf("nikon-d70", WAVELENGTHS)


def test_srf_that_cannot_be_had_says_how_to_get_it(tmp_path, monkeypatch):
    from mossfuse.remote import registry

    gone = replace(registry.REGISTRY["nikon-d700"], urls=("http://127.0.0.1:9/resp.mat",))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setitem(registry.REGISTRY, "nikon-d700", gone)
    with pytest.raises(MossFuseError, match=r"MossFuse_resp\.mat could not be obtained .*host not reachable.*by hand"):
        load_srf("nikon-d700", WAVELENGTHS, mirrors=(), folder=tmp_path)


@pytest.mark.real_data
def test_real_nikon_d700_is_red_green_blue(mirror_file):
    mirror_file("srf/MossFuse_resp.mat")
    response = load_srf("nikon-d700", WAVELENGTHS)
    assert response.shape == (3, 31) and list(WAVELENGTHS[response.argmax(1)]) == [610, 530, 460]
    np.testing.assert_allclose(response.sum(1), 1, atol=1e-12)


def test_nikon_d5100_is_embedded_red_green_blue():
    response = load_srf("nikon-d5100", WAVELENGTHS, mirrors=())
    assert response.shape == (3, 31) and (np.diff(WAVELENGTHS[response.argmax(1)]) < 0).all()
    np.testing.assert_allclose(response.sum(1), 1, atol=1e-12)
