"""What a configuration asks for: settings, grid, digests, and where every file stands."""
