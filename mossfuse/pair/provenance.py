"""How a cube was made, as plain values by name that its file carries."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mossfuse.files.hashing import sha256_of
from mossfuse.pair.assemble import Pair
from mossfuse.pair.reading import split_key
from mossfuse.pair.work import Work
from mossfuse.version import installed_version


def provenance_of(
    pair: Pair, work: Work, inputs: Sequence[str] = (), params: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return version, method, parameters, inputs (name and SHA-256), scale, geometry, and what was done to the pair."""
    files = []
    for name in inputs:
        path = split_key(name)[0]
        files.append({"name": name} | ({"sha256": sha256_of(path)} if Path(path).is_file() else {}))
    result = pair.result
    return {
        "software": f"mossfuse {installed_version()}", "method": work.name, "title": work.method.title,
        **({"chosen": work.reason} if work.reason else {}),
        "parameters": dict(params or {}), "inputs": files, "ratio": pair.observation.ratio,
        "white": [float(level) for level in pair.white], "phase": list(map(int, work.sensor.phase or ())),
        **{f"{name}_source": source for name, source in work.source.items()},
        "units": result.units or "those of LR", "grid": list(result.notes), "products": dict(result.facts),
    }  # fmt: skip
