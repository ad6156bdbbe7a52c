"""The name of a degradation says everything, so a degradation can be written down without being defined in a file.

Grammar: ``x{ratio}-{psf}-{srf}`` and optional suffixes in this order,

- psf: as its family spells it (mossfuse.degradations.psfs): ``gauss31s2``, ``gauss31s3x1.5a30``, ``box32``
- srf: name of the response without hyphens (``nikond700``)
- ``-phase16x16``: where it is not the official one (even ratio r: r/2-1; odd: (r-1)/2)
- ``-wrap``, ``-zero``: border other than reflect
- ``-shift0.5x-1``: the MSI moved by rows, cols (high-resolution pixels)
- ``-vignette0.3``, ``-msi8bit``, ...: departures from the sensor model (mossfuse.degradations.effects), in the order in which
  they act
- ``-snr35-40``: signal-to-noise ratio of the HSI and of the MSI in dB, each over the whole image (``inf``: that one clean);
  ``-snrb35-40``: of every band; ``-snrs35-40``: over the whole image, with a variance proportional to the signal
- ``-noise3``: seed of the noise other than 0
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mossfuse.degradations.effects import catalogue as known_effects
from mossfuse.degradations.effects import effect_of, in_order, spell_effect
from mossfuse.degradations.psfs import catalogue as psf_families
from mossfuse.degradations.psfs import find_psf_family
from mossfuse.degradations.responses import catalogue as spectral_responses
from mossfuse.degradations.spelling import NUMBER, format_number, parse_member, pattern, spell_member
from mossfuse.discovery import Catalogue
from mossfuse.errors import suggestion
from mossfuse.physics.psf_geometry import official_geometry
from mossfuse.protocol import Degradation

GEOMETRY = (
    r"(?:-phase(?P<row>\d+)x(?P<col>\d+))?"
    r"(?:-(?P<border>wrap|zero))?"
    rf"(?:-shift(?P<down>{NUMBER})x(?P<right>{NUMBER}))?"
)
NOISE = (
    rf"(?:-snr(?P<kind>[bs]?)(?P<hsi>{NUMBER}|inf)-(?P<msi>{NUMBER}|inf))?"
    r"(?:-noise(?P<seed>\d+))?"
)
ANY_EFFECT = r"(?P<effects>(?:-[a-z0-9.]+)*?)"
ANY_PSF = re.compile(r"x\d+-(?P<psf>[a-z]+\d[a-z0-9.]*)-[a-z0-9]+" + GEOMETRY + ANY_EFFECT + NOISE)


def grammar() -> re.Pattern[str]:
    """Return the pattern of every name that can be written down, with the PSF families and effects that were found."""
    psf, effect = (spellings_in(found) for found in (psf_families(), known_effects()))
    effects = rf"(?P<effects>(?:-(?:{effect}))*)"
    return re.compile(rf"x(?P<ratio>\d+)-(?P<psf>{psf})-(?P<srf>[a-z0-9]+){GEOMETRY}{effects}{NOISE}")


def spellings_in(found: Catalogue) -> str:
    """Return a regular expression of everything that the entries of a catalogue of PSF families or effects can spell."""
    specs = (spec for spec, _ in found.entries.values())
    return ungrouped("|".join(pattern(spec, spelling).pattern for spec in specs for spelling in spec.spellings))


def ungrouped(expression: str) -> str:
    """Return a regular expression without the names of its groups, which two families may share."""
    return re.sub(r"\(\?P<\w+>", "(?:", expression)


def parse(name: str) -> Degradation | None:
    """Return the Degradation that a name spells, under its canonical name; None where grammar, PSF or SRF is unknown."""
    found = grammar().fullmatch(name)
    srf = responses_by_spelling().get(found["srf"]) if found else None
    psf = psf_of(found["psf"]) if found else None
    effects = effects_of(found["effects"]) if found else None
    if found is None or srf is None or psf is None or effects is None or int(found["ratio"]) < 1:
        return None
    ratio = int(found["ratio"])
    official = official_geometry(ratio)[1]
    phase = (official, official) if found["row"] is None else (int(found["row"]), int(found["col"]))
    noisy = (found["hsi"], found["msi"]) not in ((None, None), ("inf", "inf"))
    degradation = Degradation(
        name="",
        ratio=ratio,
        psf=psf,
        phase=phase,
        srf=srf,
        border=found["border"] or "reflect",
        snr_hsi=decibels(found["hsi"]),
        snr_msi=decibels(found["msi"]),
        shift=(float(found["down"] or 0), float(found["right"] or 0)),
        noise_seed=int(found["seed"] or 0),
        snr_per_band=noisy and found["kind"] == "b",
        signal_noise=noisy and found["kind"] == "s",
        effects=effects,
    )
    return Degradation(**{**vars(degradation), "name": canonical_name(degradation)})


def psf_of(text: str) -> dict | None:
    """Return the ``psf`` mapping of a Degradation that a text such as 'gauss31s2' spells, or None."""
    for family, _ in psf_families().entries.values():
        member = parse_member(family, text)
        if member is not None:
            return {"family": family.name, **member}
    return None


def effects_of(text: str) -> tuple[Mapping[str, Any], ...] | None:
    """Return the ``effects`` of a Degradation that a text such as '-gamma2.2-msi8bit' spells, or None.

    An effect that is written twice counts as unknown.
    """
    entries = [effect_of(part) for part in text.split("-")[1:]]
    known = [entry for entry in entries if entry is not None]
    if len({entry["effect"] for entry in known}) < len(entries):
        return None
    return in_order(known)


def explain(name: str) -> str | None:
    """Return which part of a written-out name is unknown, with the files that might have defined it; None for other names."""
    found = grammar().fullmatch(name)
    if found and found["srf"] not in responses_by_spelling():
        near = [name.replace(found["srf"], known) for known in responses_by_spelling()]
        return "; ".join([suggestion(name, near), *spectral_responses().problems()])
    if found and effects_of(found["effects"]) is None:
        return unspelled("effect", unusable_effect(found["effects"]), known_effects())
    if not found and (found := ANY_PSF.fullmatch(name)):
        if psf_of(found["psf"]) is None:
            return unspelled("PSF family", found["psf"], psf_families())
        if effects_of(found["effects"]) is None:
            return unspelled("effect", unusable_effect(found["effects"]), known_effects())
    return None


def unusable_effect(text: str) -> str:
    """Return the part of a text such as '-gamma2.2-msi8bit' that no effect spells, or the last one where one is repeated."""
    parts = text.split("-")[1:]
    return next((part for part in parts if effect_of(part) is None), parts[-1])


def unspelled(word: str, text: str, catalogue: Catalogue) -> str:
    """Return that nothing in a catalogue spells a text, with the known spellings and the files that might have defined it."""
    spellings = [spelling for spec, _ in catalogue.entries.values() for spelling in spec.spellings]
    return "; ".join([f"no {word} spells '{text}'; known spellings: {', '.join(spellings)}", *catalogue.problems()])


def responses_by_spelling() -> dict[str, str]:
    """Return the names of the spectral responses by their form in a degradation's name."""
    return {short(name): name for name in spectral_responses().entries}


def decibels(written: str | None) -> float | None:
    """Return a signal-to-noise ratio; None for 'inf' and where none is written."""
    return None if written in (None, "inf") else float(written)


def canonical_name(degradation: Degradation) -> str:
    """Return the name that a Degradation's fields spell; raise MossFuseError for an unknown PSF family."""
    d = degradation
    official = official_geometry(d.ratio)[1]
    parts = [f"x{d.ratio}", spell_member(find_psf_family(d.psf["family"])[0], d.psf), short(d.srf)]
    if tuple(d.phase) != (official, official):
        parts.append(f"phase{d.phase[0]}x{d.phase[1]}")
    if d.border != "reflect":
        parts.append(d.border)
    if any(d.shift):
        parts.append(f"shift{format_number(d.shift[0])}x{format_number(d.shift[1])}")
    parts += [spell_effect(entry) for entry in in_order(d.effects)]
    if d.snr_hsi is not None or d.snr_msi is not None:
        kind = "b" if d.snr_per_band else "s" if d.signal_noise else ""
        parts += [f"snr{kind}{format_number(d.snr_hsi)}", format_number(d.snr_msi)]
    if d.noise_seed:
        parts.append(f"noise{d.noise_seed}")
    return "-".join(parts)


def short(srf: str) -> str:
    """Return the name of a spectral response without hyphens."""
    return srf.replace("-", "")
