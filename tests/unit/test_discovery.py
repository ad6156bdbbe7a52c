"""What holds for everything that one adds, whatever its kind: one file each, and a faulty file never hides the others."""

import pytest

from mossfuse import datasets, degradations, methods
from mossfuse.degradations import psfs, responses
from mossfuse.discovery import search
from mossfuse.errors import MossFuseError

IMPORTS = "from mossfuse.protocol import Dataset, Degradation, Method, PsfFamily, Response\n"
SPECIFICATIONS = {
    methods.KIND: "METHOD = Method(name='{name}', title='', citation='', licence='MIT')\ndef fuse(observation, **_): ...\n",
    datasets.KIND: "DATASET = Dataset(name='{name}', title='', citation='', terms='', train=(), test=(), wavelengths=())\n"
    "def obtain(scenes, folder, mirrors): ...\ndef read(scene, folder, mirrors): ...\n",
    degradations.KIND: "DEGRADATION = Degradation(name='x4-box{digits}-nikond5100', ratio=4, phase=(1, 1), srf='nikon-d5100',\n"
    "                          psf={{'family': 'box', 'size': {digits}}})\n",
    responses.KIND: "RESPONSE = Response(name='{name}', title='', citation='', table=lambda m, f: [[1, 1]], wavelengths=(1, 2))\n",
    psfs.KIND: "PSF = PsfFamily(name='{name}', title='', citation='', kernel=lambda: [[1]], spellings=('{letters}',))\n",
}
KINDS = list(SPECIFICATIONS)


@pytest.fixture(params=KINDS, ids=[kind.word for kind in KINDS])
def kind(request):
    return request.param


@pytest.fixture
def folder(kind, tmp_path, monkeypatch):
    monkeypatch.setenv(kind.variable, str(tmp_path))
    return tmp_path


def specification(kind, number):
    """Return the content of a file that defines one thing, and its name."""
    name = f"x4-box{number}-nikond5100" if kind is degradations.KIND else f"thing{number}"
    letters = "abcdefghij"[number % 10] * 3
    return IMPORTS + SPECIFICATIONS[kind].format(name=name, digits=number, letters=letters), name


def test_one_file_outside_is_found_and_nothing_else_changes(kind, folder):
    built_in = list(search(kind).entries)
    content, name = specification(kind, 31)
    (folder / "mine.py").write_text(content, encoding="utf-8")
    found = search(kind)
    assert list(found.entries) == [*built_in, name] and not found.problems()
    assert found.find(name)[1].__file__ == str(folder / "mine.py")


def test_folder_named_twice_is_searched_once(kind, folder, monkeypatch):
    content, name = specification(kind, 32)
    (folder / "mine.py").write_text(content, encoding="utf-8")
    (folder.parent / "link").unlink(missing_ok=True)
    (folder.parent / "link").symlink_to(folder)
    monkeypatch.setenv(kind.variable, f"{folder}:{folder}/:{folder.parent / 'link'}")
    found = search(kind)
    assert name in found.entries and not found.clashes


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("import no_module_of_that_name", "broken.py cannot be imported .ModuleNotFoundError.*fix or remove it"),
        ("def unfinished(", "broken.py cannot be imported .SyntaxError.*fix or remove it"),
        ("raise SystemExit('as a script')", "broken.py cannot be imported .SystemExit: as a script.*fix or remove it"),
        ("answer = 42", "broken.py must define .*; see docs/adding"),
        ("{one} = 1\ndef fuse(): ...\ndef obtain(): ...\ndef read(): ...", "{one} must be a mossfuse.* not int"),
        ("{many} = 1\ndef fuse(): ...\ndef obtain(): ...\ndef read(): ...", "{many} must be a tuple of specifications"),
    ],
)
def test_faulty_file_is_one_sentence_and_stops_no_other(kind, folder, content, reason):
    one, many = kind.constants
    (folder / "broken.py").write_text(content.replace("{one}", one).replace("{many}", many), encoding="utf-8")
    good, name = specification(kind, 33)
    (folder / "mine.py").write_text(good, encoding="utf-8")
    built_in = [n for n in search(kind).entries if n != name]
    found = search(kind)
    assert built_in and found.find(name) and all(found.find(n) for n in built_in)
    (problem,) = found.problems()
    assert "\n" not in problem and kind.word in problem
    with pytest.raises(MossFuseError, match=reason.replace("{one}", one).replace("{many}", many)):
        found.find("broken")


def test_name_that_two_files_define_is_refused_with_both_files_and_no_other(kind, folder):
    content, name = specification(kind, 34)
    (folder / "a.py").write_text(content, encoding="utf-8")
    (folder / "b.py").write_text(content, encoding="utf-8")
    found = search(kind)
    with pytest.raises(
        MossFuseError, match=rf"two files define the {kind.word} '{name}': .*a\.py and .*b\.py; rename one"
    ):
        found.find(name)
    assert all(found.find(other) for other in found.entries if other != name)


def test_name_that_one_file_defines_twice_is_refused(kind, folder):
    one, many = kind.constants
    (folder / "mine.py").write_text(specification(kind, 35)[0] + f"{many} = ({one}, {one})\n", encoding="utf-8")
    (problem,) = search(kind).problems()
    assert "is defined twice; rename one of them" in problem


@pytest.mark.parametrize("kind", [methods.KIND, datasets.KIND], ids=["method", "dataset"])
def test_name_that_would_leave_its_folder_is_refused(kind, folder):
    (folder / "mine.py").write_text(IMPORTS + SPECIFICATIONS[kind].format(name="../mine"), encoding="utf-8")
    with pytest.raises(MossFuseError, match=r"the name '\.\./mine' must consist of letters"):
        search(kind).find("mine")


def test_folder_that_does_not_exist_is_one_warning(kind, monkeypatch, tmp_path, caplog):
    missing = tmp_path / "gone"
    monkeypatch.setenv(kind.variable, str(missing))
    assert search(kind).entries and search(kind).entries
    expected = (
        f"{kind.variable} names the folder {missing}, which does not exist; correct the variable or make the folder"
    )
    assert [record.message for record in caplog.records] == [expected]


def test_helpers_beside_an_outside_file_are_imported_relatively(kind, folder):
    content, name = specification(kind, 36)
    (folder / "mine.py").write_text(
        f"from ._helper import number\nfrom .shared.table import rows\n{content}", encoding="utf-8"
    )
    (folder / "_helper.py").write_text("number = 1", encoding="utf-8")
    (folder / "shared").mkdir()
    (folder / "shared" / "table.py").write_text("rows = 2", encoding="utf-8")
    found = search(kind)
    assert found.find(name)[1].number == 1 and found.find(name)[1].rows == 2 and not found.problems()


def test_folder_with_init_is_one_addition(kind, folder):
    content, name = specification(kind, 37)
    (folder / "mine").mkdir()
    (folder / "mine" / "__init__.py").write_text(f"from .part import number\n{content}", encoding="utf-8")
    (folder / "mine" / "part.py").write_text("number = 3", encoding="utf-8")
    assert search(kind).find(name)[1].number == 3


@pytest.mark.parametrize("stem", ["gsa", "mossfuse", "ridge"])
def test_file_of_a_user_may_have_the_name_of_a_built_in_file(monkeypatch, tmp_path, stem):
    monkeypatch.setenv("MOSSFUSE_BASELINES", str(tmp_path))
    (tmp_path / f"{stem}.py").write_text(IMPORTS + SPECIFICATIONS[methods.KIND].format(name="mine"), encoding="utf-8")
    found = search(methods.KIND)
    assert not found.problems() and found.find("mine")[1].__file__ == str(tmp_path / f"{stem}.py")
    assert found.find(stem)[1].__file__ != str(tmp_path / f"{stem}.py")


def test_files_of_two_folders_may_have_the_same_name(monkeypatch, tmp_path):
    for number, name in enumerate("ab"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.py").write_text(
            IMPORTS + SPECIFICATIONS[methods.KIND].format(name=f"mine{number}"), encoding="utf-8"
        )
    monkeypatch.setenv("MOSSFUSE_BASELINES", f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    found = search(methods.KIND)
    assert not found.problems() and found.find("mine0")[1] is not found.find("mine1")[1]


def test_baselines_named_in_the_variable_are_no_second_definition(monkeypatch):
    monkeypatch.setenv("MOSSFUSE_BASELINES", str(methods.method_folders()[1]))
    assert not search(methods.KIND).problems()
