# The report people browse, and the exit status of the run.


if FIRST:

    rule first_board:
        # Leaderboards of the rows that need no training on the terminal, before anything is timed, drawn or trained.
        input:
            runs=cell_files("run", FIRST.runs()),
            scores=cell_files("score", FIRST.cells()),
        output:
            PATHS.first_board,
        log:
            PATHS.log("first_board"),
        priority: 100
        conda:
            "../envs/mossfuse.yaml"
        shell:
            "python -m mossfuse bench first-board > {log:q} 2>&1 || (cat {log:q} >&2; exit 1)"

    rule first_report:
        # A report of the rows that need no training, before anything is trained; `report` removes it.
        input:
            board=PATHS.first_board,
            runs=cell_files("run", FIRST.runs()),
            scores=cell_files("score", FIRST.cells()),
            times=cell_files("time", FIRST.clocked_cells()),
            views=cell_files("view", FIRST.shown_cells()),
            curves=cell_files("curve", FIRST.traced_cells()),
            scenes=scene_views(),
        output:
            PATHS.first_report,
        log:
            PATHS.log("first_report"),
        priority: 100
        conda:
            "../envs/mossfuse.yaml"
        shell:
            "python -m mossfuse bench first-report > {log:q} 2>&1 || (cat {log:q} >&2; exit 1)"


rule report:
    input:
        metrics=PATHS.metrics,
        timing=PATHS.timing,
        catalogue=PATHS.catalogue,
        views=cell_files("view", GRID.shown_cells()),
        curves=cell_files("curve", GRID.traced_cells()),
        scenes=scene_views(),
    output:
        index=PATHS.report,
        # A copy, because Snakemake empties a folder it owns and the report folder is the reader's.
        site=report(
            directory(PATHS.report_copy),
            htmlindex="index.html",
            category="Benchmark",
            caption="../report/site.rst",
        ),
    log:
        PATHS.log("report"),
    conda:
        "../envs/mossfuse.yaml"
    params:
        code=COVERED.report(),
    shell:
        "python -m mossfuse bench report > {log:q} 2>&1 || (cat {log:q} >&2; exit 1)"


rule verdict:
    # Fails where any cell failed, after everything else is finished; the next run retries only those.
    input:
        index=PATHS.report,
        runs=cell_files("run", GRID.runs()),
        trainings=training_records(),
    output:
        PATHS.verdict,
    log:
        PATHS.log("verdict"),
    conda:
        "../envs/mossfuse.yaml"
    shell:
        "python -m mossfuse bench verdict 2>&1 | tee {log:q}; exit ${{PIPESTATUS[0]}}"
