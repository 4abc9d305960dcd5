#!/usr/bin/env bash
# Build every target of the Dockerfile for real, and run tests/image against what came out.
#
#   scripts/image_test.sh [pytest's arguments]
#
# PYTHONS   which versions of Python, "3.13" unless told otherwise; "all" for those that can be had
# BASE      a base image to use as it is, where a registry can be reached; else one is made here, of Debian's
#           packages, under the name that the Dockerfile asks for: python:X-slim without a registry
# ARCH      "arm64" on an amd64 machine (or the other way round) has QEMU run everything of the other architecture;
#           half an hour and more for what takes minutes, so not in CI; KEEP spares the base's part the next time
# BENCH     if set, measure with bench/image.py in place of testing; the arguments are its own
# KEEP      a folder for the engine's store, kept; else everything is in a temporary one, dropped at the end
#
# The engine is podman with runc, in a store of its own: what else runs on this machine is not touched. Where it
# is missing and apt may be used, it is installed. Two settings make it run in a container or a small virtual
# machine too: limits that are not above our own, and a runtime that takes any layout of cgroups.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/image_bases.sh

PYTHONS=${PYTHONS:-3.13} all=
[ "$PYTHONS" != all ] || all=1 PYTHONS="3.11 3.12 3.13 3.14 3.15"

need_tools podman runc mmdebstrap
# Images of one architecture by the names that Docker Hub gives them; the words are Docker's and Debian's.
platform=() repository=library/python tagged=aioric
case ${ARCH=} in
    '') ;;
    arm64) platform=(--platform linux/arm64) repository=arm64v8/python tagged=arm64/aioric ;;
    amd64) platform=(--platform linux/amd64) repository=amd64/python tagged=amd64/aioric ;;
    *) echo "ARCH is arm64 or amd64, not $ARCH" >&2; exit 1 ;;
esac

work=${KEEP:-$(mktemp -d)}
mkdir -p "$work"
work=$(cd "$work" && pwd)
limit=$(ulimit -Hn); [ "$limit" != unlimited ] && [ "$limit" -lt 16384 ] || limit=16384
cat > "$work/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=$limit:$limit", "nproc=16384:16384"]
[engine]
runtime = "runc"
CONF
printf '[storage]\ndriver = "overlay"\ngraphroot = "%s/store"\nrunroot = "%s/run"\n' "$work" "$work" > "$work/storage.conf"
export CONTAINERS_CONF=$work/containers.conf CONTAINERS_STORAGE_CONF=$work/storage.conf ENGINE=podman

clean_up() {
    # A build in the background must not find its store gone.
    wait || true
    podman rm --force --all --time 0 >/dev/null 2>&1 || true
    end_emulation
    if [ -z "${KEEP-}" ]; then
        podman system reset --force >/dev/null 2>&1 || true
        rm -rf "$work"
    fi
}
trap clean_up EXIT
[ -z "$ARCH" ] || begin_emulation "$ARCH"

# pip has to trust whom this machine trusts. As build secrets, so that nothing of it stays in an image.
certificates=${PIP_CERT:-${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}}
printf '[global]\ncert = /run/secrets/ca.crt\n' > "$work/pip.conf"
secrets=(--secret "id=pip_conf,src=$work/pip.conf" --secret "id=ca,src=$certificates")

# Run by QEMU, pip may take longer over a handshake than a server waits. Wheels are fetched by this machine then.
fetch_wheels() {  # fetch_wheels PYTHON
    local folder=$work/wheels-$1 cpu options group
    case $ARCH in arm64) cpu=aarch64 ;; *) cpu=x86_64 ;; esac
    mkdir -p "$folder"
    options=(-qq --only-binary :all: --python-version "$1" --dest "$folder" --platform "manylinux_2_28_$cpu"
        --platform "manylinux_2_17_$cpu" --platform "manylinux2014_$cpu")
    for group in fast emulator; do
        .venv/bin/python -m pip download "${options[@]}" --no-deps --require-hashes -r "image/requirements/$group.txt"
    done
    .venv/bin/python -m pip download "${options[@]}" 'pip>=25.1' 'hatchling>=1.25' editables \
        -r examples/container/requirements.txt
    .venv/bin/python -m pip download "${options[@]}" . --group test
    printf '[global]\nno-index = true\nfind-links = /wheels\n' > "$work/pip.conf"
    wheels=(--volume "$folder:/wheels:ro")
}

build() {  # build TAG TARGET ARGUMENT...
    local began=$SECONDS tag=$1 log=$work/build-${1##*-}.log
    IMAGE=$tag scripts/image.sh --pull=never "${platform[@]}" "${wheels[@]}" "${secrets[@]}" --target "$2" "${@:3}" \
        > "$log" 2>&1 || {
        cat "$log" >&2
        exit 1
    }
    echo "built $tag in $((SECONDS - began)) s"
}

failed=() wheels=()
for python in $PYTHONS; do
    base=${BASE:-docker.io/$repository:$python-slim}
    if [ -z "${BASE-}" ] && ! podman image exists "$base"; then
        began=$SECONDS
        if ! can_be_had "$python"; then
            echo "no Python $python can be had here; not tested"
            [ -n "$all" ] || failed+=("$python")
            continue
        fi
        make_base "$python" "$base" || { echo "no base with Python $python could be made" >&2; exit 1; }
        echo "made $base in $((SECONDS - began)) s: $(podman run --rm "$base" python3 --version)"
    fi
    [ -z "$ARCH" ] || fetch_wheels "$python"
    arguments=(--build-arg "BASE=$base" --build-arg "PYTHON_VERSION=$python")
    build "localhost/$tagged:$python-base" base "${arguments[@]}"
    build "localhost/$tagged:$python-slim" slim "${arguments[@]}"
    export AIORIC_IMAGES=localhost/$tagged:$python AIORIC_BASE=$base
    if [ -n "${BENCH-}" ]; then
        podman build --quiet --pull=never "${platform[@]}" "${wheels[@]}" "${secrets[@]}" --build-arg "BASE=$base" \
            --tag "$AIORIC_IMAGES-awslambdaric" --file bench/image.Dockerfile bench >/dev/null
        .venv/bin/python -m bench.image "$@"
        continue
    fi
    # A second time, after what it is compared with: a cached layer would be the same in any case.
    build "localhost/$tagged:$python-again" slim --no-cache "${arguments[@]}" &
    again=$!
    build "localhost/$tagged:$python-test" test "${arguments[@]}"
    wait "$again"
    podman build --quiet --pull=never "${platform[@]}" "${wheels[@]}" "${secrets[@]}" \
        --build-arg "AIORIC=$AIORIC_IMAGES-base" --tag "$AIORIC_IMAGES-example" examples/container >/dev/null
    echo "== Python $python =="
    .venv/bin/python -m pytest tests/image ${ARCH:+--timeout=900} "$@" || failed+=("$python")
done
[ ${#failed[@]} -eq 0 ] || { echo "failed with Python: ${failed[*]}" >&2; exit 1; }
