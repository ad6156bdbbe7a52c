"""One file per method; see README, 'Adding a method'."""
