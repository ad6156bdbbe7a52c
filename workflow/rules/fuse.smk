# One method on one pair. A method that fails still leaves run.json, with its reason.


rule fuse:
    input:
        pair=pair_file,
        checkpoint=checkpoint_files,
        base=base_files,
        external=external_inputs,
    output:
        run=f"{RESULTS}/{CELL}/run.json",
        cube=f"{RESULTS}/{CELL}/fused.mat",
        history=f"{RESULTS}/{CELL}/history.csv",
    log:
        f"logs/fuse/{CELL}.log",
    conda:
        "../envs/mossfuse.yaml"
    threads: SETTINGS["threads"]["fuse"]
    resources:
        gpu=gpu_wanted,
    params:
        row=row_settings,
        code=method_code,
        settings=EFFECTIVE,
        checkpoint=lambda w, input: (
            f"--checkpoint {input.checkpoint}" if input.checkpoint else ""
        ),
        base=lambda w, input: f"--base {input.base}" if input.base else "",
    shell:
        "python -m mossfuse bench fuse --settings {params.settings} --log {log} --gpu {resources.gpu} {params.checkpoint} {params.base} "
        "{wildcards.dataset}/{wildcards.degradation}/{wildcards.method}/{wildcards.scene}/seed{wildcards.seed}"


if TRACED:

    use rule fuse as fuse_with_iterates with:
        # The saved cubes go once their curve is drawn; `snakemake --notemp` keeps them.
        output:
            run=f"{RESULTS}/{CELL}/run.json",
            cube=f"{RESULTS}/{CELL}/fused.mat",
            history=f"{RESULTS}/{CELL}/history.csv",
            iterates=temp(directory(f"{RESULTS}/{CELL}/iterates")),
        wildcard_constraints:
            method="|".join(map(re.escape, TRACED)),

    ruleorder: fuse_with_iterates > fuse


rule time:
    # Takes every core, so that nothing runs beside it.
    input:
        run=f"{RESULTS}/{CELL}/run.json",
        cube=f"{RESULTS}/{CELL}/fused.mat",
        pair=pair_file,
        checkpoint=checkpoint_files,
        base=base_files,
    output:
        f"{RESULTS}/{CELL}/time.json",
    log:
        f"logs/time/{CELL}.log",
    conda:
        "../envs/mossfuse.yaml"
    threads: every_core
    resources:
        gpu=gpu_wanted,
    params:
        timing=json.dumps(SETTINGS["timing"], sort_keys=True),
        settings=EFFECTIVE,
        checkpoint=lambda w, input: (
            f"--checkpoint {input.checkpoint}" if input.checkpoint else ""
        ),
        base=lambda w, input: f"--base {input.base}" if input.base else "",
    shell:
        "python -m mossfuse bench time --settings {params.settings} --log {log} --gpu {resources.gpu} {params.checkpoint} {params.base} "
        "{wildcards.dataset}/{wildcards.degradation}/{wildcards.method}/{wildcards.scene}/seed{wildcards.seed}"
