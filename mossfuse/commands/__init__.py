"""The verbs for a pair of one's own, one module per verb; nothing heavy is imported before a verb runs."""

from mossfuse.commands import estimate, fuse, methods, score

VERBS = (fuse, estimate, score, methods)


def add_verbs(verbs):
    """Add fuse, estimate, score and methods to the top-level parser."""
    for verb in VERBS:
        verb.add_verb(verbs)
