"""One progress bar for every long loop."""

import sys

from tqdm import tqdm


def track(iterable, description, total=None):
    """Iterate with a progress bar on stderr that appears only when the loop takes longer than 2 s."""
    return tqdm(iterable, desc=description, total=total, delay=2, mininterval=2, file=sys.stderr, leave=False)
