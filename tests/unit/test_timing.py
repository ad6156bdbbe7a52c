"""The clock: warm calls alone, weights in memory beforehand, and what ran beside it."""

import pytest

from mossfuse.benchmark.results.collect import exclusive_seconds
from mossfuse.benchmark.run.other_work import other_work
from mossfuse.benchmark.run.timing import time_calls
from mossfuse.errors import MossFuseError
from mossfuse.files.kept import kept


def clocked(call, weights=None, repeats=3):
    return time_calls(call, "cpu", repeats=repeats, budget_s=5, weights=weights, name="mine")


def test_first_call_is_cold_and_in_no_median():
    import time

    pauses = iter([0.2, 0.01, 0.01, 0.01])
    seconds, _ = clocked(lambda: time.sleep(next(pauses)))
    assert seconds["first_s"] >= 0.2 and seconds["median_s"] < 0.15
    assert seconds["repeats"] == 3 and seconds["cpu_s"] < 0.01


def test_weights_that_are_read_in_every_call_are_refused_and_kept_ones_are_not(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(b"1")

    def read(place):
        with open(place, "rb") as file:
            return file.read()

    reads = []
    keeping = kept(lambda place: reads.append(place) or read(place))
    seconds, result = clocked(lambda: keeping(path), weights=path)
    assert result == b"1" and reads == [str(path)] and seconds["repeats"] == 3
    with pytest.raises(MossFuseError, match="method 'mine' reads its weights in every call"):
        clocked(lambda: read(path), weights=path)
    clocked(lambda: read(path))  # a file that is not the weights


def test_kept_content_follows_the_file(tmp_path):
    path, device = tmp_path / "weights.txt", "cpu"
    keeping = kept(lambda place, where: (open(place, encoding="utf-8").read(), where))  # noqa: SIM115
    path.write_text("one", encoding="utf-8")
    assert keeping(path, device) is keeping(str(path), device)
    path.write_text("other", encoding="utf-8")
    assert keeping(path, device) == ("other", device)


def test_other_work_is_what_all_processes_took_without_this_one(monkeypatch):
    all_processes, this_one = iter([100.0, 103.0]), iter([1.0, 1.5])
    monkeypatch.setattr("mossfuse.benchmark.run.other_work.busy_seconds", lambda: next(all_processes))
    monkeypatch.setattr("mossfuse.benchmark.run.other_work.time.process_time", lambda: next(this_one))
    with other_work() as others:
        assert others() == 2.5


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        ({"status": "ok", "other_cores": 0.02}, {"train_s": 9.0, "train_cpu_s": 17.0}),
        ({"status": "ok", "other_cores": 1.3}, {}),
        ({"status": "ok", "other_cores": None}, {}),
        ({"status": "ok"}, {}),
        ({"status": "failed", "other_cores": 0.0}, {}),
    ],
)
def test_seconds_of_a_training_are_shown_where_it_ran_alone(record, shown):
    assert exclusive_seconds({**record, "seconds": 9.0, "cpu_seconds": 17.0}) == shown
