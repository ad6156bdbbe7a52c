"""Raw files that were edited are noticed; what a dataset's `obtain` returns is checked."""

import json
import os

import numpy as np
import pytest

from mossfuse.benchmark.data import raw_files
from mossfuse.benchmark.data.prepare import check_records, fetch_dataset, refresh_record
from mossfuse.benchmark.data.raw_files import describe_files, has_changed, raw_digest
from mossfuse.errors import MossFuseError
from mossfuse.files.hashing import sha256_of


@pytest.fixture
def record(tmp_path):
    """The record of a scene with two raw files."""
    paths = [tmp_path / "a.npy", tmp_path / "b.npy"]
    for path in paths:
        np.save(path, np.zeros(3))
    content = {"state": describe_files(paths, {path.name: sha256_of(path) for path in paths})}
    (tmp_path / "record.json").write_text(json.dumps(content), encoding="utf-8")
    return tmp_path / "record.json"


def test_file_that_was_only_touched_is_the_same(record, monkeypatch):
    before = raw_digest(record)
    os.utime(record.with_name("a.npy"), (1, 1))
    assert raw_digest(record) == before and not has_changed(json.loads(record.read_text(encoding="utf-8")))


def test_file_that_was_edited_is_noticed(record):
    before = raw_digest(record)
    np.save(record.with_name("b.npy"), np.ones(3))
    assert raw_digest(record) != before and has_changed(json.loads(record.read_text(encoding="utf-8")))


def test_unchanged_file_is_not_read_again(record, monkeypatch):
    monkeypatch.setattr(raw_files, "sha256_of", None)
    raw_digest(record)


def test_file_that_is_gone_counts_as_it_was(record):
    before = raw_digest(record)
    record.with_name("a.npy").unlink()
    assert raw_digest(record) == before


def test_scene_that_was_not_fetched_and_one_without_files_have_a_digest(tmp_path):
    assert raw_digest(tmp_path / "none.json") == "not fetched"
    (tmp_path / "generated.json").write_text(json.dumps({"state": {}}), encoding="utf-8")
    assert raw_digest(tmp_path / "generated.json") == "no raw files"


COMPLETE = {"source": "folder", "files": ["a.npy"], "sha256": {"a.npy": "0"}, "verified": True}


@pytest.mark.parametrize(
    ("records", "match"),
    [
        (None, "obtain returned NoneType; it must return scene -> "),
        ({}, "obtain returned no record of scene 'a'; it needs"),
        ({"a": COMPLETE | {"verified": None}}, "obtain returned no usable 'verified' of scene 'a'; it needs"),
        ({"a": {k: v for k, v in COMPLETE.items() if k != "verified"}}, "no usable 'verified' of scene 'a'"),
        ({"a": COMPLETE | {"sha256": ["0"]}}, "no usable 'sha256' of scene 'a'"),
        ({"a": COMPLETE | {"paths": ["a.npy", "b.npy"]}}, "returned 2 'paths' and 1 hashes of scene 'a'"),
    ],
)
def test_incomplete_record_of_a_dataset_is_one_sentence(records, match):
    with pytest.raises(MossFuseError, match=match) as caught:
        check_records("mine", ("a",), records)
    assert "\n" not in str(caught.value)


def test_changed_raw_file_is_checked_against_its_first_hash(tmp_path):
    """A scene whose raw file was recorded on first sight is refused until its line in SHA256SUMS is removed."""
    from scipy.io import savemat

    (tmp_path / "raw").mkdir()
    cube = np.random.default_rng(0).random((512, 512, 31)).astype(np.float32)
    savemat(tmp_path / "raw" / "balloons.mat", {"rad": cube})
    fetch_dataset("cave", ["balloons"], tmp_path, ())
    refresh_record("cave", "balloons", tmp_path, ())
    savemat(tmp_path / "raw" / "balloons.mat", {"rad": cube[::-1]})
    with pytest.raises(MossFuseError, match="has changed since it was first recorded"):
        refresh_record("cave", "balloons", tmp_path, ())
    (tmp_path / "SHA256SUMS").unlink()
    refresh_record("cave", "balloons", tmp_path, ())
    found = json.loads((tmp_path / "fetched" / "balloons.json").read_text(encoding="utf-8"))
    assert found["sha256"] == {"balloons.mat": sha256_of(tmp_path / "raw" / "balloons.mat")}
