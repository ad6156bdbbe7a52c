"""How a run looks: on a terminal one line for each rule, which is redrawn; elsewhere plain lines, each written once."""

import threading
import time
from collections.abc import Mapping
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from .rules import Rule, Rules, clock

PER_SECOND = 4
PLAIN_EVERY_S = 20.0  # between two lines about a bar where nothing can be redrawn
NAMES = {
    "fetch": "find the scenes",
    "prepare": "prepare scenes",
    "scenes": "hash the scenes",
    "registry_file": "third-party files",
    "degrade": "make pairs",
    "train": "train",
    "fuse": "fuse",
    "fuse_with_iterates": "fuse, with curve",
    "fuse_shown_cell": "fuse, cube kept",
    "fuse_shown_with_iterates": "fuse, with curve, cube kept",
    "time": "measure times",
    "score": "score",
    "curve": "score curves",
    "draw_cell": "draw results",
    "draw_pair": "draw scenes",
    "first_board": "first leaderboard",
    "first_report": "first report",
    "collect": "collect tables",
    "report": "report",
    "verdict": "verdict",
}


def new_console(stream: TextIO) -> Console:
    """Return the console of a stream: colours only where it is a terminal and NO_COLOR is not set; 80 columns where none are known."""
    return Console(file=stream, highlight=False, soft_wrap=not stream.isatty())


class Display:
    """What both displays share: errors, printed in full."""

    def __init__(self, console: Console, rules: Rules) -> None:
        self.console, self.rules, self.began = console, rules, time.monotonic()

    def start(self) -> None:
        """Begin, once the number of jobs is known."""

    def update(self, now: float) -> None:
        """Show what has changed."""

    def stop(self) -> None:
        """End, and leave one line of what was done."""

    def failed(self, rule: str, wildcards: Mapping[str, str], log: str) -> None:
        """Print that a job has failed, with its whole log."""
        place = "/".join(map(str, wildcards.values()))
        self.print(Text(f"FAILED: {label(rule)} {place}".rstrip(), "bold red"))
        if log:
            self.print(Text(log))

    def error(self, message: str, warning: bool = False) -> None:
        """Print an error or a warning of Snakemake in full."""
        self.print(Text(message.strip(), "yellow" if warning else "red"))

    def note(self, message: str) -> None:
        """Print a line."""
        self.print(Text(message))

    def print(self, text: Text) -> None:
        """Print a text as it is, lines of any length."""
        self.console.print(text, soft_wrap=True)

    def summary(self) -> Text:
        """Return how many steps have been done, and in what time."""
        done, failed, every = self.rules.counts()
        text = Text(f"{done} of {every} steps in {clock(time.monotonic() - self.began)}")
        if failed:
            text.append(f", {failed} failed", "bold red")
        return text


class LiveDisplay(Display):
    """A table of the rules that is redrawn in place."""

    live: Live | None = None

    def start(self) -> None:
        if self.live is None:
            self.live = Live(
                get_renderable=self.render, console=self.console, refresh_per_second=PER_SECOND, transient=True,
                redirect_stdout=False, redirect_stderr=False,
            )  # fmt: skip
            self.live.start()

    def stop(self) -> None:
        if self.live is not None:
            self.live.stop()
            self.live = None
            self.console.print(self.summary())

    def render(self) -> RenderableType:
        """Return the table of the rules that have begun, and of what the running ones say of themselves."""
        now = time.monotonic()
        table = Table.grid(padding=(0, 1))
        table.add_column(width=17, no_wrap=True)
        table.add_column(width=max(10, min(30, self.console.width - 60)))
        table.add_column(justify="right", no_wrap=True)
        table.add_column(no_wrap=True)
        waiting = []
        for rule in list(self.rules.rules.values()):
            if rule.began is None:
                waiting.append(label(rule.name))
                continue
            table.add_row(*row_of(rule, now))
            for bar in rule.bars():
                table.add_row(
                    Text("  step", "dim"), bar_of(bar.total, bar.done), Text(f"{bar.done}/{bar.total}", "dim"),
                    Text(bar.facts, "dim", overflow="ellipsis"),
                )  # fmt: skip
        parts: list[RenderableType] = [self.summary(), table]
        if waiting:
            parts.append(Text(f"then: {', '.join(waiting)}", "dim", overflow="ellipsis", no_wrap=True))
        return Group(*parts)


class PlainDisplay(Display):
    """Lines without colour or redrawing, for a file or the log of a CI job."""

    def __init__(self, console: Console, rules: Rules) -> None:
        super().__init__(console, rules)
        self.said: set[str] = set()
        self.last = time.monotonic()
        self.lock, self.ended = threading.Lock(), threading.Event()
        self.clock: threading.Thread | None = None

    def start(self) -> None:
        """Look at the bars from time to time also while Snakemake has nothing to say."""
        if self.clock is None:
            self.clock = threading.Thread(target=self.watch, daemon=True)
            self.clock.start()

    def watch(self) -> None:
        """Write a line about every bar each PLAIN_EVERY_S seconds."""
        while not self.ended.wait(PLAIN_EVERY_S / 4):
            self.update(time.monotonic())

    def update(self, now: float) -> None:
        with self.lock:
            self.write(now)

    def write(self, now: float) -> None:
        """Write what has not been said yet."""
        for rule in list(self.rules.rules.values()):
            if rule.finished and rule.name not in self.said:
                self.said.add(rule.name)
                failed = f", {rule.failed} failed" if rule.failed else ""
                took = clock(rule.took(now))
                self.line(now, f"{label(rule.name)}: {rule.done} of {rule.total} in {took}{failed}")
        if now - self.last > PLAIN_EVERY_S:
            self.last = now
            for rule in list(self.rules.rules.values()):
                for bar in rule.bars():
                    left = "" if bar.left is None else f", {clock(bar.left)} left"
                    facts = f", {bar.facts}" if bar.facts else ""
                    self.line(now, f"{label(rule.name)}: step {bar.done} of {bar.total}{facts}{left}")

    def stop(self) -> None:
        self.ended.set()
        if self.rules.rules:
            self.print(self.summary())

    def line(self, now: float, text: str) -> None:
        """Print a line with the time since the start."""
        self.print(Text(f"[{clock(now - self.began)}] {text}"))


def bar_of(total: int, done: int) -> ProgressBar:
    """Return the bar of a line."""
    return ProgressBar(total, done, complete_style="cyan", finished_style="green")


def label(rule: str) -> str:
    """Return what a rule does, in words."""
    return NAMES.get(rule, rule.replace("_", " "))


def row_of(rule: Rule, now: float) -> tuple[RenderableType, ...]:
    """Return the cells of a rule's line: name, bar, count, time left or spent."""
    style = "red" if rule.failed else "dim" if rule.finished else "bold"
    count = Text(f"{rule.done + rule.failed}/{rule.total}", style)
    if rule.finished:
        state = Text(clock(rule.took(now)), "dim")
        if rule.failed:
            state = Text(f"{rule.failed} failed", "red")
    else:
        left = rule.left(now, rule.bars()) if rule.running else None
        state = Text("" if left is None else f"{clock(left)} left")
    return Text(label(rule.name), style), bar_of(rule.total, rule.done + rule.failed), count, state
