"""Files of other people: downloads, mirrors and the registry of known files."""
