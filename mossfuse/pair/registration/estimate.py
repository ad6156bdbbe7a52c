"""Where LR lies in HR, to a fraction of a pixel, from the two images alone.

Each MSI band, blurred to LR's resolution and sampled where LR's pixels would lie under a shift, is regressed on LR's leading
components; the right shift leaves the smallest residual. No response and no PSF has to be known: the regression is the
response, and the width of a Gaussian PSF is fitted along (variable projection; Golub and Pereyra, SIAM J. Numer. Anal. 10,
1973). The same fit on parts of the image gives the shift's standard error, and scale and rotation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates, spline_filter
from scipy.optimize import minimize

WIDTHS = (0.25, 0.35, 0.5, 0.7)  # standard deviations of the PSF that are tried, in LR pixels
COMPONENTS = 12  # of LR, at most; one for each PIXELS_EACH pixels
PIXELS_EACH = 20
REACH = 2.0  # LR pixels that are searched on each side
NEAR = 0.5  # LR pixels on each side of a found shift, in the last search
STEP = 0.5
TOLERATED = 0.1  # a shift this far beyond the searched range is still inside
EDGE = 0.5  # LR pixels that a pixel's window reaches beyond its block
SIDE = 96  # LR pixels on a side that are used; the middle of a larger image
HIGH_SIDE, LEAST_SIDE = 768, 24  # HR pixels on a side that are used, and LR pixels at any ratio
PARTS = 3  # parts of the image along each axis, where each keeps PART_SIDE pixels; else 2
PART_SIDE = 16
FEWEST_IN_PART = 16
FEWEST = 64  # LR pixels, below which no shift is estimated
Numbers = tuple[float, float]


@dataclass(frozen=True)
class Registration:
    """The shift of LR against HR, as estimated from the pair.

    shift: (rows, cols) in LR pixels: LR pixel (i, j) looks at HR's place ((i + 1/2 + shift) ratio - 1/2), and likewise for columns.
    error: its standard errors. scale, angle: of LR against HR (1 and 0 where they agree), angle in degrees, counter-clockwise.
    corner: displacement in LR pixels that scale and angle make at the corners. corner_error: its standard error.
    width: standard deviation of LR's PSF in LR pixels. residual, plain: share of the MSI's variance that LR does not explain,
    with the shift and without. pixels: LR pixels that were used. pixel: (height, width) of an LR pixel on the ground, or None.
    """

    shift: Numbers
    error: Numbers
    scale: float
    angle: float
    corner: float
    corner_error: float
    width: float
    residual: float
    plain: float
    pixels: int
    inside: bool
    pixel: Numbers | None = None

    @property
    def length(self) -> float:
        """Length of the shift in LR pixels."""
        return float(np.hypot(*self.shift))

    @property
    def trusted(self) -> bool:
        """Whether the shift may be applied: known to a tenth of an LR pixel, inside the searched range, images that agree."""
        return self.inside and max(self.error) < TRUSTED_ERROR and self.residual < TRUSTED_RESIDUAL

    @property
    def significant(self) -> bool:
        """Whether the shift is more than three times its standard error and more than a twentieth of an LR pixel."""
        return self.length > max(LEAST, 3 * float(np.hypot(*self.error)))


TRUSTED_ERROR = 0.1  # LR pixels
TRUSTED_RESIDUAL = 0.5
LEAST = 0.05  # LR pixels


def estimate_registration(
    hsi: np.ndarray, msi: np.ndarray, ratio: int, *, start: Numbers = (0.0, 0.0), reach: float = REACH,
    usable: np.ndarray | None = None, pixel: Numbers | None = None,
) -> Registration | None:  # fmt: skip
    """Return the Registration of an HSI (h, w, B) and an MSI (H, W, M), or None where there is too little to see.

    start: (rows, cols) in LR pixels around which is searched, ``reach`` to each side. usable: (h, w) False for LR pixels to leave out.
    pixel: of LR on the ground. H and W need not be multiples of the ratio.
    """
    inside = np.ones(hsi.shape[:2], bool) if usable is None else usable
    found = None
    for center, far in around(start, reach):
        if found is not None:
            center, far = found.shift, NEAR
        chosen = pixels_within(hsi.shape, msi.shape, ratio, center, far, inside)
        if len(chosen) < FEWEST:
            continue
        fit = prepare(hsi, msi, ratio, chosen, center, far)
        if fit is None:
            return None
        found = fit.registration(np.asarray(center, np.float64), far, pixel)
        if not found.inside:
            break
    return found


def around(start: Numbers, reach: float) -> list[tuple[Numbers, float]]:
    """Return (place, reach) of the searches: the whole range, a smaller one for small images, then near what was found.

    A search needs LR pixels whose shifted windows all lie inside the MSI, so that a wide one leaves few of a small image.
    """
    return [(start, reach), *((start, r) for r in (1.0,) if r < reach), (start, NEAR)]


def pixels_within(
    low: tuple[int, ...], high: tuple[int, ...], ratio: int, center: Numbers, far: float, inside: np.ndarray
) -> np.ndarray:
    """Return the (row, col) of LR's middle pixels that lie inside the MSI under every shift that is tried."""
    places = np.stack(np.meshgrid(np.arange(low[0]), np.arange(low[1]), indexing="ij"), -1)
    first, last = np.asarray(center) - far - EDGE, np.asarray(center) + far + EDGE
    fits = ((places + first >= 0) & ((places + 1 + last) * ratio <= np.array(high[:2]))).all(2)
    wanted = np.zeros(low[:2], bool)
    wanted[middle(low[0], ratio), middle(low[1], ratio)] = True
    return places[fits & inside & wanted]


def prepare(
    hsi: np.ndarray, msi: np.ndarray, ratio: int, chosen: np.ndarray, center: Numbers, far: float
) -> Fit | None:
    """Return the Fit of the chosen LR pixels, or None where one of the images does not vary."""
    window, offset = window_of(msi, chosen, ratio, center, far)
    values = hsi[chosen[:, 0], chosen[:, 1]].astype(np.float64)
    bands = informative(window)
    if bands is None or not np.ptp(values, axis=0).any():
        return None
    return Fit(values, bands, chosen * ratio + (ratio - 1) / 2 - offset, ratio)


def middle(length: int, ratio: int) -> slice:
    """Return the middle pixels of an axis of LR: SIDE of them, or as many as cover HIGH_SIDE of HR's."""
    side = min(SIDE, max(LEAST_SIDE, HIGH_SIDE // ratio))
    first = max(0, (length - side) // 2)
    return slice(first, min(length, first + side))


def window_of(
    msi: np.ndarray, chosen: np.ndarray, ratio: int, start: Numbers, far: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return (the part of the MSI that the chosen LR pixels can reach, its first row and column)."""
    first = np.floor((chosen.min(0) + np.asarray(start) - far - 2) * ratio).astype(int)
    last = np.ceil((chosen.max(0) + 1 + np.asarray(start) + far + 2) * ratio).astype(int)
    first, last = np.maximum(first, 0), np.minimum(last, msi.shape[:2])
    return msi[first[0] : last[0], first[1] : last[1]].astype(np.float64), first


def informative(window: np.ndarray) -> np.ndarray | None:
    """Return the bands (M, rows, cols) that vary, each with mean 0 and variance 1; None where none does."""
    bands = window.transpose(2, 0, 1)
    spread = bands.std((1, 2))
    kept = spread > 1e-9 * np.abs(bands).max()
    if not kept.any():
        return None
    bands = bands[kept]
    return (bands - bands.mean((1, 2), keepdims=True)) / spread[kept, None, None]


class Fit:
    """The residual of a pair as a function of shift and PSF width."""

    def __init__(self, values: np.ndarray, bands: np.ndarray, where: np.ndarray, ratio: int) -> None:
        self.values, self.bands, self.where, self.ratio = values, bands, where, ratio
        self.blurred: dict[float, np.ndarray] = {}
        self.all = np.ones(len(where), bool)

    def splines(self, width: float) -> np.ndarray:
        """Return the spline coefficients of the MSI blurred by a Gaussian of ``width`` LR pixels."""
        if width not in self.blurred:
            sigma = width * self.ratio
            self.blurred[width] = np.stack(
                [spline_filter(gaussian_filter(band, sigma, mode="mirror"), 3, mode="mirror") for band in self.bands]
            )
        return self.blurred[width]

    def samples(self, shift: np.ndarray, width: float, part: np.ndarray) -> np.ndarray:
        """Return (pixels, bands): the blurred MSI where LR's pixels of ``part`` lie under a shift in LR pixels."""
        at = (self.where[part] + np.asarray(shift) * self.ratio).T
        return np.stack(
            [map_coordinates(b, at, order=3, prefilter=False, mode="mirror") for b in self.splines(width)], 1
        )

    def basis(self, part: np.ndarray) -> np.ndarray:
        """Return an orthonormal basis (pixels, k + 1) of a constant and LR's leading components within a part."""
        values = self.values[part]
        values = values - values.mean(0)
        count = int(np.clip(len(values) // PIXELS_EACH, 1, min(COMPONENTS, values.shape[1])))
        u, s, _ = np.linalg.svd(values, full_matrices=False)
        return u[:, :count][:, s[:count] > 1e-9 * s[0]]

    def residual(self, shift: np.ndarray, width: float, part: np.ndarray, basis: np.ndarray) -> float:
        """Return the share of the MSI's variance that LR does not explain, mean over the bands."""
        samples = self.samples(shift, width, part)
        samples = samples - samples.mean(0)
        energy = (samples**2).sum(0)
        explained = ((basis.T @ samples) ** 2).sum(0)
        return float(np.mean(1 - explained / np.maximum(energy, np.finfo(float).tiny)))

    def refine(self, shift: np.ndarray, width: float, part: np.ndarray, basis: np.ndarray) -> np.ndarray:
        """Return the shift of the smallest residual near ``shift``."""
        simplex = shift + 0.2 * np.array([[0, 0], [1, 0], [0, 1]])
        options = {"initial_simplex": simplex, "xatol": 2e-3, "fatol": 1e-9, "maxfev": 60}
        found = minimize(self.residual, shift, (width, part, basis), method="Nelder-Mead", options=options)
        return np.asarray(found.x)

    def registration(self, start: np.ndarray, reach: float, pixel: Numbers | None) -> Registration:
        """Return the Registration: coarse search, refinement, PSF width, then the same on parts of the image."""
        basis = self.basis(self.all)
        steps = np.linspace(-reach, reach, 2 * int(np.ceil(reach / STEP)) + 1)
        width = WIDTHS[1]
        every = [start + (a, b) for a in steps for b in steps]
        shift = every[int(np.argmin([self.residual(each, width, self.all, basis) for each in every]))]
        for _ in range(2):
            shift = self.refine(shift, width, self.all, basis)
            width = min(WIDTHS, key=lambda w: self.residual(shift, w, self.all, basis))
        shift = self.refine(shift, width, self.all, basis)
        centres, shifts = self.in_parts(shift, width)
        scale, angle, error, corner, corner_error = similarity(centres, shifts)
        return Registration(
            shift=(float(shift[0]), float(shift[1])), error=error, scale=scale, angle=angle, corner=corner,
            corner_error=corner_error, width=width, residual=self.residual(shift, width, self.all, basis),
            plain=self.residual(np.zeros(2), width, self.all, basis), pixels=len(self.where),
            inside=bool((np.abs(shift - start) < reach + TOLERATED).all()), pixel=pixel,
        )  # fmt: skip

    def in_parts(self, shift: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
        """Return (centres in LR pixels from the middle, shifts) of parts of the image, each fitted on its own."""
        places = self.where / self.ratio
        low, high = places.min(0), places.max(0) + 1e-6
        count = PARTS if min(high - low) >= PARTS * PART_SIDE else 2
        cell = np.floor((places - low) / (high - low) * count).astype(int) @ np.array([count, 1])
        centres, shifts = [], []
        for one in np.unique(cell):
            part = cell == one
            if part.sum() >= FEWEST_IN_PART:
                shifts.append(self.refine(shift, width, part, self.basis(part)))
                centres.append(places[part].mean(0) - (low + high) / 2)
        return np.array(centres).reshape(-1, 2), np.array(shifts).reshape(-1, 2)


def similarity(centres: np.ndarray, shifts: np.ndarray) -> tuple[float, float, Numbers, float, float]:
    """Return (scale, angle in degrees, standard errors of the shift, displacement at the corners, its standard error).

    Fits shift = t + (scale - 1) c + angle J c to the shifts of parts with centres c, robustly: parts far off count less.
    """
    if len(centres) < 3:
        return 1.0, 0.0, (np.inf, np.inf), 0.0, np.inf
    ones, zeros = np.ones(len(centres)), np.zeros(len(centres))
    rows = np.stack([ones, zeros, centres[:, 0], -centres[:, 1]], 1)
    cols = np.stack([zeros, ones, centres[:, 1], centres[:, 0]], 1)
    matrix, values = np.concatenate([rows, cols]), np.concatenate([shifts[:, 0], shifts[:, 1]])
    weights = np.ones(len(values))
    for _ in range(10):
        root = np.sqrt(weights)
        found = np.linalg.lstsq(matrix * root[:, None], values * root, rcond=None)[0]
        left = values - matrix @ found
        spread = max(1.4826 * float(np.median(np.abs(left))), 1e-4)
        weights = 1 / np.maximum(1, np.abs(left) / (1.5 * spread))
    freedom = max(len(values) - 4, 1)
    variance = max(float((weights * left**2).sum()) / freedom, 1e-8)
    covariance = variance * np.linalg.inv((matrix * weights[:, None]).T @ matrix)
    errors = np.sqrt(np.diag(covariance))
    radius = (
        float(np.hypot(*np.abs(centres).max(0)))
        * len(np.unique(np.round(centres[:, 0])))
        / max(len(np.unique(np.round(centres[:, 0]))) - 1, 1)
    )
    corner = radius * float(np.hypot(found[2], found[3]))
    return (
        1 + float(found[2]), float(np.degrees(found[3])), (float(errors[0]), float(errors[1])), corner,
        radius * float(np.hypot(errors[2], errors[3])),
    )  # fmt: skip
