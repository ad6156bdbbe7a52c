"""Draw what the report shows of a finished cell and of a scene with its pair: files in, a folder of pictures out."""

from mossfuse.benchmark.pictures.views import render_cell, render_scene
from mossfuse.files.atomic import read_json


def draw_cell(*, files, truth):
    """Write the pictures of a cell (CellFiles); the folder of a failed cell stays empty. truth: path of the scene."""
    from mossfuse.files import read_prepared

    record = read_json(files.run)
    files.view.mkdir(parents=True, exist_ok=True)
    if record["status"] == "ok":
        reference, wavelengths = read_prepared(truth)
        estimated, _ = read_prepared(files.cube)
        key = "/".join(str(record[k]) for k in ("dataset", "degradation", "method", "scene", "seed"))
        render_cell(reference, estimated, wavelengths, files.view, key=key)


def draw_pair(*, pair, truth, folder):
    """Write the pictures of a scene that no method changes: the truth and the two inputs."""
    from mossfuse.benchmark.data.pairs import read_pair
    from mossfuse.files import read_prepared

    folder.mkdir(parents=True, exist_ok=True)
    reference, wavelengths = read_prepared(truth)
    render_scene(reference, read_pair(pair), wavelengths, folder)
