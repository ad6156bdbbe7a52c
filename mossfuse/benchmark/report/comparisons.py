"""Every test of a report, computed once: all pages read their p values here, and all of them are one Holm family."""

import dataclasses

import pandas as pd

from mossfuse.benchmark.plan.settings import DEFAULTS
from mossfuse.benchmark.report.drawing import counted_rows
from mossfuse.benchmark.results.margins import read_margin
from mossfuse.benchmark.results.signed_rank import holm
from mossfuse.benchmark.results.statistics import PAIRED_COLUMNS, paired

CORRECTED = {"p": "p_holm", "p_equivalence": "p_equivalence_holm"}


def reference_of(results):
    """Return the row that every other one is compared with: the configuration names it, before there are results."""
    return settings_of(results)["reference"]


def settings_of(results):
    """Return the key ``statistics`` of the configuration, with its defaults."""
    return {**DEFAULTS["statistics"], **results.catalogue.get("config", {}).get("statistics", {})}


def with_tests(results, boards):
    """Return the boards with their comparisons (Board.tests): every ranked row against the reference.

    Metrics that the configuration gives a margin are tested, others are compared without a test. Holm corrects over all
    tests of a difference on all these boards, and over all tests of equivalence.
    """
    margins = {metric: read_margin(size) for metric, size in settings_of(results)["margins"].items()}
    reference, tables = reference_of(results), []
    for number, board in enumerate(boards):
        rows = counted_rows(results, board, ranked=True)
        for metric in board.compared:
            table = paired(rows, board.convention, metric, reference=reference, margin=margins.get(metric))
            if metric not in margins:
                table[["p", "smallest_p"]] = float("nan")
            tables.append(table.assign(metric=metric, number=number))
    columns = [*PAIRED_COLUMNS, "metric", "number"]
    filled = [table for table in tables if len(table)]
    table = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)
    for source, target in CORRECTED.items():
        table[target] = holm(table[source])
    table["tests"] = int(table["p"].notna().sum())
    order = {(k, method): place for k, board in enumerate(boards) for place, method in enumerate(board.table["method"])}
    table["place"] = [order[key] for key in zip(table["number"], table["method"], strict=True)]
    table = table.sort_values(["number", "place"], kind="stable")
    return [
        dataclasses.replace(board, tests=table[table["number"] == k].drop(columns=["number", "place"]))
        for k, board in enumerate(boards)
    ]
