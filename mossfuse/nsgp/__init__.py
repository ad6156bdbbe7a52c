"""Closed-form fusion: regression on the low-resolution pair and the null-space Gaussian process (nsgp)."""
