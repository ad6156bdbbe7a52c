"""The terms of the field that the pages use, each with one sentence: shown where the term stands first on a page."""

import re

from markupsafe import Markup, escape

TERMS = {
    "LR-HSI": "Low-resolution hyperspectral image: many narrow bands, few pixels. One of a method's two inputs.",
    "HR-MSI": "High-resolution multispectral image: few wide bands (RGB, for instance), many pixels. The other input.",
    "PSF": "Point spread function: the blur of the hyperspectral sensor.",
    "SRF": "Spectral response function: how strongly each band of the multispectral image responds to each wavelength.",
    "PSNR": "Peak signal-to-noise ratio in dB; higher is better. Papers differ in the peak and in how bands are averaged.",
    "SSIM": "Structural similarity, at most 1; higher is better.",
    "SAM": "Spectral angle mapper: mean angle in degrees between true and fused spectra; lower is better.",
    "ERGAS": "Relative global error, normalised by each band's mean and by the ratio; lower is better.",
    "RMSE": "Root mean square error, in units of the cube's range [0, 1]; lower is better.",
    "phase": "Which pixel of each block of ratio × ratio pixels the low-resolution image samples.",
    "sampling position": "Phase: which pixel of each block of ratio × ratio pixels the low-resolution image samples.",
    "convention": "One definition of each metric: peak, average over bands, clipping, window. Values of two are not comparable.",
    "conventions": "Definitions of each metric: peak, average over bands, clipping, window. Values of two are not comparable.",
    "blind": "Given neither the PSF nor the SRF: the method estimates them, or does without.",
    "Holm": "A correction for testing many pairs: it keeps the chance of any false claim in the family at 5 %.",
}  # fmt: skip
PATTERN = re.compile(rf"(?<![\w-])({'|'.join(sorted(map(re.escape, TERMS), key=len, reverse=True))})(?![\w-])")


def term(name, shown=None):
    """Return a term as <abbr> with its sentence; ``shown``: other text for it."""
    return Markup('<abbr title="{}">{}</abbr>').format(TERMS[name], shown or name)


def explained(text):
    """Return a text as markup, escaped, with <abbr> around each known term where it stands first."""
    used, parts, end = set(), [], 0
    for match in PATTERN.finditer(text):
        if match[1] not in used:
            used.add(match[1])
            parts += [escape(text[end : match.start()]), term(match[1])]
            end = match.end()
    return Markup("").join([*parts, escape(text[end:])])
