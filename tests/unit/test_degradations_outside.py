"""A PSF family, an SRF and a degradation are one file each, in a folder of MOSSFUSE_DEGRADATIONS."""

from pathlib import Path

import numpy as np
import pytest

from helpers.repository import ROOT
from mossfuse import degradations
from mossfuse.benchmark.plan.covered import NOT_THE_HARNESS, ROOTS
from mossfuse.benchmark.plan.digest import Code
from mossfuse.degradations import (
    canonical_name,
    degrade,
    effects,
    files_behind,
    find_degradation,
    find_response,
    load_srf,
    make_psf,
    psfs,
    responses,
)
from mossfuse.errors import MossFuseError
from mossfuse.protocol import Degradation

FAMILY = """
import numpy as np
from mossfuse import Parameter, PsfFamily

def airy(size, radius):
    grid = np.hypot(*np.mgrid[:size, :size] - (size - 1) / 2) / radius
    kernel = np.sinc(grid) ** 2
    return kernel / kernel.sum()

PSF = PsfFamily(name="airy", title="", citation="", kernel=airy, spellings=("airy{size}r{radius}",),
                params={"size": Parameter.count(15), "radius": Parameter.positive(3.0)})
"""
RESPONSE = """
import numpy as np
from mossfuse import Response

RESPONSE = Response(name="two-halves", title="", citation="", wavelengths=(400, 550, 551, 700),
                    table=lambda mirrors, folder: np.array([[1, 1, 0, 0], [0, 0, 1, 1]]))
"""
SETTING = """
from mossfuse import Degradation

DEGRADATION = Degradation(name="x4-airy7r2-twohalves", ratio=4, psf={"family": "airy", "size": 7, "radius": 2}, phase=(1, 1),
                          srf="two-halves")
"""


@pytest.fixture
def outside(tmp_path, monkeypatch):
    monkeypatch.setenv("MOSSFUSE_DEGRADATIONS", str(tmp_path))
    caches = (degradations.catalogue, psfs.catalogue, responses.catalogue, effects.catalogue)
    for catalogue in caches:
        catalogue.cache_clear()
    yield tmp_path
    for catalogue in caches:
        catalogue.cache_clear()


def write_all(folder):
    for name, content in (("airy", FAMILY), ("halves", RESPONSE), ("mine", SETTING)):
        (folder / f"{name}.py").write_text(content, encoding="utf-8")


def test_three_files_make_a_degradation_of_ones_own(outside):
    write_all(outside)
    named = find_degradation("x4-airy7r2-twohalves")
    written = find_degradation("x4-airy15r3.5-nikond5100-snr30-40")
    assert written.psf == {"family": "airy", "size": 15, "radius": 3.5}
    assert canonical_name(written) == written.name
    assert make_psf(named.psf).shape == (7, 7) and files_behind(named) == [outside / "halves.py", outside / "airy.py"]
    cube = np.full((16, 16, 31), 0.25, np.float32)
    wavelengths = np.arange(400, 701, 10)
    pair = degrade(cube, named, load_srf("two-halves", wavelengths), scene="flat")
    assert pair.hsi.shape == (4, 4, 31) and pair.msi.shape == (16, 16, 2)
    np.testing.assert_allclose(pair.hsi, 0.25, rtol=1e-6)
    for catalogue in (degradations.catalogue(), psfs.catalogue(), responses.catalogue()):
        assert not catalogue.problems()


MEASURED = """
import numpy as np
from pathlib import Path
from mossfuse import PsfFamily

def kernel():
    values = np.loadtxt(Path(__file__).with_name("bench.csv"), delimiter=",")
    return values / values.sum()

PSF = PsfFamily(name="bench", title="", citation="", kernel=kernel, spellings=("bench",))
"""


def test_measured_kernel_is_a_family_without_parameters_and_its_table_counts(outside):
    (outside / "bench.py").write_text(MEASURED, encoding="utf-8")
    (outside / "bench.csv").write_text("0,1,0\n1,4,2\n0,1,0\n", encoding="utf-8")
    named = find_degradation("x4-bench-nikond5100")
    np.testing.assert_allclose(make_psf(named.psf), np.array([[0, 1, 0], [1, 4, 2], [0, 1, 0]]) / 9)
    before = Code().of_file(outside / "bench.py")
    (outside / "bench.csv").write_text("0,1,0\n1,4,1\n0,1,0\n", encoding="utf-8")
    assert Code().of_file(outside / "bench.py") != before


def test_file_without_any_of_the_three_is_one_sentence(outside):
    write_all(outside)
    (outside / "forgotten.py").write_text("DEGRADATION_OF_MINE = 1", encoding="utf-8")
    assert find_degradation("x4-airy7r2-twohalves")
    for find in (find_degradation, find_response, psfs.find_psf_family):
        with pytest.raises(MossFuseError, match=r"forgotten\.py must define .*DEGRADATION \(or DEGRADATIONS\)"):
            find("forgotten")


@pytest.mark.parametrize(
    ("broken", "name", "sentence"),
    [
        (
            "airy",
            "x4-airy7r2-nikond5100",
            r"no PSF family spells 'airy7r2'; known spellings: box.*airy\.py cannot be imported",
        ),
        ("halves", "x4-box7-twohalves", r"unknown degradation 'x4-box7-twohalves'; .*halves\.py cannot be imported"),
        ("airy", "mine", r"mine\.py: degradation 'x4-airy7r2-twohalves': PSF family file .*airy\.py cannot be"),
        ("mine", "mine", r"mine\.py cannot be imported"),
    ],
)
def test_broken_file_is_the_reason_of_what_needs_it_alone(outside, broken, name, sentence):
    write_all(outside)
    (outside / f"{broken}.py").write_text("import nothing_of_that_name", encoding="utf-8")
    with pytest.raises(MossFuseError, match=sentence) as caught:
        find_degradation(name)
    assert "\n" not in str(caught.value)
    assert find_degradation("x8-gauss7s2-nikond5100") and find_degradation("x4-box4-nikond5100")


@pytest.mark.parametrize(
    ("psf", "sentence"),
    [
        (
            {"family": "hexagon"},
            "unknown PSF family 'hexagon'; known PSF families: airy-disc, box, defocus, fwhm, gaussian",
        ),
        ({"family": "gausian"}, "did you mean gaussian"),
        ({"size": 3}, "needs a family"),
        ({"family": "box", "width": 3}, "has no parameter 'width'; it has: size"),
        ({"family": "gaussian", "size": 0, "sigma": 2}, "does not allow size 0; it must be a whole number, at least 1"),
        ({"family": "gaussian", "size": 3, "sigma": (2, -1)}, r"does not allow sigma \(2, -1\)"),
    ],
)
def test_unusable_psf_is_one_sentence(psf, sentence):
    with pytest.raises(MossFuseError, match=sentence):
        make_psf(psf)


def test_degradation_under_another_name_than_its_fields_spell_is_refused(outside):
    write_all(outside)
    (outside / "mine.py").write_text(SETTING.replace("x4-airy7r2-twohalves", "mine"), encoding="utf-8")
    with pytest.raises(MossFuseError, match=r"mine\.py: degradation 'mine' must be called 'x4-airy7r2-twohalves'"):
        find_degradation("mine")


def files_read_by(path):
    """Return the project's files that a digest of ``path`` covers."""
    skip = ("mossfuse.degradations.spelling",)
    return {str(p.relative_to(ROOT)) for p in Code().files_behind(Path(path).resolve(), skip)}


ONE_OF_EACH_FILE = {module.__file__: srf for srf, (_, module) in responses.catalogue().entries.items()}


@pytest.mark.parametrize("srf", ONE_OF_EACH_FILE.values())
def test_no_dataset_and_no_other_srf_stands_behind_a_pair(srf):
    degradation = Degradation(name="", ratio=4, psf={"family": "box", "size": 4}, phase=(1, 1), srf=srf)
    own = [str(path.relative_to(ROOT)) for path in files_behind(degradation)]
    harness = {str(p.relative_to(ROOT)) for p in Code().parts_behind(ROOTS["degrade"], NOT_THE_HARNESS)}
    every = harness.union(*(files_read_by(path) for path in files_behind(degradation)))
    assert not [p for p in every if p.startswith(("mossfuse/datasets", "mossfuse/degradations/settings"))]
    # Names that begin with an underscore are helpers, and so is __init__.py.
    assert {p for p in every if p.startswith("mossfuse/degradations/") and Path(p).name[0] != "_"} == set(own)


def test_edit_of_one_srf_changes_its_own_digest_alone(outside):
    def digests():
        code = Code()
        return {path.stem: code.of_file(path) for path in outside.glob("*.py")}

    write_all(outside)
    before = digests()
    (outside / "halves.py").write_text(RESPONSE.replace("[1, 1, 0, 0]", "[1, 2, 0, 0]"), encoding="utf-8")
    after = digests()
    assert [stem for stem in before if before[stem] != after[stem]] == ["halves"]
