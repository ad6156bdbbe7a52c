"""Show the lines ``name: description`` of a docstring as a list in the Python interface (extension of griffe)."""

import re

from griffe import Extension, Object

ITEM = re.compile(r"^([a-z_]\w*(?:(?:, | / )[a-z_]\w*)*): ")


class Descriptions(Extension):
    """Rewrite every docstring before it is rendered."""

    def on_object(self, *, obj: Object, **kwargs: object) -> None:
        """Rewrite the docstring of one module, class, function or attribute."""
        if obj.docstring is not None:
            obj.docstring.value = as_list(obj.docstring.value)


def as_list(text: str) -> str:
    """Return a docstring with its descriptions as a Markdown list, and literals in single backticks."""
    lines: list[str] = []
    inside = False
    for line in text.replace("``", "`").splitlines():
        item = ITEM.match(line)
        if item:
            lines += [] if inside else [""]
            lines.append(f"- **{item[1]}**: {line[item.end() :]}")
        elif inside and line and not line.startswith(" "):
            lines += ["", line]
        else:
            lines.append(line)
        inside = bool(item) or (inside and (line.startswith(" ") or not line))
    return "\n".join(lines)
