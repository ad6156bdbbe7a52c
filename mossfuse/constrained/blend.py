"""How much of the network to blend into the initial estimate, and at which step to stop, decided on held-out LR pixels.

The criterion is the sum over LR pixels of the LENGTH of the residual spectrum, not of its square: with a quarter of 64
pixels held out, a few are unlike all others and no method can predict them; their squares alone would decide.
"""

from dataclasses import dataclass

import numpy as np

AMOUNTS = np.linspace(0, 1, 21)[1:]
LEAST = 0.05  # smaller amounts are set to zero
TINY = np.finfo(float).tiny


@dataclass(frozen=True)
class Blend:
    """index: of the chosen candidate; amount: in [0, 1], 0 is the initial estimate; wanted: the amount before the
    margin.

    evidence: mean over standard error of the held-out pixels' gains; start, chosen: mean lengths of the held-out
    residual per band (rms over the bands) at amount 0 and at ``amount``; curve: the lowest one of every candidate.
    """

    index: int
    amount: float
    wanted: float
    evidence: float
    start: float
    chosen: float
    curve: list

    def notes(self, steps):
        """Return the notes of the report's row; steps: of the candidates."""
        held = f"held-out residual {self.start:.2e} to {self.chosen:.2e}"
        if not self.amount:
            text = "start: the held-out residual never fell significantly below its own"
        else:
            text = f"step {steps[self.index]}, amount {self.amount:.2f}: {held}"
        return {
            "choice": text,
            "step": steps[self.index] if self.amount else 0,
            "amount": round(self.amount, 4),
            "evidence": round(self.evidence, 3),
            "held_out_start": self.start,
            "held_out_chosen": self.chosen,
        }


def choose_blend(start, candidates):
    """Choose between an initial estimate and candidates by their held-out residuals, (n, B) each.

    Neither may have been fitted to the held-out pixels. For every candidate, the amount a of its blend with the initial
    estimate that has the smallest mean length of (1 - a) start + a candidate is found, then the best candidate. With z
    the mean gain over its standard error, a is shrunk to a (1 - 1 / z^2), and to zero where z is at most 1 (the
    positive-part rule of Baranchik, 1964) or less than LEAST is left.
    """
    lengths = rms(start)
    if not candidates:
        return Blend(0, 0.0, 0.0, 0.0, float(lengths.mean()), float(lengths.mean()), [])
    found = []
    for index, candidate in enumerate(candidates):
        blends = [rms(start + amount * (candidate - start)) for amount in AMOUNTS]
        best = int(np.argmin([blend.mean() for blend in blends]))
        found.append((blends[best].mean(), index, AMOUNTS[best], blends[best]))
    mean, index, wanted, blend = min(found, key=lambda f: f[:2])
    gains = lengths - blend
    error = gains.std(ddof=1) / np.sqrt(len(gains))
    evidence = float(gains.mean() / max(error, TINY**0.5))
    amount = float(wanted * (1 - 1 / evidence**2)) if evidence > 1 else 0.0
    amount = amount if amount >= LEAST else 0.0
    chosen = rms(start + amount * (candidates[index] - start)).mean()
    curve = [float(f[0]) for f in found]
    return Blend(index, amount, float(wanted), evidence, float(lengths.mean()), float(chosen), curve)


def rms(residual):
    """Return the root mean square over the bands, (n, B) -> (n,)."""
    return np.sqrt((residual**2).mean(1))
