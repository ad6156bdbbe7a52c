"""The command line: ``mossfuse fuse | train | estimate | score | methods`` for your own pair, ``mossfuse bench`` for the workflow."""

import argparse
import errno
import logging
import os
import sys

from mossfuse.benchmark.run.warm import run_verb
from mossfuse.errors import MossFuseError, extra_needed
from mossfuse.threads import pin_threads

log = logging.getLogger(__name__)
COMPUTING = ("fuse", "train", "estimate", "score")  # verbs that say how many threads they use


class Version(argparse.Action):
    """Print the version and exit; it is looked up only when somebody asks."""

    def __call__(self, parser, namespace, values, option_string=None):
        from mossfuse.version import installed_version

        sys.stdout.write(f"mossfuse {installed_version()}\n")
        parser.exit()


def parser():
    """Return the parser of the command line with every verb."""
    top = argparse.ArgumentParser(prog="mossfuse", description="Hyperspectral-multispectral image fusion.")
    top.add_argument("--version", action=Version, nargs=0, help="show the version and exit")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    from mossfuse.cli import add_verbs, bench

    add_verbs(verbs)
    bench.add_verbs(verbs.add_parser("bench", help="the steps of the benchmark, one verb per rule of the workflow"))
    return top


def main(arguments=None):
    """Run the command line and return its exit status; a user's mistake ends with one sentence and status 2."""
    if arguments is None:
        try:
            done = run_verb(sys.argv[1:])
        except KeyboardInterrupt:
            return 130
        if done is not None:
            return done
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it describes each step of embedding a font in a figure
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr: a terminal without the degree sign is no error
    options = parser().parse_args(arguments)
    threads = pin_threads(os.environ)  # before anything numeric is imported
    try:
        with extra_needed(f"mossfuse {options.verb}"):
            status = options.run(options) or 0
        if options.verb in COMPUTING:
            log.info("%d thread%s; OMP_NUM_THREADS sets another number", threads, "s" * (threads > 1))
        return status
    except MossFuseError as error:
        from mossfuse.cli.advice import without_harm

        sys.stderr.write(f"mossfuse: {without_harm(str(error), options)}\n")
        return 2
    except PermissionError as error:
        sys.stderr.write(f"mossfuse: no permission to write {error.filename}; choose a folder you may write to\n")
        return 2
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS):
            raise
        place = f" {error.filename}" if error.filename else ""
        sys.stderr.write(
            f"mossfuse: cannot write{place} ({os.strerror(error.errno)}); free some space or choose another folder\n"
        )
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("mossfuse: interrupted; outputs that were not finished have not been written\n")
        return 130
    except BrokenPipeError:
        # The reader (head, less) closed the pipe, which is not an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
