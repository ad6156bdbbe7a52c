"""Scenes fetched and prepared, and the degraded pairs made from them."""
