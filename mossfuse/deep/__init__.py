"""Networks of the learned baselines, one family per file."""
