"""The verbs for a user's own pair and for looking around."""

import sys


def add_verbs(verbs):
    """Add fuse, estimate, score and methods to the top-level parser."""
    methods = verbs.add_parser("methods", help="list the methods: what each knows, how it is trained")
    methods.set_defaults(run=list_methods)


def list_methods(options):
    """One line per method: name, what it knows, what it is trained on, title."""
    from mossfuse.methods import catalogue

    width = max(map(len, catalogue()))
    for name, (method, _) in sorted(catalogue().items()):
        knows = ",".join(sorted(method.knows)) or "nothing"
        sys.stdout.write(f"{name:{width}}  knows {knows:15} trains {method.trains:10} {method.title}\n")
