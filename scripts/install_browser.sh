#!/usr/bin/env bash
# Installs Debian's Chromium for `make tours`, unless the system has a browser of that family. Needs root for it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/image_bases.sh

for browser in chromium chromium-browser google-chrome; do
    if command -v "$browser" >/dev/null; then
        exit 0
    fi
done
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "No browser: install Chromium or Chrome, or the page's tour is left out." >&2
    # CI leaves nothing out.
    [ "${CI-}" != true ]
    exit
fi
apt_get update
apt_get install --yes --no-install-recommends chromium
