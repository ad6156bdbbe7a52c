"""``mossfuse data add FOLDER``: make a dataset of a folder of one's cubes."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any


def add_verb(verbs: Any) -> None:
    """Add the verb to the top-level parser."""
    parser = verbs.add_parser("data", help="make a dataset of a folder of cubes")
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    add = steps.add_parser(
        "add", help="describe a folder of cubes, so that a comparison can name it",
        description="Write dataset.yaml (what counts as 1, wavelengths, split, terms) and the file that makes it a dataset beside the cubes of "
        "a folder (.mat, .npy, .npz, .h5, ENVI, GeoTIFF, or one folder of numbered PNG bands for each scene), and say what had to be "
        "assumed. Correct dataset.yaml where an assumption is wrong.",
    )  # fmt: skip
    add.add_argument("folder", metavar="FOLDER", type=Path)
    add.add_argument("--name", help="name of the dataset (default: that of the folder)")
    add.add_argument("--force", action="store_true", help="replace an earlier description")
    add.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Write the description and say what was found and assumed."""
    from mossfuse.datasets._describe_folder import describe_folder, write_description
    from mossfuse.datasets._folder import DESCRIPTION
    from mossfuse.discovery import NAME
    from mossfuse.errors import MossFuseError

    folder = options.folder.expanduser()
    if not folder.is_dir():
        raise MossFuseError(f"{folder} is no folder; name the folder that holds the cubes")
    if options.name is not None and not NAME.fullmatch(options.name):
        raise MossFuseError(f"the name '{options.name}' may have letters, digits, '.', '_' and '-'; choose another one")
    if (folder / DESCRIPTION).exists() and not options.force:
        raise MossFuseError(f"{folder / DESCRIPTION} exists already; edit it, or add --force to replace it")
    foreign = sorted(path.name for path in folder.glob("*.py") if "mossfuse data add" not in path.read_text("utf-8"))
    if foreign:
        raise MossFuseError(
            f"{folder} holds Python files ({', '.join(foreign)}), which would be run as datasets; move the cubes to a folder of their own"
        )
    about, assumed, passed_over = describe_folder(folder, options.name)
    description, _ = write_description(folder, about, assumed)
    scenes = about["scenes"]["test"]
    lines = [f"{description}: dataset '{about['name']}', {len(scenes)} scenes, {len(about['wavelengths'])} bands"]
    lines += [f"assumed: {line}" for line in assumed]
    lines += [f"passed over: {line}" for line in passed_over]
    lines += [
        f"to use it: export MOSSFUSE_DATASETS={folder.resolve()}, and in a configuration: dataset: {about['name']}",
    ]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0
