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

# It reads the variables that AWS's emulator reads, listens where that does, and looks for a layer's extensions.
# The function is served by the interpreter that is first on the path, which need not be the emulator's.
export AIORIC_PYTHON="${AIORIC_PYTHON:-python3}"
exec "$emulator/python" -I -S "$emulator" "$runtime"
