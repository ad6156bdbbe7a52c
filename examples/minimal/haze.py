"""Haze adds light to the MSI and takes contrast from it (``haze0.1``)."""

from dataclasses import replace

from mossfuse import Effect, Parameter


def veil(draft, share):
    """Return the draft whose MSI is mixed with white light."""
    return replace(draft, msi=(1 - share) * draft.msi + share)


EFFECT = Effect(
    name="haze",
    title="Haze in the MSI",
    stage="light",
    apply=veil,
    spellings=("haze{share}",),
    params={"share": Parameter(0.1, above=0, below=1)},
)
