"""The benchmark: datasets, degradations, running methods, scoring, timing and the report."""
