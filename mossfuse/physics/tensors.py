"""The sensor model on torch tensors (N, C, rows, cols), differentiable in the image, the PSF and the SRF."""

import numpy as np
import torch
import torch.nn.functional as F

from mossfuse.physics.grid import SamplingGrid, border_index

MODES = {"reflect": "reflect", "wrap": "circular", "zero": "constant"}


class TensorOperator:
    """The operator H of mossfuse.physics.sampling.BlurSample on tensors: (N, C, rows, cols) -> (N, C, h, w).

    grid: where the windows lie; psf: (k_rows, k_cols) tensor, which may require a gradient.
    """

    def __init__(self, grid: SamplingGrid, psf: torch.Tensor) -> None:
        self.grid, self.psf = grid, psf

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        """Return H image, (N, C, rows, cols) -> (N, C, rows / ratio, cols / ratio); block form."""
        grid, psf, ratio = self.grid, self.psf, self.grid.ratio
        (row, col), blocks, (h, w) = grid.offset, grid.blocks, grid.low_shape
        kernel = F.pad(psf, (col, blocks[1] * ratio - col - psf.shape[1], row, blocks[0] * ratio - row - psf.shape[0]))
        kernel = kernel.reshape(blocks[0], ratio, blocks[1], ratio)
        if grid.padded:
            image = pad_image(image, (*grid.pad[1], *grid.pad[0]), grid.border)
        n, channels = image.shape[:2]
        out: torch.Tensor | int = 0
        for a in range(blocks[0]):
            for b in range(blocks[1]):
                tile = image[:, :, a * ratio : (a + h) * ratio, b * ratio : (b + w) * ratio]
                tile = tile.reshape(n, channels, h, ratio, w, ratio)
                out = out + torch.einsum("nchiwj,ij->nchw", tile, kernel[a, :, b])
        assert isinstance(out, torch.Tensor)
        return out

    def adjoint(self, low: torch.Tensor) -> torch.Tensor:
        """Return H^T low, (N, C, h, w) -> (N, C, rows, cols), by automatic differentiation of the linear map."""
        with torch.enable_grad():
            image = low.new_zeros(*low.shape[:2], *self.grid.shape).requires_grad_()
            (out,) = torch.autograd.grad(self(image), image, low)
        return out


def blur_sample(
    image: torch.Tensor, psf: torch.Tensor, phase: tuple[int, int], ratio: int, border: str = "reflect"
) -> torch.Tensor:
    """Return H image: (N, C, H, W) with psf (k_rows, k_cols) -> (N, C, H / ratio, W / ratio).

    For operators whose PSF or image size changes from call to call; see mossfuse.physics.sampling.BlurSample.
    """
    size, shape = (psf.shape[0], psf.shape[1]), (image.shape[2], image.shape[3])
    return TensorOperator(SamplingGrid(size, phase, ratio, shape, border), psf)(image)


def pad_image(image: torch.Tensor, pad: tuple[int, int, int, int], border: str) -> torch.Tensor:
    """Return (N, C, H, W) with (left, right, top, bottom) pixels more, even if these are more than the image has."""
    left, right, top, bottom = pad
    rows, cols = image.shape[2:]
    if border == "zero" or (max(top, bottom) < rows and max(left, right) < cols):
        return F.pad(image, pad, mode=MODES[border])
    image = image[:, :, border_index(rows, (top, bottom), border)]
    return image[:, :, :, border_index(cols, (left, right), border)]


def project_spectra(cube: torch.Tensor, srf: torch.Tensor) -> torch.Tensor:
    """Return (N, M, H, W): a cube (N, B, H, W) seen through srf (M, B)."""
    return torch.einsum("nbhw,mb->nmhw", cube, srf)


def to_tensor(array: np.ndarray, device: str | torch.device = "cpu") -> torch.Tensor:
    """Return an image (rows, cols, C) as a float32 tensor (1, C, rows, cols)."""
    return torch.from_numpy(array.transpose(2, 0, 1).copy()).float().unsqueeze(0).to(device)


def to_array(tensor: torch.Tensor) -> np.ndarray:
    """Return a tensor (1, C, rows, cols) as a float32 image (rows, cols, C)."""
    return tensor.detach()[0].permute(1, 2, 0).float().cpu().contiguous().numpy()


def gaussian_kernel(factor: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Return the PSF exp(-|L z|^2 / 2), sum 1, on the pixels z = (row, col) around the centre; (rows, cols) = ``size``.

    factor: (2, 2), of which the lower triangle L is used; sigma 2 pixels is 0.5 on the diagonal.
    """
    rows, cols = (torch.arange(n, device=factor.device, dtype=factor.dtype) - (n - 1) / 2 for n in size)
    z = torch.stack(torch.meshgrid(rows, cols, indexing="ij"), -1)
    kernel = torch.exp(-0.5 * (z @ factor.tril().T).square().sum(-1))
    return kernel / kernel.sum()
