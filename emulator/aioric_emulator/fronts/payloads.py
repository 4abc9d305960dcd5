"""The two payload formats of API Gateway's events, which Function URLs share. Pure functions.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aioric_emulator.fronts.bodies import encode_body

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aioric_emulator.fronts.request import Facts, Request

__all__ = ["Origin", "context_1", "format_1", "format_2", "group"]

# Who the client of a REST API is said to be, where nobody has signed in.
ANONYMOUS = dict.fromkeys(
    (
        "accessKey",
        "accountId",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
        "cognitoIdentityPoolId",
        "principalOrgId",
    )
)


class Origin:
    """Where an event of format 2.0 comes from: the API, its route, and the path as it has it."""

    def __init__(
        self,
        *,
        api_id: str = "local",
        account_id: str = "anonymous",
        route_key: str = "$default",
        stage: str = "$default",
        raw_path: str = "/",
        path: str = "/",
    ) -> None:
        self.api_id = api_id
        self.account_id = account_id
        self.route_key = route_key
        self.stage = stage
        self.raw_path = raw_path
        self.path = path


def group(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Give all values by name, in order."""
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def format_2(request: Request, facts: Facts, origin: Origin) -> dict[str, Any]:
    """Give the event in format 2.0, without path parameters and stage variables.

    What is repeated is joined with commas; cookies stand apart, and `cookie` among the headers.
    """
    headers = {name: ",".join(values) for name, values in group(request.headers(facts)).items()}
    cookies = [each.strip() for each in request_cookies(request) if each.strip()]
    if cookies:
        headers["cookie"] = "; ".join(cookies)
    query = {name: ",".join(values) for name, values in group(request.pairs()).items()}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": origin.route_key,
        "rawPath": origin.raw_path,
        "rawQueryString": request.query,
        **({"cookies": cookies} if cookies else {}),
        "headers": headers,
        **({"queryStringParameters": query} if query else {}),
        "requestContext": context_2(request, facts, origin),
    }
    if request.body:
        return event | encode_body(request.body, request.header("content-type"))
    return event | {"isBase64Encoded": False}


def request_cookies(request: Request) -> list[str]:
    """Give the cookies of all `Cookie` headers."""
    values = [value for name, value in request.fields if name.lower() == "cookie"]
    return [each for value in values for each in value.split(";")]


def context_2(request: Request, facts: Facts, origin: Origin) -> dict[str, Any]:
    """Give the `requestContext` of format 2.0."""
    return {
        "accountId": origin.account_id,
        "apiId": origin.api_id,
        "domainName": request.host,
        "domainPrefix": request.host.partition(".")[0].partition(":")[0],
        "http": {
            "method": request.method,
            "path": origin.path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.source_ip,
            "userAgent": request.header("user-agent"),
        },
        "requestId": facts.request_id,
        "routeKey": origin.route_key,
        "stage": origin.stage,
        "time": facts.date,
        "timeEpoch": facts.milliseconds,
    }


def format_1(
    request: Request,
    headers: Sequence[tuple[str, str]],
    body: Mapping[str, Any],
    context: Mapping[str, Any],
    *,
    path: str,
    parameters: Mapping[str, str],
    variables: Mapping[str, str],
) -> dict[str, Any]:
    """Give the event in format 1.0: of what is repeated the last value, and all of them beside it."""
    named, query = group(headers), group(request.pairs())
    return {
        "resource": context["resourcePath"],
        "path": path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in named.items()},
        "multiValueHeaders": named,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": dict(parameters) or None,
        "stageVariables": dict(variables) or None,
        "requestContext": dict(context),
        **body,
    }


def context_1(
    request: Request, facts: Facts, *, api_id: str, resource_path: str, stage: str, path: str
) -> dict[str, Any]:
    """Give the `requestContext` of format 1.0."""
    return {
        "accountId": facts.account_id,
        "apiId": api_id,
        "domainName": request.host,
        "domainPrefix": request.host.partition(".")[0].partition(":")[0],
        "extendedRequestId": facts.request_id,
        "httpMethod": request.method,
        "identity": {
            **ANONYMOUS,
            "sourceIp": request.source_ip,
            "user": None,
            "userAgent": request.header("user-agent"),
            "userArn": None,
        },
        "path": path,
        "protocol": "HTTP/1.1",
        "requestId": facts.request_id,
        "requestTime": facts.date,
        "requestTimeEpoch": facts.milliseconds,
        "resourceId": resource_path,
        "resourcePath": resource_path,
        "stage": stage,
    }
