"""Spectra that a page can show: a coarse grid for clicking, and a few pixels chosen from the truth."""

import base64
import json

import numpy as np

GRID_BYTES = 60_000
GRID_SIDE = 64
CHOSEN = 4


def pixel_grid(shape):
    """Return (rows, cols): indices of the pixels whose spectra are kept, at most 64 x 64 and about 60 kB a cube."""
    side = max(4, min(GRID_SIDE, int((GRID_BYTES / shape[2]) ** 0.5)))
    return tuple((np.arange(min(side, n)) * 2 + 1) * n // (2 * min(side, n)) for n in shape[:2])


def quantise(spectra):
    """Return spectra (..., B) as bytes: each between its own least and greatest value in 255 steps.

    Returns {'low', 'high': range of the ends; 'ends': base64 uint16 little-endian (low, high) per spectrum;
    'steps': base64 uint8 per spectrum and band}. The error is at most 1/510 of a spectrum's own range
    (plus 1/131070 of the whole range).
    """
    flat = np.asarray(spectra, np.float64).reshape(-1, spectra.shape[-1])
    low, high = float(flat.min()), float(flat.max())
    span = high - low or 1.0
    ends = np.stack([np.floor((flat.min(1) - low) / span * 65535), np.ceil((flat.max(1) - low) / span * 65535)], 1)
    lower, upper = (low + ends[:, k : k + 1] / 65535 * span for k in (0, 1))
    steps = np.round((flat - lower) / np.where(upper > lower, upper - lower, 1) * 255)
    return {
        "low": low,
        "high": low + span,
        "ends": base64.b64encode(ends.astype("<u2").tobytes()).decode(),
        "steps": base64.b64encode(np.clip(steps, 0, 255).astype(np.uint8).tobytes()).decode(),
    }


def dequantise(packed, bands):
    """Invert ``quantise``: return (spectra, bands) float64. The page's script does the same."""
    ends = np.frombuffer(base64.b64decode(packed["ends"]), "<u2").reshape(-1, 2) / 65535
    lower, upper = (packed["low"] + ends[:, k : k + 1] * (packed["high"] - packed["low"]) for k in (0, 1))
    steps = np.frombuffer(base64.b64decode(packed["steps"]), np.uint8).reshape(-1, bands)
    return lower + steps / 255 * (upper - lower)


def write_script(path, key, cube):
    """Write the cube's grid of spectra as a script: a page opened from disk may load that, but not fetch a file."""
    rows, cols = pixel_grid(cube.shape)
    packed = quantise(cube[np.ix_(rows, cols)])
    content = {"rows": rows.tolist(), "cols": cols.tolist(), "bands": cube.shape[2], **packed}
    text = json.dumps(content, separators=(",", ":"))
    path.write_text(f"(window.mossfuseSpectra ||= {{}})[{json.dumps(key)}] = {text};\n", encoding="utf-8")


def chosen_pixels(truth, count=CHOSEN):
    """Return [(row, col)]: up to ``count`` pixels of the grid, bright and as different in spectral angle as possible.

    Farthest-point selection: first the brightest pixel, then, one by one, the pixel whose angle to the nearest
    chosen one is largest. Pixels darker than a fifth of the 99th percentile are left out. Depends on the truth alone.
    """
    rows, cols = pixel_grid(truth.shape)
    spectra = truth[np.ix_(rows, cols)].reshape(-1, truth.shape[2]).astype(np.float64)
    norm = np.linalg.norm(spectra, axis=1)
    bright = np.flatnonzero(norm >= max(0.2 * np.percentile(norm, 99), np.finfo(float).tiny))
    if not len(bright):
        return [(int(rows[0]), int(cols[0]))]
    directions = spectra[bright] / norm[bright][:, None]
    chosen = [int(norm[bright].argmax())]
    closeness = directions @ directions[chosen[0]]
    while len(chosen) < count and closeness.min() < 1 - 1e-9:
        chosen.append(int(closeness.argmin()))
        closeness = np.maximum(closeness, directions @ directions[chosen[-1]])
    return [(int(rows[p // len(cols)]), int(cols[p % len(cols)])) for p in bright[chosen]]


def write_chosen(path, truth, cube, wavelengths):
    """Write the chosen pixels' exact spectra: pixel,row,col,band,wavelength,truth,estimate."""
    lines = ["pixel,row,col,band,wavelength,truth,estimate"]
    for number, (row, col) in enumerate(chosen_pixels(truth), 1):
        for band in range(truth.shape[2]):
            nm = "" if wavelengths is None else f"{float(wavelengths[band]):g}"
            value = "" if cube is None else f"{cube[row, col, band]:.6g}"
            lines.append(f"{number},{row},{col},{band + 1},{nm},{truth[row, col, band]:.6g},{value}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
