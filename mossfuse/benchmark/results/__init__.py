"""Scores, tables, statistics and the final check of a run."""
