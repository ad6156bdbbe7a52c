"""Print what was estimated, in the units of the files."""

import sys

import numpy as np

from mossfuse.files import text

MARGIN = 10


def say(label, content):
    """Write one line to standard output: a label, then the content."""
    sys.stdout.write(f"{label:{MARGIN}}{content}\n")


def describe_pair(pair):
    """Print sizes, ratio and scale of a pair."""
    observation = pair.observation
    white = (
        f"{pair.white[0]:g}"
        if pair.white[0] == pair.white[1]
        else f"{pair.white[0]:g} (HSI) and {pair.white[1]:g} (MSI)"
    )
    say(
        "pair",
        f"HSI {text(observation.hsi.shape)}, MSI {text(observation.msi.shape)}, ratio {observation.ratio}; "
        f"values of {white} count as 1",
    )


def describe_grid(pair):
    """Print how the two images were brought onto one grid, what was not measured, and which bands are left out."""
    result = pair.result
    for note in result.notes:
        say("grid", note)
    if result.measured is not None:
        say(
            "no-data",
            f"{100 * (1 - result.measured.mean()):.3g} % of the pixels were not measured in both images; NaN in the cube",
        )
    if result.good_bands is not None:
        say("bands", f"{int((~result.good_bands).sum())} of {result.shape[2]} are marked as bad in LR; NaN in the cube")


def describe_psf(sensor, source, facts):
    """Print shape, support and phase of a PSF; facts: family, sigma, angle of the fit, if there was one."""
    place = f"support {text(np.shape(sensor.psf))}, phase {sensor.phase[0]},{sensor.phase[1]}"
    say("PSF", f"{shape_of(sensor.psf, source, facts)}; {place}; {source}")


def shape_of(psf, source, facts):
    """Return a phrase for the shape of a PSF, from the fit's facts or from the kernel's moments."""
    if source != "given" and "sigma" in facts:
        sigma, angle = facts["sigma"], facts.get("angle", 0.0)
    else:
        sigma, angle = moments(psf)
        sigma = sigma[0] if np.isclose(*sigma, rtol=1e-3) else sigma
    kind = "Gaussian" if "sigma" in facts and source != "given" else "kernel"
    if np.ndim(sigma) and not np.isclose(*sigma, rtol=1e-3):
        return f"{kind}, sigma {sigma[0]:.3g} along {angle:.0f} degrees and {sigma[1]:.3g} across (px)"
    sigma = float(np.ravel(sigma)[0])
    return f"flat {kind}" if sigma > 2 * max(psf.shape) else f"{kind}, sigma {sigma:.3g} px"


def moments(psf):
    """Return ((along, across), angle): standard deviations in pixels of a kernel's weights, angle in degrees as in gaussian_psf.

    Weights below zero, which some methods estimate, have no share in them.
    """
    rows, cols = np.indices(psf.shape)
    places = np.stack([rows.ravel(), cols.ravel()]).astype(np.float64)
    weights = np.maximum(np.ravel(psf), 0)
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(places, aweights=weights, ddof=0)))
    angle = np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])) % 180
    return tuple(float(v) for v in np.sqrt(np.maximum(values[::-1], 0))), float(angle)


def describe_srf(srf, source, wavelengths):
    """Print an SRF (M, B) in the units of the files."""
    peaks = np.argmax(srf, 1)
    where = [f"{wavelengths[p]:g}" for p in peaks] if wavelengths is not None else [f"{p + 1}" for p in peaks]
    unit = "nm" if wavelengths is not None else "(HSI band)"
    say("SRF", f"{text(srf.shape)}, peaks at {', '.join(where)} {unit}; rows sum to {listing(srf.sum(1))}; {source}")


def describe_noise(noise_hsi, noise_msi, white):
    """Print standard deviations, given on the methods' scale, in the units of the files."""
    if max(noise_hsi.max(), noise_msi.max()) == 0:
        say("noise", "none found in this pair")
        return
    say("noise", f"HSI {noise_hsi.mean() * white[0]:.3g}; MSI {listing(noise_msi * white[1])} (standard deviations)")


def describe_agreement(residuals, pair):
    """Print residuals in the units of each image, as differences and as shares of its root mean square."""
    for name, image, white, rule in (
        ("hsi", pair.observation.hsi, pair.white[0], "blurred and sampled, against the HSI"),
        ("msi", pair.observation.msi, pair.white[1], "through the SRF, against the MSI"),
    ):
        rms, largest = residuals[f"residual_{name}_rms"], residuals[f"residual_{name}_max"]
        share = rms / (root_mean_square(image) * white)
        say("agreement", f"{rule}: rms {rms:.3g} ({100 * share:.2g} %), largest {largest:.3g}")


def describe_verdict(verdict):
    """Print the verdict, one line for each reason."""
    first, *others = verdict.reasons or ("nothing speaks against it; agreement does not prove a cube right",)
    say("verdict", f"{verdict.word}: {first}")
    for reason in others:
        say("", reason)


def root_mean_square(image):
    """Return the root mean square of an image, never zero."""
    return float(np.sqrt(np.mean(np.square(image, dtype=np.float64)))) or np.finfo(float).tiny


def listing(values):
    """Return numbers as a list separated by commas."""
    return ", ".join(f"{v:.4g}" for v in values)
