"""The script that checks one GPU: it runs in small on a CPU, says that there is no GPU, and loses no row."""

import sys

import pytest
import torch

from helpers.repository import ROOT
from mossfuse.discovery import import_as

sys.path.insert(0, str(ROOT / "docs" / "measure"))  # where the script finds its neighbours
gpu_check = import_as("gpu_check", ROOT / "docs/measure/gpu_check.py")
from pages import content  # noqa: E402


def test_missing_gpu_is_one_sentence_and_an_exit_status(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["gpu_check.py"])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit, match=r"^no GPU answers here \(PyTorch .*--device cpu --quick$"):
        gpu_check.main()


def test_script_runs_in_small_on_a_cpu_and_agrees_with_itself(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gpu_check.py", "--device", "cpu", "--quick"])
    assert gpu_check.main() == 0
    printed = capsys.readouterr().out
    tables = printed.split("\n\n")[1:6]
    assert [len(table.splitlines()) for table in tables] == [2 + 2, 2 + 1, 2 + 1, 2 + 1, 2 + 1]
    assert "failed" not in printed and "different bytes" not in printed and gpu_check.LATE not in printed
    assert "| +0.000 dB | 0.0e+00 | same bytes |" in tables[3]


def test_what_fails_or_comes_too_late_is_a_row():
    def starved():
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    rows = list(gpu_check.Check("cpu", True, 1, None).rows({"a": starved, "b": lambda: ["1", "2"]}, 4))
    assert rows == [
        ["a", "failed: OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB.", "", ""],
        ["b", "1", "2", ""],
    ]
    assert list(gpu_check.Check("cpu", True, -1, None).rows({"a": starved}, 3)) == [["a", gpu_check.LATE, ""]]


@pytest.mark.parametrize("name", gpu_check.PARTS)
def test_a_part_is_kept_where_its_table_is_read(name, monkeypatch):
    kept = []
    monkeypatch.setattr(gpu_check, "record", lambda folder, table, *_, **facts: kept.append((folder, table)))
    gpu_check.keep(name, [], [], mps=True, device="a GPU")
    read = content.TABLES[f"gpu {name}"].keywords
    assert kept == [(read["folder"], read["name"])]
