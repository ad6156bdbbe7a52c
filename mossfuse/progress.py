"""One progress bar for every long loop."""

import sys
from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


def track(iterable: Iterable[Item], description: str, total: int | None = None) -> Iterable[Item]:
    """Iterate with a progress bar on stderr that appears only when the loop takes longer than 2 s."""
    return tqdm(iterable, desc=description, total=total, delay=2, mininterval=2, file=sys.stderr, leave=False)
