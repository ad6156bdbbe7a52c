"""What `python3 run.py` shows while Snakemake works: a line for each rule, bars of trainings, errors in full.

Snakemake finds this folder by its name (`--logger mossfuse`) where workflow/logger is on the PYTHONPATH. While the display
is on, the terminal is its own: whatever Snakemake and the jobs print goes to logs/run.log, as it would have looked.
"""

import logging
import os
import re
import time
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from .display import LiveDisplay, PlainDisplay, new_console
from .rules import BAR, Rules

LOG = Path("logs", "run.log")
# What Snakemake says about jobs that have failed, which are shown themselves, and about an interruption, which run.py reports.
REPEATED = re.compile(
    r"^(WorkflowError:\s*)?(Exiting because a job execution failed|At least one job did not complete)"
    r"|returned non-zero exit status|died with <Signals.SIGINT|KeyboardInterrupt"
)
SAID = ("first_board", "first_report")  # rules whose log is shown when they have finished


class LogHandler(LogHandlerBase):
    """Shows Snakemake's events on the terminal, and writes them to LOG."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = False
    has_formatter = False
    needs_rulegraph = False

    def __post_init__(self):
        self.streams = take_streams(LOG)
        self.rules = Rules()
        self.jobs = {}  # id -> (rule, wildcards)
        self.logs = {}  # id -> paths
        console = new_console(self.streams.terminal)
        self.display = (LiveDisplay if console.is_terminal else PlainDisplay)(console, self.rules)

    def emit(self, record):
        """Show one event; a fault of the display must not end the run."""
        try:
            if record.msg is not None:
                self.streams.log.write(f"{self.format(record)}\n")
                self.streams.log.flush()
            self.show(record)
        except Exception:
            self.handleError(record)

    def show(self, record):
        """Update the display, or print what has to be read."""
        event, now = getattr(record, "event", None), time.monotonic()
        if event == LogEvent.RUN_INFO:
            self.rules.plan(record.stats)
            self.display.start()
        elif event == LogEvent.JOB_INFO:
            self.jobs[record.jobid] = (record.rule_name, dict(record.wildcards or {}))
            self.logs[record.jobid] = [Path(log) for log in record.log]
            self.rules.begin(record.rule_name, record.jobid, self.logs[record.jobid], now)
        elif event == LogEvent.JOB_FINISHED:
            self.finish(record.job_id, False, now)
            rule, _ = self.jobs.get(record.job_id, ("", {}))
            if rule in SAID:
                self.display.note(read_logs(self.logs[record.job_id]))
        elif event == LogEvent.JOB_ERROR:
            self.finish(record.jobid, True, now)
            self.display.failed(*self.jobs.get(record.jobid, (record.rule_name, {})), read_logs(record.log))
        elif event == LogEvent.ERROR or (event is None and record.levelno >= logging.WARNING):
            message = str(record.msg or "")
            if message and not REPEATED.search(message):
                self.display.error(message, warning=record.levelno < logging.ERROR)
        elif event is None and str(record.msg).startswith("Nothing to be done"):
            self.display.note("nothing to do: every result is up to date")
        self.display.update(now)

    def finish(self, job, failed, now):
        """Count a job that has ended."""
        if job in self.jobs:
            self.rules.end(self.jobs[job][0], job, failed, now)

    def close(self):
        """End the display and give the terminal back."""
        if self.streams.taken:
            self.display.stop()
            self.streams.give_back()
        super().close()


class Streams:
    """The streams of this process: ``terminal`` is what was standard error, ``log`` where both have gone."""

    def __init__(self, terminal, log, saved):
        self.terminal, self.log, self.saved, self.taken = terminal, log, saved, True

    def give_back(self):
        """Point standard output and standard error to where they went before."""
        self.log.flush()
        self.terminal.flush()
        for number, copy in self.saved.items():
            os.dup2(copy, number)
            os.close(copy)
        self.taken = False


def take_streams(log):
    """Point standard output and standard error of this process, and of its jobs, to the file ``log``; return Streams."""
    saved = {number: os.dup(number) for number in (1, 2)}
    terminal = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace", buffering=1)
    log.parent.mkdir(parents=True, exist_ok=True)
    stream = open(log, "w", encoding="utf-8", errors="replace")
    for number in saved:
        os.dup2(stream.fileno(), number)
    return Streams(terminal, stream, saved)


def read_logs(paths):
    """Return the text of a job's logs, progress bars left out."""
    texts = []
    for path in map(Path, paths):
        if path.is_file():
            lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
            texts += [line.rsplit("\r", 1)[-1].rstrip() for line in lines]
    return "\n".join(line for line in texts if line and not BAR.match(line))
