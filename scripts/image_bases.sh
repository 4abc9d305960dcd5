# For other scripts: base images without a registry, made of Debian's packages from this machine's own mirror.
# shellcheck shell=bash

apt_get() {  # apt_get ARGUMENT...: one at a time, since two of these scripts may run side by side
    mkdir -p .cache
    DEBIAN_FRONTEND=noninteractive flock .cache/apt.lock apt-get -qq "$@" >/dev/null
}

need_tools() {  # need_tools PACKAGE...: each has a program of its name
    local missing=()
    for tool; do command -v "$tool" >/dev/null || missing+=("$tool"); done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "This needs ${missing[*]}; install them first (Debian: apt-get install ${missing[*]})." >&2
        return 1
    fi
    apt_get update
    apt_get install --yes --no-install-recommends "${missing[@]}"
}

# Programs of another architecture are run by QEMU, which the kernel is told to start for them. What is registered
# here is taken back by `end_emulation`.
begin_emulation() {  # begin_emulation ARCHITECTURE, in Debian's words
    local known=/proc/sys/fs/binfmt_misc cpu
    [ "$1" != "$(dpkg --print-architecture)" ] || return 0
    case $1 in
        arm64) cpu=aarch64 ;;
        amd64) cpu=x86_64 ;;
        *) echo "No architecture of Lambda's: $1" >&2; return 1 ;;
    esac
    [ ! -e "$known/qemu-$cpu" ] || return 0
    need_tools arch-test
    if ! command -v "qemu-$cpu-static" >/dev/null; then
        apt_get update
        apt_get install --yes --no-install-recommends qemu-user-static
    fi
    # The package's own installation registers it where systemd runs.
    [ ! -e "$known/qemu-$cpu" ] || return 0
    [ -e "$known/register" ] || mount -t binfmt_misc binfmt_misc "$known"
    cat "/usr/lib/binfmt.d/qemu-$cpu.conf" > "$known/register" || return 1
    emulation=$known/qemu-$cpu
}

end_emulation() {
    [ -z "${emulation-}" ] || echo -1 > "$emulation"
}

# The first suite that has this Python as a package.
suite_of() {
    case $1 in
        3.11) echo bookworm ;;
        3.13) echo trixie ;;
        3.14 | 3.15) echo forky ;;
        *) return 1 ;;
    esac
}

# The folder of a build of the machine's own, for what is a package of no suite; on another architecture it is none.
prefix_of() {
    [ "${ARCH:-$(dpkg --print-architecture)}" = "$(dpkg --print-architecture)" ] || return 0
    ls -d "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".* 2>/dev/null | sort -V | tail -1 || true
}

can_be_had() {  # can_be_had VERSION
    suite_of "$1" >/dev/null || [ -n "$(prefix_of "$1")" ]
}

mirror() {
    local found
    found=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -1)
    if [ -z "$found" ]; then
        # No lists, as in many images.
        apt_get update
        found=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -1)
    fi
    echo "$found"
}

# An archive without documentation and translations, as the official slim images are. Their clocks may be ahead of
# this machine's, or behind.
bootstrap() {  # bootstrap SUITE MMDEBSTRAP-ARGUMENT...
    mmdebstrap -q --variant=minbase ${ARCH:+--architectures="$ARCH"} \
        --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Apt::Install-Recommends "false"' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        "${@:2}" "$1" - "$(mirror)"
}

make_base() {  # make_base VERSION TAG: an image like python:VERSION-slim, pip included
    local python=$1 tag=$2 suite wheel hooks=() packages=ca-certificates,netbase,tzdata
    mkdir -p "$work/pip"
    wheel=$(ls "$work"/pip/pip-*.whl 2>/dev/null) || {
        .venv/bin/python -m pip download -qq --no-deps --dest "$work/pip" 'pip>=25.1'
        wheel=$(ls "$work"/pip/pip-*.whl)
    }
    if suite=$(suite_of "$python"); then
        packages+=,python$python,libpython$python,python$python-venv
        hooks+=(--customize-hook="ln -s /usr/bin/python$python \"\$1/usr/local/bin/python3\"")
        hooks+=(--customize-hook='ln -s python3 "$1/usr/local/bin/python"')
        hooks+=(--customize-hook="rm -f \"\$1/usr/lib/python$python/EXTERNALLY-MANAGED\"")
    else
        local prefix
        prefix=$(prefix_of "$python")
        suite=bookworm
        packages+=,libssl3,libffi8,libsqlite3-0,libreadline8,libbz2-1.0,liblzma5,zlib1g,libncursesw6,libuuid1,libexpat1
        hooks+=(--customize-hook="tar -C '$prefix' --exclude=test --exclude=tests --exclude=__pycache__ --exclude='*.a' \
            --exclude=share --exclude=site-packages -c . | tar -C \"\$1/usr/local\" -x --no-same-owner")
        hooks+=(--customize-hook='rm -f "$1"/usr/local/bin/pip*; mkdir -p "$1"/usr/local/lib/python3.*/site-packages')
        hooks+=(--customize-hook='chroot "$1" ldconfig')
    fi
    hooks+=(--customize-hook="cp '$wheel' \"\$1/tmp/\"")
    hooks+=(--customize-hook="chroot \"\$1\" python3 /tmp/${wheel##*/}/pip install -q --no-index --no-cache-dir \
        --no-compile --root-user-action=ignore /tmp/${wheel##*/}")
    # Only that file: mmdebstrap keeps its own settings in this folder, without which it would clean the host.
    hooks+=(--customize-hook='rm "$1"/tmp/pip-*.whl')
    # By way of a file: the engine would make an image of half a stream too.
    bootstrap "$suite" --include="$packages" "${hooks[@]}" > "$work/base.tar" || return 1
    podman import -q ${ARCH:+--arch "$ARCH"} -c 'CMD ["python3"]' -c 'ENV LANG=C.UTF-8' \
        -c 'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin' "$work/base.tar" "$tag" >/dev/null
    rm "$work/base.tar"
}
