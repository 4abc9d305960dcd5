"""Functions behind fronts, as users write them."""

import asyncio
import json
import pathlib
import time

import aioric


def echo(event, context):
    """Show the event."""
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}


def whole(event, context):
    return {"hello": "world"}


def say(event, context):
    """Answer what the path says: /status/body, or an error."""
    path = event.get("rawPath") or event["path"]
    _, status, body = path.split("/", 2)
    if status == "raise":
        raise ValueError(body)
    return {"statusCode": int(status), "headers": {"content-type": "text/plain"}, "body": body}


def odd(event, context):
    return {"statusCode": "no", "body": "never seen"}


def slow(event, context):
    time.sleep(float((event.get("queryStringParameters") or {}).get("s", 0)))
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": "late"}


def hold(event, context):
    """Be busy until a file appears, whose name is in the query; tell by another that it has begun."""
    query = event.get("queryStringParameters") or {}
    if "until" in query:
        pathlib.Path(query["until"] + ".begun").touch()
        while not pathlib.Path(query["until"]).exists():
            time.sleep(0.01)
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": "done"}


async def page():
    yield "<p>"
    await asyncio.sleep(0)
    yield "streamed"


async def stream(event, context):
    return aioric.StreamingResponse(page(), 201, {"x-a": "1"}, ["a=1", "b=2"], "text/html")


async def plain_stream(event, context):
    yield "no "
    yield "prelude"


def empty_stream(event, context):
    return aioric.StreamingResponse([b"never seen"], 204)


async def broken_stream(event, context):
    yield "so far"
    raise ValueError("late")


def both(event, context):
    """Say who is let in, and answer who was."""
    return authorize(event, context) if "methodArn" in event else echo(event, context)


def authorize(event, context):
    """Say what the token asks for: a policy, a simple response, or trouble. A path is waited for."""
    said = event.get("authorizationToken") or event["identitySource"][0]
    print("asked", said)
    if said == "Unauthorized":
        raise Exception("Unauthorized")  # noqa: TRY002 - as the documentation has it
    if said == "slow":
        time.sleep(5)
    while said.startswith("/") and not pathlib.Path(said).exists():
        time.sleep(0.01)
    if said == "odd":
        return {"principalId": "x"}
    arn = event.get("methodArn") or event["routeArn"]
    if "routeArn" in event:
        return {"isAuthorized": said == "allow", "context": {"arn": arn, "roles": ["a"]}}
    effect = "Deny" if said == "deny" else "Allow"
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": arn}
    return {"principalId": "ada", "policyDocument": {"Statement": [statement]}, "context": {"level": 3}}
