# Raw scenes, prepared scenes, degraded pairs, and third-party files.


rule fetch:
    # One job for all datasets: a list of scenes that cannot be completed fails before any method runs. Scenes that were
    # fetched before are no outputs: a job that has to run again would keep Snakemake from planning what new scenes need.
    output:
        records_to_make(),
    log:
        PATHS.log("fetch"),
    priority: 100
    conda:
        "../envs/mossfuse.yaml"
    shell:
        "python -m mossfuse bench fetch 2>&1 | tee {log:q}"


rule prepare:
    # A scene is prepared again when the content of its raw files has changed, not when its record was written again.
    input:
        ancient(PATHS.fetched("{dataset}", "{scene}")),
    output:
        SCENE,
    log:
        PATHS.log("prepare", "{dataset}{variant}", "{scene}"),
    priority: importance
    conda:
        "../envs/mossfuse.yaml"
    params:
        options=lambda w: json.dumps(GRID.block_of(w.dataset).options, sort_keys=True),
        code=lambda w: COVERED.dataset(w.dataset),
        harness=COVERED.harness("prepare"),
        raw=lambda w: raw_digest(PATHS.fetched(w.dataset, w.scene)),
    shell:
        "python -m mossfuse bench prepare {wildcards.dataset:q} {wildcards.scene:q} > {log:q} 2>&1 || (cat {log:q} >&2; exit 1)"


rule scenes:
    # The output of the data stage of dvc.yaml: every prepared scene with the hash of its content.
    input:
        prepared_scenes(),
    output:
        PATHS.scenes,
    log:
        PATHS.log("scenes"),
    conda:
        "../envs/mossfuse.yaml"
    shell:
        "python -m mossfuse bench scenes > {log:q} 2>&1 || (cat {log:q} >&2; exit 1)"


rule degrade:
    input:
        truth=truth_file,
        srf=ancient(response_record),
    output:
        pair=PATHS.pair(*PAIR_NAMES),
        facts=PATHS.pair_facts(*PAIR_NAMES),
    log:
        PATHS.log("degrade", *PAIR_NAMES),
    priority: importance
    conda:
        "../envs/mossfuse.yaml"
    params:
        spec=lambda w: degradation_settings(GRID.degradations[w.degradation]),
        code=lambda w: COVERED.sensor(w.degradation),
        srf=response_now,
        harness=lambda w: COVERED.harness_under("degrade", w.degradation),
    shell:
        "python -m mossfuse bench degrade {wildcards.dataset:q} {wildcards.degradation:q} {wildcards.scene:q}"
        " > {log:q} 2>&1 || (cat {log:q} >&2; exit 1)"


if REAL_PAIRS:

    rule real_pair:
        # Both images were measured: they are reduced, and nothing is made from a response.
        input:
            truth=truth_file,
            srf=ancient(response_record),
        output:
            pair=PATHS.pair(*PAIR_NAMES),
            facts=PATHS.pair_facts(*PAIR_NAMES),
        log:
            PATHS.log("degrade", *PAIR_NAMES),
        wildcard_constraints:
            degradation="|".join(map(re.escape, REAL_PAIRS)),
        priority: importance
        conda:
            "../envs/mossfuse.yaml"
        params:
            spec=lambda w: degradation_settings(GRID.degradations[w.degradation]),
            code=lambda w: COVERED.dataset(w.dataset),
            options=lambda w: json.dumps(
                GRID.block_of(w.dataset).options, sort_keys=True
            ),
            raw=lambda w: raw_digest(PATHS.fetched(w.dataset, w.scene)),
            harness=COVERED.harness("real_pair"),
        shell:
            "python -m mossfuse bench real-pair {wildcards.dataset:q} {wildcards.degradation:q} {wildcards.scene:q}"
            " > {log:q} 2>&1 || (cat {log:q} >&2; exit 1)"

    ruleorder: real_pair > degrade


rule registry_file:
    output:
        PATHS.registry_file("{name}"),
    log:
        PATHS.log("registry", "{name}"),
    conda:
        "../envs/mossfuse.yaml"
    shell:
        "python -m mossfuse bench registry-file {wildcards.name:q} {output:q} 2>&1 | tee {log:q}"
