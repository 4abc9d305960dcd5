"""sentry-sdk with its AWS Lambda integration; what it would send is printed."""

import sentry_sdk
from sentry_sdk.integrations.aws_lambda import AwsLambdaIntegration


class Printed(sentry_sdk.transport.Transport):
    def capture_envelope(self, envelope):
        for item in envelope.items:
            body = item.payload.json or {}
            errors = [
                (each["type"], each["mechanism"]["type"])
                for each in body.get("exception", {}).get("values", [])
            ]
            print(
                "SENTRY",
                item.type,
                errors,
                body.get("message"),
                body.get("transaction"),
                body.get("tags"),
                sorted(body.get("extra", {}).get("lambda", {})),
            )


sentry_sdk.init(
    dsn="http://key@127.0.0.1:9/1",
    transport=Printed,
    integrations=[AwsLambdaIntegration()],
    traces_sample_rate=1.0,
)


def handler(event, context):
    if event.get("fail"):
        raise ValueError("reported")
    sentry_sdk.capture_message("hello")
    return "ok"
