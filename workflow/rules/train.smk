# Fitting a method to a dataset's training scenes. A training that fails leaves empty weights and its reason.


rule train:
    input:
        pairs=lambda w: [
            f"{RESULTS}/{w.dataset}/{w.degradation}/_pairs/{scene}.mat"
            for scene in training_scenes(w)
        ],
        truths=lambda w: (
            [f"data/{w.dataset}/scenes/{scene}.mat" for scene in training_scenes(w)]
            if GRID.rows[w.method].method.trains == "supervised"
            else []
        ),
    output:
        weights=f"{CHECKPOINTS}/{{dataset}}/{{degradation}}/{{method}}/seed{{seed}}/weights.pt",
        history=f"{CHECKPOINTS}/{{dataset}}/{{degradation}}/{{method}}/seed{{seed}}/history.csv",
        record=f"{CHECKPOINTS}/{{dataset}}/{{degradation}}/{{method}}/seed{{seed}}/train.json",
    log:
        "logs/train/{dataset}/{degradation}/{method}/seed{seed}.log",
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
        "python -m mossfuse bench train --settings {params.settings} --log {log} --gpu {resources.gpu} "
        "{wildcards.dataset}/{wildcards.degradation}/{wildcards.method}/seed{wildcards.seed}"
