"""Random numbers and kernels do not depend on the device, as far as a machine without a GPU can tell."""

import re
from pathlib import Path

import torch

from mossfuse.devices import same_bytes

ROOT = Path(__file__).resolve().parents[2]
# Draws whose numbers would come from the generator of the device that they are made on.
DRAW = re.compile(
    r"torch\.(?:rand|randn|randint|randperm)\([^\n]*device=|torch\.(?:rand|randn|randint)_like\((?![^\n]*device=\"cpu\")"
)


def settings():
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.utils.deterministic.fill_uninitialized_memory,
    )


def test_random_numbers_are_drawn_on_the_cpu_whatever_the_device():
    files = [path for folder in ("baselines", "mossfuse") for path in (ROOT / folder).rglob("*.py")]
    lines = [
        f"{path.name}: {line.strip()}"
        for path in files
        for line in path.read_text(encoding="utf-8").splitlines()
        if DRAW.search(line)
    ]
    assert files and not lines


def test_kernels_that_repeat_themselves_are_asked_for_on_a_gpu_alone_and_the_settings_come_back():
    before = settings()
    with same_bytes("cpu"):
        assert settings() == before
    with same_bytes("cuda"):
        assert settings() == (True, True, False)
    assert settings() == before
