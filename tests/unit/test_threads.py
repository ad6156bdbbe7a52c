"""Threads: what the user sets wins, a container's quota counts, and threads that wait sleep."""

import pytest

from mossfuse.threads import PATIENCE, THREADS, pin_threads, processors


def test_every_library_gets_one_number_and_waits_asleep():
    variables = {}
    count = pin_threads(variables)
    assert count >= 1 and {variables[name] for name in THREADS} == {str(count)}
    assert variables["OMP_WAIT_POLICY"] == "PASSIVE" and PATIENCE.items() <= variables.items()


def test_what_the_user_has_set_is_kept():
    variables = {"OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "ACTIVE"}
    assert pin_threads(variables) == 3
    assert variables["MKL_NUM_THREADS"] == "3" and variables["OPENBLAS_NUM_THREADS"] == "1"
    assert variables["OMP_WAIT_POLICY"] == "ACTIVE"


def test_threads_of_a_cell_win_over_the_surroundings():
    variables = {"OMP_NUM_THREADS": "8"}
    assert pin_threads(variables, 2) == 2
    assert {variables[name] for name in THREADS} == {"2"}


@pytest.mark.parametrize(
    ("text", "expected"), [("max 100000", None), ("100000 100000", 1), ("1000 100000", 1), ("", None)]
)
def test_quota_of_a_container_counts(tmp_path, text, expected):
    quota = tmp_path / "cpu.max"
    quota.write_text(text, encoding="ascii")
    assert processors(quota) == (processors(tmp_path / "missing") if expected is None else expected)
