"""The sensor of a pair, estimated from the pair alone."""
