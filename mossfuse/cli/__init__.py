"""The verbs for a user's own pair, one module per verb; nothing heavy is imported before a verb runs."""

from mossfuse.cli import estimate, fuse, methods, score, train

VERBS = (fuse, train, estimate, score, methods)


def add_verbs(verbs):
    """Add every verb to the top-level parser."""
    for verb in VERBS:
        verb.add_verb(verbs)
