"""Random numbers and kernels do not depend on the device, as far as a machine without a GPU can tell."""

import ast
from pathlib import Path

import torch

from mossfuse.arithmetic import full_precision
from mossfuse.devices import same_bytes

ROOT = Path(__file__).resolve().parents[2]
DRAWS = {"rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like"}


def drawn_elsewhere(tree):
    """Yield the lines of calls of torch's draws whose numbers come from the generator of another device than the CPU."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in DRAWS:
            device = next((ast.unparse(word.value) for word in node.keywords if word.arg == "device"), None)
            if (
                ast.unparse(node.func.value) == "torch"
                and device != "'cpu'"
                and (device or node.func.attr.endswith("_like"))
            ):
                yield node.lineno


def settings():
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.utils.deterministic.fill_uninitialized_memory,
    )


def test_random_numbers_are_drawn_on_the_cpu_whatever_the_device():
    files = [path for folder in ("baselines", "mossfuse") for path in (ROOT / folder).rglob("*.py")]
    found = {path.name: list(drawn_elsewhere(ast.parse(path.read_text(encoding="utf-8")))) for path in files}
    assert files and not {name: lines for name, lines in found.items() if lines}


def test_a_draw_on_the_device_of_its_model_is_noticed():
    lines = (
        "torch.rand(3)",
        "torch.randn_like(x, device='cpu')",
        "torch.randn_like(x)",
        "torch.randint(4, (2,), device=device)",
    )
    assert list(drawn_elsewhere(ast.parse("\n".join(lines)))) == [3, 4]


def test_kernels_that_repeat_themselves_are_asked_for_on_a_gpu_alone_and_the_settings_come_back():
    before = settings()
    with same_bytes("cpu"):
        assert settings() == before
    with same_bytes("cuda"):
        assert settings() == (True, True, False)
    assert settings() == before


def test_methods_run_without_rounded_convolutions_on_a_gpu_alone():
    before = torch.backends.cudnn.allow_tf32
    with full_precision("cpu"):
        assert torch.backends.cudnn.allow_tf32 == before
    with full_precision("cuda"):
        assert not torch.backends.cudnn.allow_tf32 and torch.backends.cudnn.deterministic
    assert torch.backends.cudnn.allow_tf32 == before
