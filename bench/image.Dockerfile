# The rival: AWS's runtime client on the same base, as AWS's guide for images of one's own has it.
ARG BASE
FROM ${BASE}
RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf,required=false \
    --mount=type=secret,id=ca,target=/run/secrets/ca.crt,required=false \
    pip install --no-cache-dir --root-user-action=ignore awslambdaric==4.2.2
WORKDIR /var/task
ENTRYPOINT ["/usr/local/bin/python3", "-m", "awslambdaric"]
