"""Sample events of the common sources, in the shapes that their documentation gives.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
"""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

__all__ = ["SampleError", "names", "sample"]

ARN = "arn:aws:{}:us-east-1:123456789012:{}"
WHEN = "2026-01-01T00:00:00.000Z"
REQUEST_ID = "00000000-0000-4000-8000-000000000000"


class SampleError(LookupError):
    """There is no such sample, or it has no such field."""


def http_v2() -> dict[str, Any]:
    """An HTTP API's or a Function URL's request, payload format 2.0."""
    http = {
        "method": "GET",
        "path": "/",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "sample",
    }
    context = {
        "accountId": "123456789012",
        "apiId": "local",
        "domainName": "localhost",
        "domainPrefix": "local",
    }
    context |= {"requestId": REQUEST_ID, "routeKey": "$default", "stage": "$default"}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/",
        "rawQueryString": "",
        "headers": {"accept": "*/*", "host": "localhost"},
        "requestContext": context
        | {"http": http, "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1767225600000},
        "isBase64Encoded": False,
    }


def http_v1() -> dict[str, Any]:
    """A REST API's request, payload format 1.0."""
    context = {"accountId": "123456789012", "apiId": "local", "httpMethod": "GET", "path": "/"}
    context |= {"requestId": REQUEST_ID, "resourcePath": "/{proxy+}", "stage": "prod"}
    return {
        "resource": "/{proxy+}",
        "path": "/",
        "httpMethod": "GET",
        "headers": {"accept": "*/*", "host": "localhost"},
        "multiValueHeaders": {"accept": ["*/*"], "host": ["localhost"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": ""},
        "stageVariables": None,
        "requestContext": context | {"identity": {"sourceIp": "127.0.0.1", "userAgent": "sample"}},
        "body": None,
        "isBase64Encoded": False,
    }


def alb() -> dict[str, Any]:
    """An Application Load Balancer's request."""
    group = ARN.format("elasticloadbalancing", "targetgroup/local/0123456789abcdef")
    return {
        "requestContext": {"elb": {"targetGroupArn": group}},
        "httpMethod": "GET",
        "path": "/",
        "queryStringParameters": {},
        "headers": {"accept": "*/*", "host": "localhost"},
        "body": "",
        "isBase64Encoded": False,
    }


def records(source: str, **fields: Any) -> dict[str, Any]:
    """One record of a source, in a list as it comes."""
    return {"Records": [{"eventSource": source, "awsRegion": "us-east-1", **fields}]}


def s3(name: str) -> dict[str, Any]:
    """A notification about an object."""
    bucket = {"name": "bucket", "ownerIdentity": {"principalId": "A"}, "arn": "arn:aws:s3:::bucket"}
    stored = {"key": "key", "sequencer": "0A1B2C3D4E5F678901"}
    if name.startswith("ObjectCreated"):
        stored |= {"size": 1024, "eTag": "d41d8cd98f00b204e9800998ecf8427e"}  # type: ignore[dict-item]  # size is a number
    return records(
        "aws:s3",
        eventVersion="2.1",
        eventTime=WHEN,
        eventName=name,
        userIdentity={"principalId": "A"},
        requestParameters={"sourceIPAddress": "127.0.0.1"},
        responseElements={"x-amz-request-id": "A", "x-amz-id-2": "A"},
        s3={"s3SchemaVersion": "1.0", "configurationId": "sample", "bucket": bucket, "object": stored},
    )


def sqs() -> dict[str, Any]:
    """One message of a queue."""
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": "1767225600000"}
    attributes |= {"SenderId": "A", "ApproximateFirstReceiveTimestamp": "1767225600001"}
    return records(
        "aws:sqs",
        messageId=REQUEST_ID,
        receiptHandle="handle",
        body='{"hello": "world"}',
        attributes=attributes,
        messageAttributes={},
        md5OfBody="49dfdd54b01cbcd2d2ab5e9e5ee6b9b9",
        eventSourceARN=ARN.format("sqs", "queue"),
    )


def sns() -> dict[str, Any]:
    """One notification of a topic."""
    message = {"Type": "Notification", "MessageId": REQUEST_ID, "TopicArn": ARN.format("sns", "topic")}
    message |= {"Subject": "subject", "Message": '{"hello": "world"}', "Timestamp": WHEN}
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": ARN.format("sns", "topic:sample"),
                "Sns": {**message, "MessageAttributes": {}},
            }
        ]
    }


def dynamodb() -> dict[str, Any]:
    """One change of a table."""
    change = {"Keys": {"id": {"S": "1"}}, "NewImage": {"id": {"S": "1"}, "n": {"N": "2"}}}
    facts = {"ApproximateCreationDateTime": 1767225600, "SequenceNumber": "1", "SizeBytes": 10}
    return records(
        "aws:dynamodb",
        eventID="1",
        eventName="INSERT",
        eventVersion="1.1",
        dynamodb={**facts, **change, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        eventSourceARN=ARN.format("dynamodb", f"table/table/stream/{WHEN}"),
    )


def kinesis() -> dict[str, Any]:
    """One record of a stream."""
    data = base64.b64encode(b'{"hello": "world"}').decode()
    facts = {"kinesisSchemaVersion": "1.0", "partitionKey": "1", "sequenceNumber": "1", "data": data}
    return records(
        "aws:kinesis",
        eventVersion="1.0",
        eventID="shardId-000000000000:1",
        eventName="aws:kinesis:record",
        invokeIdentityArn="arn:aws:iam::123456789012:role/role",
        eventSourceARN=ARN.format("kinesis", "stream/stream"),
        kinesis={**facts, "approximateArrivalTimestamp": 1767225600.0},
    )


def eventbridge(kind: str, source: str, detail: dict[str, Any]) -> dict[str, Any]:
    """An event of a bus."""
    facts = {"version": "0", "id": REQUEST_ID, "detail-type": kind, "source": source}
    place = {"account": "123456789012", "time": "2026-01-01T00:00:00Z", "region": "us-east-1"}
    return {**facts, **place, "resources": [ARN.format("events", "rule/rule")], "detail": detail}


SAMPLES: dict[str, Any] = {
    "alb": alb(),
    "apigateway-v1": http_v1(),
    "apigateway-v2": http_v2(),
    "dynamodb": dynamodb(),
    "eventbridge": eventbridge("sample", "my.source", {"hello": "world"}),
    "function-url": http_v2(),
    "hello": {"name": "Ada"},
    "kinesis": kinesis(),
    "s3-delete": s3("ObjectRemoved:Delete"),
    "s3-put": s3("ObjectCreated:Put"),
    "scheduled": eventbridge("Scheduled Event", "aws.events", {}),
    "sns": sns(),
    "sqs": sqs(),
}


def names() -> list[str]:
    """Give the names of all samples."""
    return sorted(SAMPLES)


def sample(name: str, **fields: Any) -> Any:
    """Give a new copy of a sample event, with some of its fields set.

    A field's name is a path: `Records__0__body="…"` sets `event["Records"][0]["body"]`. Raises `SampleError`.
    """
    if name not in SAMPLES:
        raise SampleError(f"there is no sample {name}; there are {', '.join(names())}")
    event = copy.deepcopy(SAMPLES[name])
    for path, value in fields.items():
        *steps, last = path.split("__")
        place = event
        try:
            for step in steps:
                place = place[int(step) if isinstance(place, list) else step]
            if last not in place and not isinstance(place, dict):
                last = int(last)  # type: ignore[assignment]  # the index of a list
            place[last] = value
        except (IndexError, KeyError, TypeError, ValueError):
            raise SampleError(f"the sample {name} has no {path.replace('__', '.')}") from None
    json.dumps(event)
    return event
