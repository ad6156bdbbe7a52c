"""The command line: ``mossfuse fuse|train|estimate|score|methods`` for a pair of one's own, ``mossfuse bench`` for the workflow."""

import argparse
import logging
import os
import sys

from mossfuse import __version__
from mossfuse.errors import MossFuseError


def parser():
    top = argparse.ArgumentParser(prog="mossfuse", description="Hyperspectral-multispectral image fusion.")
    top.add_argument("--version", action="version", version=f"mossfuse {__version__}")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    from mossfuse.cli import add_verbs, bench

    add_verbs(verbs)
    bench.add_verbs(verbs.add_parser("bench", help="the steps of the benchmark, one verb per rule of the workflow"))
    return top


def main(arguments=None):
    """Run the command line; a mistake of the user ends with one sentence and exit status 2."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    options = parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except MossFuseError as error:
        sys.stderr.write(f"mossfuse: {error}\n")
        return 2
    except PermissionError as error:
        sys.stderr.write(f"mossfuse: no permission to write {error.filename}; choose a folder you may write to\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("mossfuse: interrupted; outputs that were not finished have not been written\n")
        return 130
    except BrokenPipeError:
        # The reader (head, less) went away; that is no fault.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
