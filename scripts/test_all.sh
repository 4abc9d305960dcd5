#!/usr/bin/env bash
# Run noxfile.py's sessions with every Python they name: from the path, from pyenv, or from Debian's packages.
#
#   scripts/test_all.sh [nox's arguments]      e.g. scripts/test_all.sh -s tests-3.13 -- tests/drivers
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cache=$PWD/.cache
missing=()
for version in 3.11 3.12 3.13 3.14 3.15; do
    # A shim of pyenv's is on the path for every version, and refuses most of them.
    ! "python$version" -c pass >/dev/null 2>&1 || continue
    folder=$(ls -d "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin 2>/dev/null | sort -V | tail -1 || true)
    if [ -n "$folder" ]; then
        PATH=$folder:$PATH
    else
        missing+=("$version")
    fi
done
if [ ${#missing[@]} -gt 0 ]; then
    scripts/pythons.sh "$cache/pythons" "${missing[@]}" || echo "not every Python can be had here" >&2
    PATH=$cache/pythons/bin:$PATH
fi
export PATH

nox=$cache/nox
if [ ! -x "$nox/bin/nox" ]; then
    python3 -m venv "$nox"
    "$nox/bin/python" -m pip install --quiet 'nox[uv]>=2025.5.1'
fi
PATH=$nox/bin:$PATH exec nox "$@"
