"""Errors a user can act on: one sentence that names the file or key and the remedy."""

from collections.abc import Iterable


class MossFuseError(Exception):
    """A mistake in the input or the set-up; the command line prints it without a traceback."""


def suggestion(name: str, known: Iterable[str], otherwise: str = "known") -> str:
    """Return the hint for an unknown name: "did you mean 'x'?", or ``otherwise`` and everything that is known."""
    from difflib import get_close_matches

    known = list(known)
    near = get_close_matches(name, known, n=3)
    return f"did you mean {' or '.join(near)}?" if near else f"{otherwise}: {', '.join(sorted(known)) or 'none'}"
