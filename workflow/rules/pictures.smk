# The pictures of one cell and of one pair. They depend on no score, and no score depends on them.


rule draw_cell:
    input:
        run=CELL.run,
        cube=CELL.cube,
        truth=truth_file,
    output:
        directory(CELL.view),
    log:
        PATHS.cell_log("draw", *CELL_NAMES),
    priority: drawing_importance
    conda:
        "../envs/mossfuse.yaml"
    params:
        harness=lambda w: COVERED.harness_under("draw_cell", w.degradation),
    shell:
        "python -m mossfuse bench draw-cell "
        "{wildcards.dataset:q}/{wildcards.degradation:q}/{wildcards.method:q}/{wildcards.scene:q}/seed{wildcards.seed:q}"
        " > {log:q} 2>&1 || (cat {log:q} >&2; exit 1)"


rule draw_pair:
    input:
        pair=PAIR,
        truth=truth_file,
    output:
        directory(PATHS.scene_view(*PAIR_NAMES)),
    log:
        PATHS.log("draw", *PAIR_NAMES),
    conda:
        "../envs/mossfuse.yaml"
    params:
        harness=lambda w: COVERED.harness_under("draw_pair", w.degradation),
    shell:
        "python -m mossfuse bench draw-pair {wildcards.dataset:q} {wildcards.degradation:q} {wildcards.scene:q}"
        " > {log:q} 2>&1 || (cat {log:q} >&2; exit 1)"
