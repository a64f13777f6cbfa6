#!/usr/bin/env bash
# From a fresh clone to a running Churn Buster; from the second time on this takes seconds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/make_venv.sh requirements.txt
export PATH="$PWD/.venv/bin:$PATH"
export PYTHONUNBUFFERED=1
# On few cores, numerical threads that compete with each other make everything slower (docs/decisions/0009).
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" OPENBLAS_NUM_THREADS="${OPENBLAS_NUM_THREADS:-1}"

python -m scripts.prepare
# exec: a signal to `make run` reaches what keeps the processes running, and it stops all of them.
exec python -m scripts.keep_running
