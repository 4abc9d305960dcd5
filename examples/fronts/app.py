"""Functions behind HTTP, and one that is asked first. `aioric dev` in this folder serves them: open them.

The first takes every kind of event apart by hand. With a framework (Mangum, Powertools) that is done for you.
"""

import html
from urllib.parse import unquote_plus


def page(event, context):
    """A page for a browser: the same from a Function URL, an HTTP API, a REST API and a load balancer."""
    path = event.get("rawPath") or event["path"]
    name = (event.get("queryStringParameters") or {}).get("name", "world")
    if "elb" in event["requestContext"]:
        # A load balancer leaves parameters as they were sent.
        name = unquote_plus(name)
    body = f"<!doctype html><title>{html.escape(path)}</title><h1>Hello, {html.escape(name)}</h1>"
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "text/html; charset=utf-8"},
        "body": body,
        "isBase64Encoded": False,
    }


async def item(event, context):
    """One item, for the route `GET /items/{id}`. What has no statusCode is sent as JSON with status 200."""
    told = {"id": event["pathParameters"]["id"], "by": event["routeKey"]}
    known = event["requestContext"].get("authorizer", {}).get("lambda")
    return {**told, "for": known["name"]} if known else told


def authorize(event, context):
    """Say who is let in, to the routes that ask: whoever knows a name."""
    (header,) = event["identitySource"]
    kind, _, name = header.partition(" ")
    return {"isAuthorized": kind == "Friend" and name != "", "context": {"name": name}}
