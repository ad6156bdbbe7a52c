"""Fetch and prepare scenes, and make the degraded pairs."""
