# Train a method on a dataset's training scenes. A training that fails leaves empty weights and its reason.


rule train:
    input:
        pairs=training_pairs,
        truths=training_truths,
    output:
        weights=TRAINING.weights,
        history=TRAINING.history,
        record=TRAINING.record,
    log:
        PATHS.log("train", "{dataset}", "{degradation}", "{method}", "seed{seed}"),
    priority: 50
    conda:
        "../envs/mossfuse.yaml"
    threads: SETTINGS["threads"]["train"]
    resources:
        gpu=gpu_wanted,
    params:
        train=lambda w: json.dumps(GRID.rows[w.method].train, sort_keys=True),
        code=method_code,
        settings=EFFECTIVE,
    shell:
        "python -m mossfuse bench train --settings {params.settings:q} --log {log:q} --gpu {resources.gpu} "
        "{wildcards.dataset:q}/{wildcards.degradation:q}/{wildcards.method:q}/seed{wildcards.seed:q}"
