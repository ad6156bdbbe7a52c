"""Metric: the largest absolute error of the cube. It gets a column in the tables, the report and the statistics."""

import math

import numpy as np

from mossfuse import Column, Metric


def largest_error(truth, cube, ratio):
    """Return max |x - y| over both cubes (rows, cols, bands), float64 in [0, 1]."""
    return float(np.abs(truth - cube).max())


METRIC = Metric(
    name="largest_error",
    column=Column("largest_error", "Largest error", better="lower", range=(0, math.inf), shown="table"),
    compute=largest_error,
    formula="max |x - y|",
    conventions=("std1",),  # the conventions whose tables get the column
)
