"""Finding degradations by name. A name says everything, so it can also be written down without being registered.

Grammar: ``x{ratio}-{psf}-{srf}`` and optional suffixes in this order,

- psf: ``gauss31s2`` (size, sigma), ``gauss31s3x1.5a30`` (sigmas along and across, angle in degrees), ``box32``
- srf: name of the response without hyphens (``nikond700``)
- ``-phase16x16``: where it is not the official one (even ratio r: r/2-1; odd: (r-1)/2)
- ``-wrap``, ``-zero``: border other than reflect
- ``-shift0.5x-1``: the MSI moved by rows, cols (high-resolution pixels)
- ``-snr35-40``: signal-to-noise ratio of the HSI and of the MSI in dB (``inf``: that one clean)
- ``-noise3``: seed of the noise other than 0

Modules of this folder list the settings that have a meaning of their own in DEGRADATIONS.
"""

import difflib
import importlib
import math
import pkgutil
import re
from functools import cache

from mossfuse.degradations.responses import RESPONSES
from mossfuse.errors import MossFuseError
from mossfuse.physics.psf_geometry import official_geometry
from mossfuse.protocol import Degradation

NUMBER = r"-?\d+(?:\.\d+)?"
GRAMMAR = re.compile(
    r"x(?P<ratio>\d+)"
    rf"-(?:gauss(?P<size>\d+)s(?P<sigma>{NUMBER})(?:x(?P<across>{NUMBER})a(?P<angle>{NUMBER}))?|box(?P<box>\d+))"
    r"-(?P<srf>[a-z0-9]+)"
    r"(?:-phase(?P<row>\d+)x(?P<col>\d+))?"
    r"(?:-(?P<border>wrap|zero))?"
    rf"(?:-shift(?P<down>{NUMBER})x(?P<right>{NUMBER}))?"
    rf"(?:-snr(?P<hsi>{NUMBER}|inf)-(?P<msi>{NUMBER}|inf))?"
    r"(?:-noise(?P<seed>\d+))?"
)


@cache
def catalogue():
    """name -> Degradation of everything registered; MossFuseError where a name does not say what the fields say."""
    found = {}
    for info in (i for i in pkgutil.iter_modules(__path__) if i.name != "responses"):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for degradation in module.DEGRADATIONS:
            if degradation.name != canonical_name(degradation):
                raise MossFuseError(
                    f"{module.__file__}: degradation '{degradation.name}' must be called "
                    f"'{canonical_name(degradation)}', which is what its fields say"
                )
            found[degradation.name] = degradation
    return found


def find_degradation(name):
    """The Degradation of a registered or written-out name; MossFuseError gives the nearest names."""
    known = catalogue()
    if name in known:
        return known[name]
    degradation = parse(name)
    if degradation is not None and degradation.name == name:
        return degradation
    near = [degradation.name] if degradation else difflib.get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
    raise MossFuseError(f"unknown degradation '{name}'; {hint}")


def parse(name):
    """The Degradation that a name spells, under its canonical name; None where the grammar or the SRF is unknown."""
    found = GRAMMAR.fullmatch(name)
    responses = {short(srf): srf for srf in RESPONSES}
    if found is None or found["srf"] not in responses or not positive(found):
        return None
    ratio = int(found["ratio"])
    official = official_geometry(ratio)[1]
    fields = {
        "ratio": ratio,
        "psf": psf_of(found),
        "phase": (official, official) if found["row"] is None else (int(found["row"]), int(found["col"])),
        "srf": responses[found["srf"]],
        "border": found["border"] or "reflect",
        "snr_hsi": decibels(found["hsi"]),
        "snr_msi": decibels(found["msi"]),
        "shift": (float(found["down"] or 0), float(found["right"] or 0)),
        "noise_seed": int(found["seed"] or 0),
    }
    return Degradation(name=canonical_name(Degradation(name="", **fields)), **fields)


def positive(found):
    """True where ratio, size and sigmas are above zero."""
    return all(float(found[name] or 1) > 0 for name in ("ratio", "size", "box", "sigma", "across"))


def psf_of(found):
    if found["box"]:
        return {"family": "box", "size": int(found["box"])}
    sigma = float(found["sigma"])
    if found["across"] is None:
        return {"family": "gaussian", "size": int(found["size"]), "sigma": sigma}
    return {
        "family": "gaussian",
        "size": int(found["size"]),
        "sigma": (sigma, float(found["across"])),
        "angle": float(found["angle"]),
    }


def decibels(written):
    return None if written in (None, "inf") else float(written)


def canonical_name(degradation):
    """The name that a Degradation's fields spell."""
    d = degradation
    official = official_geometry(d.ratio)[1]
    parts = [f"x{d.ratio}", psf_text(d.psf), short(d.srf)]
    if tuple(d.phase) != (official, official):
        parts.append(f"phase{d.phase[0]}x{d.phase[1]}")
    if d.border != "reflect":
        parts.append(d.border)
    if any(d.shift):
        parts.append(f"shift{number(d.shift[0])}x{number(d.shift[1])}")
    if d.snr_hsi is not None or d.snr_msi is not None:
        parts += [f"snr{number(d.snr_hsi)}", number(d.snr_msi)]
    if d.noise_seed:
        parts.append(f"noise{d.noise_seed}")
    return "-".join(parts)


def psf_text(psf):
    if psf["family"] == "box":
        return f"box{psf['size']}"
    sigma = psf["sigma"]
    if isinstance(sigma, (int, float)):
        return f"gauss{psf['size']}s{number(sigma)}"
    return f"gauss{psf['size']}s{number(sigma[0])}x{number(sigma[1])}a{number(psf.get('angle', 0))}"


def number(value):
    """35.0 -> '35', 1.5 -> '1.5', None -> 'inf'."""
    return f"{math.inf if value is None else value:.10g}"


def short(srf):
    return srf.replace("-", "")
