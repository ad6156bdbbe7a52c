"""Measure what a busy neighbour costs: python docs/measure/busy_neighbour.py [SECONDS of each measurement, default 5].

A matrix product (OpenBLAS), a convolution with its backward pass and a training step of MossFuse (PyTorch) run on one thread,
and on every processor with threads that spin and with threads that sleep while they wait: first alone, then beside one process
that spins on each processor. Prints wall and CPU milliseconds of one repetition; sleeping is what mossfuse.threads sets.
The training step runs its network in one piece and, as the training does, in parts side by side
(mossfuse.network.side_by_side).
"""

import os
import subprocess
import sys

from mossfuse.threads import PATIENCE, THREADS, processors

WORK = {
    "matrix product": """
import numpy as np
a, b = np.random.default_rng(0).normal(size=(2, 400, 400))
def once():
    np.linalg.solve(a, a @ b)
""",
    "convolution": """
import torch
layer = torch.nn.Conv2d(24, 96, 3, padding=1).to(memory_format=torch.channels_last)
x = torch.randn(4, 24, 32, 32).contiguous(memory_format=torch.channels_last)
def once():
    torch.nn.functional.gelu(layer(x)).square().sum().backward()
""",
    "training step": """
import torch
from mossfuse.network.architecture import MossFuse
from mossfuse.network.side_by_side import InTurn, lanes
from mossfuse.physics.psf_geometry import Geometry
geometry = Geometry((7, 7), (3, 3))
network = MossFuse(31, 3, 8, dim=24, geometry=geometry, decoders=False).train()
msi, hsi = torch.rand(4, 3, 32, 32), torch.rand(4, 31, 4, 4)
together = InTurn()
def once():
    network.zero_grad()
    out = network(msi, hsi, together=together)
    (out.hsi_cycle.square().mean() + out.msi_cycle.square().mean()).backward()
""",
}
WORK["the same in parts"] = WORK["training step"].replace(
    "together = InTurn()", "shared = lanes('cpu'); together = shared.__enter__()"
)
CLOCK = """
import sys, time
once(); once()
wall, cpu, count = time.perf_counter(), time.process_time(), 0
while time.perf_counter() - wall < float(sys.argv[1]):
    once(); count += 1
print(f"{1000 * (time.perf_counter() - wall) / count:8.1f} {1000 * (time.process_time() - cpu) / count:8.1f}")
"""
SPIN = "while True: pass"


def main(span="5"):
    every = processors()
    measure("alone", every, span)
    neighbours = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(every)]
    try:
        measure("beside others", every, span)
    finally:
        for neighbour in neighbours:
            neighbour.kill()


def measure(surroundings, every, span):
    """Print a line for each kind of work and way of waiting."""
    plain = {name: value for name, value in os.environ.items() if name not in {*THREADS, *PATIENCE}}
    ways = {
        "1 thread": (1, {}),
        f"{every} threads that spin": (every, {}),
        f"{every} threads that sleep": (every, PATIENCE),
    }
    for work, code in WORK.items():
        for way, (threads, waiting) in ways.items():
            variables = {**plain, **dict.fromkeys(THREADS, str(threads)), **waiting}
            command = [sys.executable, "-c", code + CLOCK, span]
            found = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
            sys.stdout.write(f"{surroundings:13} {work:17} {way:22} wall, CPU in ms: {found.stdout}")


if __name__ == "__main__":
    main(*sys.argv[1:])
