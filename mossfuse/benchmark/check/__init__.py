"""The conformance suite: what every method, dataset, degradation, SRF, PSF family and metric promises.

``mossfuse bench check NAME`` runs it on one addition; the tests run it on every built-in one. Each kind has a module here,
whose function ``claims`` returns the claims in the order in which they are checked, the cheapest first.
"""

from mossfuse.benchmark.check.claims import Claim, Outcome, check_claims
from mossfuse.benchmark.check.targets import Target, claims_of, find_target

__all__ = ["Claim", "Outcome", "Target", "check_claims", "claims_of", "find_target"]
