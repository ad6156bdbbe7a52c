"""The hash of a response's table follows its values and outlives its file."""

from types import SimpleNamespace

import numpy as np

from mossfuse.benchmark.data import srf_tables
from mossfuse.benchmark.data.srf_tables import ABSENT, record_response, response_digest


def test_edited_table_of_a_response_changes_its_digest_and_a_missing_one_does_not(tmp_path, monkeypatch):
    table, record = tmp_path / "table.npy", tmp_path / "_responses" / "mine.json"
    mine = SimpleNamespace(table=lambda mirrors, folder: np.load(table))
    monkeypatch.setattr(srf_tables, "find_response", lambda name: (mine, None))

    def digest():
        srf_tables.table_sha256.cache_clear()  # as in the next process
        return response_digest("mine", record, [], tmp_path)

    np.save(table, np.ones((3, 31)))
    assert digest() == ABSENT
    record_response("mine", record, [], tmp_path)
    first = digest()
    np.save(table, np.full((3, 31), 2.0))
    assert digest() not in (ABSENT, first)
    table.unlink()
    assert digest() == first
