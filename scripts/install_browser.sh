#!/usr/bin/env bash
# Installs Debian's Chromium for `make tours`, unless the system has a browser of that family. Needs root for it.
set -euo pipefail

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
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq --no-install-recommends chromium >/dev/null
