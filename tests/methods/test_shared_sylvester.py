"""The Sylvester equation of a pair."""

import numpy as np
import pytest

from baselines.shared.sylvester import SylvesterSolver, solve_sylvester
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.sampling import BlurSample


@pytest.mark.parametrize(
    ("border", "size", "phase"),
    [("reflect", 3, (1, 1)), ("wrap", 9, (3, 1)), ("reflect", 9, (3, 1)), ("zero", 10, (0, 3)), ("wrap", 4, (1, 2))],
)
def test_sylvester_solution_satisfies_its_equation(border, size, phase):
    rng = np.random.default_rng(0)
    operator = BlurSample(gaussian_psf(size, 2.0), phase, 4, (16, 20), border)
    spectra, seen = rng.standard_normal((7, 3)), rng.standard_normal((2, 3))
    weight, c1, c3 = spectra.T @ spectra, seen.T @ seen + 0.01 * np.eye(3), rng.standard_normal((16, 20, 3))
    solution = SylvesterSolver(operator).solve(c1, c3, weight)
    np.testing.assert_allclose(operator.adjoint(operator(solution)) @ weight + solution @ c1, c3, atol=1e-8)
    again = solve_sylvester(c1, c3, operator.psf, phase, 4, border, weight)
    np.testing.assert_array_equal(again, solution)
    with pytest.raises(np.linalg.LinAlgError):
        SylvesterSolver(operator).solve(c1 - 10 * np.eye(3), c3)
