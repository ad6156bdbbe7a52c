"""The two pairs on which other projects' metric functions were run (docs/evidence/authors-code/metric_functions.csv).

A formula instead of random numbers, so that any program in any language makes the same images.
"""

import numpy as np

ROWS, COLS, BANDS, RATIO = 96, 64, 5, 8


def code_base_pair(zeros: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return (reference, estimate), both (96, 64, 5), float64; ``zeros``: 16 pixels zero in both, 4 more in the estimate."""
    i, j, b = np.meshgrid(np.arange(ROWS), np.arange(COLS), np.arange(BANDS), indexing="ij")
    smooth = 0.5 + 0.25 * np.sin(0.11 * i * (1 + 0.2 * b) + b) * np.cos(0.07 * j)
    reference = smooth + 0.2 * fraction(43.7585453 * np.sin(12.9898 * i + 78.233 * j + 37.719 * b))
    noise = 0.08 * fraction(31.41592653 * np.sin(4.898 * i + 7.23 * j + 1.1 * b)) - 0.03
    estimate = reference + noise + 0.02 * np.cos(0.2 * i + b)
    if zeros:
        reference[:4, :4] = estimate[:4, :4] = 0
        estimate[10, 20:24] = 0
    return reference, estimate


def fraction(values: np.ndarray) -> np.ndarray:
    """Return the fractional part."""
    return values - np.floor(values)
