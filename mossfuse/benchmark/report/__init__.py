"""The report: static pages, tables and figures made from a finished grid's results."""

from mossfuse.benchmark.report.build import build_report

__all__ = ["build_report"]
