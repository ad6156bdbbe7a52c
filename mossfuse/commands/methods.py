"""``mossfuse methods``: what can be chosen with --method."""

import sys


def add_verb(verbs):
    parser = verbs.add_parser("methods", help="list the methods: what each knows, how it is trained")
    parser.add_argument("--json", action="store_true", help="everything that is known of each method, as JSON")
    parser.set_defaults(run=run)


def run(options):
    """One line per method: name, what it knows, what it is trained on, title; or JSON."""
    import json

    from mossfuse.methods import catalogue
    from mossfuse.refine import SUFFIXES

    methods = {name: method for name, (method, _) in sorted(catalogue().items())}
    if options.json:
        content = {"methods": [facts(m) for m in methods.values()], "suffixes": SUFFIXES}
        sys.stdout.write(json.dumps(content, indent=1) + "\n")
        return
    knowledge = {name: ",".join(sorted(m.knows)) or "nothing" for name, m in methods.items()}
    widths = max(map(len, methods)), max(map(len, knowledge.values()))
    for name, method in methods.items():
        line = f"{name:{widths[0]}}  knows {knowledge[name]:{widths[1]}}  trains {method.trains:10}  {method.title}"
        sys.stdout.write(line + "\n")
    for suffix, text in SUFFIXES.items():
        sys.stdout.write(f"{'...+' + suffix:{widths[0]}}  any method, {text}\n")


def facts(method):
    """A Method as plain data."""
    plain = ("name", "title", "citation", "licence", "trains", "weights", "stochastic", "gpu", "code", "note")
    return {
        **{key: getattr(method, key) for key in plain},
        "knows": sorted(method.knows),
        "params": dict(method.params),
        "train_params": dict(method.train_params),
        "presets": {name: dict(values) for name, values in method.presets.items()},
        "published": [
            {"dataset": p.dataset, "setting": p.setting, "metrics": dict(p.metrics), "source": p.source}
            for p in method.published
        ],
    }
