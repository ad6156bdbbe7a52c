"""The learned network: inputs of a pixel and a component -> the weight of every closed form's difference from nsgp there."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.prior.experts import NAMES

WEIGHTS = Path(__file__).with_name("weights.npz")
RANGE = 4.0  # standard deviations of the training's inputs, beyond which an input counts as this far


@dataclass(frozen=True)
class Gate:
    """Standardised inputs -> layers of SiLU -> weights; layers: ((in, out), (out,)) float32 each, the last one linear."""

    mean: np.ndarray
    scale: np.ndarray
    layers: tuple[tuple[np.ndarray, np.ndarray], ...]

    @property
    def parameters(self) -> int:
        """The number of trained values."""
        return sum(weights.size + offset.size for weights, offset in self.layers)

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """Return the weights (..., experts) float32 for inputs (..., N)."""
        values = np.clip((inputs - self.mean) / self.scale, -RANGE, RANGE)
        *hidden, (last, offset) = self.layers
        for weights, bias in hidden:
            values = values @ weights + bias
            values = values / (1 + np.exp(-values))
        return values @ last + offset


def read_gate(path: Path = WEIGHTS) -> Gate:
    """Return the Gate of a file that docs/measure/train_prior.py wrote; raise MossFuseError where it is made for other inputs."""
    with np.load(path, allow_pickle=False) as file:
        names = tuple(str(name) for name in file["experts"])
        if names != NAMES:
            raise MossFuseError(
                f"{path} weighs {', '.join(names)}, not {', '.join(NAMES)}; train it again: docs/measure/train_prior.py"
            )
        count = sum(name.startswith("weights") for name in file.files)
        layers = tuple((file[f"weights{n}"], file[f"offset{n}"]) for n in range(count))
        return Gate(file["mean"], file["scale"], layers)
