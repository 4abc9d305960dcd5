"""The good requests that fuzzing starts from: of SDKs, of a runtime and its extensions, of browsers."""

from __future__ import annotations

__all__ = ["FRONTS", "FRONT_DOOR", "GOOD", "RUNTIME_API"]

INVOKE = "/2015-03-31/functions/function/invocations"
STREAM = "/2021-11-15/functions/function/response-streaming-invocations"
ARN = "arn:aws:lambda:us-east-1:012345678912:function:function"
NEXT = "/2018-06-01/runtime/invocation/next"
INVOCATION = "/2018-06-01/runtime/invocation/00000000-0000-4000-8000-000000000001"
EXTENSION = "/2020-01-01/extension"


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    """Give a request's bytes; the body has its length in the head."""
    size = (f"Content-Length: {len(body)}",) if body else ()
    return "\r\n".join([f"{line} HTTP/1.1", "Host: 127.0.0.1", *headers, *size, "", ""]).encode() + body


def chunked(line: str, *headers: str, pieces: tuple[bytes, ...], trailers: bytes = b"") -> bytes:
    """Give a request whose body comes in chunks."""
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces,))
    return request(line, *headers, "Transfer-Encoding: chunked") + body + b"0\r\n" + trailers + b"\r\n"


GOOD = request(f"POST {INVOKE}", "Content-Type: application/json", body=b'{"good": true}')

FRONT_DOOR: tuple[bytes, ...] = (
    GOOD,
    request(f"POST {INVOKE}"),
    request(f"POST {INVOKE}", "Connection: close", body=b'"text"'),
    request(f"POST {INVOKE}", "X-Amz-Invocation-Type: Event", body=b"[1]"),
    request(f"POST {INVOKE}", "X-Amz-Invocation-Type: DryRun"),
    request(f"POST {INVOKE}", "X-Amz-Log-Type: Tail", "X-Amz-Client-Context: eyJhIjoxfQ==", body=b"1"),
    request(f"POST {INVOKE}?Qualifier=1", "X-Amzn-Trace-Id: Root=1-5-0;Parent=0;Sampled=1", body=b"null"),
    request(f"POST /2015-03-31/functions/{ARN}/invocations", "X-Amz-Tenant-Id: t", body=b"{}"),
    request("POST /2015-03-31/functions/none/invocations", body=b"{}"),
    request(f"POST {INVOKE}", "Expect: 100-continue", body=b"{}"),
    request(f"POST {INVOKE}", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", body=b"{}"),
    request(f"POST {INVOKE}", body=b"{" + b" " * 70_000 + b"}"),
    request(f"POST {INVOKE}", body=b"{") + GOOD + GOOD,
    chunked(f"POST {INVOKE}", pieces=(b'{"a"', b": 1}")),
    request(f"POST {STREAM}", body=b"{}"),
    request(f"GET {INVOKE}"),
    request("GET /_aioric/"),
    request("GET /_aioric/state"),
    request("GET /_aioric/events", "Accept: text/event-stream"),
    b"",
)

RUNTIME_API: tuple[bytes, ...] = (
    request(f"GET {NEXT}"),
    request(f"GET {NEXT}") * 3,
    request(f"POST {INVOCATION}/response", "Content-Type: application/json", body=b"1"),
    request(f"POST {INVOCATION}/response", "Lambda-Runtime-Invocation-Id: x", body=b"1")
    + request(f"GET {NEXT}"),
    chunked(
        f"POST {INVOCATION}/response",
        "Lambda-Runtime-Function-Response-Mode: streaming",
        "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
        pieces=(b"one", b"two" * 4000),
        trailers=b"Lambda-Runtime-Function-Error-Type: E\r\nLambda-Runtime-Function-Error-Body: e30=\r\n",
    ),
    request(f"POST {INVOCATION}/error", "Lambda-Runtime-Function-Error-Type: E", body=b'{"errorType": "E"}'),
    request("POST /2018-06-01/runtime/init/error", body=b"{}"),
    request("GET /2018-06-01/ping"),
    request("GET /2018-06-01/runtime/restore/next"),
    request("POST /2018-06-01/runtime/restore/error", body=b"{}"),
    request(f"POST {EXTENSION}/register", "Lambda-Extension-Name: e", body=b'{"events": ["INVOKE"]}'),
    request(
        f"GET {EXTENSION}/event/next", "Lambda-Extension-Identifier: 00000000-0000-4000-8000-000000000001"
    ),
    request(f"POST {EXTENSION}/exit/error", "Lambda-Extension-Identifier: x", body=b"{}"),
    request(f"POST {EXTENSION}/init/error", "Lambda-Extension-Function-Error-Type: Extension.E", body=b"{}"),
    request("PUT /2022-07-01/telemetry", body=b'{"types": ["platform"]}'),
    request("PUT /2020-08-15/logs", body=b'{"types": ["platform"]}'),
    b"",
)

# What Function URLs, APIs and load balancers are asked.
FRONTS: tuple[bytes, ...] = (
    request("GET /a/b%20c?d=e&d=%2f&f", "Accept: */*", "Cookie: a=b; c", "Cookie: d=e"),
    request("POST /x", "Content-Type: application/json", body=b'{"a": 1}'),
    request("PUT /Prod/x", "Content-Type: image/png", "X-Forwarded-For: 1.2.3.4", body=bytes(range(256))),
    chunked("POST /%C3%A9", "Content-Type: text/plain", pieces=(b"one", b"two"), trailers=b"X-T: 1\r\n"),
    request("OPTIONS /x", "Origin: http://a.example", "Access-Control-Request-Method: GET"),
    request("HEAD http://a.example/x"),
    request("GET /", "Connection: Upgrade", "Upgrade: websocket"),
    request("GET /one") * 3,
    b"",
)
