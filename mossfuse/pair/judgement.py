"""The verdict on what a method made of a user's pair."""

from collections.abc import Mapping

from mossfuse.pair.assemble import Pair
from mossfuse.pair.verdict import Range, Verdict, judge
from mossfuse.pair.work import Work


def judge_work(pair: Pair, work: Work, residuals: Mapping[str, float], spread: Range) -> Verdict:
    """Return the Verdict; residuals: mossfuse.physics.residuals.Residuals.summary() on the methods' scale, spread: of the cube's tiles."""
    result = pair.result
    return judge(
        pair.observation,
        work.sensor,
        residuals,
        spread,
        notes=work.notes,
        shift=shift_left(pair, work),
        measured=result.measured,
    )


def shift_left(pair: Pair, work: Work) -> float:
    """Return the shift between the images, in LR pixels, that the method could not take into account.

    A method that knows the phase of the PSF takes a shift into account, not a rotation or another scale; in LR's frame
    (result.moved) HR was resampled.
    """
    found = pair.result.registration
    if found is None or not found.trusted or pair.result.moved:
        return 0.0
    turned = float(found.corner) if found.corner > 3 * found.corner_error else 0.0
    if work.method.knows & {"phase", "psf"} or not found.significant:
        return turned
    return float(max(found.length, turned))
