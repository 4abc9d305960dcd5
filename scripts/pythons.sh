#!/usr/bin/env bash
# Have Pythons that this machine lacks, without a container or a compiler: unpack a newer Debian's packages in a
# folder, with their own C library beside them, and start them through a link that knows where it is.
#
#   scripts/pythons.sh FOLDER VERSION...     e.g. scripts/pythons.sh .cache/pythons 3.14 3.15
#
# Leaves FOLDER/bin/pythonVERSION for each. Nothing is done for a version that is there already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/image_bases.sh

mkdir -p "$1"
folder=$(cd "$1" && pwd)
root=$folder/root
shift
missing=()
for version; do [ -x "$folder/bin/python$version" ] || missing+=("$version"); done
[ ${#missing[@]} -gt 0 ] || exit 0

need_tools mmdebstrap patchelf
rm -rf "$root"
packages=$(printf 'python%s-venv,' "${missing[@]}")
mmdebstrap -q --variant=extract --include="${packages%,}" \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Apt::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    "$(suite_of 3.14)" "$root" "$(mirror)"
linker=$(echo "$root"/usr/lib*/ld-linux-*.so.*)
libraries=$(echo "$root"/usr/lib/*-linux-gnu)
mkdir -p "$folder/bin"
for version in "${missing[@]}"; do
    patchelf --set-interpreter "$linker" --force-rpath --set-rpath "$libraries" "$root/usr/bin/python$version"
    # A script, not a link: through a link the interpreter looks for its library beside the link.
    printf '#!/bin/sh\nexec %s "$@"\n' "'$root/usr/bin/python$version'" > "$folder/bin/python$version"
    chmod +x "$folder/bin/python$version"
    "$folder/bin/python$version" --version
done
