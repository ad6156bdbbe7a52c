# The report people browse, and the exit status of the run.


rule report:
    input:
        metrics=f"{RESULTS}/metrics.csv",
        timing=f"{RESULTS}/timing.csv",
        catalogue=f"{RESULTS}/catalogue.json",
        views=cell_files("view"),
        curves=cell_files("curve.csv", GRID.traced_cells()),
        scenes=[
            f"{RESULTS}/{b.label}/{d}/_scenes/{s}/view"
            for b in GRID.blocks
            for d in b.degradations
            for s in b.scenes
        ],
    output:
        index=f"{REPORTS}/index.html",
        # A copy, because Snakemake empties a folder it owns and the report folder is the reader's.
        site=report(
            directory(f"{RESULTS}/report"),
            htmlindex="index.html",
            category="Benchmark",
            caption="../report/site.rst",
        ),
    log:
        "logs/report.log",
    conda:
        "../envs/mossfuse.yaml"
    params:
        code=code("benchmark/report/__init__.py"),
        pages=files_digest(PACKAGE / "benchmark/report"),
        settings=EFFECTIVE,
    shell:
        "python -m mossfuse bench report --settings {params.settings} > {log} 2>&1 || (cat {log} >&2; exit 1)"


rule verdict:
    # Fails where any cell failed, after everything else is finished; the next run tries exactly those again.
    input:
        index=f"{REPORTS}/index.html",
        runs=cell_files("run.json", GRID.runs()),
        trainings=training_files(),
    output:
        f"{RESULTS}/verdict.txt",
    log:
        "logs/verdict.log",
    conda:
        "../envs/mossfuse.yaml"
    params:
        settings=EFFECTIVE,
    shell:
        "python -m mossfuse bench verdict --settings {params.settings} 2>&1 | tee {log}; exit ${{PIPESTATUS[0]}}"
