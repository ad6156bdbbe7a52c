"""What every method, dataset, degradation, SRF, PSF family and metric promises: the suite of ``mossfuse bench check``.

Every built-in addition is checked here by the same functions.
"""

import subprocess
import sys

import numpy as np
import pytest

from mossfuse.benchmark.check import claims_of, method
from mossfuse.benchmark.check.claims import Skipped
from mossfuse.benchmark.check.pairs import SHAPES
from mossfuse.benchmark.check.targets import KINDS, Target, finder
from mossfuse.methods import catalogue
from mossfuse.physics.sampling import operator_of

CONSISTENT = [
    "ridge-dc",
    "stack",
    "nsgp",
    "nsgp-fast",
    "nsgp-known",
    "nsgp-x4",
    "nsgp-prior",
    "stack-prior",
    "nssr",
    "mossfuse-c",
    "mossfuse-c-ridge",
]
TARGETS = [
    Target(word, *entry)
    for word in KINDS
    for entry in finder(word).catalogue().entries.values()
    if word != "method" or not entry[0].weights
]
# Each import takes a process of its own: one test below imports every method in one process.
CLAIMS = {
    f"{target.word} {target.name}: {claim.text}": claim
    for target in TARGETS
    for claim in claims_of(target)
    if not claim.text.startswith("importing the file")
}


@pytest.mark.parametrize("text", CLAIMS)
def test_promise_is_kept(text, tmp_path):
    try:
        CLAIMS[text].check(tmp_path)
    except Skipped as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("case", ["usual", "odd ratio and sizes", "one MSI band"])
@pytest.mark.parametrize("name", CONSISTENT)
def test_promised_agreement_with_both_images_is_kept(name, case, make_pair, tmp_path):
    """Largest residual before clipping, under the sensor that the method knows or has estimated."""
    pair, _ = make_pair(**SHAPES[case])
    fusion = method.run(*catalogue().entries[name], pair, tmp_path)
    psf = pair.sensor.psf if fusion.psf_hat is None else fusion.psf_hat
    srf = pair.sensor.srf if fusion.srf_hat is None else fusion.srf_hat
    assert np.abs(operator_of(pair, psf)(fusion.cube) - pair.hsi).max() < 1e-5
    assert np.abs(fusion.cube @ np.asarray(srf).T - pair.msi).max() < 1e-5


def test_specifications_import_neither_torch_nor_scipy():
    """The workflow reads every specification at each start; heavy imports there would cost seconds."""
    code = "import sys; from mossfuse.methods import catalogue; catalogue(); print([m for m in ('torch','scipy','pandas') if m in sys.modules])"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"
