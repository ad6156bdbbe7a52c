"""M2U-Net: support, independent members, its last stage."""

from dataclasses import replace

import numpy as np
import torch

from baselines.shared.two_streams.spectral import SpectralStreams
from helpers.deep_runs import call


def test_authors_support_reports_its_psf_around_the_sampled_pixel(make_pair):
    pair, _ = make_pair(rows=64, cols=64, ratio=8)
    moved = replace(pair, sensor=replace(pair.sensor, phase=(5, 2)))
    fusion = call("m2u-net", moved, preset="smoke", support="block", detail_steps=0)
    rows, cols = fusion.psf_hat.shape
    held = [np.flatnonzero(fusion.psf_hat.sum(axis)) for axis in (1, 0)]
    assert [h[0] + p - (k - 1) // 2 for h, p, k in zip(held, (5, 2), (rows, cols), strict=True)] == [0, 0]


def test_members_and_streams_of_m2u_do_not_see_each_other():
    streams = SpectralStreams(3, 31, members=2)
    x = torch.rand(4, 5, 3, requires_grad=True)
    streams(x)[1].sum().backward()
    assert (x.grad[1] != 0).any() and not x.grad[[0, 2, 3]].any()


def test_stage_three_brings_m2u_closer_to_both_images(make_pair):
    pair, _ = make_pair(rows=64, cols=64, ratio=8)
    history = call("m2u-net", pair, preset="smoke", detail_steps=30).history
    start = [n for n, stage in enumerate(history["stage"]) if stage == "detail"]
    fusion = call("m2u-net", pair, preset="smoke", detail_steps=1)
    first = next(v for n, v in enumerate(fusion.history["loss"]) if fusion.history["stage"][n] == "detail")
    assert history["loss"][start[-1]] < first
