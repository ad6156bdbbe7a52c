"""Archives of other people: a name in them leads nowhere but where the caller asks, and a bomb is refused."""

import io
import tarfile
import zipfile
from dataclasses import replace

import pytest

from mossfuse.datasets import cave, harvard
from mossfuse.errors import MossFuseError
from mossfuse.remote.archives import check_archive, copy_member


def test_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("zeros", bytes(3_000_000))
    with pytest.raises(MossFuseError, match=r"a\.zip would unpack to more than 100 times its size"):
        check_archive(path)


def test_tar_bomb_is_refused(tmp_path):
    path = tmp_path / "a.tgz"
    with tarfile.open(path, "w:gz") as bundle:
        member = tarfile.TarInfo("zeros")
        member.size = 3_000_000
        bundle.addfile(member, io.BytesIO(bytes(member.size)))
    with pytest.raises(MossFuseError, match=r"a\.tgz would unpack to more than 100 times its size"):
        check_archive(path)


def test_member_that_is_too_large_is_refused(tmp_path):
    copy_member(io.BytesIO(b"12345"), tmp_path / "band.png", 5)
    with pytest.raises(MossFuseError, match=r"^band\.png in the archive is larger than such a file can be"):
        copy_member(io.BytesIO(b"123456"), tmp_path / "band.png", 5)


def test_names_in_an_archive_lead_nowhere_else(tmp_path, monkeypatch):
    folder = tmp_path / "deep" / "data"
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as bundle:
        bundle.writestr("../../balloons_ms/../../out_01.png", b"1")
        bundle.writestr("/balloons_ms/balloons_ms_02.png", b"2")
    cave.extract(tmp_path / "a.zip", "balloons", folder / "raw" / "balloons_ms")
    with tarfile.open(tmp_path / "CZ_hsdb.tgz", "w:gz") as bundle:
        for name, kind in (("../../img1.mat", tarfile.REGTYPE), ("img2.mat", tarfile.SYMTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            bundle.addfile(member, io.BytesIO())
    monkeypatch.setattr(harvard, "ARCHIVE", replace(harvard.ARCHIVE, urls=()))
    with pytest.raises(MossFuseError, match="holds no img2.mat"):
        harvard.fetch(harvard.DATASET, ("img1", "img2"), folder, [tmp_path])
    files = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file() and "SUMS" not in p.name)
    assert files == [
        "CZ_hsdb.tgz",
        "a.zip",
        "deep/data/raw/balloons_ms/balloons_ms_01.png",
        "deep/data/raw/balloons_ms/balloons_ms_02.png",
        "deep/data/raw/img1.mat",
    ]
