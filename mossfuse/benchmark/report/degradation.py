"""A board's degradation in one line of plain words."""

from mossfuse.degradations import find_response
from mossfuse.errors import MossFuseError

BORDERS = {"reflect": "mirrored borders", "wrap": "periodic borders", "zero": "zeros beyond the borders"}
ESTIMATED = "estimated"  # the response of a pair whose MSI was measured (mossfuse.benchmark.data.real_pair)
REAL = (
    "Ratio {ratio}; two measured images, LR reduced by means of {ratio} × {ratio} pixels and HR to LR's pixels; PSF, response and noise are not "
    "known: methods that are given them get estimates from this pair"
)
CLOUDS = "veiling-clouds"
NOMINAL = "-nominal"  # in the name of a response that is boxes between band edges
FAMILIES = {"gaussian": "Gaussian blur", "box": "box blur"}


def degradation_of(results, board):
    """Return a board's degradation in words, with the replicates that its means run over."""
    entries = results.catalogue["degradations"]
    text = degradation_text(entries.get(next(iter(board.shown.values())), {}))
    many = [
        f"{count} {words}"
        for count, words in ((board.lattices, "sampling lattices"), (board.draws, "draws of the noise"))
        if count > 1
    ]
    return f"{text}; mean over {' and '.join(many)}, the first one is shown" if many else text


def degradation_text(entry):
    """Return a degradation of the catalogue in words."""
    ratio, phase, srf = entry.get("ratio"), entry.get("phase"), entry.get("srf")
    if srf == ESTIMATED:
        return REAL.format(ratio=ratio)
    parts = [f"ratio {ratio}" if ratio else "", blur(entry.get("psf") or {})]
    if phase:
        parts.append(f"sampled at pixel ({', '.join(map(str, phase))}) of each {ratio} × {ratio} block")
    parts.append(BORDERS.get(entry.get("border"), entry.get("border") or ""))
    parts.append(f"camera response {response_title(srf)}" if srf else "")
    parts += [effect_text(effect) for effect in entry.get("effects") or ()]
    parts.append(noise(entry))
    parts.append(f"MSI shifted by {entry['shift']} pixels" if any(entry.get("shift") or ()) else "")
    text = "; ".join(part for part in parts if part)
    return text[:1].upper() + text[1:]


def effect_text(effect):
    """Return an effect in words: its name and values, or what masked clouds cover."""
    if effect["effect"] != CLOUDS:
        return " ".join(map(str, effect.values()))
    share = effect["share"]
    if isinstance(share, list | tuple):
        where = f"{100 * share[0]:g} % of the HSI and, on another date, {100 * share[1]:g} % of the MSI"
    else:
        where = f"{100 * share:g} % of both images"
    return f"clouds over {where}, filled before any method runs and left out of every score"


def blur(psf):
    """Return a PSF in words."""
    if not psf:
        return ""
    family = psf.get("family", "")
    words = FAMILIES.get(family, f"{family} PSF")
    if "size" in psf:
        words += f" {psf['size']} × {psf['size']}"
    sigma = psf.get("sigma")
    if sigma is not None:
        words += f", σ = {' × '.join(map(str, sigma)) if isinstance(sigma, list | tuple) else sigma} px"
    further = {k: v for k, v in psf.items() if k not in ("family", "size", "sigma")}
    return words + "".join(f", {k} {v}" for k, v in further.items())


def noise(entry):
    """Return the noise of a degradation in words."""
    snr = [
        f"{name} {entry[key]:g} dB"
        for name, key in (("HSI", "snr_hsi"), ("MSI", "snr_msi"))
        if entry.get(key) is not None
    ]
    if not snr:
        return "no noise"
    kinds = (("snr_per_band", " in every band"), ("signal_noise", ", variance proportional to the signal"))
    return f"noise: SNR {', '.join(snr)}{''.join(text for key, text in kinds if entry.get(key))}"


def response_title(name):
    """Return the title of a camera response up to its first comma or bracket, 'nominal' where it is; its name where it is not known."""
    try:
        title = find_response(name)[0].title.partition(",")[0].partition(" (")[0]
    except MossFuseError:
        return name
    return f"{title}, nominal" if NOMINAL in name and "nominal" not in title else title
