#!/bin/sh
# The image's entry point, as in AWS's own Python image: in Lambda it starts the runtime; anywhere else it
# serves the function through an emulator on port 8080, so that `docker run -p 9000:8080 IMAGE app.handler`
# answers POST http://localhost:9000/2015-03-31/functions/function/invocations.
#
# Every way out is an exec: the process that gets a signal is the one that has to act on it.
if [ -z "${1-}" ]; then
    echo 'entrypoint requires the handler name to be the first argument' >&2
    echo 'Name it in the Dockerfile (CMD ["app.handler"]), or after the image: docker run IMAGE app.handler' >&2
    exit 142
fi
export _HANDLER="$1"
runtime=${LAMBDA_RUNTIME_DIR:-/var/runtime}/bootstrap

if [ -n "${AWS_LAMBDA_RUNTIME_API-}" ]; then
    exec "$runtime"
fi

# Whoever puts AWS's emulator where AWS's images have it, gets it.
if [ -x /usr/local/bin/aws-lambda-rie ]; then
    exec /usr/local/bin/aws-lambda-rie "$runtime"
fi

# Ours lives outside every folder that the runtime imports from, and brings what it needs along: isolated
# from the environment (-I) and from site-packages (-S), it cannot meet the function's packages.
emulator=/usr/local/lib/aioric-emulator
if [ ! -e "$emulator/python" ]; then
    echo 'This image has no emulator, and AWS_LAMBDA_RUNTIME_API is not set: there is nobody to ask for work.' >&2
    exit 1
fi

# The variables by which AWS's emulator is configured, with its defaults. An image's files do not change.
set -- "$_HANDLER" --no-reload --host 0.0.0.0 --port 8080 --task-root "${LAMBDA_TASK_ROOT:-/var/task}" \
    --timeout "${AWS_LAMBDA_FUNCTION_TIMEOUT:-300}" --memory "${AWS_LAMBDA_FUNCTION_MEMORY_SIZE:-3008}" \
    --log-format "${AWS_LAMBDA_LOG_FORMAT:-Text}"
if [ -n "${AWS_LAMBDA_LOG_LEVEL-}" ]; then
    set -- "$@" --log-level "$AWS_LAMBDA_LOG_LEVEL"
fi
if [ -n "${AWS_LAMBDA_MAX_CONCURRENCY-}" ]; then
    set -- "$@" --concurrency "$AWS_LAMBDA_MAX_CONCURRENCY"
fi
# A layer's, or the image's own.
if [ -d /opt/extensions ]; then
    set -- "$@" --extensions /opt/extensions
fi
# The image's own settings stand, as they do in Lambda when a function is an image: locale, time zone, and the
# interpreter that is first on the path, which need not be the emulator's.
set -- "$@" --env "LANG=${LANG:-C.UTF-8}" --env "TZ=${TZ:-:/etc/localtime}" \
    --env "AIORIC_PYTHON=${AIORIC_PYTHON:-python3}"
exec "$emulator/python" -I -S "$emulator" dev "$@" -- "$runtime"
