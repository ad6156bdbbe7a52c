"""The unsupervised loss at two scales."""

from dataclasses import replace

import numpy as np
import torch

from baselines.shared.two_scale_loss import TwoScales
from mossfuse.physics.sampling import operator_of


def test_unsupervised_loss_vanishes_for_a_network_that_is_right_at_both_scales(make_pair):
    """A scene without detail: the upsampled HSI is the cube, so the identity must have no error."""
    pair, truth = make_pair(rows=32, cols=32)
    flat = np.full_like(truth, 0.4) * np.linspace(0.5, 1, truth.shape[2], dtype=np.float32)
    flat_pair = replace(pair, hsi=operator_of(pair)(flat), msi=(flat @ pair.sensor.srf.T).astype(np.float32))
    loss = TwoScales([flat_pair], 16, "cpu")
    loss.srf = torch.from_numpy(pair.sensor.srf).float()  # one spectrum does not tell the response
    terms = loss(lambda up, msi: up)
    assert max(float(value) for value in terms.values()) < 1e-5
