"""``mossfuse methods``: what can be chosen with --method."""

import sys


def add_verb(verbs):
    parser = verbs.add_parser("methods", help="list the methods: what each knows, how it is trained")
    parser.add_argument("name", metavar="NAME", nargs="?", help="one method: its parameters, presets and sources")
    parser.add_argument("--json", action="store_true", help="everything that is known of each method, as JSON")
    parser.set_defaults(run=run)


def run(options):
    """One line per method: name, what it knows, what it is trained on, title; or one method at length; or JSON."""
    import json

    from mossfuse.methods import catalogue, find_method, split_suffix
    from mossfuse.preprocess import PREFIXES, split_prefix
    from mossfuse.refine import SUFFIXES

    if options.name:
        method = facts(find_method(split_prefix(split_suffix(options.name)[0])[1])[0])
        sys.stdout.write((json.dumps(method, indent=1) if options.json else described(method)) + "\n")
        return
    for problem in catalogue().problems():
        sys.stderr.write(f"not usable: {problem}\n")
    methods = {name: method for name, (method, _) in sorted(catalogue().entries.items())}
    if options.json:
        content = {"methods": [facts(m) for m in methods.values()], "suffixes": SUFFIXES, "prefixes": PREFIXES}
        sys.stdout.write(json.dumps(content, indent=1) + "\n")
        return
    knowledge = {name: ",".join(sorted(m.knows)) or "nothing" for name, m in methods.items()}
    widths = max(map(len, methods)), max(map(len, knowledge.values()))
    for name, method in methods.items():
        line = f"{name:{widths[0]}}  knows {knowledge[name]:{widths[1]}}  trains {method.trains:10}  {method.title}"
        sys.stdout.write(line + "\n")
    for prefix, text in PREFIXES.items():
        sys.stdout.write(f"{prefix + '+...':{widths[0]}}  any method, {text}\n")
    for suffix, text in SUFFIXES.items():
        sys.stdout.write(f"{'...+' + suffix:{widths[0]}}  any method, {text}\n")


def described(method):
    """Lines about one method (its facts): what it is, what --set and --preset of fuse may name."""
    lines = [
        f"{method['name']}: {method['title']}",
        method["citation"],
        f"official code: {method['code'] or 'none but this'}",
    ]
    lines += [method["note"]] if method["note"] else []
    lines.append(f"licence: {method['licence']}")
    withheld = f" (can do without: {', '.join(method['optional'])})" if method["optional"] else ""
    lines.append(f"knows {', '.join(method['knows']) or 'nothing'}{withheld}; trains on: {method['trains']}")
    for title, key, ranges in (("parameters", "params", "ranges"), ("of its training", "train_params", "train_ranges")):
        if method[key]:
            width = max(map(len, map(settings, ({k: v} for k, v in method[key].items()))))
            lines.append(f"{title}:")
            lines += [f"  {settings({k: v}):{width}}  {method[ranges][k]}".rstrip() for k, v in method[key].items()]
    lines += [f"preset {name}: {settings(values)}" for name, values in method["presets"].items()]
    for entry in method["published"]:
        values = ", ".join(f"{metric} {value:.6g}" for metric, value in entry["metrics"].items())
        setting = f", {entry['setting']}" if entry["setting"] else ""
        lines.append(f"published: {entry['dataset']}{setting}: {values} ({entry['source']})")
    return "\n".join(lines)


def settings(values):
    """'tile=none compile=false', as --set takes them."""
    words = {None: "none", True: "true", False: "false"}
    return (
        " ".join(f"{k}={words[v] if v is None or isinstance(v, bool) else v}" for k, v in values.items())
        or "the defaults"
    )


def facts(method):
    """A Method as plain data."""
    plain = ("name", "title", "citation", "licence", "trains", "weights", "stochastic", "gpu", "code", "note")
    return {
        **{key: getattr(method, key) for key in plain},
        "knows": sorted(method.knows),
        "optional": sorted(method.optional),
        "params": dict(method.params),
        "train_params": dict(method.train_params),
        "presets": {name: dict(values) for name, values in method.presets.items()},
        "ranges": {name: parameter.describe() for name, parameter in method.ranges.items()},
        "train_ranges": {name: parameter.describe() for name, parameter in method.train_ranges.items()},
        "published": [p.as_data() for p in method.published],
    }
