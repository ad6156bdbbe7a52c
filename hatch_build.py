"""Build hook: what a wheel holds beside ``mossfuse/``. An editable install finds the same files in the clone."""

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# The competitors get a name of their own, because a top-level package `baselines` could be anybody's.
WHEEL_ONLY = {"baselines": "mossfuse_baselines", "config.yaml": "mossfuse/benchmark/plan/default.yaml"}


class WheelFiles(BuildHookInterface):
    """Add the competitors and the default configuration to a wheel."""

    def initialize(self, version, build_data):
        """Extend the files of a standard wheel; leave an editable one as it is."""
        if version == "standard":
            build_data["force_include"].update(WHEEL_ONLY)
