"""A raw cube that was edited is prepared again, and nothing else; one that was only touched is not."""

import os

import numpy as np
import pytest

from helpers.snakemake_runs import config_of, job_counts, planned, run

DATASET = """
import hashlib
import numpy as np
from mossfuse.protocol import Dataset
DATASET = Dataset(name="mine", title="Mine", citation="-", terms="-", train=("c",), test=("a", "b"),
                  wavelengths=tuple(range(400, 710, 10)))
def raw(scene, folder):
    return folder / "raw" / f"{scene}.npy"
def obtain(scenes, folder, mirrors):
    def record(path):
        sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest()}
        return {"source": "folder", "files": [path.name], "sha256": sums, "verified": False, "paths": [str(path)]}
    return {scene: record(raw(scene, folder)) for scene in scenes}
def read(scene, folder, mirrors):
    return np.load(raw(scene, folder)), np.array(DATASET.wavelengths)
"""


@pytest.mark.slow
def test_edited_raw_cube_is_prepared_again_and_a_touched_one_is_not(tmp_path):
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "mine.py").write_text(DATASET, encoding="utf-8")
    environment = {"MOSSFUSE_DATASETS": str(tmp_path / "datasets")}
    raw = tmp_path / "data" / "mine" / "raw"
    raw.mkdir(parents=True)
    for scene in ("a", "b"):
        np.save(raw / f"{scene}.npy", np.full((64, 64, 31), 0.5, np.float32))
    entry = {"dataset": "mine", "degradations": ["x8-gauss7s2-nikond5100"], "methods": ["bicubic"]}
    config = config_of(grid=[entry], methods={}, timing={"scenes": "none"}, conventions=["std1"])
    code, output = run(tmp_path, config, "scenes", environment=environment)
    assert code == 0, output
    os.utime(raw / "a.npy", (1, 1))
    assert planned(tmp_path, config, "scenes", environment=environment) == {}
    np.save(raw / "a.npy", np.full((64, 64, 31), 0.25, np.float32))
    code, output = run(tmp_path, config, "scenes", environment=environment)
    assert code == 0 and job_counts(output) == {"prepare": 1, "scenes": 1}, output
    assert planned(tmp_path, config, "scenes", environment=environment) == {}
