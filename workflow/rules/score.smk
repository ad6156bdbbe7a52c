# The scores of one cell, the curve of its fit, and the tables over all cells.


rule score:
    input:
        run=CELL.run,
        cube=CELL.cube,
        pair=PAIR,
        truth=truth_file,
    output:
        score=CELL.score,
        bands=CELL.bands,
        estimate=CELL.estimate,
    log:
        PATHS.cell_log("score", *CELL_NAMES),
    priority: reading_importance
    conda:
        "../envs/mossfuse.yaml"
    params:
        conventions=conventions,
        harness=lambda w: COVERED.harness_under("score", w.degradation),
        metrics=lambda w: COVERED.metrics(conventions(w)),
    shell:
        "python -m mossfuse bench score "
        "{wildcards.dataset:q}/{wildcards.degradation:q}/{wildcards.method:q}/{wildcards.scene:q}/seed{wildcards.seed:q}"
        " > {log:q} 2>&1 || (cat {log:q} >&2; exit 1)"


rule curve:
    input:
        iterates=CELL.iterates,
        truth=truth_file,
    output:
        CELL.curve,
    log:
        PATHS.cell_log("curve", *CELL_NAMES),
    conda:
        "../envs/mossfuse.yaml"
    params:
        convention=SETTINGS["conventions"][0],
        harness=lambda w: COVERED.harness_under("curve", w.degradation),
        metrics=COVERED.metrics(SETTINGS["conventions"][:1]),
    shell:
        "python -m mossfuse bench curve "
        "{wildcards.dataset:q}/{wildcards.degradation:q}/{wildcards.method:q}/{wildcards.scene:q}/seed{wildcards.seed:q}"
        " > {log:q} 2>&1 || (cat {log:q} >&2; exit 1)"


rule collect:
    input:
        runs=cell_files("run"),
        scores=cell_files("score"),
        times=cell_files("time", GRID.clocked_cells()),
        trainings=training_records(),
        scenes=PATHS.scenes,
    output:
        metrics=PATHS.metrics,
        summary=PATHS.summary,
        timing=PATHS.timing,
        catalogue=PATHS.catalogue,
    log:
        PATHS.log("collect"),
    conda:
        "../envs/mossfuse.yaml"
    params:
        code=COVERED.tables(),
        about=catalogue_digest(GRID),
    shell:
        "python -m mossfuse bench collect > {log:q} 2>&1 || (cat {log:q} >&2; exit 1)"
