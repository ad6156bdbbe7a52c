"""Read the tensors of a TorchScript file without executing it.

A TorchScript file is a zip archive: ``data.pkl`` describes the module's attributes, ``data/N`` holds the bytes of storage
N, and ``code/`` holds a program, which is not looked at here. The pickle is read by an unpickler that knows tensors and
containers alone and turns every module into a plain namespace.
"""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch

from mossfuse.errors import MossFuseError

STORAGES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "BoolStorage": torch.bool,
    "ByteStorage": torch.uint8,
}
LARGEST = 2**31  # bytes of all storages together; no released network comes near it


class Scripted:
    """A module of the file: its attributes and nothing else."""

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, dict):
            raise pickle.UnpicklingError("the state of a module is not a mapping of attributes")
        self.__dict__.update(state)


class TensorUnpickler(pickle.Unpickler):
    """An unpickler that makes modules, tensors and containers, and refuses every other name."""

    def __init__(self, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(archive.open(f"{root}/data.pkl"))
        self.archive, self.root = archive, root

    def find_class(self, module: str, name: str) -> Any:
        """Return what a name of the pickle stands for; raise UnpicklingError where it is neither module nor tensor."""
        if module == "__torch__" or module.startswith("__torch__."):
            return Scripted
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return rebuild
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch.jit._pickle":
            return list if name.endswith("list") else self.refuse(module, name)
        return self.refuse(module, name)

    def refuse(self, module: str, name: str) -> Any:
        """Raise UnpicklingError for a name that a file of weights has no use for."""
        raise pickle.UnpicklingError(f"the file asks for {module}.{name}")

    def persistent_load(self, pid: Any) -> torch.Tensor:
        """Return the values of a storage, ('storage', dtype, key, device, number of elements), as a flat tensor."""
        _, dtype, key, _, count = pid
        data = bytearray(self.archive.read(f"{self.root}/data/{int(key)}"))
        return torch.frombuffer(data, dtype=dtype, count=count) if count else torch.empty(0, dtype=dtype)


def rebuild(storage: torch.Tensor, offset: int, size: tuple, stride: tuple, *_: Any) -> torch.Tensor:
    """Return a tensor that owns its values from a flat storage."""
    return torch.as_strided(storage, size, stride, offset).clone()


def read_tensors(path: str | Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a TorchScript file by their dotted names; nothing in the file is executed.

    Raises MossFuseError where the file is not a TorchScript archive, or holds anything but modules, tensors and plain
    data.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
                raise MossFuseError(f"{path} unpacks to more than {LARGEST >> 30} GiB; it is not a file of weights")
            (root,) = {name.removesuffix("/data.pkl") for name in archive.namelist() if name.endswith("/data.pkl")}
            module = TensorUnpickler(archive, root).load()
    except (
        OSError,
        KeyError,
        ValueError,
        TypeError,
        RuntimeError,
        EOFError,
        zipfile.BadZipFile,
        pickle.UnpicklingError,
    ) as error:
        raise MossFuseError(
            f"{path} is not a TorchScript file with tensors alone ({type(error).__name__}: {error}); download it again"
        ) from error
    return dict(named_tensors(module))


def named_tensors(module: Any, prefix: str = "") -> list[tuple[str, torch.Tensor]]:
    """Return (dotted name, tensor) of a module's own tensors and of those of the modules below it."""
    found: list[tuple[str, torch.Tensor]] = []
    for name, value in vars(module).items():
        if isinstance(value, torch.Tensor):
            found.append((prefix + name, value))
        elif isinstance(value, Scripted):
            found.extend(named_tensors(value, f"{prefix}{name}."))
    return found
