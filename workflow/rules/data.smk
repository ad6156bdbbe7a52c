# Raw scenes, prepared scenes, degraded pairs, and other people's files.


rule fetch:
    # One job for all datasets: a scene list that cannot be completed fails before any method runs. Scenes that are there
    # already are no outputs: a job that has to run again would keep Snakemake from planning what new scenes need.
    output:
        records_to_make(),
    log:
        "logs/fetch.log",
    priority: 100
    conda:
        "../envs/mossfuse.yaml"
    params:
        settings=EFFECTIVE,
    shell:
        "python -m mossfuse bench fetch --settings {params.settings} 2>&1 | tee {log}"


rule prepare:
    # A record that is written anew does not touch what was made from the scene.
    input:
        ancient("data/{dataset}/fetched/{scene}.json"),
    output:
        "data/{dataset}/scenes/{scene}.mat",
    log:
        "logs/prepare/{dataset}/{scene}.log",
    conda:
        "../envs/mossfuse.yaml"
    params:
        options=lambda w: json.dumps(GRID.block_of(w.dataset).options, sort_keys=True),
        code=lambda w: source_digest(GRID.block_of(w.dataset).module.__file__),
        settings=EFFECTIVE,
    shell:
        "python -m mossfuse bench prepare --settings {params.settings} {wildcards.dataset} {wildcards.scene} > {log} 2>&1 || (cat {log} >&2; exit 1)"


rule scenes:
    # What the data stage of dvc.yaml makes: every prepared scene with the hash of its content.
    input:
        [
            f"data/{label}/scenes/{scene}.mat"
            for label, scenes in GRID.scenes_to_prepare().items()
            for scene in scenes
        ],
    output:
        f"{RESULTS}/scenes.json",
    log:
        "logs/scenes.log",
    conda:
        "../envs/mossfuse.yaml"
    params:
        settings=EFFECTIVE,
    shell:
        "python -m mossfuse bench scenes --settings {params.settings} > {log} 2>&1 || (cat {log} >&2; exit 1)"


rule degrade:
    input:
        truth_file,
    output:
        pair=f"{RESULTS}/{{dataset}}/{{degradation}}/_pairs/{{scene}}.mat",
        facts=f"{RESULTS}/{{dataset}}/{{degradation}}/_pairs/{{scene}}.json",
    log:
        f"logs/degrade/{{dataset}}/{{degradation}}/{{scene}}.log",
    conda:
        "../envs/mossfuse.yaml"
    params:
        spec=lambda w: repr(GRID.degradations[w.degradation]),
        code=code(
            "benchmark/data/pairs.py",
            "physics/degrade.py",
            "degradations/responses.py",
        ),
        settings=EFFECTIVE,
    shell:
        "python -m mossfuse bench degrade --settings {params.settings} {wildcards.dataset} {wildcards.degradation} {wildcards.scene}"
        " > {log} 2>&1 || (cat {log} >&2; exit 1)"


rule registry_file:
    output:
        "data/_registry/{name}",
    log:
        "logs/registry/{name}.log",
    conda:
        "../envs/mossfuse.yaml"
    params:
        settings=EFFECTIVE,
    shell:
        "python -m mossfuse bench registry-file --settings {params.settings} {wildcards.name} {output} 2>&1 | tee {log}"
