"""The nine scenes by name, and the way from a name to an image."""

from mossfuse.datasets.phantom import held_out_scenes as scenes_test
from mossfuse.datasets.phantom import training_scenes as scenes_train
from mossfuse.datasets.phantom.gbuffer import GBuffer
from mossfuse.datasets.phantom.sensor import record
from mossfuse.datasets.phantom.shading import radiance

SCENES = {
    "globes": scenes_train.globes,
    "canvas": scenes_train.canvas,
    "weave": scenes_train.weave,
    "beads": scenes_train.beads,
    "plumes": scenes_train.plumes,
    "target": scenes_test.target,
    "twins": scenes_test.twins,
    "spools": scenes_test.spools,
    "mosaic": scenes_test.mosaic,
}


def photograph(scene, size, seed):
    """Return (size, size, 31) uint16 of a scene in SCENES: build it, light it, record it."""
    gbuffer = GBuffer(scene, size, seed)
    lighting = SCENES[scene](gbuffer)
    return record(radiance(gbuffer, lighting), gbuffer.sensing)
