#!/bin/sh
# Build the image with whichever engine is there: docker, podman or buildah. Further arguments are the engine's,
# e.g. `--target slim` or `--build-arg PYTHON_VERSION=3.14`. ENGINE and IMAGE name another engine, another tag.
set -eu
cd "$(dirname "$0")/.."

works() { command -v "$1" >/dev/null && "$1" "$2" >/dev/null 2>&1; }
if [ -z "${ENGINE-}" ]; then
    # A docker client without a daemon builds nothing.
    if works docker info; then ENGINE=docker
    elif works podman info; then ENGINE=podman
    elif works buildah info; then ENGINE=buildah
    else
        echo "make image needs docker, podman or buildah; found none that works." >&2
        exit 1
    fi
fi

# The same source gives the same layers: every time stamp is that of the last commit.
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' runtime/aioric/version.py)

set -- --tag "${IMAGE:-aioric}" --build-arg "VERSION=$version" --build-arg "REVISION=$revision" "$@"
case ${ENGINE##*/} in
    docker) DOCKER_BUILDKIT=1 exec "$ENGINE" build "$@" . ;;
    podman) exec "$ENGINE" build --timestamp "$SOURCE_DATE_EPOCH" "$@" . ;;
    buildah) exec "$ENGINE" build --layers --timestamp "$SOURCE_DATE_EPOCH" "$@" . ;;
    *) echo "No engine that this knows: $ENGINE" >&2; exit 1 ;;
esac
