# One method on one pair. A method that fails still leaves its record, with the reason.


rule fuse:
    input:
        pair=PAIR,
        checkpoint=checkpoint_files,
        base=base_files,
        external=external_inputs,
    output:
        run=CELL.run,
        cube=CUBE,
        history=CELL.history,
    log:
        PATHS.cell_log("fuse", *CELL_NAMES),
    priority: importance
    conda:
        "../envs/mossfuse.yaml"
    threads: SETTINGS["threads"]["fuse"]
    resources:
        gpu=gpu_share,
    params:
        row=lambda w: row_settings(GRID.rows[w.method]),
        code=lambda w: COVERED.row(w.method),
        harness=lambda w: COVERED.harness_of(w.method),
        checkpoint=lambda w, input: (
            f"--checkpoint {quote(str(input.checkpoint))}" if input.checkpoint else ""
        ),
        base=lambda w, input: f"--base {quote(str(input.base))}" if input.base else "",
    shell:
        "python -m mossfuse bench fuse --log {log:q} --gpu {resources.gpu} {params.checkpoint} {params.base} "
        "--code {params.code:q} --harness {params.harness:q} "
        "{wildcards.dataset:q}/{wildcards.degradation:q}/{wildcards.method:q}/{wildcards.scene:q}/seed{wildcards.seed:q}"


if SETTINGS["keep_cubes"] == "report":

    use rule fuse as fuse_shown_cell with:
        # The report shows this cell: its cube stays.
        output:
            run=CELL.run,
            cube=CELL.cube,
            history=CELL.history,
        wildcard_constraints:
            degradation="|".join(map(re.escape, SHOWN)),

    ruleorder: fuse_shown_cell > fuse


if TRACED:

    use rule fuse as fuse_with_iterates with:
        # The saved cubes are removed once their curve is scored; `snakemake --notemp` keeps them.
        output:
            run=CELL.run,
            cube=CUBE,
            history=CELL.history,
            iterates=temp(directory(CELL.iterates)),
        wildcard_constraints:
            method="|".join(map(re.escape, TRACED)),

    ruleorder: fuse_with_iterates > fuse

    if SETTINGS["keep_cubes"] == "report":

        use rule fuse_with_iterates as fuse_shown_with_iterates with:
            output:
                run=CELL.run,
                cube=CELL.cube,
                history=CELL.history,
                iterates=temp(directory(CELL.iterates)),
            wildcard_constraints:
                method="|".join(map(re.escape, TRACED)),
                degradation="|".join(map(re.escape, SHOWN)),

        ruleorder: fuse_shown_with_iterates > fuse_with_iterates > fuse_shown_cell > fuse


rule time:
    # Takes every core and a whole GPU, so that nothing runs beside it.
    input:
        run=CELL.run,
        cube=CELL.cube,
        pair=PAIR,
        checkpoint=checkpoint_files,
        base=base_files,
    output:
        CELL.time,
    log:
        PATHS.cell_log("time", *CELL_NAMES),
    conda:
        "../envs/mossfuse.yaml"
    threads: every_core
    resources:
        gpu=whole_gpu,
    params:
        timing=timing_settings(SETTINGS),
        harness=COVERED.harness("time"),
        checkpoint=lambda w, input: (
            f"--checkpoint {quote(str(input.checkpoint))}" if input.checkpoint else ""
        ),
        base=lambda w, input: f"--base {quote(str(input.base))}" if input.base else "",
    shell:
        "python -m mossfuse bench time --log {log:q} --gpu {resources.gpu} {params.checkpoint} {params.base} "
        "{wildcards.dataset:q}/{wildcards.degradation:q}/{wildcards.method:q}/{wildcards.scene:q}/seed{wildcards.seed:q}"
