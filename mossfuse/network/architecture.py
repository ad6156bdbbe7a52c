"""MossFuse: two encoders, four decoders and the blind net.

Source: MossFuse (Du et al., arXiv 2412.04802) and its released code, whose behaviour is reproduced value for value
with the released weights (tests/unit/test_network_released.py). Band counts, ratio, width and depth are free here.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from mossfuse.devices import parameter_count
from mossfuse.errors import MossFuseError
from mossfuse.network.blind import BlindOperators
from mossfuse.network.blocks import HEADS
from mossfuse.network.decoders import DecoderHR, DecoderLR, DecoderOne
from mossfuse.network.encoders import EncoderHSI, EncoderMSI
from mossfuse.network.side_by_side import InTurn
from mossfuse.physics.psf_geometry import Geometry, official_geometry
from mossfuse.physics.tensors import project_spectra

IN_TURN = InTurn()


class Outputs(NamedTuple):
    """All results of one pass. Full size is the MSI's (rows, cols), low is (rows, cols) / ratio.

    The four features are (N, dim, rows, cols). The three ``rebuilt`` images come from the self-supervised decoders and
    are None where the network has none of them.
    """

    shared_msi: Tensor
    complementary_msi: Tensor
    shared_hsi: Tensor
    complementary_hsi: Tensor
    msi_rebuilt: Tensor | None  # (N, M, rows, cols)
    hsi_rebuilt: Tensor | None  # (N, B, rows, cols), full size; compared with the HSI at the sampled pixels
    blurred_rebuilt: Tensor | None  # (N, M, rows, cols), the blurred MSI at full size
    blurred_from_hsi: Tensor  # (N, M, low)
    blurred_from_msi: Tensor  # (N, M, low)
    psf: Tensor  # (k_rows, k_cols)
    srf: Tensor  # (M, B)
    hr_hsi: Tensor  # (N, B, rows, cols), not clamped
    hsi_cycle: Tensor  # (N, B, low), hr_hsi blurred and sampled with the estimated PSF
    msi_cycle: Tensor  # (N, M, rows, cols), hr_hsi projected with the estimated SRF

    def full_precision(self):
        """Return the same tensors in float32."""
        return Outputs(*(None if tensor is None else tensor.float() for tensor in self))


class MossFuse(nn.Module):
    """The network for HSIs of ``bands`` and MSIs of ``msi_bands`` bands at an integer ``ratio``.

    dim: channels of every feature, a multiple of 8 (heads; 48 in the release). num_blocks: transformer blocks in
    each place the paper draws a row of them (release 1, train script 3, figure 4). geometry: size and phase of the
    PSF; the official one of the ratio when None. decoders: False leaves out the three self-supervised decoders,
    which hr_hsi does not need. aggregation: which of the two are aware ('both', as published, 'spatial', 'spectral' or
    'neither'); one that is not merely adds the complementary features (mossfuse.network.aggregation.Addition). Raises
    MossFuseError for a width that heads do not divide or a depth below 1.
    """

    def __init__(
        self, bands=31, msi_bands=3, ratio=32, *, dim=48, num_blocks=1, geometry=None, decoders=True, aggregation="both"
    ):
        super().__init__()
        if dim < HEADS or dim % HEADS or num_blocks < 1:
            raise MossFuseError(
                f"MossFuse needs dim a positive multiple of {HEADS} and num_blocks at least 1, got dim {dim} and "
                f"num_blocks {num_blocks}; change them in the method's parameters"
            )
        if geometry is None:
            size, phase = official_geometry(ratio)
            geometry = Geometry((size, size), (phase, phase))
        self.config = {
            "bands": bands,
            "msi_bands": msi_bands,
            "ratio": ratio,
            "dim": dim,
            "num_blocks": num_blocks,
            "decoders": decoders,
            "geometry": tuple(geometry),
            "aggregation": aggregation,
        }
        self.encoder_msi = EncoderMSI(msi_bands, dim, num_blocks)
        self.encoder_hsi = EncoderHSI(bands, dim, num_blocks, ratio)
        self.blind = BlindOperators(bands, msi_bands, ratio, Geometry(*geometry))
        self.decoder_hr = DecoderHR(bands, dim, num_blocks, aggregation)
        if decoders:
            self.decoder_msi = DecoderOne(msi_bands, dim, num_blocks, "spatial", aggregation)
            self.decoder_hsi = DecoderOne(bands, dim, num_blocks, "spectral", aggregation)
            self.decoder_lr = DecoderLR(msi_bands, dim, num_blocks)

    def fuse_only(self, msi, hsi):
        """Return the high-resolution HSI (N, B, rows, cols), not clamped, from the encoders and one decoder."""
        return self._decode(*self.encoder_msi(msi), *self.encoder_hsi(hsi))

    def forward(self, msi, hsi, *, turns=None, together=IN_TURN):
        """Return all Outputs for an MSI (N, M, rows, cols) and an HSI (N, B, rows / ratio, cols / ratio).

        turns: how each (square) pair was rotated (mossfuse.physics.rotations); the blur is then rotated too, phase
        included. together: how independent parts are run (mossfuse.network.side_by_side).
        """
        base_msi, base_hsi = together((self.encoder_msi.begin, msi), (self.encoder_hsi.begin, hsi))
        shared_msi, shared_hsi, complementary_msi, complementary_hsi = together(
            (self.encoder_msi.shared, base_msi),
            (self.encoder_hsi.shared, base_hsi),
            (self.encoder_msi.complementary, base_msi),
            (self.encoder_hsi.complementary, base_hsi),
        )
        rebuilt = (None, None, None)
        if self.config["decoders"]:
            rebuilt = together(
                (self.decoder_msi, shared_msi, complementary_msi),
                (self.decoder_hsi, shared_hsi, complementary_hsi),
                (self.decoder_lr, shared_msi, shared_hsi),
            )
        hr_hsi = self._decode(shared_msi, complementary_msi, shared_hsi, complementary_hsi, together=together)
        with torch.autocast(msi.device.type, enabled=False):  # the sensor model stays in float32
            psf, srf = self.blind.psf(), self.blind.srf()
            from_hsi, from_msi = self.blind(msi, hsi, turns)
            # The cycle losses must not change the operators, which have a loss of their own.
            hsi_cycle = self.blind.blur(hr_hsi.to(psf.dtype), psf.detach(), turns)
            msi_cycle = project_spectra(hr_hsi.to(srf.dtype), srf.detach())
        return Outputs(
            shared_msi,
            complementary_msi,
            shared_hsi,
            complementary_hsi,
            *rebuilt,
            from_hsi,
            from_msi,
            psf,
            srf,
            hr_hsi,
            hsi_cycle,
            msi_cycle,
        )

    def _decode(self, shared_msi, complementary_msi, shared_hsi, complementary_hsi, together=IN_TURN):
        """Return the high-resolution HSI of the four features; no statistic of the decoder spans images, so a batch can
        be shared out.
        """
        features = (shared_msi, shared_hsi, complementary_msi, complementary_hsi)
        shares = min(together.shares, len(shared_msi))
        if shares == 1:
            return self.decoder_hr(*features)
        batches = zip(*(each.tensor_split(shares) for each in features), strict=True)
        return torch.cat(together(*((self.decoder_hr, *batch) for batch in batches)))


def inference_parameter_count(network):
    """Count the parameters that ``fuse_only`` and the estimated operators need: encoders, HR decoder, blind net."""
    parts = (network.encoder_msi, network.encoder_hsi, network.decoder_hr, network.blind)
    return parameter_count(*parts)
