"""Errors a user can act on: one sentence that names the file or key and the remedy."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

# The extra of the package (pyproject.toml) that installs a library which is not a core dependency.
EXTRAS = {
    **dict.fromkeys(
        (
            "dvc",
            "jinja2",
            "jsonschema",
            "matplotlib",
            "pandas",
            "rich",
            "seaborn",
            "skimage",
            "snakemake",
            "tifffile",
            "yaml",
        ),
        "benchmark",
    ),
    "rasterio": "geotiff",
    "pyarrow": "parquet",
}

LISTED = 10  # a message lists so many names at most


class MossFuseError(Exception):
    """A mistake in the input or the set-up; the command line prints it without a traceback."""


def suggestion(name: str, known: Iterable[str], otherwise: str = "known") -> str:
    """Return the hint for an unknown name: "did you mean x?", or ``otherwise`` and every known name."""
    from difflib import get_close_matches

    known = list(known)
    near = get_close_matches(name, known, n=3)
    if near:
        return f"did you mean {' or '.join(near)}?"
    more = f" and {len(known) - LISTED} more" if len(known) > LISTED + 1 else ""
    listed = sorted(known)[:LISTED] if more else sorted(known)
    return f"{otherwise}: {', '.join(listed) or 'none'}{more}"


@contextmanager
def extra_needed(what: str) -> Iterator[None]:
    """Raise MossFuseError with the pip command where an import inside the block lacks a library of an extra.

    what: what needs it, as the user knows it ('mossfuse bench', 'method cnn-fus'). Other missing modules are raised as they are.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        raise MossFuseError(f"{what} needs the {extra} extra; pip install 'mossfuse[{extra}]'") from error
