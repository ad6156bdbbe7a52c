"""``mossfuse report``: serve a report to a browser, or build it again from finished results."""

from __future__ import annotations

import functools
import http.server
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from mossfuse.errors import MossFuseError

PORT = 8000


def add_verb(verbs: Any) -> None:
    """Add the verb to the top-level parser."""
    parser = verbs.add_parser("report", help="serve the report to a browser, or build it again")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    serve = actions.add_parser(
        "serve", help="serve the report on this machine alone",
        description="Serve a report at http://127.0.0.1:PORT/ until Ctrl-C; other machines do not reach it. Over SSH: ssh -L PORT:127.0.0.1:PORT HOST.",
    )  # fmt: skip
    serve.add_argument(
        "folder", metavar="FOLDER", nargs="?", default="reports", help="folder of the report (default: reports)"
    )
    serve.add_argument("--port", type=int, default=PORT, help=f"0: any free port (default: {PORT})")
    serve.set_defaults(run=serve_report)
    build = actions.add_parser("build", help="build the report of a finished run again")
    build.add_argument(
        "run_folder",
        metavar="RUN",
        nargs="?",
        default=".",
        help="folder of results, or the folder that the run was started in",
    )
    build.add_argument("-o", "--output", metavar="FOLDER", help="where the report goes (default: where the run has it)")
    build.add_argument(
        "--parquet",
        action="store_true",
        help="write the exported tables as Parquet too (pip install 'mossfuse[parquet]')",
    )
    build.set_defaults(run=build_again)


def build_again(options: Namespace) -> None:
    """Build the report of a finished run and say where it is."""
    from mossfuse.benchmark.report.build import build_report
    from mossfuse.benchmark.results.runs import open_run

    paths = open_run(options.run_folder).paths
    out = options.output or paths.reports
    index = build_report(paths.results, paths.checkpoints, paths.data, out, parquet=options.parquet)
    sys.stdout.write(f"report: {index}\n")


def serve_report(options: Namespace) -> None:
    """Serve the folder until the process is interrupted."""
    folder = Path(options.folder)
    if not (folder / "index.html").is_file():
        raise MossFuseError(
            f"{folder} holds no report (no index.html); run the benchmark, or name the folder of the report"
        )
    with server(folder, options.port) as serving:
        sys.stdout.write(f"serving {folder} at http://127.0.0.1:{serving.server_address[1]}/ (Ctrl-C ends it)\n")
        sys.stdout.flush()
        try:
            serving.serve_forever()
        except KeyboardInterrupt:
            sys.stdout.write("\n")


def server(folder: Path, port: int) -> http.server.ThreadingHTTPServer:
    """Return a server of the folder on the loopback address; raise MossFuseError where the port is taken."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    try:
        return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except (OSError, OverflowError) as error:
        raise MossFuseError(
            f"port {port} cannot be used ({error}); name another one with --port, or 0 for any free one"
        ) from error


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line on the terminal for each."""

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing."""
