"""Low rank by the log-sum penalty: the shrinkage of singular values that LTMR and LTTR apply to groups of patches.

minimise over X  C sum_i log(sigma_i(X)) + ||X - Y||^2 / 2: every singular value of Y goes to
(sigma + sqrt(sigma^2 - 4 C)) / 2, or to 0 where the root is not real (Dian, Li, TIP 2019, eq. 19, after Gu et al.,
"Weighted nuclear norm minimization", IJCV 2017). It is applied through the Gram matrix of the shorter side, whose
eigenvalues are sigma^2, so no singular vectors of the longer side are computed.
"""

import numpy as np


def shrinkage_gain(energy, threshold):
    """sigma' / sigma for squared singular values ``energy``; threshold: C of the penalty."""
    inside = 1 - 4 * threshold / np.maximum(energy, np.finfo(energy.dtype).tiny)
    return np.where(inside >= 0, (1 + np.sqrt(np.maximum(inside, 0))) / 2, 0).astype(energy.dtype)


def shrinkage_filter(gram, threshold):
    """Matrices F (..., k, k) such that Y F has the shrunk singular values, from gram = Y^H Y (..., k, k)."""
    energy, vectors = np.linalg.eigh(gram)
    return (vectors * shrinkage_gain(energy, threshold)[..., None, :]) @ np.conj(np.swapaxes(vectors, -1, -2))


def shrink(matrix, threshold):
    """The matrix (r, c), real or complex, with shrunk singular values."""
    if matrix.shape[0] < matrix.shape[1]:
        return np.conj(shrink(np.conj(matrix.T), threshold).T)
    return matrix @ shrinkage_filter(np.conj(matrix.T) @ matrix, threshold)


def shrink_tubal(patches, groups, threshold):
    """Low tubal multi-rank of every group of patches (n, side^2, K): LTMR's proximal step, (n, side^2, K) float32.

    Each group is a tensor (members, K, side^2); after a Fourier transform along the last axis every frontal slice is
    shrunk (Dian, Li, TIP 2019, section III-B). ``groups``: index arrays that together hold every patch once.
    """
    import scipy.fft

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
