"""The weights of SFNO: a checkpoint of this package, or the authors' TorchScript file, whose tensors alone are read."""

import zipfile

import numpy as np
import torch

from mossfuse.devices import generator_kept
from mossfuse.errors import MossFuseError
from mossfuse.files.kept import kept
from mossfuse.files.torchscript import read_tensors
from mossfuse.fitting.checkpoints import kept_checkpoint
from mossfuse.fitting.dataset_training import read_weights

from .network import SFNO, TRACED_RATIO

UNUSED = ("spe1.", "spa1.", "conv00.", "conv01.", "convw.", "fc1.", "fc2.")  # in the authors' file, in no computation


def read_network(checkpoint, observation, device):
    """Return (network, {'first': factor of a first interpolation or None, 'steps': of its training or None}).

    checkpoint: written by ``train``; or the authors' file (.pt), or its tensors by name (.npz). Raises MossFuseError where
    it does not fit the observation.
    """
    bands, msi_bands = observation.hsi.shape[2], observation.msi.shape[2]
    if checkpoint is None:
        raise MossFuseError("sfno needs a checkpoint; train the method first, or use sfno-released")
    released = authors_tensors(checkpoint)
    if released is None:
        content = read_weights(checkpoint, "sfno", observation)
        return load_network(checkpoint, device), {"first": None, "steps": content["training"]["steps"]}
    trained = (
        released["conv.0.bias"].shape[0],
        released["conv_block.weight"].shape[1] - released["conv.0.bias"].shape[0],
    )
    if trained != (bands, msi_bands):
        raise MossFuseError(
            f"the authors' weights of SFNO are for {trained[0]} HSI bands and {trained[1]} MSI bands; this pair has {bands} "
            f"and {msi_bands}"
        )
    return load_network(checkpoint, device), {"first": observation.ratio / TRACED_RATIO, "steps": None}


@kept
def load_network(path, device):
    """Return the network of a checkpoint of either kind on the device."""
    tensors = authors_tensors(path)
    if tensors is None:
        tensors = kept_checkpoint(path, "sfno")["state_dict"]
    bands = tensors["conv.0.bias"].shape[0]
    with generator_kept():
        network = SFNO(bands, tensors["conv_block.weight"].shape[1] - bands)
    network.load_state_dict({name: tensors[name] for name in network.state_dict()})
    return network.to(device).eval()


@kept
def authors_tensors(path):
    """Return the tensors of the authors' weights by name, or None where the file is a checkpoint of this package."""
    names = members(path)
    if names and all(name.endswith(".npy") for name in names):
        with np.load(path, allow_pickle=False) as stored:
            found = {name: torch.from_numpy(stored[name]) for name in stored.files}
    elif any("/code/" in name for name in names):
        found = {name: tensor for name, tensor in read_tensors(path).items() if not name.startswith(UNUSED)}
    else:
        return None
    missing = sorted({"conv.0.bias", "conv_block.weight"} - found.keys())
    if missing:
        raise MossFuseError(f"{path} holds no tensor '{missing[0]}', so it is not SFNO's network; download it again")
    return found


def members(path):
    """Return the names in a zip archive; none where the file is another one."""
    if not zipfile.is_zipfile(path):
        return []
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()
