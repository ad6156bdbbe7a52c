"""Time MossFuse's official code, from a checkout of the authors' repository.

    python docs/measure/official_code.py CHECKOUT [--size 512] [--threads 2] [--repeats 3]

CHECKOUT: folder with the authors' MossFuseNet.py and model/CAVE_32_model.pth (github.com/dusongcheng/MossFuse). The script imports their network
from there and calls it as their test.py does, on a random pair at ratio 32, with this project's clock: a cold call, then the median of
warm ones with weights in memory. It prints one line. Where there is no checkout, or it cannot be imported here, it says so in one
sentence and ends with status 0: no figure of the official code exists then.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

RATIO, BANDS, MSI_BANDS, DIM = 32, 31, 3, 48
MODULE, WEIGHTS = "MossFuseNet", "model/CAVE_32_model.pth"


def main() -> None:
    """Time the checkout that the command line names, or say why it cannot be timed."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("checkout", nargs="?", type=Path, help="folder of the authors' repository")
    options.add_argument("--size", type=int, default=512, help="pixels along a side of the MSI, a multiple of 32")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--repeats", type=int, default=3, help="warm calls")
    chosen = options.parse_args()
    reason = obstacle(chosen.checkout)
    sys.stdout.write(f"{reason or measured(chosen)}\n")


def obstacle(checkout: Path | None) -> str:
    """Return why the official code cannot be timed, as a sentence; '' where it can."""
    if checkout is None:
        return "The official code was not timed: name a checkout of github.com/dusongcheng/MossFuse."
    for name in (f"{MODULE}.py", WEIGHTS):
        if not (checkout / name).is_file():
            return f"The official code was not timed: {checkout} has no {name}."
    sys.path.insert(0, str(checkout))
    try:
        __import__(MODULE)
    except ImportError as error:
        return f"The official code was not timed: it needs the Python package '{error.name}', which is not installed."
    return ""


def measured(chosen: argparse.Namespace) -> str:
    """Return the line with the times, the device, the checkout's commit and what else ran."""
    import torch

    from mossfuse.benchmark.run.memory import peak_rss_mb
    from mossfuse.benchmark.run.provenance import processor_name
    from mossfuse.benchmark.run.timing import time_calls

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(chosen.threads)
    network, blocks = official_network(chosen.checkout)
    network = network.to(device).eval()
    rng = torch.Generator().manual_seed(0)
    low = chosen.size // RATIO
    msi = torch.rand(1, MSI_BANDS, low * RATIO, low * RATIO, generator=rng).to(device)
    hsi = torch.rand(1, BANDS, low, low, generator=rng).to(device)

    def call():
        with torch.no_grad():
            return network(msi, hsi)[11]

    found, _ = time_calls(
        call, device, repeats=chosen.repeats, budget_s=float("inf"), weights=chosen.checkout / WEIGHTS, name="official"
    )
    where = torch.cuda.get_device_name() if device == "cuda" else f"{processor_name()}, {chosen.threads} threads"
    return (
        f"MossFuse, official code ({commit_of(chosen.checkout)}, {blocks} block(s) a stage, {low * RATIO} x {low * RATIO}, {where}): "
        f"{found['median_s']:.2f} s warm (median of {found['repeats']}), {found['cpu_s']:.2f} CPU s, {found['first_s']:.2f} s cold, "
        f"peak {peak_rss_mb():.0f} MB; other programs kept {found['other_cores']} processors busy meanwhile."
    )


def official_network(checkout: Path):
    """Return (the authors' network with their weights, its blocks a stage: the number that fits the weights)."""
    from mossfuse.files.torch_files import read_file
    from mossfuse.network.checkpoint import RELEASED_KEY

    tensors = read_file(checkout / WEIGHTS)[RELEASED_KEY]
    tensors = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    build = sys.modules[MODULE].MossFuse
    for blocks in (1, 2, 3):
        network = build(dim=DIM, num_blocks=blocks, scale=RATIO)
        if network.state_dict().keys() == tensors.keys():
            network.load_state_dict(tensors)
            return network, blocks
    raise SystemExit(f"the weights of {checkout} fit its network with no number of blocks from 1 to 3")


def commit_of(checkout: Path) -> str:
    """Return the checkout's commit, or 'no commit known'."""
    asked = ["git", "-C", os.fspath(checkout), "rev-parse", "--short", "HEAD"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False)
    return (
        f"commit {found.stdout.strip()}"
        if found.returncode == 0 and (checkout / ".git").exists()
        else "no commit known"
    )


if __name__ == "__main__":
    main()
