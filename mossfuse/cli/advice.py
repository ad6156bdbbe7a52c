"""What an error message must not advise: to delete a file of a mirror, which is other people's, or shared."""

from __future__ import annotations

import os
from argparse import Namespace


def without_harm(message: str, options: Namespace) -> str:
    """Return an error message in which a file of a mirror is left alone; mirrors: those of the job, or of MOSSFUSE_MIRRORS."""
    if "delete " not in message:
        return message
    from mossfuse.benchmark.data.prepare import sparing

    named = [path for path in os.environ.get("MOSSFUSE_MIRRORS", "").split(os.pathsep) if path]
    job = getattr(options, "job", None)
    mirrors = named if job is None else [*named, *job.settings["mirrors"]]
    return sparing(message, [os.path.expanduser(path) for path in mirrors])
