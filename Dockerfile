# The benchmark in a container, by the steps that `python3 run.py` takes on a machine: a virtual environment, and the project with its
# extra "benchmark" at the versions of constraints.txt.
#
#   docker build -t mossfuse .
#   docker run --rm -v "$PWD/work:/work" mossfuse --cores all        # config.yaml in work/, or the default grid
#   apptainer build mossfuse.sif docker-daemon://mossfuse:latest     # as an Apptainer image, for `snakemake --sdm apptainer`
#
# TORCH=cpu (the default) takes PyTorch's CPU build; TORCH=default the one with CUDA, several gigabytes larger.
FROM python:3.12-slim

ARG TORCH=cpu
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/mossfuse
COPY . .
ENV VIRTUAL_ENV=/opt/mossfuse/.venv PATH=/opt/mossfuse/.venv/bin:$PATH PYTHONUTF8=1 XDG_CACHE_HOME=/tmp MPLCONFIGDIR=/tmp
RUN python -m venv .venv \
    && if [ "$TORCH" = cpu ]; then pip install --no-cache-dir -c constraints.txt --index-url https://download.pytorch.org/whl/cpu \
        "$(grep '^torch==' constraints.txt)"; fi \
    && pip install --no-cache-dir -c constraints.txt -e '.[benchmark]'
WORKDIR /work
ENTRYPOINT ["snakemake", "--snakefile", "/opt/mossfuse/Snakefile", "--rerun-incomplete", "--keep-going"]
CMD ["--cores", "all"]
