"""Defaults of nsgp; docs/nsgp.md lists the scenes each was chosen on."""

from mossfuse.errors import MossFuseError
from mossfuse.nsgp.features import FeatureSettings

COARSE = 16  # from this ratio on the settings chosen at ratio 32 apply, below it those chosen at ratio 8


def choose_settings(name, ratio):
    """Return the arguments of mossfuse.nsgp.model.fit_model for 'best' or 'fast'; position lengths grow with the ratio.

    Raises MossFuseError for another name.
    """
    if name not in ("best", "fast"):
        raise MossFuseError(f"unknown setting '{name}' of nsgp; use best or fast")
    coarse = ratio >= COARSE
    if name == "fast":
        features = FeatureSettings(
            count=256,
            position=(3.125 * ratio, 125 * ratio) if coarse else (3 * ratio, 250 * ratio),
            absolute=0.25 if coarse else 0.5, chroma=4.0, dark=0.02,
        )  # fmt: skip
        return {"settings": features, "ridge": 1e-2 if coarse else 1e-3, "length": 0.6}
    features = FeatureSettings(
        count=768 if coarse else 512,
        position=(6.25 * ratio, 250 * ratio) if coarse else (3 * ratio, 250 * ratio),
        absolute=0.25 if coarse else 0.5, chroma=2.0 if coarse else 4.0, dark=0.05,
    )  # fmt: skip
    return {"settings": features, "ridge": 1e-2, "length": 0.4}
