#!/usr/bin/env bash
# Compiles requirements*.in into requirements*.txt: exact versions, for the oldest Python we support, and nothing about
# the machine or the package index it was made with.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

options=(--quiet --python-version 3.11 --no-header --no-annotate --no-emit-index-url --no-emit-find-links)
if [ "${1:-}" ]; then options+=(--upgrade); fi

# In this order: each .in file takes the versions that the .txt file before it fixed.
for name in requirements requirements-production requirements-spark requirements-dev requirements-peers; do
    .venv/bin/uv pip compile "${options[@]}" "$name.in" --output-file "$name.txt"
    echo "$name.txt: $(grep -c == "$name.txt") libraries"
done
