#!/usr/bin/env bash
# Makes .venv once and installs one lock file into it. A second call with an unchanged lock file returns at once.
#
#   scripts/make_venv.sh requirements.txt        what the product needs: wheels only, no compiler
#   scripts/make_venv.sh requirements-dev.txt    that, and what the tests need (mysqlclient is compiled)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
lock_file=${1:?"name the lock file to install"}

say() { printf '%s\n' "$*" >&2; }

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.11 python3 python3.12 python3.13; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "Churn Buster needs Python 3.11 or newer. On Debian or Ubuntu: sudo apt-get install -y python3 python3-venv"
    exit 1
}

make_venv() {
    local python
    python=$(find_python)
    # Debian ships Python without ensurepip; a venv made without it has no pip.
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            say "Installing python3-venv ..."
            apt-get update -qq >/dev/null
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
        else
            say "Python cannot make virtual environments here. Run this once, then the same command again:"
            say "  sudo apt-get install -y python3-venv"
            exit 1
        fi
    fi
    say "Making .venv with $("$python" --version) ..."
    "$python" -m venv --clear .venv
}

stamp() { printf '.venv/.installed-%s' "$1"; }
fingerprint() { sha256sum <"$1"; }
# Kept as the whole fingerprint, so that going back to an older lock file installs it again.
is_installed() { [ -f "$(stamp "$1")" ] && [ "$(cat "$(stamp "$1")")" = "$(fingerprint "$1")" ]; }

# An interpreter that was upgraded or a folder that was moved leaves a venv that cannot even start.
.venv/bin/python -m pip --version >/dev/null 2>&1 || make_venv

if ! is_installed "$lock_file"; then
    say "Installing $lock_file (a minute or two, once) ..."
    # Quiet twice: a package index that is configured on this machine may warn once per library.
    options=(-qq --no-input --disable-pip-version-check --requirement "$lock_file")
    if [ "$lock_file" = requirements.txt ]; then
        options+=(--only-binary=:all:)
    else
        options+=(--prefer-binary)
    fi
    rm -f .venv/.installed-*
    .venv/bin/python -m pip install "${options[@]}"
    fingerprint "$lock_file" >"$(stamp "$lock_file")"
    # The development lock holds the same versions of everything the product needs.
    if [ "$lock_file" = requirements-dev.txt ]; then
        fingerprint requirements.txt >"$(stamp requirements.txt)"
    fi
fi
