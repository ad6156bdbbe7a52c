"""How numbers, methods and places look everywhere in the report."""

import math
import re

from mossfuse.metrics import all_columns

# Mid-light hues that hold against white and against near-black; neighbours differ in lightness too.
COLOURS = (
    "#3b6fc4", "#d1782a", "#2f9461", "#c24a5a", "#8566c2", "#a07a1e", "#1d93a8", "#c45a9e", "#7a8f2e", "#5c7080",
    "#b0603f", "#5a5fd0",
)  # fmt: skip
SHORTENED, TUNED = "‡", "°"  # signs behind a title
LEGEND = {
    SHORTENED: "learns for fewer steps than in its paper",
    TUNED: "defaults of the method were chosen on scenes of this table",
}
CONTROL, CONTROL_COLOUR = "bicubic", "#8a8f97"
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "p", "h", "<", ">", "d")


def method_colours(methods):
    """Return name -> colour, the same on every page and in every figure; the control is grey."""
    import seaborn

    others = [m for m in methods if m != CONTROL]
    palette = COLOURS if len(others) <= len(COLOURS) else seaborn.husl_palette(len(others), l=0.58, s=0.7).as_hex()
    return {CONTROL: CONTROL_COLOUR, **dict(zip(others, palette, strict=False))}


def method_markers(methods):
    return {m: MARKERS[k % len(MARKERS)] for k, m in enumerate(methods)}


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
    """Return a file name made of the parts; every character outside letters, digits, dot, plus and hyphen becomes '_'."""
    return "--".join(re.sub(r"[^A-Za-z0-9.+-]", "_", part) for part in parts)


def clock_title(clock):
    device, name, threads = clock
    many = "" if math.isnan(threads) else f", {threads:.0f} thread{'s' if threads > 1 else ''}"
    return f"{device}{many if device == 'cpu' else ''} ({name})" if name else device


def degradation_text(entry):
    """Return a degradation of the catalogue in one line."""
    psf = entry.get("psf") or {}
    shape = f"{psf['size']} × {psf['size']}" if "size" in psf else ""
    sigma = psf.get("sigma")
    width = (
        f"σ {' × '.join(map(str, sigma)) if isinstance(sigma, list | tuple) else sigma}" if sigma is not None else ""
    )
    snr = [
        f"{name} {entry[key]:g} dB"
        for name, key in (("HSI", "snr_hsi"), ("MSI", "snr_msi"))
        if entry.get(key) is not None
    ]
    effects = [" ".join(map(str, effect.values())) for effect in entry.get("effects") or ()]
    kinds = (("snr_per_band", " in every band"), ("signal_noise", ", variance proportional to the signal"))
    noise = "".join(text for key, text in kinds if entry.get(key))
    parts = [
        f"ratio {entry['ratio']}" if "ratio" in entry else "",
        " ".join(p for p in (psf.get("family", ""), "PSF", shape, width) if p) if psf else "",
        f"phase ({', '.join(map(str, entry['phase']))})" if entry.get("phase") else "",
        f"border {entry['border']}" if entry.get("border") else "",
        f"SRF {entry['srf']}" if entry.get("srf") else "",
        *effects,
        f"noise: SNR {', '.join(snr)}{noise}" if snr else "no noise",
        f"MSI shifted by {entry['shift']}" if any(entry.get("shift") or ()) else "",
    ]
    return " · ".join(p for p in parts if p)
