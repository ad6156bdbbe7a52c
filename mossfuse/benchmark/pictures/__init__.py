"""Pictures and spectra of one cell or one scene, written beside its scores for the report."""

from mossfuse.benchmark.pictures.views import render_cell, render_scene

__all__ = ["render_cell", "render_scene"]
