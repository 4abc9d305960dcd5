"""aws-xray-sdk: subsegments below the segment that Lambda made."""

import daemon
from aws_xray_sdk.core import xray_recorder


def handler(event, context):
    with xray_recorder.in_subsegment("outer") as outer:
        outer.put_annotation("number", event["number"])
        try:
            with xray_recorder.in_subsegment("inner"):
                raise ValueError("inside")
        except ValueError:
            pass
    return daemon.heard()
