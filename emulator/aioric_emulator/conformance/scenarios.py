"""What the platform may do to a runtime that serves one invocation at a time: events, answers, failures."""

from __future__ import annotations

import json
import os
import signal
import struct
from typing import TYPE_CHECKING, Any

from aioric_emulator.conformance.wire import ARN, NonconformantError, check, event, http

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.conformance.stage import Stage

__all__ = ["SCENARIOS"]

MAX_CAUSE = 64 * 1024
# Milliseconds that an event of this suite comes with.
TIME_LEFT = 60_000


def whole_event(stage: Stage) -> None:
    """An event with all headers reaches the handler's context."""
    stage.start()
    headers: dict[str, str | None] = {
        "Lambda-Runtime-Client-Context": '{"custom":{"k":"v"}}',
        "Lambda-Runtime-Cognito-Identity": '{"cognitoIdentityId":"i"}',
    }
    seen = json.loads(stage.serve(b'{"do":"describe"}', headers).body)
    check(seen["id"] == "id-1", f"the context's request id is {seen['id']!r}")
    check(seen["arn"] == ARN, f"the context's ARN is {seen['arn']!r}")
    check(0 < seen["remaining"] <= TIME_LEFT, f"there were {seen['remaining']} ms left")
    check(seen["client"] == {"k": "v"}, f"the client context was {seen['client']!r}")
    check(seen["identity"] == "i", f"the identity was {seen['identity']!r}")
    check(seen["trace"] and seen["trace"].startswith("Root=1-"), f"the trace id was {seen['trace']!r}")
    stage.goes_on()


def large_chunked_event(stage: Stage) -> None:
    """A chunked event of 6 MB in odd pieces, with headers in any case, arrives whole."""
    stage.start()
    payload = json.dumps({"do": "size", "text": "x" * 6_000_000}).encode()
    head = "HTTP/1.1 200 OK\r\nTRANSFER-ENCODING: chunked\r\ncontent-type: application/json\r\n"
    head += "lambda-runtime-aws-request-id: id-1\r\nLAMBDA-RUNTIME-DEADLINE-MS: 4102444800000\r\n\r\n"
    pieces = [payload[at : at + 999_983] for at in range(0, len(payload), 999_983)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    stage.next().line.send_slowly(head.encode() + chunks, [1, 17, 40, 3, 100_000, 1])
    check(json.loads(stage.answer("id-1").body) == {"size": 6_000_000}, "the event's size has changed")


def invocation_id(stage: Stage) -> None:
    """The attempt's id is echoed, if and only if there was one."""
    stage.start()
    with_id = stage.serve(headers={"Lambda-Runtime-Invocation-Id": "nonce"})
    echo = with_id.headers.get("lambda-runtime-invocation-id")
    check(echo == "nonce", f"the echo was {echo!r}")
    failed = stage.serve(
        b'{"do":"raise","message":"no"}', {"Lambda-Runtime-Invocation-Id": "n2"}, "id-2", "error"
    )
    check(failed.headers.get("lambda-runtime-invocation-id") == "n2", "an error has no echo")
    without = stage.serve(request_id="id-3")
    check("lambda-runtime-invocation-id" not in without.headers, "it echoed an id that it was not given")


def empty_headers(stage: Stage) -> None:
    """Empty headers are absent ones."""
    stage.start()
    names = ("Lambda-Runtime-Trace-Id", "Lambda-Runtime-Client-Context", "Lambda-Runtime-Cognito-Identity")
    stage.serve(b'{"do":"describe"}', request_id="id-0")
    seen = json.loads(stage.serve(b'{"do":"describe"}', dict.fromkeys(names, "")).body)
    check(seen["client"] is None, f"the client context was {seen['client']!r}")
    check(seen["trace"] is None, f"the trace id was {seen['trace']!r}")


def odd_deadlines(stage: Stage) -> None:
    """No deadline, or an absurd one, breaks nothing."""
    stage.start()
    for number, value in enumerate((None, "9223372036854775807", "0")):
        headers = {"Lambda-Runtime-Deadline-Ms": value}
        stage.serve(b'{"do":"describe"}', headers, f"id-{number}")
    stage.goes_on()


def text_event(stage: Stage) -> None:
    """An event that is no JSON is answered in some way, and the next one is served."""
    stage.start()
    stage.give("id-1", b"plain text", {"Content-Type": "text/plain"})
    request = stage.wire.request("response", "error")
    request.reply(http(202, b'{"status":"OK"}\n'))
    stage.goes_on()


def handler_raises(stage: Stage) -> None:
    """A failure is posted to /error, with a cause for X-Ray that is not too large."""
    stage.start()
    failed = stage.serve(b'{"do":"raise","message":"no"}', kind="error")
    body = json.loads(failed.body)
    check(body.get("errorType") == "ValueError", f"errorType is {body.get('errorType')!r}")
    check(body.get("errorMessage") == "no", f"errorMessage is {body.get('errorMessage')!r}")
    trace = body.get("stackTrace", body.get("trace"))
    check(isinstance(trace, list), "there is no stack trace")
    cause = failed.headers.get("lambda-runtime-function-xray-error-cause", "")
    check(len(cause) <= MAX_CAUSE, f"the X-Ray cause has {len(cause)} bytes")
    stage.goes_on()


def too_large(stage: Stage) -> None:
    """After 413 it goes on, and posts no error."""
    stage.start()
    stage.give("id-1")
    stage.refuse(stage.wire.request("response"), 413, "RequestEntityTooLarge")
    stage.goes_on()


def refused_answer(stage: Stage) -> None:
    """After 400 and 410 it goes on."""
    stage.start()
    for status, error_type in ((400, "InvalidRequestID"), (410, "InvokeTimeout")):
        stage.give(f"id-{status}")
        stage.refuse(stage.wire.request("response"), status, error_type)
    stage.goes_on()


def broken_platform(stage: Stage) -> None:
    """After 500 to a poll it ends, and not with 0."""
    stage.start()
    stage.refuse(stage.next(), 500, "InternalServerError")
    check(stage.ended() != 0, "it ended with exit status 0")


def closed_between(stage: Stage) -> None:
    """A connection that is closed while the handler runs is opened again, and the answer is sent once."""
    stage.start()
    poll = stage.next()
    poll.reply(event("id-1", b'{"do":"sleep","seconds":0.3}'))
    stage.wire.let_go(poll.line)
    poll.line.close()
    stage.answer("id-1")
    check(stage.wire.request("next", "response").kind == "next", "the answer was sent twice")


def closed_while_polling(stage: Stage) -> None:
    """A poll that is broken off is made again, or the process ends with an error."""
    stage.start()
    poll = stage.next()
    stage.wire.let_go(poll.line)
    poll.line.close()
    if stage.wire.poll(5.0):
        stage.goes_on()
    else:
        check(stage.ended() != 0, "it ended with exit status 0")


def failed_import(stage: Stage) -> None:
    """A function that cannot be imported is reported once, without a poll, and the process ends with 1."""
    stage.start("failing.handler")
    request = stage.wire.request("init/error")
    check(request.headers.get("lambda-runtime-function-error-type"), "there is no error type in the header")
    body = json.loads(request.body)
    check(body.get("errorType"), "there is no errorType in the body")
    request.reply(http(202, b'{"status":"OK"}\n'))
    status = stage.ended()
    check(status == 1, f"it ended with exit status {status}")
    check(stage.wire.is_silent(), "it asked for something after its report")


def refused_report(stage: Stage) -> None:
    """A report that is answered 403 ends the process, and there is no other."""
    stage.start("failing.handler")
    stage.refuse(stage.wire.request("init/error"), 403, "InvalidStateTransition")
    check(stage.ended() != 0, "it ended with exit status 0")
    check(stage.wire.is_silent(), "it asked for something after its report")


def framed_log(stage: Stage) -> None:
    """The descriptor for framed records is used, frame by frame, and is no business of the function's."""
    reader, writer = os.pipe()
    try:
        stage.start("conformant.handler", {"_LAMBDA_TELEMETRY_LOG_FD": str(writer)}, [writer])
        seen = json.loads(stage.serve(b'{"do":"describe"}').body)
        check(seen["log_descriptor"] is None, "the function sees _LAMBDA_TELEMETRY_LOG_FD")
        stage.serve(b'{"do":"raise","message":"framed"}', request_id="id-2", kind="error")
        stage.next()
        os.set_blocking(reader, False)
        data = os.read(reader, 1 << 20)
    except BlockingIOError:
        raise NonconformantError("it wrote nothing to the descriptor") from None
    finally:
        os.close(reader)
        os.close(writer)
    messages = []
    while data:
        kind, length, _ = struct.unpack_from(">IIQ", data)
        check(kind >> 16 == 0xA55A, f"a frame begins with {kind:08x}")  # noqa: PLR2004 - the frames' magic
        messages.append(data[16 : 16 + length])
        data = data[16 + length :]
    check(any(b"framed" in message for message in messages), "the failure is in no frame")


def farewell(stage: Stage) -> None:
    """A function that wants to hear of its end: an extension is registered before the first poll."""
    stage.start("farewell.handler")
    path = "/2020-01-01/extension/register"
    request = stage.wire.request(path, "next", "init/error")
    check(request.kind == path, "it registers no extension, so SIGTERM never comes")
    check(json.loads(request.body).get("events") == [], "it asks for events")
    request.reply(http(200, b"{}", {"Lambda-Extension-Identifier": "00000000-0000-4000-8000-000000000000"}))
    asked = {stage.wire.request("/2020-01-01/extension/event/next", "next").kind for _ in range(2)}
    check(len(asked) == 2, "it did not wait for the extension's events")  # noqa: PLR2004 - both of them
    stage.signal(signal.SIGTERM)
    check("goodbye" in stage.log(), "the function's hook did not run")


def terminated(stage: Stage) -> None:
    """SIGTERM ends it at once while it waits, and soon while a handler runs."""
    stage.start()
    stage.next()
    seconds = stage.signal(signal.SIGTERM)
    check(seconds < 0.5, f"it took {seconds * 1000:.0f} ms to end")  # noqa: PLR2004 - 300 ms, and the machine's own
    stage.start()
    stage.give("id-1", b'{"do":"sleep","seconds":5}')
    seconds = stage.signal(signal.SIGTERM)
    check(seconds < 2.5, f"it took {seconds:.1f} s to end within a handler")  # noqa: PLR2004 - 2 s, and likewise


def restored(stage: Stage) -> None:
    """SnapStart: hooks in order around /restore/next, and their failures with the right report and status."""
    snapstart = {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
    stage.start("hooked.handler", snapstart)
    stage.wire.request("restore/next").reply(http(200))
    order = json.loads(stage.serve().body)
    check(order == ["before 2", "before 1", "after 1", "after 2"], f"the hooks ran in the order {order}")
    stage.next()
    stage.process.kill()
    stage.ended()
    stage.start("hooked.handler", snapstart | {"CONFORMANCE_FAILS": "after 1"})
    stage.wire.request("restore/next").reply(http(200))
    report = stage.wire.request("restore/error")
    report.reply(http(202, b'{"status":"OK"}\n'))
    status = stage.ended()
    check(status != 0, "a failed hook ended with exit status 0")


def unicode_errors(stage: Stage) -> None:
    """Text outside ASCII in an error: the body is UTF-8, and headers are safe."""
    stage.start()
    failed = stage.serve('{"do":"raise","message":"né 漢"}'.encode(), kind="error")
    check(json.loads(failed.body.decode())["errorMessage"] == "né 漢", "the message has changed")
    check(all(value.isascii() for value in failed.headers.values()), "a header is not ASCII")
    stage.goes_on()


def exits(stage: Stage) -> None:
    """`sys.exit(3)` in a handler, or in the function's import, is the process's exit status."""
    stage.start()
    stage.give("id-1", b'{"do":"exit","status":3}')
    status = stage.ended()
    check(status == 3, f"it ended with exit status {status}")  # noqa: PLR2004 - the handler's own
    stage.start("leaving.handler")
    if stage.wire.poll(2.0):
        request: Any = stage.wire.request("init/error", "error", "next")
        request.reply(http(202, b'{"status":"OK"}\n'))
    status = stage.ended()
    check(status == 3, f"an import that exits ended with exit status {status}")  # noqa: PLR2004 - likewise


SCENARIOS: dict[int, Callable[[Stage], None]] = {
    1: whole_event,
    2: large_chunked_event,
    3: invocation_id,
    4: empty_headers,
    5: odd_deadlines,
    6: text_event,
    7: handler_raises,
    8: too_large,
    9: refused_answer,
    10: broken_platform,
    11: closed_between,
    12: closed_while_polling,
    13: failed_import,
    14: refused_report,
    24: framed_log,
    25: farewell,
    26: terminated,
    27: restored,
    28: unicode_errors,
    29: exits,
}
