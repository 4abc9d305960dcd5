"""What `aioric-rie` and `aws-lambda-rie` are asked alike."""

import os
import time
from pathlib import Path


def handler(event, context):
    do = event.get("do") if isinstance(event, dict) else None
    if do == "fail":
        raise ValueError("no")
    if do == "variables":
        return dict(os.environ)
    if do == "sleep":
        time.sleep(30)
    if do == "meet":
        time.sleep(event["seconds"])
        return os.environ["AWS_LAMBDA_RUNTIME_API"]
    if do == "context":
        return {
            "id": context.aws_request_id,
            "arn": context.invoked_function_arn,
            "name": context.function_name,
            "version": context.function_version,
            "memory": context.memory_limit_in_mb,
            "group": context.log_group_name,
            "stream": context.log_stream_name,
            "custom": context.client_context.custom,
            "identity": context.identity.cognito_identity_id,
            "pool": context.identity.cognito_identity_pool_id,
            "folder": Path.cwd().name,
        }
    return event
