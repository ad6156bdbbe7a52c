"""The figures of a sensor: its spectral responses over the bands, and its PSF as a picture with profiles."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from mossfuse.benchmark.report import figures
from mossfuse.benchmark.report.degradation import NOMINAL
from mossfuse.benchmark.report.drawing import Drawn
from mossfuse.benchmark.report.style import looks

FEW = 80  # bands up to which every band has its mark
LABELS_APART = 0.035  # of the axis, between the numbers of two channels


@dataclass
class Camera:
    """A spectral response on the bands of a data set: (M, B) rows that sum to 1, wavelengths (B,) nm or none, and its figure."""

    name: str
    srf: np.ndarray
    wavelengths: tuple[float, ...] | None
    anchor: str
    datasets: list[str] = field(default_factory=list)
    drawn: Drawn | None = None

    @property
    def nominal(self) -> bool:
        """Return whether the curves are boxes between a data sheet's edges, which the name says."""
        return NOMINAL in self.name


@dataclass
class Kernel:
    """A PSF with the block of pixels that a sample stands for: (rows, cols), sums to 1; its words, its figure."""

    words: str
    psf: np.ndarray
    ratio: int
    phase: tuple[int, int]
    anchor: str
    drawn: Drawn | None = None


@figures.themed
def draw_response(camera: Camera) -> Any:
    """Draw one curve for each channel over the wavelengths, or over the band numbers where these are not known."""
    bands = camera.srf.shape[1]
    known = camera.wavelengths is not None
    x = np.asarray(camera.wavelengths, float) if known else np.arange(1, bands + 1)
    figure, ax = plt.subplots(figsize=(6.4, 3.2))
    own = list(looks([f"channel {k + 1}" for k in range(len(camera.srf))]).values())[1:]  # the first is the control's
    for row, look in zip(camera.srf, own, strict=True):
        ax.plot(
            x, without_zeros(row), color=look.colour, linestyle=dash_of(look), linewidth=1.3, marker="o" if bands <= FEW else None,
            markersize=2.2,
        )  # fmt: skip
    number_channels(ax, x, camera.srf)
    ax.set_ylim(0, 1.15 * camera.srf.max())
    ax.set(xlabel="Wavelength (nm)" if known else "Band", ylabel="Weight")
    return figure


def without_zeros(row: np.ndarray) -> np.ndarray:
    """Return a channel's weights without the zeros between two zeros, so that sixteen channels do not draw one line over another."""
    padded = np.pad(row, 1)
    return np.where((padded[:-2] > 0) | (row > 0) | (padded[2:] > 0), row, np.nan)


def dash_of(look: Any) -> Any:
    """Return a look's dash as matplotlib has it."""
    return (0, tuple(float(n) / 2 for n in look.dash.split())) if look.dash else "-"


def number_channels(ax: Any, x: np.ndarray, srf: np.ndarray) -> None:
    """Write each channel's number above the middle of its largest weights; those that would meet stand side by side, in order."""
    tops = [float(x[row >= 0.9 * row.max()].mean()) for row in srf]
    least = LABELS_APART * float(np.ptp(x) or 1)
    place = -np.inf
    for k in sorted(range(len(srf)), key=tops.__getitem__):
        place = max(tops[k], place + least)
        ax.annotate(
            f"{k + 1}", (place, srf[k].max()), xytext=(0, 5), textcoords="offset points", ha="center", fontsize=8,
            color=figures.INK,
        )  # fmt: skip


@figures.themed
def draw_kernel(kernel: Kernel) -> Any:
    """Draw the PSF as a picture around the sampled pixel, with the block that a sample stands for, and the sums of its rows and columns."""
    rows, cols = (np.arange(n) - (n - 1) // 2 for n in kernel.psf.shape)
    low = [-p - 0.5 for p in kernel.phase]
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(6.4, 2.7), gridspec_kw={"width_ratios": [1, 1.3], "wspace": 0.6}
    )
    extent = (cols[0] - 0.5, cols[-1] + 0.5, rows[-1] + 0.5, rows[0] - 0.5)
    picture = left.imshow(kernel.psf, cmap="magma", vmin=0, extent=extent, interpolation="nearest")
    frame = plt.Rectangle(
        (low[1], low[0]), kernel.ratio, kernel.ratio, fill=False, edgecolor=figures.MUTED, linewidth=1
    )
    left.add_patch(frame)
    left.set(
        xlim=(min(extent[0], low[1]) - 0.5, max(extent[1], low[1] + kernel.ratio) + 0.5),
        ylim=(max(extent[2], low[0] + kernel.ratio) + 0.5, min(extent[3], low[0]) - 0.5),
        xlabel="Column", ylabel="Row",
    )  # fmt: skip
    left.xaxis.set_major_locator(plt.MaxNLocator(5, integer=True))
    left.grid(False)
    bar = figure.colorbar(picture, ax=left, fraction=0.05, pad=0.04)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7)
    look = list(looks(["columns", "rows"]).values())[1:]
    right.axvspan(low[1], low[1] + kernel.ratio, color=figures.MUTED, alpha=0.12, linewidth=0)
    for places, profile, how, line, mark in (
        (cols, kernel.psf.sum(0), look[0], "-", "o"),
        (rows, kernel.psf.sum(1), look[1], (0, (4, 2)), "s"),
    ):
        name = "along a row" if line == "-" else "along a column"
        right.plot(
            places, profile, color=how.colour, linestyle=line, marker=mark, markersize=3, linewidth=1.3, label=name
        )
    right.set_ylim(bottom=0)
    right.xaxis.set_major_locator(plt.MaxNLocator(integer=True))
    right.set(xlabel="Pixels from the sampled one", ylabel="Weight")
    right.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    return figure
