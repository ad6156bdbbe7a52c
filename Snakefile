# The benchmark as a table of contents: scenes -> degraded pairs -> methods -> scores -> report -> verdict.
import os

from snakemake.utils import min_version

min_version("9.0")


# A configuration named on the command line replaces the default one; Snakemake would merge the two.
# `snakemake -s .../Snakefile` in a folder without a config.yaml runs the default grid there.
PLACES = ["config.yaml", f"{workflow.basedir}/config.yaml"]
DEFAULT = next(filter(os.path.exists, PLACES), "config.yaml")
if "grid" not in config and "parts" not in config:

    configfile: DEFAULT


report: "workflow/report/workflow.rst"


# The image that the Dockerfile makes; used with `snakemake --sdm apptainer` alone.
container: os.environ.get("MOSSFUSE_CONTAINER", "mossfuse.sif")


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/fuse.smk"
include: "workflow/rules/score.smk"
include: "workflow/rules/pictures.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        PATHS.verdict,


rule tables:
    # The scores, times and curves alone: no pictures, no report.
    input:
        PATHS.metrics,
        PATHS.timing,
        cell_files("curve", GRID.traced_cells()),


pace_planning(workflow)
end_with(workflow, lambda: lines_for(GRID, PATHS))
