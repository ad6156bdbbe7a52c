"""One page on one fused pair, in one file: both images, the cube, the cameras, agreement, spectra and the verdict."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from mossfuse.files import text
from mossfuse.pair.assemble import Pair
from mossfuse.pair.look import Look, hatch
from mossfuse.pair.verdict import BAD, CARE, GOOD, Verdict
from mossfuse.protocol import Sensor

SIDE = 640  # pixels of a picture, at most
SMALL = 300  # pictures are enlarged to this many
BROAD, NARROW = (760, 360), (360, 240)  # sizes of drawings, near those at which they are shown
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#4d4d4d", "#b8860b", "#7f3fbf")
MARKS = {GOOD: "#1a7f37", CARE: "#9a6700", BAD: "#cf222e"}
STYLE = """
:root{color-scheme:light}body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1200px;padding:1rem;color:#1f2328;background:#fff}
h1{font-size:1.5rem;margin:.2rem 0;overflow-wrap:anywhere}h2{font-size:1.15rem;margin:1.6rem 0 .4rem}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr));gap:1rem}
figure{margin:0;min-width:0}figure.wide{grid-column:1/-1}figure img,figure svg{width:100%;height:auto;display:block;border:1px solid #d0d7de;image-rendering:pixelated}
figure.wide{max-width:800px}.narrow{display:none}@media(max-width:600px){.broad{display:none}.narrow{display:block}}
.key{display:flex;flex-wrap:wrap;gap:.1rem 1rem;font-size:.9rem}.key i{display:inline-block;width:1.4em;height:3px;vertical-align:middle;margin-right:.4em}
figcaption{font-size:.9rem;color:#57606a}.verdict{border-left:6px solid var(--mark);padding:.4rem .8rem;background:#f6f8fa}
.verdict b{color:var(--mark)}ul{margin:.3rem 0;padding-left:1.2rem}
table{border-collapse:collapse;width:100%}td{border-top:1px solid #d0d7de;padding:.25rem .5rem .25rem 0;vertical-align:top;overflow-wrap:anywhere}td:first-child{color:#57606a;width:9rem}
"""


def build_page(
    pair: Pair, look: Look, sensor: Sensor, verdict: Verdict, facts: Mapping[str, Any], misfit_hsi: np.ndarray,
    warnings: Sequence[str] = (), title: str = "Fused pair",
) -> str:  # fmt: skip
    """Return the HTML page. facts: lines of the table, label -> text. misfit_hsi: (h, w) rms over bands on the methods' scale."""
    low, high = look.inputs
    observation = pair.observation
    wavelengths = observation.wavelengths
    hatched = "" if look.measured is None else "; hatched: not measured in one of the two, no-data in the cube"
    pictures = [
        figure(picture(low), f"LR, {text(observation.hsi.shape)}: {look.rendering.description}"),
        figure(picture(high), f"HR, {text(observation.msi.shape)}: {look.hr_description}"),
        figure(picture(look.colours), f"The cube, in the exposure of LR{hatched}"),
    ]
    cameras = [
        figure(
            picture(grey(np.asarray(sensor.psf)), smooth=False), f"PSF, {text(np.asarray(sensor.psf).shape)} HR pixels"
        ),
        figure(
            curves(
                wavelengths, list(np.asarray(sensor.srf)), [f"MSI {m + 1}" for m in range(len(np.asarray(sensor.srf)))]
            ),
            "SRF",
        ),
    ]
    scale = pair.white
    coarse, fine = grey(misfit_hsi), grey(look.misfit)
    if look.measured is not None:
        hatch(coarse, look.blocks(np.any))
        hatch(fine, look.measured)
    maps = [
        figure(
            picture(coarse, smooth=False),
            f"Cube blurred and sampled, against LR: rms over bands, black 0, white {misfit_hsi.max() * scale[0]:.3g}",
        ),
        figure(
            picture(fine),
            f"Cube through the SRF, against HR: rms over bands, black 0, white {look.misfit.max() * scale[1]:.3g}",
        ),
    ]
    lines, names, dashes = [], [], []
    ratio = observation.ratio
    for row, col in look.places:
        if (row, col) in look.spectra:
            lines += [look.spectra[row, col] * scale[0], observation.hsi[row // ratio, col // ratio] * scale[0]]
            names += [f"cube at {row}, {col}", ""]
            dashes += [False, True]
    spectra = [
        figure(
            curves_for_every_screen(wavelengths, lines, names, dashes),
            "Spectra in LR's units: cube (lines), LR (dashed)",
            wide=True,
        )
    ]
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in (*verdict.reasons, *warnings))
    rows = "".join(f"<tr><td>{escape(label)}</td><td>{escape(str(value))}</td></tr>" for label, value in facts.items())
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style><h1>{escape(title)}</h1>"
        f'<div class="verdict" style="--mark:{MARKS[verdict.word]}"><b>{verdict.word}</b><ul>{reasons}</ul></div>'
        f"<h2>Images</h2>{grid(pictures)}<h2>Spectra</h2>{grid(spectra)}<h2>Agreement</h2>{grid(maps)}"
        f"<h2>Cameras</h2>{grid(cameras)}<h2>Facts</h2><table>{rows}</table></html>"
    )


def grid(figures: Sequence[str]) -> str:
    """Return the figures side by side."""
    return f'<div class="grid">{"".join(figures)}</div>'


def figure(content: str, caption: str, wide: bool = False) -> str:
    """Return a figure with its caption."""
    return f"<figure{' class=wide' * wide}>{content}<figcaption>{escape(caption)}</figcaption></figure>"


def picture(pixels: np.ndarray, smooth: bool = True) -> str:
    """Return an image (rows, cols, 3) uint8 as an element; large ones are reduced to SIDE, small ones enlarged by whole pixels."""
    from PIL import Image

    image = Image.fromarray(pixels)
    factor = SIDE / max(image.size)
    if factor < 1:
        width, height = (max(1, round(n * factor)) for n in image.size)
        image = image.resize((width, height), Image.Resampling.BOX if smooth else Image.Resampling.NEAREST)
    elif max(image.size) < SMALL:
        whole = -(-SMALL // max(image.size))
        image = image.resize((image.width * whole, image.height * whole), Image.Resampling.NEAREST)
    stream = io.BytesIO()
    image.save(stream, format="PNG")
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}">'


def grey(values: np.ndarray) -> np.ndarray:
    """Return a map (rows, cols) as grey (rows, cols, 3) uint8 from 0, black, to its largest value, white."""
    largest = float(values.max()) or 1.0
    levels = np.round(255 * np.clip(values / largest, 0, 1)).astype(np.uint8)
    return np.repeat(levels[..., None], 3, 2)


def curves_for_every_screen(
    at: np.ndarray | None, lines: Sequence[np.ndarray], names: Sequence[str], dashes: Sequence[bool]
) -> str:
    """Return ``curves`` twice, of which a page shows the one whose text is legible on its screen."""
    broad, narrow = curves(at, lines, names, dashes, BROAD), curves(at, lines, names, dashes)
    return f'<div class="broad">{broad}</div><div class="narrow">{narrow}</div>'


def ticks(low: float, high: float) -> np.ndarray:
    """Return three to six round numbers between two limits."""
    step = 10 ** np.floor(np.log10((high - low) / 4))
    step *= next((factor for factor in (1, 2, 2.5, 5) if (high - low) / (factor * step) <= 5), 10)
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    return np.arange(first, last + 1) * step + 0.0  # no minus before zero


def curves(
    at: np.ndarray | None,
    lines: Sequence[np.ndarray],
    names: Sequence[str],
    dashes: Sequence[bool] = (),
    size: tuple[int, int] = NARROW,
) -> str:
    """Return curves over wavelengths (nm), or over band numbers, as SVG with a key; a dashed line has the colour of the line before it.

    size: (width, height) of the drawing in the units of its text, which has 12.
    """
    (width, height), left, bottom, top = size, 48, 38, 10
    count = len(lines[0]) if lines else 2
    x = np.arange(1, count + 1, dtype=float) if at is None else np.asarray(at, float)
    order = np.argsort(x)
    x = x[order]
    low = min((float(line.min()) for line in lines), default=0.0)
    high = max((float(line.max()) for line in lines), default=1.0)
    low, high = min(low, 0.0), high if high > low else low + 1
    span = float(x[-1] - x[0]) or 1.0
    to_x = lambda v: left + (v - x[0]) / span * (width - left - 24)  # noqa: E731
    to_y = lambda v: height - bottom - (v - low) / (high - low) * (height - bottom - top)  # noqa: E731
    parts = []
    for v in ticks(low, high):
        y = to_y(v)
        parts.append(
            f'<path d="M{left} {y:.1f}H{width - 24}" stroke="#d0d7de"/><text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{v:.4g}</text>'
        )
    for u in ticks(float(x[0]), float(x[0]) + span):
        parts.append(f'<text x="{to_x(u):.1f}" y="{height - 20}" text-anchor="middle">{u:g}</text>')
    solid = -1
    for n, line in enumerate(lines):
        dashed = bool(dashes) and dashes[n]
        solid += not dashed
        points = " ".join(
            f"{to_x(a):.1f},{to_y(b):.1f}" for a, b in zip(x, np.asarray(line, float)[order], strict=True)
        )
        style = ' stroke-dasharray="5 4"' if dashed else ""
        parts.append(
            f'<polyline points="{points}" fill="none" stroke-width="2" stroke="{COLOURS[solid % len(COLOURS)]}"{style}/>'
        )
    parts.append(
        f'<text x="{width / 2:.0f}" y="{height - 4}" text-anchor="middle">{"band" if at is None else "nm"}</text>'
    )
    drawing = (
        f'<svg viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" role="img">{"".join(parts)}</svg>'
    )
    keys = [
        f'<span><i style="background:{COLOURS[n % len(COLOURS)]}"></i>{escape(name)}</span>'
        for n, name in enumerate(name for name in names if name)
    ]
    return f'{drawing}<div class="key">{"".join(keys)}</div>'
