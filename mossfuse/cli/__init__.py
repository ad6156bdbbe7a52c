"""The verbs for a user's own pair and for a whole comparison, one module per verb; nothing heavy is imported before a verb runs."""

from mossfuse.cli import (
    compare,
    data,
    estimate,
    fuse,
    merge,
    methods,
    pair,
    plan,
    preview,
    report,
    score,
    status,
    train,
)

VERBS = (fuse, pair, train, estimate, score, preview, methods, plan, status, data, merge, compare, report)


def add_verbs(verbs):
    """Add every verb to the top-level parser."""
    for verb in VERBS:
        verb.add_verb(verbs)
