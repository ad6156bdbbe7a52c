"""Read and write torch files in one step, without running code from them."""

import pickle
import zipfile
from pathlib import Path

import torch

from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import replacing


def read_file(path):
    """Return the content of a torch file, tensors and plain data; raise MossFuseError if it is missing or damaged."""
    path = Path(path)
    if not path.is_file():
        raise MossFuseError(f"the checkpoint {path} does not exist; train the method first or download the weights")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError, pickle.UnpicklingError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise MossFuseError(
            f"the checkpoint {path} is damaged or not a torch file ({type(error).__name__}); delete it and make it again"
        ) from error


def write_atomically(content, path):
    """Save ``content`` in one step; raise MossFuseError if the folder or the disk does not allow it."""
    with replacing(path) as temporary:
        try:
            with open(temporary, "wb") as file:  # an open file: torch would write the temporary name into the archive
                torch.save(content, file)
        except RuntimeError as error:  # torch's archive writer knows no OSError
            raise OSError("the file could not be written to its end") from error
