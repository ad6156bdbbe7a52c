"""What every learned method shares: optimisation stages, records, resuming, training on a dataset."""
