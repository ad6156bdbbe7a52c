"""A user's own pair: read, check, assemble, fuse."""
