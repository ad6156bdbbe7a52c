"""Two configurations in one folder share what is below data/, and neither makes the other's work again."""

import pytest

from helpers.snakemake_runs import planned, run, small_grid

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
    assert [planned(tmp_path, config, *wanted) for config, wanted in zip((first, second), targets, strict=True)] == [
        {},
        {},
    ]
