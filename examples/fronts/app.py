"""Two functions behind HTTP. `aioric dev` in this folder serves them; open what it prints.

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
    return {"id": event["pathParameters"]["id"], "by": event["routeKey"]}
