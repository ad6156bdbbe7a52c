"""Digests of the code behind values that a script of docs/measure has measured, as the workflow has them for its cells."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mossfuse.benchmark.plan.covered import NOT_THE_HARNESS
from mossfuse.benchmark.plan.digest import Code, code_of_project
from mossfuse.methods import find_method


def digests(names: Iterable[str], code: Code | None = None) -> dict[str, str]:
    """Return name -> digest of the present code of methods ('nsgp'), modules ('mossfuse.estimation.sensor') and functions.

    A module counts with all it imports, a method with its members, a function ('mossfuse.pair.work.prepare') with what it
    uses by name. Raises KeyError for a function that does not exist.
    """
    code = code or code_of_project()
    return {name: digest(name, code) for name in sorted(set(names))}


def digest(name: str, code: Code) -> str:
    """Return the digest of one name of ``digests``."""
    if "." in name:
        files = code.module_files(code.root, name)
        return "-".join(map(code.of_file, files)) if files else code.of_parts((name,), NOT_THE_HARNESS)
    spec, module = find_method(name)
    members = [find_method(other)[1] for other in getattr(module, "runs", lambda _: ())(spec.params)]
    return "-".join(code.of_file(Path(str(each.__file__))) for each in (module, *members))
