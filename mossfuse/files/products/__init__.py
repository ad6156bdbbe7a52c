"""Products of Earth observation, as their providers deliver them: one module for each, found by what the path looks like.

A module offers ``recognises(path) -> bool``, from the name alone or a glance into the folder, and
``image(path, key) -> mossfuse.files.image.Image`` with gains, offsets, masks, wavelengths and georeference applied.
"""

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType


def product_of(path: Path) -> ModuleType | None:
    """Return the module that reads this product, or None for any other file."""
    if not path.exists():
        return None
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    modules = (importlib.import_module(f"{__name__}.{name}") for name in names if not name.startswith("_"))
    return next((module for module in modules if module.recognises(path)), None)
