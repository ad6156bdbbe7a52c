"""Memory figures are a process's own."""

import subprocess
import sys

import numpy as np
import pytest

ASK = "from mossfuse.benchmark.run.memory import peak_rss_mb; print(peak_rss_mb())"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child's own peak")
def test_a_childs_peak_is_not_its_parents():
    own = np.ones(2**27, np.uint8)  # 128 MiB, touched
    child = float(subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True).stdout)
    assert 5 < child < own.nbytes / 2**20
