"""Which scenes count, which methods are ranked, and in which order: the one owner, for the tables and the report.

The means of every ranked method of a dataset under one degradation run over the same scenes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """What ranking needs to know of one cell, whatever its seed; replicate: its full degradation."""

    method: str
    scene: str
    seen: bool
    succeeded: bool
    replicate: str = ""


@dataclass(frozen=True)
class Standing:
    """How a method did on the scenes that count.

    status: 'ranked'; 'seen' where it has seen one of them in training, 'failed' where a seed failed on one, 'partial' where
    it was not run on each, or not under every replicate that another method was run under. finished, failed, seen: numbers of scenes.
    """

    status: str
    finished: int
    failed: int
    seen: int


@dataclass(frozen=True)
class Field:
    """The scenes that count for everyone, those left out because a method has seen them, and every method's Standing."""

    scenes: list[str]
    left_out: list[str]
    standings: dict[str, Standing]

    def is_ranked(self, method: str) -> bool:
        """Return whether the method has a mean and a rank."""
        return self.standings[method].status == "ranked"


def field_of(runs: Iterable[Run]) -> Field:
    """Return the Field of one dataset under one degradation (all its replicates); scenes and methods keep the order of the runs."""
    runs = list(dict.fromkeys(runs))
    scenes, left_out = counted_scenes((run.method, run.scene, run.seen) for run in runs)
    methods = dict.fromkeys(run.method for run in runs)
    wanted: dict[str, set[str]] = {}
    for run in runs:
        wanted.setdefault(run.scene, set()).add(run.replicate)
    standings = {m: standing([r for r in runs if r.method == m], {s: wanted[s] for s in scenes}) for m in methods}
    return Field(scenes, left_out, standings)


def counted_scenes(cells: Iterable[tuple[str, str, bool]]) -> tuple[list[str], list[str]]:
    """Return (scenes whose scores count, scenes left out because some method has seen them in training).

    cells: (method, scene, seen in training) of one dataset under one degradation. A method that has seen all of its
    scenes takes none away from the others.
    """
    cells = list(dict.fromkeys(cells))
    fresh = {method for method, _, seen in cells if not seen}
    left_out = {scene for method, scene, seen in cells if seen and method in fresh}
    scenes = list(dict.fromkeys(scene for _, scene, _ in cells))
    return [s for s in scenes if s not in left_out], [s for s in scenes if s in left_out]


def standing(runs: list[Run], scenes: Mapping[str, set[str]]) -> Standing:
    """Return one method's Standing from its runs. scenes: those that count, each with the replicates that it was run under."""
    own = [run for run in runs if run.scene in scenes]
    ended = {(run.scene, run.replicate) for run in own if run.succeeded and not run.seen}
    finished = {scene for scene, replicates in scenes.items() if all((scene, r) in ended for r in replicates)}
    failed = {run.scene for run in own if not run.succeeded}
    seen = {run.scene for run in own if run.seen}
    status = "seen" if seen else "failed" if failed else "partial" if len(finished) < len(scenes) else "ranked"
    return Standing(status, len(finished), len(failed), len(seen))


def ranks(means: Mapping[str, float], lower_is_better: bool) -> dict[str, int]:
    """Return method -> rank by its mean, 1 is best and equal means share the better rank; methods without a mean have none.

    means: of the ranked methods; NaN counts as none.
    """
    values = {method: value for method, value in means.items() if value == value}
    return {
        method: 1 + sum(other < value if lower_is_better else other > value for other in values.values())
        for method, value in values.items()
    }
