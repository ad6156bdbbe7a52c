"""Spectra that a page can show: a coarse grid for clicking, and a few pixels chosen from the truth."""

import base64
import gzip
import json

import numpy as np

GRID_BYTES = 60_000
GRID_SIDE = 64
CHOSEN = 4


def pixel_grid(shape):
    """Return (rows, cols): indices of the pixels whose spectra are kept, at most 64 x 64 and about 60 kB a cube."""
    side = max(4, min(GRID_SIDE, int((GRID_BYTES / shape[2]) ** 0.5)))
    return tuple((np.arange(min(side, n)) * 2 + 1) * n // (2 * min(side, n)) for n in shape[:2])


def pack(spectra, step):
    """Return spectra (n, B) as base64 of gzip of whole multiples of ``step``; the error is at most half a step.

    Each band is one run of n int16 (negative numbers as odd ones, the low bytes first, then the high bytes), because
    neighbours in one band are similar and pack well.
    """
    levels = np.round(np.asarray(spectra, np.float64).T / step).astype(np.int32)
    if np.abs(levels).max(initial=0) > 32767:
        raise ValueError("the step is too small for 16 bits")
    folded = np.where(levels < 0, -2 * levels - 1, 2 * levels).astype(np.uint16)
    planes = np.concatenate([(folded & 255).ravel(), (folded >> 8).ravel()]).astype(np.uint8)
    return base64.b64encode(gzip.compress(planes.tobytes(), 9, mtime=0)).decode()


def unpack(text, step, bands):
    """Invert ``pack``: return (n, bands) float64. The page's script does the same."""
    planes = np.frombuffer(gzip.decompress(base64.b64decode(text)), np.uint8).reshape(2, bands, -1).astype(np.int32)
    folded = planes[0] + 256 * planes[1]
    return np.where(folded % 2, -(folded + 1) // 2, folded // 2).T * step


def step_for(spectra, fine):
    """Return the step of ``pack``: ``fine`` where 16 bits hold all values, else the smallest that they hold."""
    return max(fine, float(np.abs(spectra).max(initial=0)) / 32000, 1e-9)


def grid_spectra(cube):
    """Return the spectra on the grid of ``pixel_grid``: (pixels, B) float64, row by row."""
    rows, cols = pixel_grid(cube.shape)
    return np.nan_to_num(cube[np.ix_(rows, cols)].reshape(-1, cube.shape[2]).astype(np.float64))


def packed_truth(truth):
    """Return (text, step, spectra as they will be unpacked) of the truth's grid: to a 4000th of its largest value."""
    spectra = grid_spectra(truth)
    step = step_for(spectra, float(np.abs(spectra).max(initial=0)) / 2000)
    text = pack(spectra, step)
    return text, step, unpack(text, step, truth.shape[2])


def write_truth(path, truth, wavelengths):
    """Write the truth's grid of spectra and its exact chosen pixels as a script, under the key 'truth'."""
    text, step, _ = packed_truth(truth)
    rows, cols = pixel_grid(truth.shape)
    content = {"rows": rows.tolist(), "cols": cols.tolist(), "wavelengths": None, "pixels": chosen_pixels(truth)}
    if wavelengths is not None:
        content["wavelengths"] = [round(float(nm), 3) for nm in wavelengths]
    register(path, "truth", content | {"step": step, "packed": text, "chosen": chosen_values(truth, truth)})


def write_estimate(path, key, truth, cube, psnr):
    """Write what a cell's spectra differ from the truth's by, its exact chosen pixels and its PSNR of every band.

    The differences are kept to a twelfth of their root mean square, so that good and bad methods are shown equally well.
    A page opened from disk may load a script, but not fetch a file.
    """
    difference = grid_spectra(cube) - packed_truth(truth)[2]
    step = step_for(difference, float(np.sqrt((difference**2).mean())) / 6)
    content = {"step": step, "packed": pack(difference, step), "chosen": chosen_values(truth, cube)}
    register(path, key, content | {"psnr": [round(float(v), 3) if np.isfinite(v) else None for v in psnr]})


def register(path, key, content):
    """Write a script that puts ``content`` where the page looks for it."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    path.write_text(f"(window.mossfuseSpectra ||= {{}})[{json.dumps(key)}] = {text};\n", encoding="utf-8")


def chosen_values(truth, cube):
    """Return the cube's spectra at the pixels chosen from the truth, six digits; None where a value is not finite."""
    return [
        [float(f"{v:.6g}") if np.isfinite(v) else None for v in cube[row, col]] for row, col in chosen_pixels(truth)
    ]


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
