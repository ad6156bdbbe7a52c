"""Pages of the site that are generated when it is built, so that they are always current (hooks of mkdocs).

reference/configuration.md from the schema of a configuration; reference/commands.md from the parser of the command line; methods/*.md from
the method files; reference/datasets.md and reference/sensors.md from the files of datasets, responses, PSFs and effects; contributing.md, changes.md and
configurations.md from CONTRIBUTING.md, CHANGELOG.md and config/README.md.
"""

import argparse
import inspect
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
for variable in ("MOSSFUSE_BASELINES", "MOSSFUSE_DATASETS", "MOSSFUSE_DEGRADATIONS"):
    os.environ.pop(variable, None)  # the site describes what this repository has

from mossfuse.__main__ import parser  # noqa: E402
from mossfuse.benchmark.plan.settings import DEFAULTS, schema  # noqa: E402
from mossfuse.methods import catalogue  # noqa: E402
from mossfuse.protocol import Method  # noqa: E402

FAMILIES = {
    "ours": (
        "This project's methods",
        "MossFuse as its authors released it and as it is trained here, and the methods that this project adds.",
    ),
    "classical": ("Classical baselines", "Methods without a training; none of them needs a GPU."),
    "deep-scene": (
        "Deep baselines fitted to a pair",
        "Networks that are fitted to each pair, without any other data and without ground truth.",
    ),
    "deep-trained": (
        "Deep baselines trained on a split",
        "Networks that are trained on the pairs of the training scenes; the supervised ones also see their ground truth.",
    ),
}
TRAINS = {
    "none": "no training",
    "scene": "fitted to each pair",
    "dataset": "trained on the training split, without ground truth",
    "supervised": "trained on the training split, with ground truth",
}


def on_files(files: Any, config: Any) -> Any:
    """Add the generated pages to the site."""
    from mkdocs.structure.files import File

    for name, text in generated_pages().items():
        files.append(File.generated(config, name, content=text))
    return files


def generated_pages() -> dict[str, str]:
    """Return address -> Markdown of every generated page."""
    return {
        "reference/configuration.md": configuration_page(),
        "reference/commands.md": commands_page(),
        "reference/datasets.md": datasets_page(),
        "reference/sensors.md": sensors_page(),
        "methods/index.md": methods_index(),
        **{f"methods/{family}.md": family_page(family) for family in FAMILIES},
        "contributing.md": page_of("CONTRIBUTING.md"),
        "changes.md": page_of("CHANGELOG.md"),
        "configurations.md": page_of("config/README.md"),
    }


def page_of(name: str) -> str:
    """Return a Markdown file from outside ``docs/``, with its links to pages of ``docs/`` rewritten."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.sub(r"\]\((?:\.\./)?docs/", "](", text)


# The configuration reference.


def configuration_page() -> str:
    """Return the reference of all keys of a configuration, from the schema and the defaults."""
    lines = [
        "# Configuration reference",
        "",
        "Generated from `mossfuse/benchmark/plan/config.schema.yaml`. A configuration is a YAML file; `config.yaml` is the default one, and",
        "`snakemake --cores all --configfile config/NAME.yaml` runs another ([those that ship](../configurations.md)). A key that is not",
        "listed here is refused, with the nearest one that exists.",
        "",
        sentence_of(schema()),
        "",
        *key_table(schema()["properties"], schema().get("required", []), DEFAULTS),
    ]
    for name, part in schema()["properties"].items():
        inner = inner_object(part)
        if inner:
            lines += ["", f"## {name}", "", sentence_of(part), ""]
            defaults = DEFAULTS.get(name)
            lines += key_table(
                inner["properties"], inner.get("required", []), defaults if isinstance(defaults, dict) else {}
            )
    return "\n".join(lines) + "\n"


def inner_object(part: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema of the objects inside a list, a named collection or the object itself; None for plain values."""
    for candidate in (part, part.get("items"), part.get("additionalProperties")):
        if isinstance(candidate, Mapping) and "properties" in candidate:
            return candidate
    return None


def key_table(properties: Mapping[str, Any], required: list[str], defaults: Mapping[str, Any]) -> list[str]:
    """Return the lines of a table of keys."""
    lines = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for name, part in properties.items():
        default = "**required**" if name in required else ""
        if name in defaults and not isinstance(defaults[name], dict):
            default = code(json.dumps(defaults[name]))
        link = f"[`{name}`](#{name})" if inner_object(part) else f"`{name}`"
        lines.append(f"| {link} | {kind_of(part)} | {default} | {part.get('description', '')} |")
    return lines


def kind_of(part: Mapping[str, Any]) -> str:
    """Return what values a key takes, in words."""
    if "oneOf" in part:
        return " or ".join(kind_of(option) for option in part["oneOf"])
    if "enum" in part:
        return "one of " + ", ".join(code(value) for value in part["enum"])
    if part.get("type") == "array":
        return f"list of {kind_of(part['items'])}" if "type" in part.get("items", {}) else "list"
    if isinstance(part.get("additionalProperties"), Mapping):
        return "settings by name"
    names = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
        "object": "settings",
    }
    words = names[part["type"]]
    if "minimum" in part:
        words += f", at least {part['minimum']}"
    if "exclusiveMinimum" in part:
        words += f", greater than {part['exclusiveMinimum']}"
    return words


def sentence_of(part: Mapping[str, Any]) -> str:
    """Return a description as a sentence."""
    text = part.get("description", "").strip()
    return f"{text[:1].upper()}{text[1:]}." if text else ""


# The commands.


def commands_page() -> str:
    """Return the reference of the command line: the help of every command, and the steps of the benchmark in a table."""
    os.environ["COLUMNS"] = "100"  # the width that argparse wraps its lines to
    lines = ["# Commands", "", "Generated from the command line itself: `mossfuse --help`, `mossfuse VERB --help`."]
    for name, (sub, explanation) in subcommands(parser()).items():
        lines += ["", f"## mossfuse {name}", "", f"{explanation[:1].upper()}{explanation[1:]}.", ""]
        steps = subcommands(sub)
        if steps:
            lines += ["| step | does |", "|---|---|"]
            lines += [f"| `mossfuse bench {step}` | {escaped(text)} |" for step, (_, text) in steps.items()]
        else:
            lines += ["```text", sub.format_help().strip(), "```"]
    return "\n".join(lines) + "\n"


def subcommands(of: argparse.ArgumentParser) -> dict[str, tuple[argparse.ArgumentParser, str]]:
    """Return name -> (parser, one-line explanation) of a parser's subcommands."""
    actions = [action for action in of._actions if isinstance(action, argparse._SubParsersAction)]
    return {
        choice.dest: (action.choices[choice.dest], (choice.help or "").replace("%%", "%"))
        for action in actions
        for choice in action._choices_actions
    }


# The pages of the methods.


# Datasets and sensors.


def datasets_page() -> str:
    """Return the table and the sections of every dataset, from their files."""
    from mossfuse.datasets import catalogue as datasets

    specs = [spec for spec, _ in sorted(datasets().entries.values(), key=lambda entry: entry[0].name)]
    lines = [
        "# Data sets",
        "",
        "Generated from `mossfuse/datasets/`. `mossfuse plan CONFIG` says what a comparison has to download, from where and under which terms; files are looked",
        "for in the mirrors first and never redistributed. Your own cubes: [`mossfuse data add`](../adding/dataset.md).",
        "",
        "| data set | scenes (train, test) | size | bands, nm | source |",
        "|---|---|---|---|---|",
    ]
    for spec in specs:
        size = "of each scene" if spec.shape is None else "x".join(map(str, spec.shape))
        bands = f"{len(spec.wavelengths)}, {spec.wavelengths[0]:g}-{spec.wavelengths[-1]:g}"
        lines.append(
            f"| [`{spec.name}`](#{spec.name}) | {len(spec.train)}, {len(spec.test)} | {size} | {bands} | {source_of(spec)} |"
        )
    for spec in specs:
        lines += ["", f"## {spec.name}", "", f"{escaped(spec.title)}. {escaped(spec.note)}".strip(), ""]
        lines += [f"- Cite: {escaped(spec.citation)}", f"- Terms: {escaped(spec.terms)}"]
        lines += [f"- Page: <{spec.url}>"] if spec.url.startswith("http") else []
        lines += [f"- File: `{file.name}` {', '.join(f'<{url}>' for url in file.urls)}".rstrip() for file in spec.files]
    return "\n".join(lines) + "\n"


def source_of(spec: Any) -> str:
    """Return where the scenes of a dataset come from: made by this package, downloaded, or put into place by hand."""
    if any(file.urls for file in spec.files):
        return "downloaded"
    return "made by this package" if spec.name == "phantom" else "by hand, or from a mirror"


def sensors_page() -> str:
    """Return the tables of spectral responses, PSF families and effects, from their files."""
    from mossfuse.degradations.effects import catalogue as effects
    from mossfuse.degradations.names import short
    from mossfuse.degradations.psfs import catalogue as psfs
    from mossfuse.degradations.responses import catalogue as responses
    from mossfuse.degradations.spelling import spell_member

    lines = [
        "# Sensors and what breaks them",
        "",
        "Generated from `mossfuse/degradations/`. The name of a degradation is made of these parts ([how](../adding/degradation.md)):",
        "`x8-mtf8g0.3-sentinel2nominal10m-stripes0.02-snr35-40`.",
        "",
        "## Spectral responses",
        "",
        "Responses called nominal are made from band edges alone.",
        "",
        "| in a name | response | source |",
        "|---|---|---|",
    ]
    for name, (response, _) in sorted(responses().entries.items()):
        lines.append(f"| `{short(name)}` | {escaped(response.title)} | {escaped(response.citation)} |")
    lines += ["", "## PSFs", "", "| example | PSF | source |", "|---|---|---|"]
    for family, _ in sorted(psfs().entries.values(), key=lambda entry: entry[0].name):
        lines.append(f"| `{spell_member(family, {})}` | {escaped(family.title)} | {escaped(family.citation)} |")
    lines += ["", "## Effects", "", "| example | acts on | departure from the sensor model |", "|---|---|---|"]
    for effect, _ in sorted(effects().entries.values(), key=lambda entry: (entry[0].stage, entry[0].name)):
        lines.append(f"| `-{spell_member(effect, {})}` | {effect.stage} | {escaped(effect.title)} |")
    return "\n".join(lines) + "\n"


def methods_by_family() -> dict[str, dict[Path, list[Method]]]:
    """Return family -> file -> its methods, in the order of their files' names."""
    out: dict[str, dict[Path, list[Method]]] = {family: {} for family in FAMILIES}
    for method, module in catalogue().entries.values():
        path = Path(module.__file__ or "").relative_to(ROOT)
        out[family_of(method, path)].setdefault(path, []).append(method)
    return {family: dict(sorted(files.items(), key=lambda item: stem(item[0]))) for family, files in out.items()}


def family_of(method: Method, path: Path) -> str:
    """Return the family whose page describes a method."""
    if path.parts[0] == "mossfuse":
        return "ours"
    return {"none": "classical", "scene": "deep-scene"}.get(method.trains, "deep-trained")


def stem(path: Path) -> str:
    """Return the name of a method's file or folder."""
    return path.parent.name if path.name == "__init__.py" else path.stem


def methods_index() -> str:
    """Return the table of all methods, one line each."""
    lines = [
        "# Every method",
        "",
        "Generated from the method files. *Knows*: what a method is given of the sensor; everything else it has to estimate. `mossfuse methods`",
        "prints the same list, `mossfuse methods NAME` the parameters of one. A suffix refines the output of any method",
        "([refinements](../nsgp.md)).",
    ]
    for family, files in methods_by_family().items():
        lines += ["", f"## {FAMILIES[family][0]}", "", "| name | title | knows | training |", "|---|---|---|---|"]
        for path, methods in files.items():
            for method in methods:
                link = f"[`{method.name}`]({family}.md#{stem(path)})"
                lines.append(f"| {link} | {method.title} | {knowledge(method)} | {TRAINS[method.trains]} |")
    return "\n".join(lines) + "\n"


def family_page(family: str) -> str:
    """Return the page of a family: each file's description and the specification of its methods."""
    title, text = FAMILIES[family]
    lines = [f"# {title}", "", text, "Generated from the method files. Methods of one file share its section."]
    for path, methods in methods_by_family()[family].items():
        module = catalogue().find(methods[0].name)[1]
        lines += ["", f"## {stem(path)} {{: #{stem(path)} }}", "", *described(module), "", f"File: `{path}`."]
        for method in methods:
            lines += ["", f"### `{method.name}`: {method.title}", "", *specification(method)]
    return "\n".join(lines) + "\n"


def described(module: ModuleType) -> list[str]:
    """Return a module's docstring as Markdown lines: code in single backticks, lines that begin with a label apart."""
    text = inspect.cleandoc(module.__doc__ or "").replace("``", "`")
    lines: list[str] = []
    for line in text.splitlines():
        labelled = re.match(r"(Paper|Official code|Code|Differs|Published numbers|Published|Licence)\b.*?:", line)
        if lines and lines[-1] and (labelled or (line.startswith("- ") and not lines[-1].startswith(("- ", "  ")))):
            lines.append("")
        lines.append(with_links(re.sub(r"<([^>]*)>", r"&lt;\1&gt;", line)))
    return lines


def with_links(text: str) -> str:
    """Return a text in which addresses of pages, such as docs/nsgp.md, are links."""
    return re.sub(r"\bdocs/([\w-]+)\.md\b", r"[\1](../\1.md)", text)


def specification(method: Method) -> list[str]:
    """Return the lines of a table of one method's specification."""
    rows = [
        ("knows", knowledge(method)),
        ("training", TRAINS[method.trains]),
        ("weights", code(method.weights) if method.weights else ""),
        ("random numbers", "depends on the seed" if method.stochastic else "none"),
        ("uses a GPU", "yes" if method.gpu else "no"),
        ("parameters", settings_of(method.params)),
        ("parameters of the training", settings_of(method.train_params)),
        ("presets", "<br>".join(f"{code(name)}: {settings_of(v)}" for name, v in method.presets.items())),
        ("citation", method.citation),
        ("code", method.code),
        ("licence", method.licence),
        ("note", method.note),
        ("published", "<br>".join(published(method))),
    ]
    return ["| | |", "|---|---|", *(f"| {name} | {escaped(text)} |" for name, text in rows if text)]


def published(method: Method) -> Iterator[str]:
    """Yield what the authors of a method print about it, one line for each source."""
    for figures in method.published:
        facts = {name: value for name, value in asdict(figures).items() if value not in (None, "", (), {})}
        values = facts.pop("metrics", None) or facts.pop("values", {})
        listed = ", ".join(f"{name} {value:g}" for name, value in values.items())
        yield f"{listed} ({'; '.join(f'{name}: {value}' for name, value in facts.items())})"


def knowledge(method: Method) -> str:
    """Return what a method is given of the sensor, in words."""
    order = ("psf", "phase", "srf", "noise")
    return (
        ", ".join(name.upper() if name in ("psf", "srf") else name for name in order if name in method.knows)
        or "nothing"
    )


def settings_of(values: Mapping[str, Any]) -> str:
    """Return parameters with their defaults."""
    return ", ".join(code(f"{name}={value}") for name, value in values.items())


def code(text: object) -> str:
    """Return a text as Markdown code."""
    return f"`{text}`"


def escaped(text: str) -> str:
    """Return a text that keeps a table's row on one line."""
    return with_links(text.replace("\n", " ").replace("|", "\\|"))
