#!/usr/bin/env bash
# Brings what the tests need and pip cannot: MariaDB, Redis, Java for Spark, Chromium, a compiler with headers for mysqlclient.
# Where this account may not install (not root, or no apt), it names what is missing in one line to copy: with
# CI=true that is a failure, otherwise the tests that need it are left out and say so.
set -euo pipefail

missing=()
need() { # need PACKAGE COMMAND...: PACKAGE is missing unless the command succeeds
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}
exists() { PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$1"; }
has_fonts() { [ -n "$(find /usr/share/fonts /usr/local/share/fonts -name '*.[ot]tf' -print -quit 2>/dev/null)" ]; }
# The headers must be those of the Python that .venv is made with, which need not be Debian's.
has_python_headers() {
    local python=python3
    [ -x .venv/bin/python ] && python=.venv/bin/python
    "$python" -c 'import pathlib, sys, sysconfig
sys.exit(not (pathlib.Path(sysconfig.get_path("include")) / "Python.h").exists())'
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# -core: the server's programs without a system service; the tests start a private server of their own.
need mariadb-server-core exists mariadbd
need mariadb-server-core exists mariadb-install-db
need mariadb-client-core exists my_print_defaults
need libmariadb-dev exists mariadb_config
need gcc exists gcc
need libc6-dev test -e /usr/include/stdlib.h
need pkg-config exists pkg-config
need python3-dev has_python_headers
need redis-server exists redis-server
need openjdk-17-jre-headless exists java
need chromium exists chromium
need chromium-driver exists chromedriver
need fonts-dejavu-core has_fonts
[ ${#missing[@]} -eq 0 ] && exit 0

mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing for the tests: ${missing[*]}" >&2
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    exit 0
fi

echo "The tests need packages that this account may not install. Run this once:" >&2
echo "  sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
# Without headers and a compiler not even the test tools can be installed.
if [ "${CI:-}" = true ] || ! exists mariadb_config >/dev/null || ! exists gcc >/dev/null; then
    exit 1
fi
