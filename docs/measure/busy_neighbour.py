"""Measure what a busy neighbour costs: python docs/measure/busy_neighbour.py [SECONDS of each measurement, default 5].

One process spins on every processor that this one may use. Beside them a matrix product (OpenBLAS) and a convolution with its
backward pass (PyTorch) run on one thread, and on every processor with threads that spin and with threads that sleep while
they wait. Prints wall and CPU milliseconds of one repetition; sleeping is what mossfuse.threads sets.
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
}
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
    plain = {name: value for name, value in os.environ.items() if name not in {*THREADS, *PATIENCE}}
    neighbours = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(every)]
    try:
        for work, code in WORK.items():
            ways = {
                "1 thread": (1, {}),
                f"{every} threads that spin": (every, {}),
                f"{every} threads that sleep": (every, PATIENCE),
            }
            for way, (threads, waiting) in ways.items():
                variables = {**plain, **dict.fromkeys(THREADS, str(threads)), **waiting}
                command = [sys.executable, "-c", code + CLOCK, span]
                found = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
                sys.stdout.write(f"{work:15} {way:22} wall, CPU in ms: {found.stdout}")
    finally:
        for neighbour in neighbours:
            neighbour.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
