"""What a run has done and what is left, rule by rule, from the events of Snakemake."""

import re
from dataclasses import dataclass, field
from pathlib import Path

TAIL = 4096  # bytes at the end of a job's log that are searched for a progress bar
# A bar as mossfuse.progress writes it: what: 23%|###   | 5/22 [00:02<00:07, 2.20it/s, loss 0.01]
BAR = re.compile(
    r"(?P<what>[^\r\n]*?):\s+\d+%\|[^|]*\| *(?P<done>\d+)/(?P<total>\d+) \[[\d:]+<(?P<left>[\d:?]+)(?:, *(?P<rest>[^\]]*))?\]"
)


@dataclass(frozen=True)
class Bar:
    """A progress bar in a job's log. left: seconds, None where it is not known yet; facts: such as 'loss 0.01'."""

    what: str
    done: int
    total: int
    left: float | None
    facts: str


@dataclass
class Rule:
    """The jobs of one rule. running: job -> (start in seconds, logs); widest: most jobs at one time."""

    name: str
    total: int = 0
    done: int = 0
    failed: int = 0
    spent: float = 0.0
    widest: int = 1
    began: float | None = None
    ended: float | None = None
    running: dict[int, tuple[float, list[Path]]] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        """Whether no job is left."""
        return self.total > 0 and self.done + self.failed >= self.total

    def took(self, now: float) -> float:
        """Return the seconds from the start of the first job to the end of the last one."""
        return 0.0 if self.began is None else (now if self.ended is None else self.ended) - self.began

    def bars(self) -> list[Bar]:
        """Return the progress bars of the jobs that run now."""
        found = (read_bar(log) for _, logs in self.running.values() for log in logs)
        return [bar for bar in found if bar is not None]

    def left(self, now: float, bars: list[Bar]) -> float | None:
        """Return the seconds that are left for this rule's jobs, from the mean of those that have ended; None: not known."""
        waiting = self.total - self.done - self.failed - len(self.running)
        if not self.done:
            known = [bar.left for bar in bars]
            return known[0] if not waiting and len(known) == 1 else None
        mean = self.spent / self.done
        current = sum(max(0.0, mean - (now - start)) for start, _ in self.running.values())
        return (waiting * mean + current) / self.widest


class Rules:
    """Every rule of a run, in the order of the work."""

    def __init__(self) -> None:
        self.rules: dict[str, Rule] = {}

    def plan(self, stats: dict[str, int]) -> None:
        """Take over the number of jobs of every rule, as Snakemake counts them."""
        for name, count in stats.items():
            if name not in ("total", "all"):
                self.rules.setdefault(name, Rule(name)).total = count

    def begin(self, name: str, job: int, logs: list[Path], now: float) -> None:
        """Count a job that starts."""
        if name == "all":
            return
        rule = self.rules.setdefault(name, Rule(name))
        rule.began = now if rule.began is None else rule.began
        rule.running[job] = (now, logs)
        rule.widest = max(rule.widest, len(rule.running))
        rule.total = max(rule.total, rule.done + rule.failed + len(rule.running))

    def end(self, name: str, job: int, failed: bool, now: float) -> None:
        """Count a job that has ended."""
        rule = self.rules.get(name)
        if rule is None or job not in rule.running:
            return
        start, _ = rule.running.pop(job)
        rule.failed += failed
        rule.done += not failed
        rule.spent += 0.0 if failed else now - start
        rule.ended = now

    def counts(self) -> tuple[int, int, int]:
        """Return (finished, failed, all) jobs of the run."""
        rules = self.rules.values()
        return sum(r.done for r in rules), sum(r.failed for r in rules), sum(r.total for r in rules)


def read_bar(log: Path) -> Bar | None:
    """Return the progress bar that stands at the end of a log; None where there is none, or another line follows it."""
    try:
        with open(log, "rb") as stream:
            stream.seek(max(0, stream.seek(0, 2) - TAIL))
            text = stream.read().decode(errors="replace")
    except OSError:
        return None
    found = BAR.match(text.rsplit("\n", 1)[-1].rsplit("\r", 1)[-1].strip())
    if found is None:
        return None
    _rate, _, facts = (found["rest"] or "").partition(", ")
    return Bar(found["what"], int(found["done"]), int(found["total"]), seconds(found["left"]), facts)


def seconds(clock: str) -> float | None:
    """Return the seconds of '1:02:03' or '02:03'; None for '?'."""
    total = 0
    for part in clock.split(":"):
        if not part.isdigit():
            return None
        total = 60 * total + int(part)
    return float(total)


def clock(span: float) -> str:
    """Return seconds as 0:42, 12:03 or 1:02:03."""
    minutes, rest = divmod(round(span), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
