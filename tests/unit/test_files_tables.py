"""Histories as CSV: what pandas would write, without needing it."""

import math

import numpy as np
import pandas as pd
import pytest

from mossfuse.files.tables import write_columns

COLUMNS = {
    "numbers": {"step": [1, 20], "loss": [0.1234567891, 1e-12]},
    "gaps": {"step": [1, 2], "held_out": [math.nan, 3.0], "lr": [None, 2]},
    "whole numbers beside a gap": {"step": [1, 2], "count": [None, 123456789]},
    "numpy values": {"step": [np.int64(1)], "loss": [np.float32(0.1)], "error": [np.float64(2 / 3)]},
    "words": {"step": [1, 2], "stage": ["spectral, blind", 'the "detail" net']},
    "no step": {"loss": [0.5, 0.25]},
    "nothing": {},
}


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_are_written_as_pandas_writes_them(name, tmp_path):
    write_columns(tmp_path / "history.csv", COLUMNS[name])
    frame = pd.DataFrame(COLUMNS[name])
    if "step" not in frame:
        frame.insert(0, "step", range(len(frame)))
    assert (tmp_path / "history.csv").read_text(encoding="utf-8") == frame.to_csv(index=False, float_format="%.8g")


def test_columns_of_different_length_leave_no_file(tmp_path):
    with pytest.raises(ValueError):
        write_columns(tmp_path / "history.csv", {"step": [1, 2], "loss": [0.5]})
    assert not list(tmp_path.iterdir())
