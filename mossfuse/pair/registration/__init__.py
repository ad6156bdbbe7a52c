"""Registration of a pair from the pair alone: the shift of LR against HR is estimated, reported and, on request, removed."""

from mossfuse.pair.registration.estimate import Registration, estimate_registration

__all__ = ["Registration", "estimate_registration"]
