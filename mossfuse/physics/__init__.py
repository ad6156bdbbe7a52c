"""The sensor model: point spread function, sampling, spectral response, and their blind estimation."""
