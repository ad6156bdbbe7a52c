"""The result of ``mossfuse.fuse``: the cube with its verdict, which can be shown, saved and reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mossfuse.errors import MossFuseError, extra_needed
from mossfuse.files import text
from mossfuse.files.atomic import write_text
from mossfuse.files.tiles import cut_into_tiles
from mossfuse.protocol import Fusion

if TYPE_CHECKING:
    from mossfuse.pair.assemble import Pair
    from mossfuse.pair.look import Look
    from mossfuse.pair.verdict import Verdict
    from mossfuse.pair.work import Work


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Fused(Fusion):
    """A Fusion (cube in the units of LR, psf_hat, srf_hat, history, notes) and what it was made from.

    verdict: mossfuse.pair.verdict.Verdict. wavelengths: (B,) nm, or None. deviation: (H, W, B) float32, standard deviation of every value
    in the units of LR, where it was asked for. pair, work, look: what ``save`` and ``report`` are made from.
    """

    verdict: Verdict
    pair: Pair
    work: Work
    look: Look
    misfit_hsi: np.ndarray
    deviation: np.ndarray | None = None

    @property
    def wavelengths(self) -> np.ndarray | None:
        """Wavelengths (B,) in nm, or None."""
        return self.pair.result.wavelengths

    def facts(self) -> dict[str, str]:
        """Return label -> text of a summary."""
        observation, notes = self.pair.observation, self.notes
        bands = "" if self.wavelengths is None else f", {self.wavelengths.min():g} to {self.wavelengths.max():g} nm"
        known = {
            "cube": f"{text(self.cube.shape)}{bands}",
            "pair": f"HSI {text(observation.hsi.shape)}, MSI {text(observation.msi.shape)}, ratio {observation.ratio}",
            "method": f"{self.work.name}: {self.work.method.title}",
            "PSF": f"{text(np.asarray(self.psf_hat).shape)}, {notes['psf_source']}",
            "SRF": f"{text(np.asarray(self.srf_hat).shape)}, {notes['srf_source']}",
            "agreement": f"rms {notes['residual_hsi_rms']:.3g} with LR, {notes['residual_msi_rms']:.3g} with HR",
        }
        if self.pair.result.notes:
            known["grid"] = "; ".join(self.pair.result.notes)
        return known

    def __repr__(self) -> str:
        lines = [f"{label:10}{value}" for label, value in {**self.facts(), "verdict": str(self.verdict)}.items()]
        return "\n".join(["Fusion", *lines])

    def _repr_html_(self) -> str:
        from mossfuse.pair.page import picture

        rows = {**self.facts(), "verdict": str(self.verdict)}
        cells = "".join(
            f'<tr><th style="text-align:left">{escape(label)}</th><td style="text-align:left">{escape(value)}</td></tr>'
            for label, value in rows.items()
        )
        return f'<div style="max-width:40em">{picture(self.look.colours)}<table>{cells}</table></div>'

    def plot(self, bands: Sequence[int] = (), pixels: Sequence[tuple[int, int]] = (), axes: Any = None) -> Any:
        """Draw the cube in true colour, the ``bands`` (numbers from 0) in grey, and the spectra of ``pixels`` (row, col); return the figure.

        pixels: those whose spectra differ most, where none are given. axes: matplotlib axes for each of these panels, or None for a
        new figure. Needs matplotlib (pip install 'mossfuse[benchmark]').
        """
        with extra_needed("Fusion.plot()"):
            import matplotlib.pyplot as plt
        chosen = list(pixels) or list(self.look.places)
        if any(not 0 <= b < self.cube.shape[2] for b in bands):
            raise MossFuseError(f"the cube has bands 0 to {self.cube.shape[2] - 1}; choose among them")
        if axes is None:
            _, axes = plt.subplots(1, 2 + len(bands), figsize=(5 * (2 + len(bands)), 4.2), layout="constrained")
        axes = np.ravel(axes)
        axes[0].imshow(self.look.colours)
        axes[0].set_title(self.look.rendering.description.split(":")[0])
        for axis, band in zip(axes[1:], bands, strict=False):
            axis.imshow(self.cube[..., band], cmap="gray")
            axis.set_title(f"band {band}" if self.wavelengths is None else f"{self.wavelengths[band]:g} nm")
        at = np.arange(self.cube.shape[2]) if self.wavelengths is None else self.wavelengths
        for row, col in chosen:
            axes[-1].plot(at, self.cube[row, col], label=f"{row}, {col}")
            if self.deviation is not None:
                spread = 1.96 * self.deviation[row, col]
                axes[-1].fill_between(at, self.cube[row, col] - spread, self.cube[row, col] + spread, alpha=0.2)
            axes[0].plot(col, row, "o", markerfacecolor="none", color=axes[-1].lines[-1].get_color())
        axes[-1].set_xlabel("band" if self.wavelengths is None else "nm")
        axes[-1].legend(title="row, col")
        return axes[0].figure

    def save(self, path: str | Path, dtype: str = "float32", force: bool = False) -> Path:
        """Write the cube with bands, georeference, no-data and provenance, as ``mossfuse fuse`` does; return the path.

        path: the extension chooses the format (.tif, .hdr, .mat, .h5, .npz, .npy). dtype: 'float32', or for GeoTIFF and ENVI 'int16'
        or 'uint16' (reflectance x 10000, counts as they are). Raises MossFuseError for a file that exists, unless ``force``.
        """
        from mossfuse.files import can_hold
        from mossfuse.pair.output import result_writer
        from mossfuse.pair.output.encoding import choose_encoding
        from mossfuse.pair.provenance import provenance_of

        path = Path(path).expanduser()
        inside = can_hold(path, "psf_hat")
        if path.exists() and not force:
            raise MossFuseError(f"{path} exists already; name another file, or save with force=True")
        estimates = {"psf_hat": self.psf_hat, "srf_hat": self.srf_hat, "method": self.work.name} if inside else {}
        with result_writer(
            path, self.pair.result, encoding=choose_encoding(dtype, self.pair.white[0]),
            provenance=provenance_of(self.pair, self.work), estimates=estimates,
        ) as put:  # fmt: skip
            for (rows, cols), values in cut_into_tiles(self.cube):
                put(rows, cols, values)
        return path

    def report(self, path: str | Path, title: str = "Fused pair") -> Path:
        """Write one HTML page, which needs no other file: images, cube, cameras, agreement, spectra, verdict; return the path."""
        from mossfuse.pair.page import build_page

        path = Path(path).expanduser()
        page = build_page(
            self.pair, self.look, self.work.sensor, self.verdict, self.facts(), self.misfit_hsi, title=title
        )
        write_text(path, page)
        return path
