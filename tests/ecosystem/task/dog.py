"""What datadog-lambda calls once its own handler has wrapped it."""

from datadog_lambda.metric import lambda_metric


def handler(event, context):
    lambda_metric("shop.orders", 7, tags=["kind:test"])
    if event.get("fail"):
        raise ValueError("traced")
    return {"ok": True}
