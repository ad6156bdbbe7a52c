"""Low rank by the log-sum penalty: the shrinkage of singular values that LTMR and LTTR apply to groups of patches.

minimise over X  C sum_i log(sigma_i(X)) + ||X - Y||^2 / 2: every singular value of Y goes to
(sigma + sqrt(sigma^2 - 4 C)) / 2, or to 0 where the root is not real (Gu et al., "Weighted nuclear norm
minimization and its applications to low level vision", IJCV 121, 2017; used by Dian, Li, TIP 2019). It is applied
through the Gram matrix of the shorter side, whose eigenvalues are sigma^2: no long singular vectors are computed.
"""

import numpy as np
import scipy.fft
import scipy.linalg


def shrinkage_gain(energy, threshold):
    """Return sigma' / sigma for squared singular values ``energy``; threshold: C of the penalty."""
    least = 4 * threshold
    root = np.sqrt(1 - least / np.maximum(energy, max(least, np.finfo(energy.dtype).tiny)))
    return np.where(energy >= least, (1 + root) / 2, 0).astype(energy.dtype)


def shrinkage_filter(gram, threshold):
    """Return matrices F (..., k, k) such that Y F has the shrunk singular values, from gram = Y^H Y (..., k, k)."""
    energy, vectors = np.linalg.eigh(gram)
    return (vectors * shrinkage_gain(energy, threshold)[..., None, :]) @ np.conj(np.swapaxes(vectors, -1, -2))


def shrink_singular_values(matrix, threshold):
    """Return the real matrix (r, c) with shrunk singular values."""
    if matrix.shape[0] < matrix.shape[1]:
        return shrink_singular_values(matrix.T, threshold).T
    above = float(4 * threshold), np.inf  # the others go to zero
    energy, kept = scipy.linalg.eigh(matrix.T @ matrix, subset_by_value=above, driver="evr")
    return (matrix @ kept * shrinkage_gain(energy, threshold)) @ kept.T


def shrink_tubal(patches, groups, threshold):
    """Reduce the tubal multi-rank of every group of patches (n, side^2, K), LTMR's proximal step; (n, side^2, K)
    float32.

    Each group is a tensor (members, K, side^2); after a Fourier transform along the last axis every frontal slice is
    shrunk (Dian, Li, TIP 2019). ``groups``: index arrays that together hold every patch once.
    """
    order = np.concatenate(groups)
    spectrum = np.ascontiguousarray(np.moveaxis(scipy.fft.rfft(patches[order], axis=1), 1, 0))
    ends = np.cumsum([len(g) for g in groups])
    slices = [slice(end - len(g), end) for end, g in zip(ends, groups, strict=True)]
    gram = np.stack([np.conj(spectrum[:, s].swapaxes(1, 2)) @ spectrum[:, s] for s in slices])
    for s, one in zip(slices, shrinkage_filter(gram, threshold), strict=True):
        spectrum[:, s] = spectrum[:, s] @ one
    out = np.empty_like(patches)
    out[order] = scipy.fft.irfft(spectrum, n=patches.shape[1], axis=0).swapaxes(0, 1)
    return out


def shrink_unfolding(patches, groups, side, mode, penalty):
    """Apply LTTR's proximal step for one of three unfoldings of every group, (n, side^2, B) in and out.

    A group of d patches is a tensor (side, cols, B, d). mode 0: [side cols x B d], mode 1:
    [side cols B x d], mode 2: [side x cols B d] (Dian, Li, Fang, TNNLS 2019, tensor-train unfoldings). The penalty is
    shared between the modes in proportion to the square roots of their ranks' bounds.
    """
    out = np.empty_like(patches)
    pixels, bands = patches.shape[1:]
    for members in groups:
        group = patches[members]
        bounds = np.sqrt([min(pixels, bands * len(members)), min(pixels * bands, len(members)), side])
        threshold = patches.dtype.type(penalty * bounds[mode] / bounds.sum())
        if mode == 1:
            group = shrink_singular_values(group.reshape(len(members), -1), threshold).reshape(group.shape)
        else:
            rows = pixels if mode == 0 else side
            stack = group.reshape(len(members), rows, -1)
            gram = (stack @ stack.swapaxes(1, 2)).sum(0)
            group = (shrinkage_filter(gram, threshold) @ stack).reshape(group.shape)
        out[members] = group
    return out
