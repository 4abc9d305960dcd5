# The container base image for functions in Python: AWS's layout and entry point, aioric inside.
#
#   base  (default)  what users start from: FROM it, COPY the function to /var/task, CMD ["app.handler"]
#   slim             the same contract with nothing around it: no package manager, no pip, no tool but sh
#   test             base with the project's tests; never published
#
# BASE is any Debian with Python as `python3` on the path, CA certificates and time zones, for either
# architecture. The default is the interpreter most people know; its apt and pip serve the users' own RUN lines.
# 3.13 and not yet 3.14: it starts with less (docs/pythons.md), and is mended until October 2029.
# No `# syntax=` line, heredoc or `COPY --link`: docker, podman and buildah of the last years all build this.
ARG PYTHON_VERSION=3.13
ARG BASE=python:${PYTHON_VERSION}-slim

# ---------------------------------------------------------------------------------------------------------
# What we add, put together under /out. Nothing of this stage is shipped but that folder.
FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore \
    PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0
WORKDIR /build
# For `strip`: uvloop's wheel is 16 MB, of which 14 are symbols for a debugger. What the base itself holds is
# written down before.
RUN { dpkg-query -W -f '${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\n' > packages || true; } \
 && command -v strip >/dev/null \
 || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends binutils; }

# Pinned with hashes. /var/runtime comes last on sys.path, so a function's own uvloop or orjson wins wherever
# it is: in the task root, in a layer, in site-packages. The emulator's packages are its own.
COPY image/requirements requirements
RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf,required=false \
    --mount=type=secret,id=ca,target=/run/secrets/ca.crt,required=false \
    install() { python3 -m pip install -q --no-deps --no-compile --only-binary :all: --require-hashes "$@"; } \
 && install --target /out/var/runtime -r requirements/fast.txt \
 && install --target /out/usr/local/lib/aioric-emulator -r requirements/emulator.txt

COPY LICENSE /out/usr/share/doc/aioric/copyright
COPY bootstrap /out/var/runtime/bootstrap
COPY runtime/aioric /out/var/runtime/aioric
COPY emulator/aioric_emulator /out/usr/local/lib/aioric-emulator/aioric_emulator
COPY scripts/image/emulator_main.py /out/usr/local/lib/aioric-emulator/__main__.py
COPY image/lambda-entrypoint.sh /out/lambda-entrypoint.sh
COPY scripts/image scripts
RUN python3 scripts/assemble.py /out && python3 scripts/sbom.py /out packages

# ---------------------------------------------------------------------------------------------------------
# For `slim`: the files that the interpreter, the entry point and our own part need, and no others.
FROM build AS gather
RUN python3 scripts/gather.py /out /rootfs

# ---------------------------------------------------------------------------------------------------------
# Two stages share only what both are FROM, so what follows stands here and in `base`; a test compares them.
FROM scratch AS slim
COPY --from=gather /rootfs/ /
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin \
    LD_LIBRARY_PATH=/usr/local/lib:/usr/\$LIB:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib \
    LANG=C.UTF-8 TZ=:/etc/localtime \
    LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime
WORKDIR /var/task
ENTRYPOINT ["/lambda-entrypoint.sh"]
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="aioric (slim)" \
      org.opencontainers.image.description="AWS Lambda functions in Python: the runtime, its interpreter, and nothing else" \
      org.opencontainers.image.licenses="Apache-2.0 AND Python-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      com.amazonaws.lambda.feature.snapstart="Allow"

# ---------------------------------------------------------------------------------------------------------
FROM ${BASE} AS base
COPY --from=build /out/ /
# The system's libraries before the function's and its layers', as in AWS's image, so that no layer replaces
# the interpreter's OpenSSL. `$LIB` is for the dynamic linker, which puts its own folder's name there.
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin \
    LD_LIBRARY_PATH=/usr/local/lib:/usr/\$LIB:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib \
    LANG=C.UTF-8 TZ=:/etc/localtime \
    LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime
WORKDIR /var/task
ENTRYPOINT ["/lambda-entrypoint.sh"]
ARG VERSION=0
ARG REVISION=unknown
ARG BASE
# The SnapStart label lets a version be published with snapshots, a runtime of one's own included:
# https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
LABEL org.opencontainers.image.title="aioric" \
      org.opencontainers.image.description="Base image for AWS Lambda functions in Python" \
      org.opencontainers.image.licenses="Apache-2.0 AND Python-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE}" \
      com.amazonaws.lambda.feature.snapstart="Allow"

# ---------------------------------------------------------------------------------------------------------
# The project's tests, run against the very files that ship: its source folders are links to them.
FROM base AS test
WORKDIR /usr/src/aioric
COPY . .
RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf,required=false \
    --mount=type=secret,id=ca,target=/run/secrets/ca.crt,required=false \
    rm -rf bootstrap runtime/aioric emulator/aioric_emulator \
 && ln -s /var/runtime/bootstrap bootstrap \
 && ln -s /var/runtime/aioric runtime/aioric \
 && ln -s /usr/local/lib/aioric-emulator/aioric_emulator emulator/aioric_emulator \
 && python3 -m venv /usr/local/lib/aioric-tests \
 && /usr/local/lib/aioric-tests/bin/python -m pip install -q --no-cache-dir --upgrade 'pip>=25.1' \
 && /usr/local/lib/aioric-tests/bin/python -m pip install -q --no-cache-dir --editable '.[fast,emulator]' --group test
ENV HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis
ENTRYPOINT ["/usr/local/lib/aioric-tests/bin/python", "-m", "pytest", "-p", "no:cacheprovider"]
CMD ["tests"]

# ---------------------------------------------------------------------------------------------------------
# Last, so that a build without --target makes the image that users start from.
FROM base
