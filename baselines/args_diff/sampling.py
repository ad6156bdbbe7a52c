"""Sampling of the two factors of a cube by DDIM (Song et al. 2021), guided by the pair."""

import torch

LEVELS = 1000
STEEPNESS = 10  # of the exponential schedule
LEAST = 1e-3  # of what is kept of an image at the last level
LESS = 10  # how much smaller the step without the networks is
MOMENTS, TINY = (0.9, 0.999), 1e-8  # of Adam's normalisation


def kept_shares():
    """Return how much of an image's variance each level keeps, 1 at level 0, 1e-3 at level 999: (1000,) float32."""
    shares = (1 - torch.exp(-STEEPNESS * torch.arange(LEVELS, dtype=torch.float64) / LEVELS)).flip(0)
    shares = (shares - shares.min()) / (shares.max() - shares.min())
    return (LEAST + (1 - LEAST) * shares).float()


def noisy(clean, levels, noise):
    """Return images or spectra (n, ...) in [-1, 1] with noise of the levels (n,)."""
    share = kept_shares().to(clean.device)[levels].reshape(-1, *[1] * (clean.ndim - 1))
    return share.sqrt() * clean + (1 - share).sqrt() * noise


class Direction:
    """The gradients of one factor, normalised by their moments as in Adam, with the correction of the first steps."""

    def __init__(self):
        self.count, self.mean, self.square = 0, 0.0, 0.0

    def of(self, gradient):
        """Return the normalised gradient."""
        first, second = MOMENTS
        self.count += 1
        self.mean = first * self.mean + (1 - first) * gradient
        self.square = second * self.square + (1 - second) * gradient.square()
        mean, square = self.mean / (1 - first**self.count), self.square / (1 - second**self.count)
        return mean / (square.sqrt() + TINY)


def sample(images, lines, operator, hsi, msi, rank, samples, guidance):
    """Return (cube (1, B, H, W), residuals of each step): noise turned into factors, towards the pair at each step.

    images, lines: noise predictors of A (1, rank, H, W) and E (rank, B) in [-1, 1], called with levels; operator: blur and
    colours of a cube. samples: steps; guidance: their size towards the pair.
    """
    shares = kept_shares().tolist()
    levels = [LEVELS * step // samples for step in range(samples)][::-1]
    a = torch.randn(1, rank, *msi.shape[2:]).to(msi)  # drawn on the CPU: the same numbers whatever the device
    e = torch.randn(rank, hsi.shape[1]).to(msi)
    directions, residuals = (Direction(), Direction()), []

    def distance(a, e):
        cube = product(a, e)
        return torch.linalg.vector_norm(hsi - operator.blur(cube)) + torch.linalg.vector_norm(
            msi - operator.colours(cube)
        )

    with torch.enable_grad():
        for level, following in zip(levels, [*levels[1:], None], strict=True):
            a, e = a.detach().requires_grad_(), e.detach().requires_grad_()
            clean_a = denoised(a, images(a, torch.full((1,), level, device=a.device)), shares[level])
            clean_e = denoised(e, lines(e, torch.full((rank,), level, device=e.device)), shares[level])
            away = distance(clean_a, clean_e)
            residuals.append(float(away.detach()))
            if following is None:
                break
            gradients = torch.autograd.grad(away, (a, e))
            with torch.no_grad():
                a, e = (
                    ddim(x, clean, shares[level], shares[following]) - guidance * direction.of(gradient)
                    for x, clean, direction, gradient in zip(
                        (a, e), (clean_a, clean_e), directions, gradients, strict=True
                    )
                )
            a, e = a.requires_grad_(), e.requires_grad_()
            gradients = torch.autograd.grad(distance(a, e), (a, e))
            a, e = (x - guidance / LESS * gradient for x, gradient in zip((a, e), gradients, strict=True))
    return product(clean_a.detach(), clean_e.detach()), residuals


def product(a, e):
    """Return the cube (1, B, H, W) of factors in [-1, 1], each mapped to [0, 1]."""
    return torch.einsum("ndhw,db->nbhw", (a + 1) / 2, (e + 1) / 2)


def denoised(x, noise, share):
    """Return the clean factor that x is, given its noise, within [-1, 1]."""
    return ((x - (1 - share) ** 0.5 * noise) / share**0.5).clamp(-1, 1)


def ddim(x, clean, share, following):
    """Return the factor at the level that keeps ``following``, with the noise that x has beside ``clean``."""
    noise = (x - share**0.5 * clean) / (1 - share) ** 0.5
    return following**0.5 * clean + (1 - following) ** 0.5 * noise
