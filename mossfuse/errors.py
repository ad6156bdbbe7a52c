"""Errors a user can act on: one sentence that names the file or key and the remedy."""


class MossFuseError(Exception):
    """A mistake in the input or the set-up; the command line prints it without a traceback."""
