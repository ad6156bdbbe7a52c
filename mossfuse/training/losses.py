"""The loss terms of MossFuse and the ways to sum them: the paper's, the released code's, and ablations of the paper's.

Source: the paper's subspace decomposition, cycle consistency and self-supervised terms, as coded in the released
training script (where every "mse" is a mean absolute error). No term uses a ground truth.

One backward pass is enough: in every fusion term the operators and their images are detached, so that the blind
net's parameters depend on the term ``blind`` alone and the rest of the network on all others. The released script
reaches the same gradients with two backward passes and switched requires_grad flags (tests/unit/test_network.py).
"""

import torch

from mossfuse.network.encoders import enlarge
from mossfuse.physics.rotations import follow_rotation

SHORTEST = 1e-16  # lower bound of a feature's squared length, so that its cosines stay finite
SELF_SUPERVISED = ("msi_rebuilt", "hsi_rebuilt", "blurred_from_hsi", "blurred_from_msi")
VARIANTS = {
    "paper": dict.fromkeys(("decomposition", "hsi_cycle", "msi_cycle", *SELF_SUPERVISED), 1.0),
    "released": {"decomposition": 0.1, "hsi_cycle": 1.0, "msi_cycle": 1.0},
    "no-decoupling": dict.fromkeys(("hsi_cycle", "msi_cycle", *SELF_SUPERVISED), 1.0),
    "no-self-supervision": dict.fromkeys(("decomposition", "hsi_cycle", "msi_cycle"), 1.0),
}


def l1(a, b):
    """Return the mean absolute error."""
    return (a - b).abs().mean()


def decomposition(out):
    """Return -log of the share of the shared pair among four feature pairs, each weighted by e^cosine.

    Named subspace clustering in the paper; it pulls the shared features together and pushes each complementary
    feature away from the shared one of its image and from the other complementary one (towards cosine -1). A cosine
    is ONE number of two whole batches, taken as two long vectors.
    """
    features = (out.shared_msi, out.complementary_msi, out.shared_hsi, out.complementary_hsi)
    vectors = [x.permute(0, 2, 3, 1).flatten() for x in features]  # in their order in memory
    squares = [v.dot(v).clamp_min(SHORTEST) for v in vectors]
    pairs = ((0, 2), (0, 1), (2, 3), (1, 3))
    cosines = torch.stack([vectors[i].dot(vectors[j]) / (squares[i] * squares[j]).sqrt() for i, j in pairs])
    return torch.logsumexp(cosines, 0) - cosines[0]


def loss_terms(out, msi, hsi, geometry, border_blocks=((0, 0), (0, 0)), turns=None):
    """Return name -> scalar tensor for one pass ``out`` (mossfuse.network.architecture.Outputs) and its inputs.

    msi (N, M, rows, cols), hsi (N, B, low rows, low cols). The self-supervised terms are absent where the network has
    no decoders for them. border_blocks: low-resolution pixels to leave out at each side, ((top, bottom), (left,
    right)), of the terms that blur: in a patch their PSF window would need pixels outside. turns: how every pair was
    rotated (mossfuse.physics.rotations), as given to the network; None: not rotated, or the sensor's phase is used as
    it is.
    """
    (top, bottom), (left, right) = border_blocks
    inner = (..., slice(top, hsi.shape[2] - bottom), slice(left, hsi.shape[3] - right))
    terms = {
        "decomposition": decomposition(out),
        "hsi_cycle": l1(hsi[inner], out.hsi_cycle[inner]),
        "msi_cycle": l1(msi, out.msi_cycle),
        "blind": l1(out.blurred_from_hsi[inner], out.blurred_from_msi[inner]),
    }
    if out.msi_rebuilt is not None:
        ratio = msi.shape[2] // hsi.shape[2]
        row, col = geometry.phase

        def sampled(image):
            return image[:, :, row::ratio, col::ratio]

        sample = sampled if turns is None else follow_rotation(sampled, turns)
        terms |= {
            "msi_rebuilt": l1(msi, out.msi_rebuilt),
            "hsi_rebuilt": l1(hsi, sample(out.hsi_rebuilt)),
            "blurred_from_hsi": l1(enlarge(out.blurred_from_hsi.detach(), ratio), out.blurred_rebuilt),
            "blurred_from_msi": l1(enlarge(out.blurred_from_msi.detach(), ratio), out.blurred_rebuilt),
        }
    return terms


def fusion_loss(terms, variant):
    """Return the weighted sum of a variant of VARIANTS, without ``blind``; 'released' is the script's active line."""
    return sum(weight * terms[name] for name, weight in VARIANTS[variant].items())


def needs_decoders(variant):
    """Return whether a variant uses the self-supervised decoders."""
    return any(name in SELF_SUPERVISED for name in VARIANTS[variant])
