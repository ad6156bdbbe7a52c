# Train a method on a dataset's training scenes. A training that fails leaves empty weights and its reason.


rule train:
    input:
        pairs=training_pairs,
        truths=training_truths,
        # Only its existence counts: what is trained does not depend on it.
        first=ancient(PATHS.first_report) if FIRST else [],
    output:
        weights=TRAINING.weights,
        history=TRAINING.history,
        record=TRAINING.record,
    log:
        PATHS.log("train", "{dataset}", "{degradation}", "{method}", "seed{seed}"),
    priority: training_importance
    conda:
        "../envs/mossfuse.yaml"
    threads: every_core if SETTINGS["timing"]["training"] else SETTINGS["threads"]["train"]
    resources:
        gpu=whole_gpu,
    params:
        train=lambda w: training_settings(GRID.rows[w.method]),
        code=lambda w: COVERED.row(w.method),
        harness=COVERED.harness("train"),
    shell:
        "python -m mossfuse bench train --log {log:q} --gpu {resources.gpu} "
        "{wildcards.dataset:q}/{wildcards.degradation:q}/{wildcards.method:q}/seed{wildcards.seed:q}"
