"""The sensors behind a run's degradations: spectral responses over the bands and PSFs, each distinct one drawn once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mossfuse.benchmark.report.board import Board
from mossfuse.benchmark.report.degradation import ESTIMATED, blur, response_title
from mossfuse.benchmark.report.drawing import save_figure
from mossfuse.benchmark.report.load import Results
from mossfuse.benchmark.report.sensor_figures import Camera, Kernel, draw_kernel, draw_response
from mossfuse.benchmark.report.style import slug
from mossfuse.degradations import find_effect, find_response
from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import read_json

HALF = 0.5  # a channel reaches from where its response first is this part of its largest value to where it last is


def sensors_context(results: Results, boards: Sequence[Board], site: Any, figures: bool = True) -> dict[str, Any]:
    """Return what the page shows: cameras, kernels, and one row for each board with its sensor; figures: draw and save them.

    The arrays are those that a board's first scene was made with, before the effects, which a row names.
    """
    cameras: dict[Any, Camera] = {}
    kernels: dict[Any, Kernel] = {}
    rows = []
    for board in boards:
        entry, view = sensor_of(results, board)
        camera = kernel = None
        if view.get("srf") is not None:
            name, wavelengths = entry.get("srf") or "response", view["wavelengths"]
            key = (name, str(view["srf"]), str(wavelengths))
            anchor = f"{slug(name)}-{len(cameras) + 1}--response"
            camera = cameras.setdefault(key, Camera(name, np.asarray(view["srf"], float), wavelengths, anchor))
            camera.datasets += [board.dataset] if board.dataset not in camera.datasets else []
        # Of a measured pair the degradation says how LR is reduced; the PSF that was estimated is on the scene's page.
        if view.get("psf") is not None and entry.get("srf") != ESTIMATED:
            ratio, phase = int(view["ratio"]), tuple(entry.get("phase") or (0, 0))
            key = (str(view["psf"]), ratio, phase)
            words = blur(entry.get("psf") or {}) or "PSF"
            words = words[:1].upper() + words[1:]
            new = Kernel(
                words, np.asarray(view["psf"], float), ratio, (phase[0], phase[1]), f"sensor-{len(kernels) + 1}--psf"
            )
            kernel = kernels.setdefault(key, new)
        rows.append({"board": board, "camera": camera, "kernel": kernel, "effects": effects_of(entry)})
    for camera in cameras.values() if figures else ():
        camera.drawn = save_figure(site, "response", camera.anchor, draw_response(camera), caption_of_response(camera))
    for kernel in kernels.values() if figures else ():
        kernel.drawn = save_figure(site, "psf", kernel.anchor, draw_kernel(kernel), caption_of_kernel(kernel))
    return {
        "rows": rows, "cameras": [camera_entry(camera) for camera in cameras.values()],
        "kernels": [{"kernel": k, "facts": kernel_facts(k)} for k in kernels.values()],
    }  # fmt: skip


def sensor_of(results: Results, board: Board) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a board's degradation in the catalogue and what was kept of its first scene's pair; empty where there is none."""
    scene, degradation = next(iter(board.shown.items()))
    path = results.paths.scene_view(board.dataset, degradation, scene) / "view.json"
    return results.catalogue["degradations"].get(degradation, {}), read_json(path) if path.exists() else {}


def effects_of(entry: dict[str, Any]) -> list[str]:
    """Return the effects of a degradation in words, such as 'PSF wider than is known (sigma 1)'."""
    found = []
    for effect in entry.get("effects") or ():
        (_, name), *values = effect.items()
        try:
            title = find_effect(name)[0].title
        except MossFuseError:
            title = name
        found.append(title + (f" ({', '.join(f'{key} {value}' for key, value in values)})" if values else ""))
    return found


def camera_entry(camera: Camera) -> dict[str, Any]:
    """Return what the page says of a response: title, source, note, and the place of every channel."""
    try:
        response = find_response(camera.name)[0]
        about = {"title": response.title, "citation": response.citation, "note": response.note}
    except MossFuseError:
        about = {"title": response_title(camera.name), "citation": "", "note": ""}
    return {"camera": camera, **about, "channels": channels_of(camera)}


def channels_of(camera: Camera) -> list[tuple[str, str, str]]:
    """Return (number, centre of gravity, where the response is at least half its largest value) of every channel as text."""
    bands = camera.wavelengths is None
    x = np.arange(1, camera.srf.shape[1] + 1) if camera.wavelengths is None else np.asarray(camera.wavelengths, float)
    out = []
    for number, row in enumerate(camera.srf, 1):
        above = x[row >= HALF * row.max()]
        centre = float(row @ x / row.sum()) if row.sum() else float("nan")
        unit = "" if bands else " nm"
        out.append((f"{number}", f"{centre:.0f}{unit}", f"{above.min():.0f}–{above.max():.0f}{unit}"))
    return out


def caption_of_response(camera: Camera) -> str:
    """Return what a response's figure shows."""
    bands = camera.srf.shape[1]
    kind = " Boxes between nominal edges, not measured curves." if camera.nominal else ""
    return (
        f"Response {camera.name} on the {bands} bands of {', '.join(camera.datasets)}: each channel's weights sum to 1."
        f"{kind} Numbers: channels in the order of the image."
    )


def caption_of_kernel(kernel: Kernel) -> str:
    """Return what a PSF's figure shows."""
    rows, cols = kernel.psf.shape
    return (
        f"{kernel.words}, {rows} × {cols} weights; 0 is the sampled pixel. Frame and shading: the {kernel.ratio} × {kernel.ratio} pixels "
        "that one LR pixel stands for. Right: the sums over its rows and over its columns."
    )


def kernel_facts(kernel: Kernel) -> list[tuple[str, str]]:
    """Return a PSF's name-value pairs: centre against the block's, width, share within the block, what it passes at LR's Nyquist frequency."""
    profiles = [kernel.psf.sum(1 - axis) for axis in (0, 1)]
    places = [np.arange(n) - (n - 1) // 2 for n in kernel.psf.shape]
    middle = [(kernel.ratio - 1) / 2 - p for p in kernel.phase]
    centres = [float(p @ x) for p, x in zip(profiles, places, strict=True)]
    widths = [float(np.sqrt(p @ (x - c) ** 2)) for p, x, c in zip(profiles, places, centres, strict=True)]
    inside = [(x >= -p) & (x < kernel.ratio - p) for x, p in zip(places, kernel.phase, strict=True)]
    share = float(kernel.psf[np.ix_(*inside)].sum())
    passed = [abs(p @ np.exp(-1j * np.pi * x / kernel.ratio)) for p, x in zip(profiles, places, strict=True)]
    offsets = [c - m for c, m in zip(centres, middle, strict=True)]
    return [
        ("Centre against the block's", f"{pair_of(offsets)} pixels (rows, columns)"),
        ("Standard deviation", f"{pair_of(widths)} pixels"),
        ("Weight inside the block", f"{100 * share:.1f} %"),
        ("Passed at LR's Nyquist frequency", pair_of(passed)),
    ]


def pair_of(values: Sequence[float]) -> str:
    """Return two numbers as text, along rows and columns."""
    return " × ".join(f"{0.0 if abs(v) < 5e-3 else v:.2f}".replace("-", "−") for v in values)
