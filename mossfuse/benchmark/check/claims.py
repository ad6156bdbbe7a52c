"""A claim, and what came of checking it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mossfuse.errors import MossFuseError

LONGEST = 400  # characters of an error message that still counts as one sentence


class Unmet(Exception):
    """A claim does not hold; the message says in one sentence what was found."""


class Skipped(Exception):
    """A claim cannot be checked here; the message says why."""


@dataclass(frozen=True)
class Claim:
    """One promise. ``check(folder)`` raises Unmet where it does not hold; ``folder`` is empty and for this claim alone."""

    text: str
    check: Callable[[Path], None]


@dataclass(frozen=True)
class Outcome:
    """A checked claim: status 'ok', 'skipped' or 'FAILED', and the reason of the latter two."""

    text: str
    status: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.status}: {self.text}" + (f" ({self.reason})" if self.reason else "")


def check_claims(claims: Iterable[Claim], folder: Path) -> Iterator[Outcome]:
    """Yield the Outcome of every claim. Any exception counts as a failure; its text becomes the reason, on one line."""
    for number, claim in enumerate(claims):
        own = folder / f"claim{number}"
        own.mkdir(parents=True)
        try:
            claim.check(own)
        except (Unmet, MossFuseError) as error:
            yield Outcome(claim.text, "FAILED", one_line(str(error)))
        except Skipped as error:
            yield Outcome(claim.text, "skipped", one_line(str(error)))
        except Exception as error:  # whatever a file of a user raises
            yield Outcome(claim.text, "FAILED", one_line(f"{type(error).__name__}: {error}"))
        else:
            yield Outcome(claim.text, "ok")


def require(condition: object, sentence: str) -> None:
    """Raise Unmet with the sentence unless the condition holds."""
    if not condition:
        raise Unmet(sentence)


def require_sentence(error: MossFuseError) -> None:
    """Raise Unmet unless the error's message is one sentence."""
    text = str(error)
    require(
        0 < len(text) < LONGEST and "\n" not in text, f"the error message must be one sentence, not {one_line(text)!r}"
    )


def one_line(text: str) -> str:
    """Return the text with every run of white space as one blank."""
    return " ".join(text.split())
