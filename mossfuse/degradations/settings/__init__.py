"""Degradations with a meaning of their own, one file for each source."""
