"""How numbers, methods and places look everywhere in the report."""

import hashlib
import math
import re
from dataclasses import dataclass

from mossfuse.metrics import all_columns

PALETTE = (
    "petroff10"  # of matplotlib; Petroff, Accessible Color Sequences for Data Visualization, arXiv:2107.02270, 2021
)
SHORTENED, TUNED = "‡", "°"  # signs behind a title
LEGEND = {
    SHORTENED: "learns for fewer steps than in its paper",
    TUNED: "defaults of the method were chosen on scenes of this table",
}
CONTROL, GREYS = "bicubic", ("#717581", "#94a4a2")  # the control has the palette's greys for itself
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "p", "h", "<", ">", "d")
DASHES = ("", "7 3", "2 2", "9 3 2 3")
TITLES = {
    "residual_hsi_max": "HSI residual (max)",
    "residual_hsi_rms": "HSI residual (RMS)",
    "residual_msi_max": "MSI residual (max)",
    "residual_msi_rms": "MSI residual (RMS)",
    "sam_nan_pixels": "undefined SAM pixels",
}
LONGEST = 60  # characters of one part of a file name


@dataclass(frozen=True)
class Look:
    """How a method is drawn everywhere: colour, marker of matplotlib and its number, and dash of SVG ('' is solid)."""

    colour: str
    marker: str
    dash: str

    @property
    def shape(self):
        """Return the number of the marker, the class of its shape in the style sheet."""
        return MARKERS.index(self.marker)


def looks(methods):
    """Return name -> Look, the same on every page and in every figure; no two of a hundred methods share one.

    The colours stay apart under the three colour-vision deficiencies (docs/report.md); one that comes again has another
    marker and another dash.
    """
    from matplotlib import color_sequences
    from matplotlib.colors import to_hex

    palette = [c for c in map(to_hex, color_sequences[PALETTE]) if c not in GREYS]
    out = {CONTROL: Look(GREYS[0], MARKERS[0], DASHES[0])}
    for k, method in enumerate(m for m in methods if m != CONTROL):
        turn = k // math.lcm(len(palette), len(MARKERS))
        marker, dash = MARKERS[(k + turn) % len(MARKERS)], DASHES[(k + k // len(palette)) % len(DASHES)]
        out[method] = Look(palette[k % len(palette)], marker, dash)
    return out


def method_colours(methods):
    """Return name -> colour."""
    return {name: look.colour for name, look in looks(methods).items()}


def method_markers(methods):
    """Return name -> marker."""
    return {name: look.marker for name, look in looks(methods).items()}


def number(metric, value, sign=False):
    """Return a metric's value as printed: with its own decimals, '–' where there is none."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    column = all_columns().get(metric)
    decimals = column.decimals if column else 4
    return f"{value:{'+' if sign else ''}.{decimals}f}".replace("-", "−")


def interval(metric, low, high):
    return "" if math.isnan(low) or math.isnan(high) else f"{number(metric, low)}–{number(metric, high)}"


def spreads(metric, lattice, draw):
    """Return the standard deviations of a mean over replicates, such as '± 0.35 lattices'; [] where there is one replicate."""
    named = ((lattice, "lattices"), (draw, "draws"))
    return [f"± {number(metric, value)} {words}" for value, words in named if not math.isnan(value)]


def seconds(value):
    """Return seconds with two or three significant digits."""
    if value is None or math.isnan(value):
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def count(value):
    """Return a whole number with thousands separated; '–' where there is none."""
    return "–" if value is None or math.isnan(value) else f"{value:,.0f}"


def as_published(metric, value):
    """Return a published number as text: quality with its digits, parameters and operations in thousands, millions, ..."""
    if metric in all_columns():
        return with_unit(metric, value)
    for size, unit in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " K")):
        if value >= size:
            return f"{value / size:.4g}{unit}"
    return f"{value:.4g}"


def p_value(value):
    return "–" if math.isnan(value) else "< 0.001" if value < 0.001 else f"{value:.3f}"


def metric_title(metric):
    """Return how a metric is called on the pages."""
    if metric in TITLES:
        return TITLES[metric]
    column = all_columns().get(metric)
    return column.title if column else metric


def metric_unit(metric):
    column = all_columns().get(metric)
    unit = column.unit if column else ""
    return {"degrees": "°", "radians": "rad"}.get(unit, unit)


def arrow(metric):
    """Return an arrow that points to the better values."""
    column = all_columns().get(metric)
    return {"higher": "↑", "lower": "↓"}.get(column.better, "") if column else ""


def with_unit(metric, value, sign=False):
    """Return a value with its unit, such as '47.10 dB' or '5.2°'."""
    unit = metric_unit(metric)
    return number(metric, value, sign) + (unit if unit == "°" else f" {unit}" if unit else "")


def slug(*parts):
    """Return a file name made of the parts, never the same for two lists of parts.

    Every character outside letters, digits, dot, plus, hyphen and underscore becomes '_'. A part that this changes, that
    holds the '--' between parts, or is long, gets eight digits of its hash.
    """
    return "--".join(map(slug_part, parts))


def slug_part(part):
    """Return one part of a slug."""
    plain = re.sub(r"[^A-Za-z0-9.+_-]", "_", part)[:LONGEST]
    if plain == part and "--" not in part and not part.startswith((".", "-")) and not part.endswith("-"):
        return part
    return f"{plain.strip('.-')}~{hashlib.sha256(part.encode()).hexdigest()[:8]}"


def clock_title(clock):
    device, name, threads = clock
    many = "" if math.isnan(threads) else f", {threads:.0f} thread{'s' if threads > 1 else ''}"
    return f"{device}{many if device == 'cpu' else ''} ({name})" if name else device
