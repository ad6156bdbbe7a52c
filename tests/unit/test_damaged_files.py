"""Files of the results that were damaged between two runs are named in one sentence, and what is safe is made again."""

import json

import numpy as np
import pytest

from mossfuse.benchmark.data.pairs import write_pair
from mossfuse.benchmark.data.unchanged import require_unchanged
from mossfuse.benchmark.plan.paths import CellFiles, TrainingFiles
from mossfuse.benchmark.results.collect import read_scores
from mossfuse.benchmark.run.cell import blocking_reason
from mossfuse.errors import MossFuseError
from mossfuse.fitting.resuming import StateFile


def test_edited_pair_is_named_with_its_remedy(tmp_path, make_pair):
    pair = tmp_path / "mosaic.mat"
    write_pair(pair, make_pair()[0])
    require_unchanged(pair, pair.with_suffix(".json"), "file_sha256")
    pair.write_bytes(pair.read_bytes()[:-1] + b"x")
    with pytest.raises(MossFuseError, match=r"mosaic\.mat is damaged or was edited .* delete it and run again"):
        require_unchanged(pair, pair.with_suffix(".json"), "file_sha256")


def test_file_without_a_recorded_hash_is_taken_as_it_is(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "record.json").write_text("{}", encoding="utf-8")
    require_unchanged(tmp_path / "a", tmp_path / "record.json", "output")
    require_unchanged(tmp_path / "a", tmp_path / "missing.json", "output")


def test_edited_weights_and_bases_stop_the_cell(tmp_path):
    training, base = TrainingFiles(tmp_path / "weights"), CellFiles(tmp_path / "base")
    for product, record in ((training.weights, training.record), (base.cube, base.run)):
        product.parent.mkdir()
        product.write_bytes(b"other")
        record.write_text(json.dumps({"output": "0" * 64}), encoding="utf-8")
    with pytest.raises(MossFuseError, match=r"weights\.pt is damaged or was edited"):
        blocking_reason(training.weights, None, {})
    with pytest.raises(MossFuseError, match=r"fused\.mat is damaged or was edited"):
        blocking_reason(None, base.cube, {})


@pytest.mark.parametrize(
    "text",
    ["", "convention,metric,value\n", "convention,metric,value\nstd1,psnr,4", "convention,metric,value\nstd1,psnr\n"],
)
def test_scores_that_are_cut_short_are_refused(tmp_path, text):
    path = tmp_path / "score.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MossFuseError, match=r"score\.csv is damaged; delete it and run again"):
        read_scores(path)


def test_training_starts_again_where_its_state_is_damaged(tmp_path, caplog):
    state = StateFile(tmp_path / "weights.pt.partial", "identity")
    state.store({"step": np.int64(3).item()})
    assert state.restore()["step"] == 3
    state.path.write_bytes(state.path.read_bytes()[:100])
    assert state.restore() is None
    assert "starting again" in caplog.text
