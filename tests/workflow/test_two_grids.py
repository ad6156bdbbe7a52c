"""Two configurations in one folder share what is below data/, and neither makes the other's work again."""

import pytest

from helpers.snakemake_runs import run, small_grid

PLACE = "phantom-64/x8-gauss7s2-nikond5100"


@pytest.mark.slow
def test_configurations_that_share_scenes_run_in_turns_and_make_nothing_twice(tmp_path):
    """The second one keeps no cubes: its cube goes once it is scored, and its cell is not run again for that."""
    first = {**small_grid(["bicubic"]), "results": "one"}
    second = {**small_grid(["bicubic"]), "results": "two", "keep_cubes": "none"}
    cell = f"two/{PLACE}/bicubic/mosaic/seed0"
    targets = [f"one/{PLACE}/_pairs/mosaic.mat"], [f"{cell}/score.csv"]
    for config, wanted, jobs in zip((first, second), targets, (3, 3), strict=True):
        code, output = run(tmp_path, config, *wanted)
        assert code == 0 and f"{jobs} of {jobs} steps (100%) done" in output, output
    assert not (tmp_path / cell / "fused.mat").exists()
    before = state(tmp_path)
    for config, wanted in zip((first, second), targets, strict=True):
        code, output = run(tmp_path, config, *wanted)
        assert code == 0 and "Nothing to be done" in output, output
    assert state(tmp_path) == before  # so a third turn, and every further one, does nothing either


def state(folder):
    """Return path -> (time, size) of every file that a run may read, Snakemake's records among them, but not its journals."""
    files = (p for p in folder.rglob("*") if p.is_file() and p.name != "config.yaml")
    own = ("metadata", "incomplete", "auxiliary")
    files = (p for p in files if ".snakemake" not in p.parts or set(own) & set(p.parts))
    return {p.relative_to(folder): (p.stat().st_mtime_ns, p.stat().st_size) for p in files}
