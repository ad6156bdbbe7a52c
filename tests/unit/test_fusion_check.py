"""Whatever a method returns, the child, `mossfuse fuse` and `mossfuse bench check` say in one sentence what is wrong."""

import numpy as np
import pytest

from mossfuse.errors import MossFuseError
from mossfuse.fusion_check import check_fusion, check_history
from mossfuse.protocol import Fusion, Observation

PAIR = Observation(hsi=np.zeros((2, 3, 5), np.float32), msi=np.zeros((8, 12, 4), np.float32), ratio=4)
CUBE = np.zeros((8, 12, 5), np.float32)


class Tensor:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


@pytest.mark.parametrize(
    ("returned", "match"),
    [
        (None, "returned None instead of a Fusion; end fuse with `return Fusion"),
        (CUBE, "returned ndarray of type float32 instead of a Fusion"),
        (Fusion(cube=None), "a cube that is None, not an array of real numbers"),
        (Fusion(cube="cube"), "a cube that is an object of type str"),
        (Fusion(cube=CUBE.astype(complex)), "a cube that is ndarray of type complex128"),
        (Fusion(cube=Tensor()), "cube that cannot become a NumPy array .*requires grad"),
        (Fusion(cube=CUBE[..., :4]), r"a cube of shape \(8, 12, 4\), the scene needs \(8, 12, 5\)"),
        (Fusion(cube=np.full_like(CUBE, np.nan)), "NaN values in 480 of 480 samples"),
        (Fusion(cube=np.full(CUBE.shape, 1e39)), "infinite values in 480 of 480 samples"),
        (Fusion(cube=CUBE, psf_hat=np.ones(7)), r"psf_hat of shape \(7,\), it needs two axes"),
        (Fusion(cube=CUBE, psf_hat=np.full((3, 3), np.inf)), "psf_hat with NaN or infinite values"),
        (Fusion(cube=CUBE, srf_hat=np.ones((5, 4))), r"srf_hat of shape \(5, 4\), it needs shape \(4, 5\)"),
        (Fusion(cube=CUBE, phase_hat=(1,)), r"phase_hat \[1\]; it needs two whole numbers"),
        (Fusion(cube=CUBE, phase_hat=(0.5, 1)), "it needs two whole numbers"),
        (Fusion(cube=CUBE, history=None), "the history as None; it needs columns by name"),
        (
            Fusion(cube=CUBE, history={"loss": 0.3}),
            "'loss' of the history as an object of type float; it needs columns",
        ),
        (Fusion(cube=CUBE, history={"loss": "low"}), "'loss' of the history as an object of type str"),
        (Fusion(cube=CUBE, history=[{"loss": 1.0}]), "the history as an object of type list; it needs columns by name"),
        (Fusion(cube=CUBE, history={"loss": [{"a": 1}]}), "'loss' of the history as a column of collections"),
        (Fusion(cube=CUBE, history={"step": [1, 2], "loss": [1.0]}), r"unequal length .*\(step 2, loss 1\)"),
        (Fusion(cube=CUBE, notes=["slow"]), "notes as an object of type list"),
        (Fusion(cube=CUBE, notes={"network": object()}), "note 'network' as an object of type object"),
    ],
)
def test_unusable_result_is_one_sentence(returned, match):
    with pytest.raises(MossFuseError, match=match) as caught:
        check_fusion(returned, PAIR)
    assert "\n" not in str(caught.value)


def test_usable_result_becomes_float32_arrays_and_lists():
    given = Fusion(
        cube=CUBE.astype(float), psf_hat=[[1]], srf_hat=np.ones((4, 5)), phase_hat=np.array([1, 2]),
        history={"loss": np.array([0.5])}, notes={"steps": np.int64(3), "why": "done", "list": (1, 2)},
    )  # fmt: skip
    found = check_fusion(given, PAIR)
    assert found.cube.dtype == np.float32 and found.psf_hat.shape == (1, 1) and found.phase_hat == (1, 2)
    assert found.history == {"loss": [0.5]} and found.notes["steps"] == 3


def test_training_without_a_history_is_one_sentence():
    with pytest.raises(MossFuseError, match="train returned the history as None"):
        check_history(None, "train")
