# Metrics and pictures of one cell, the pictures of one pair, and the tables over all cells.


rule score:
    input:
        run=f"{RESULTS}/{CELL}/run.json",
        cube=f"{RESULTS}/{CELL}/fused.mat",
        pair=pair_file,
        truth=truth_file,
    output:
        score=f"{RESULTS}/{CELL}/score.csv",
        bands=f"{RESULTS}/{CELL}/bands.csv",
        estimate=f"{RESULTS}/{CELL}/estimate.json",
        view=directory(f"{RESULTS}/{CELL}/view"),
    log:
        f"logs/score/{CELL}.log",
    conda:
        "../envs/mossfuse.yaml"
    params:
        conventions=SETTINGS["conventions"],
        code=code(
            "benchmark/results/score_cell.py",
            "metrics/__init__.py",
            "benchmark/pictures/__init__.py",
        ),
        settings=EFFECTIVE,
    shell:
        "python -m mossfuse bench score --settings {params.settings} "
        "{wildcards.dataset}/{wildcards.degradation}/{wildcards.method}/{wildcards.scene}/seed{wildcards.seed}"
        " > {log} 2>&1 || (cat {log} >&2; exit 1)"


rule curve:
    input:
        iterates=f"{RESULTS}/{CELL}/iterates",
        truth=truth_file,
    output:
        f"{RESULTS}/{CELL}/curve.csv",
    log:
        f"logs/curve/{CELL}.log",
    conda:
        "../envs/mossfuse.yaml"
    params:
        convention=SETTINGS["conventions"][0],
        code=code("benchmark/results/curve.py"),
        settings=EFFECTIVE,
    shell:
        "python -m mossfuse bench curve --settings {params.settings} "
        "{wildcards.dataset}/{wildcards.degradation}/{wildcards.method}/{wildcards.scene}/seed{wildcards.seed}"
        " > {log} 2>&1 || (cat {log} >&2; exit 1)"


rule render_pair:
    input:
        pair=pair_file,
        truth=truth_file,
    output:
        directory(f"{RESULTS}/{{dataset}}/{{degradation}}/_scenes/{{scene}}/view"),
    log:
        "logs/render/{dataset}/{degradation}/{scene}.log",
    conda:
        "../envs/mossfuse.yaml"
    params:
        code=code("benchmark/pictures/__init__.py"),
        settings=EFFECTIVE,
    shell:
        "python -m mossfuse bench render-pair --settings {params.settings} {wildcards.dataset} {wildcards.degradation} {wildcards.scene}"
        " > {log} 2>&1 || (cat {log} >&2; exit 1)"


rule collect:
    input:
        runs=cell_files("run.json"),
        scores=cell_files("score.csv"),
        times=cell_files("time.json", GRID.clocked_cells()),
        trainings=training_files(),
        scenes=f"{RESULTS}/scenes.json",
    output:
        metrics=f"{RESULTS}/metrics.csv",
        summary=f"{RESULTS}/metrics.json",
        timing=f"{RESULTS}/timing.csv",
        catalogue=f"{RESULTS}/catalogue.json",
    log:
        "logs/collect.log",
    conda:
        "../envs/mossfuse.yaml"
    params:
        code=code("benchmark/results/collect.py"),
        grid=json.dumps(SETTINGS["grid"], sort_keys=True),
        rows=json.dumps(
            {n: [r.title, r.params, r.train] for n, r in GRID.rows.items()},
            sort_keys=True,
        ),
        settings=EFFECTIVE,
    shell:
        "python -m mossfuse bench collect --settings {params.settings} > {log} 2>&1 || (cat {log} >&2; exit 1)"
