"""What the platform may do beyond that: streams, many invocations at once, and handlers of every kind."""

from __future__ import annotations

import base64
import json
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from aioric_emulator.conformance.wire import ACCEPTED, check, event, http

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.conformance.stage import Stage
    from aioric_emulator.conformance.wire import Request

__all__ = ["FURTHER_SCENARIOS"]

INTEGRATION = "application/vnd.awslambda.http-integration-response"
ERROR_TYPE = "lambda-runtime-function-error-type"
ERROR_BODY = "lambda-runtime-function-error-body"


def is_stream(request: Request) -> bool:
    """Whether a response says that it is one."""
    headers = request.headers
    mode = headers.get("lambda-runtime-function-response-mode")
    return mode == "streaming" and headers.get("transfer-encoding") == "chunked"


def streams(stage: Stage) -> None:
    """A generator is streamed: mode, chunks, declared trailers."""
    stage.start("conformant.stream")
    request = stage.serve()
    check(is_stream(request), "the response is not streamed")
    check(ERROR_TYPE in request.headers.get("trailer", "").lower(), "no trailer is declared")
    check(request.body == b"piece 0\npiece 1\npiece 2\n", f"the body is {request.body!r}")
    check(ERROR_TYPE not in request.trailers, "there is an error in the trailers")
    stage.next()


def fails_early(stage: Stage) -> None:
    """A stream that fails before its first byte is an ordinary error."""
    stage.start("conformant.stream")
    failed = stage.serve(b'{"fails_before":0}', kind="error")
    check(json.loads(failed.body)["errorType"] == "ValueError", "it is another error")
    stage.next()


def fails_late(stage: Stage) -> None:
    """A stream that fails later ends well, with the error in its trailers."""
    stage.start("conformant.stream")
    request = stage.serve(b'{"fails_before":2}')
    check(request.body == b"piece 0\npiece 1\n", f"the body is {request.body!r}")
    check(request.trailers.get(ERROR_TYPE), "the trailers have no error type")
    error = json.loads(base64.b64decode(request.trailers.get(ERROR_BODY, ""), validate=True))
    check(error["errorType"] == "ValueError", "the trailers' body is another error")
    stage.next()


def reset_stream(stage: Stage) -> None:
    """A peer that stops reading and resets ends the stream, and not the runtime."""
    stage.wire.limit_buffer()
    stage.start("conformant.stream")
    poll = stage.next()
    poll.reply(event("id-1", b'{"pieces":200,"times":10000}'))
    stage.wire.interrupt(poll.line)
    request = stage.wire.request("next", "error")
    if request.kind == "error":
        request.reply(ACCEPTED)
        stage.next()


def prelude(stage: Stage) -> None:
    """An HTTP answer that is streamed begins with its head in JSON and eight NULs."""
    stage.start("prelude.handler")
    request = stage.serve()
    check(request.headers.get("content-type") == INTEGRATION, "the content type is another")
    head, delimiter, body = request.body.partition(b"\0" * 8)
    check(delimiter, "there are no eight NULs")
    facts = json.loads(head)
    check(facts["statusCode"] == 201, f"the status is {facts['statusCode']!r}")  # noqa: PLR2004 - the function's
    check(facts["cookies"] == ["c=d"], f"the cookies are {facts.get('cookies')!r}")
    check(body == b"body", f"the body is {body!r}")


def start_lanes(stage: Stage, handler: str = "conformant.handler", **variables: str) -> list[Request]:
    """Start a runtime of four lanes, and give its polls."""
    lanes = {"AWS_LAMBDA_MAX_CONCURRENCY": "4", "AWS_LAMBDA_INITIALIZATION_TYPE": "lambda-managed-instances"}
    stage.start(handler, {**lanes, "AWS_LAMBDA_LOG_FORMAT": "JSON", **variables})
    return [stage.next() for _ in range(4)]


def lanes_poll(stage: Stage) -> None:
    """Four lanes are four polls: never more, and none of them withdrawn."""
    polls = start_lanes(stage)
    check(stage.wire.is_silent(), "there is a fifth poll")
    check(all(poll.line.is_open for poll in polls), "a poll was withdrawn")


def lanes_do_not_mix(stage: Stage) -> None:
    """Two invocations in flight, answered out of order, keep what is theirs."""
    first, second, *_ = start_lanes(stage)
    slow, quick = b'{"do":"sleep","seconds":1,"me":1}', b'{"do":"describe"}'
    first.reply(event("id-1", slow))
    second.reply(event("id-2", quick))
    early = stage.wire.request("response")
    check(early.request_id == "id-2", "the quick one is not answered first")
    check(json.loads(early.body)["id"] == "id-2", "the context is the other's")
    early.reply(ACCEPTED)
    late = stage.wire.request("response", "next")
    if late.kind == "next":
        late = stage.wire.request("response")
    check(json.loads(late.body)["me"] == 1, "the slow one's answer is another's")


def lanes_are_apart(stage: Stage) -> None:
    """A lane whose answer came too late polls again, and the others notice nothing."""
    first, *others = start_lanes(stage)
    first.reply(event("id-1"))
    stage.refuse(stage.wire.request("response"), 410, "InvokeTimeout")
    stage.next()
    check(all(poll.line.is_open for poll in others), "another lane's poll is gone")
    others[0].reply(event("id-2"))
    stage.answer("id-2")


def log_socket(stage: Stage) -> None:
    """The log of Managed Instances goes to the socket that the platform names."""
    with tempfile.TemporaryDirectory(prefix="aioric-") as folder, socket.socket(socket.AF_UNIX) as listener:
        path = str(Path(folder) / "log")
        listener.bind(path)
        listener.listen(64)
        listener.settimeout(5)
        polls = start_lanes(stage, _LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET=path)
        polls[0].reply(event("id-1", b'{"do":"print","text":"to the socket"}'))
        stage.answer("id-1")
        listener.setblocking(False)
        text = b""
        try:
            while True:
                connection, _ = listener.accept()
                connection.setblocking(False)
                with connection:
                    text += read_what_is_there(connection)
        except BlockingIOError:
            pass
    check(b"to the socket" in text, "the line is not in the socket")


def read_what_is_there(connection: socket.socket) -> bytes:
    """Give what has arrived on a connection."""
    try:
        return connection.recv(1 << 16)
    except BlockingIOError:
        return b""


def every_kind(stage: Stage) -> None:
    """Coroutine functions are awaited, and generators of both kinds streamed."""
    for number, (handler, expected) in enumerate(
        (("coroutine", b'{"a"'), ("stream", b"piece 0"), ("async_stream", b"piece 0"))
    ):
        stage.start(f"conformant.{handler}")
        request = stage.serve(b'{"a":1}', request_id=f"id-{number}")
        check(request.body.startswith(expected), f"{handler} was answered with {request.body[:60]!r}")
        stage.next().reply(http(500))
        stage.ended()


FURTHER_SCENARIOS: dict[int, Callable[[Stage], None]] = {
    15: streams,
    16: fails_early,
    17: fails_late,
    18: reset_stream,
    19: prelude,
    20: lanes_poll,
    21: lanes_do_not_mix,
    22: lanes_are_apart,
    23: log_socket,
    30: every_kind,
}
