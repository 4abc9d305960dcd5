"""What the platform may do to a runtime that serves one invocation at a time, and what is expected of it.

One suite for every driver. The order is that of an invocation: the event, the handler, the answer,
the ways in which each can go wrong.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import pytest

from aioric.errors import ConnectionLost, PlatformRefused
from tests.drivers.peer import accepted, event, http
from tests.drivers.serving import waiting

if TYPE_CHECKING:
    from tests.drivers.peer import Line, Peer
    from tests.drivers.serving import Driver, Gate


def echo(event: Any, _context: Any) -> Any:
    """Answers with the event."""
    return event


def serve_one(line: Line, request_id: str = "id-1", payload: bytes = b'{"a":1}') -> None:
    """One invocation without incidents, up to the next poll."""
    line.expect_poll()
    line.send(event(request_id, payload))
    assert json.loads(line.expect_response(request_id).body) == json.loads(payload)
    line.send(accepted())


# The event


def test_an_invocation_is_answered_on_the_same_connection(driver: Driver, peer: Peer) -> None:
    """Poll, event, answer, poll: one kept-alive connection carries all of it."""
    with driver.serving(peer, echo):
        line = peer.accept()
        for number in range(3):
            serve_one(line, f"id-{number}")
        line.expect_poll()
        assert peer.deserted()


def test_the_context_holds_what_the_event_came_with(driver: Driver, peer: Peer) -> None:
    """Every header of an event reaches the handler's context."""
    seen: dict[str, Any] = {}

    def handler(_event: Any, context: Any) -> None:
        seen.update(
            request_id=context.aws_request_id,
            arn=context.invoked_function_arn,
            remaining=context.get_remaining_time_in_millis(),
            identity=context.identity.cognito_identity_id,
            custom=context.client_context.custom,
            trace=os.environ.get("_X_AMZN_TRACE_ID"),
        )

    with driver.serving(peer, handler):
        line = peer.accept()
        line.expect_poll()
        line.send(
            event(
                "id-1",
                headers={
                    "Lambda-Runtime-Trace-Id": "Root=1-2",
                    "Lambda-Runtime-Client-Context": '{"custom":{"k":"v"}}',
                    "Lambda-Runtime-Cognito-Identity": '{"cognitoIdentityId":"i"}',
                },
            )
        )
        line.expect_response("id-1")
    assert seen.pop("remaining") > 1_000_000
    assert seen == {
        "request_id": "id-1",
        "arn": "arn:aws:lambda:eu-west-1:123456789012:function:f",
        "identity": "i",
        "custom": {"k": "v"},
        "trace": "Root=1-2",
    }


@pytest.mark.parametrize("case", [str.lower, str.upper], ids=["lower case", "upper case"])
def test_a_large_chunked_event_arrives_intact(driver: Driver, peer: Peer, case: Any) -> None:
    """A chunked event of 7 MB, split at odd places, with headers of any case, reaches the handler intact."""
    text = "0123456789" * 700_000
    payload = json.dumps(text).encode()
    headers = (
        "Transfer-Encoding: chunked\r\nLambda-Runtime-Aws-Request-Id: id-1\r\nContent-Type: application/json"
    )
    names = [line.partition(":") for line in headers.split("\r\n")]
    head = "HTTP/1.1 200 OK\r\n" + "".join(f"{case(n)}{c}{v}\r\n" for n, c, v in names) + "\r\n"
    step = 999_983
    pieces = [payload[at : at + step] for at in range(0, len(payload), step)]
    chunks = b"".join(b"%x;odd\r\n" % len(piece) + piece + b"\r\n" for piece in pieces)
    with driver.serving(peer, lambda event, _context: len(event)):
        line = peer.accept()
        line.expect_poll()
        line.send_slowly(head.encode() + chunks + b"0\r\n\r\n", [1, 30, 77, 1_000_003, 999, 3_000_001])
        assert line.expect_response("id-1").body == b"7000000"


@pytest.mark.parametrize("invocation_id", [None, "0f7c-9"])
def test_the_attempt_is_echoed_if_it_was_named(driver: Driver, peer: Peer, invocation_id: str | None) -> None:
    """`Lambda-Runtime-Invocation-Id` comes back with the answer if, and only if, the event carried it."""
    headers = {} if invocation_id is None else {"Lambda-Runtime-Invocation-Id": invocation_id}
    with driver.serving(peer, echo):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1", headers=headers))
        request = line.expect_response("id-1")
        assert request.headers.get("lambda-runtime-invocation-id") == invocation_id


def test_empty_headers_count_as_absent(driver: Driver, peer: Peer) -> None:
    """Empty trace id, client context and identity are none, and the last trace id is taken away."""
    seen: list[Any] = []

    def handler(_event: Any, context: Any) -> None:
        seen.append((os.environ.get("_X_AMZN_TRACE_ID"), context.client_context))

    names = ("Trace-Id", "Client-Context", "Cognito-Identity")
    with driver.serving(peer, handler):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1", headers={"Lambda-Runtime-Trace-Id": "Root=1"}))
        line.expect_response("id-1")
        line.send(accepted())
        line.expect_poll()
        line.send(event("id-2", headers={f"Lambda-Runtime-{name}": "" for name in names}))
        line.expect_response("id-2")
    assert seen == [("Root=1", None), (None, None)]


@pytest.mark.parametrize(
    ("deadline", "known"), [("", False), ("-922337203685477580", False), ("9" * 18, True)]
)
def test_an_absurd_deadline_harms_nobody(driver: Driver, peer: Peer, deadline: str, *, known: bool) -> None:
    """Without a sensible deadline no time remains; with one far away, much does."""
    with driver.serving(peer, lambda _event, context: context.get_remaining_time_in_millis()):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1", headers={"Lambda-Runtime-Deadline-Ms": deadline}))
        remaining = json.loads(line.expect_response("id-1").body)
        assert (remaining > 10**12) is known
        assert (remaining == 0) is not known


def test_an_event_without_request_id_is_polled_for_again(driver: Driver, peer: Peer) -> None:
    """An event that cannot be answered costs its connection; the poll is sent again."""
    with driver.serving(peer, echo):
        line = peer.accept()
        line.expect_poll()
        line.send(event(""))
        assert line.hung_up()
        serve_one(peer.accept())


# The handler


def test_a_failure_is_posted_as_an_error(driver: Driver, peer: Peer) -> None:
    """A handler that raises: the error object with its keys in order, and its cause for X-Ray."""

    def handler(_event: Any, _context: Any) -> None:
        raise ValueError("ünlucky")

    with driver.serving(peer, handler):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        request = line.expect_error("id-1")
        line.send(accepted())
        line.expect_poll()
    body = json.loads(request.body)
    assert list(body) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert (body["errorMessage"], body["errorType"], body["requestId"]) == ("ünlucky", "ValueError", "id-1")
    cause = request.headers["lambda-runtime-function-xray-error-cause"]
    assert len(cause) <= 65536
    assert json.loads(cause)["exceptions"][0]["type"] == "ValueError"


def test_an_event_that_is_not_json_is_the_functions_failure(driver: Driver, peer: Peer) -> None:
    """An event that cannot be decoded is an error of that invocation, and the next one is served."""
    with driver.serving(peer, echo):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1", b"{"))
        assert json.loads(line.expect_error("id-1").body)["errorType"] == "Runtime.UnmarshalError"
        line.send(accepted())
        serve_one(line, "id-2")


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit("gone")], ids=repr)
def test_what_ends_a_process_ends_it(driver: Driver, peer: Peer, error: BaseException) -> None:
    """A handler that raises what is no `Exception` ends the process with it: no answer, no other poll."""

    def handler(_event: Any, _context: Any) -> None:
        raise error

    with driver.serving(peer, handler) as serving:
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        assert serving.ended() is error
        assert line.hung_up()
        assert peer.deserted()


def test_a_cancelled_handler_is_a_failed_one(loop_driver: Driver, peer: Peer) -> None:
    """A coroutine that lets a cancellation out has failed, and its lane goes on."""

    async def handler(_event: Any, _context: Any) -> None:
        task = asyncio.ensure_future(asyncio.Event().wait())
        task.cancel()
        await task

    with loop_driver.serving(peer, handler):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        assert json.loads(line.expect_error("id-1").body)["errorType"] == "CancelledError"
        line.send(accepted())
        line.expect_poll()


def test_a_handler_that_cancels_itself_harms_nobody(loop_driver: Driver, peer: Peer) -> None:
    """A coroutine may cancel the task that it runs in: that is its own, not the lane's."""

    async def handler(_event: Any, _context: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    with loop_driver.serving(peer, handler):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        line.expect_error("id-1")
        line.send(accepted())
        line.expect_poll()


def test_a_handler_that_cancels_all_tasks_harms_nobody(loop_driver: Driver, peer: Peer) -> None:
    """What `asyncio.all_tasks` shows is the function's: neither the loop's end nor the lane's is among it."""

    async def handler(_event: Any, _context: Any) -> str:
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)
        return "done"

    with loop_driver.serving(peer, handler):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        assert line.expect_response("id-1").body == b'"done"'
        line.send(accepted())
        line.expect_poll()


def test_worker_threads_outlive_an_invocation(loop_driver: Driver, peer: Peer) -> None:
    """anyio, which runs FastAPI's plain endpoints, finds the loop's main task and ties its threads to it."""
    threads: list[threading.Thread] = []

    async def handler(_event: Any, _context: Any) -> None:
        threads.append(await anyio.to_thread.run_sync(threading.current_thread))

    with loop_driver.serving(peer, handler):
        line = peer.accept()
        for number in range(3):
            line.expect_poll()
            line.send(event(f"id-{number}"))
            line.expect_response(f"id-{number}")
            line.send(accepted())
        line.expect_poll()

    assert threads[1:] == threads[:-1]


def test_a_coroutine_behind_a_plain_handler_is_awaited(driver: Driver, peer: Peer) -> None:
    """A plain function that returns a coroutine (a decorator does that) is awaited by either driver."""

    async def work(event: Any) -> Any:
        await asyncio.sleep(0)
        return event

    async def coroutine_function(event: Any, _context: Any) -> Any:
        return await work(event)

    def plain(event: Any, _context: Any) -> Any:
        return work(event)

    with driver.serving(peer, coroutine_function if driver.is_async else plain):
        serve_one(peer.accept())


def test_a_cancelled_coroutine_behind_a_plain_handler_is_a_failed_one(driver: Driver, peer: Peer) -> None:
    """It says no more about the process than that of a coroutine function does."""

    async def work() -> None:
        task = asyncio.ensure_future(asyncio.Event().wait())
        task.cancel()
        await task

    async def coroutine_function(_event: Any, _context: Any) -> None:
        await work()

    def plain(_event: Any, _context: Any) -> Any:
        return work()

    with driver.serving(peer, coroutine_function if driver.is_async else plain):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        assert json.loads(line.expect_error("id-1").body)["errorType"] == "CancelledError"
        line.send(accepted())
        line.expect_poll()


# The answer


def test_answer_and_poll_leave_in_one_write(driver: Driver, peer: Peer) -> None:
    """Pipelined: the segment that carries the answer carries the next poll too."""
    with driver.serving(peer, echo):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        segment = line.segment()
        assert segment.startswith(b"POST ")
        assert segment.count(b"GET /2018-06-01/runtime/invocation/next ") == 1
        assert segment.endswith(b"\r\n\r\n")


def test_acknowledgement_and_event_in_one_segment(driver: Driver, peer: Peer) -> None:
    """The acknowledgement of one answer and the next event may arrive together."""
    with driver.serving(peer, echo):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        for number in range(2, 5):
            line.expect_response(f"id-{number - 1}")
            line.expect_poll()
            line.send(accepted() + event(f"id-{number}"))
        line.expect_response("id-4")


def test_acknowledgement_and_event_byte_by_byte(driver: Driver, peer: Peer) -> None:
    """Responses that arrive one byte at a time are the same responses."""
    with driver.serving(peer, echo):
        line = peer.accept()
        line.expect_poll()
        wire = event("id-1")
        line.send(*(wire[at : at + 1] for at in range(len(wire))))
        line.expect_response("id-1")
        line.expect_poll()
        wire = accepted() + event("id-2")
        line.send(*(wire[at : at + 1] for at in range(len(wire))))
        line.expect_response("id-2")


def test_without_pipelining_the_poll_waits_for_the_acknowledgement(driver: Driver, peer: Peer) -> None:
    """`AIORIC_PIPELINE=0`: nothing follows an answer before it is acknowledged."""
    with driver.serving(peer, echo, pipeline=False):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        for number in range(2, 4):
            line.expect_response(f"id-{number - 1}")
            assert line.silent()
            line.send(accepted())
            line.expect_poll()
            line.send(event(f"id-{number}"))
        line.expect_response("id-3")


@pytest.mark.parametrize("pipeline", [True, False])
@pytest.mark.parametrize("status", [400, 403, 410, 413])
def test_a_refused_answer_is_logged_and_the_loop_goes_on(
    driver: Driver, peer: Peer, caplog: pytest.LogCaptureFixture, status: int, *, pipeline: bool
) -> None:
    """A refusal below 500 is a line in the log: no error is posted for it, and the next event is served."""
    with driver.serving(peer, echo, pipeline=pipeline):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        line.expect_response("id-1")
        line.send(http(status, b'{"errorType":"Why"}'))
        serve_one(line, "id-2")
        line.expect_poll()
    assert [record.message for record in caplog.records if record.name == "aioric"] == [
        f'The platform did not accept an answer: {status} {{"errorType":"Why"}}'
    ]


@pytest.mark.parametrize("pipeline", [True, False])
def test_a_500_to_an_answer_ends_the_process(driver: Driver, peer: Peer, *, pipeline: bool) -> None:
    """A 500 is not recoverable: nothing is sent any more."""
    with driver.serving(peer, echo, pipeline=pipeline) as serving:
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        line.expect_response("id-1")
        line.send(http(500, b"broken"))
        outcome = serving.ended()
        assert isinstance(outcome, PlatformRefused)
        assert outcome.status == 500
        assert peer.deserted()


@pytest.mark.parametrize("status", [403, 500])
def test_a_refused_poll_ends_the_process(driver: Driver, peer: Peer, status: int) -> None:
    """A poll answered with an error ends the process at once."""
    with driver.serving(peer, echo) as serving:
        line = peer.accept()
        line.expect_poll()
        line.send(http(status, b"no"))
        outcome = serving.ended()
        assert isinstance(outcome, PlatformRefused)
        assert outcome.status == status
        assert peer.deserted()


def test_403_to_the_answer_and_then_to_the_poll(driver: Driver, peer: Peer) -> None:
    """The classic engine after a timeout: the answer is refused, which is survived, and then the poll."""
    with driver.serving(peer, echo) as serving:
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        line.expect_response("id-1")
        line.send(http(403, b"no"), http(403, b"no"))
        assert isinstance(serving.ended(), PlatformRefused)


# The connection


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_connection_lost_while_the_handler_runs(
    driver: Driver, peer: Peer, gate: Gate, *, reset: bool
) -> None:
    """A kept-alive connection that is gone before the answer is replaced, and the answer is sent once."""

    @waiting
    def handler(event: Any, _context: Any) -> Any:
        gate.pass_through()
        return event

    with driver.serving(peer, handler):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        gate.await_arrival()
        line.reset() if reset else line.close()
        gate.open()
        line = peer.accept()
        line.expect_response("id-1")
        line.send(accepted())
        line.expect_poll()
        assert peer.deserted()


def test_a_connection_that_ends_with_the_event(driver: Driver, peer: Peer) -> None:
    """An event and the end of the stream in one segment: the answer goes out once, on another connection."""
    with driver.serving(peer, echo):
        for number in range(5):
            line = peer.accept()
            if number:
                line.expect_response(f"id-{number - 1}")
                line.send(accepted())
            line.expect_poll()
            line.send_and_close(event(f"id-{number}"))
        line = peer.accept()
        line.expect_response("id-4")


@pytest.mark.parametrize("pipeline", [True, False])
def test_connection_close_on_an_event(driver: Driver, peer: Peer, *, pipeline: bool) -> None:
    """`Connection: close` on an event: the answer goes out on another connection."""
    with driver.serving(peer, echo, pipeline=pipeline):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1", close=True))
        other = peer.accept()
        assert line.hung_up()
        other.expect_response("id-1")
        other.send(accepted())
        other.expect_poll()


@pytest.mark.parametrize("pipeline", [True, False])
def test_connection_close_on_an_acknowledgement(driver: Driver, peer: Peer, *, pipeline: bool) -> None:
    """`Connection: close` on an acknowledgement: the poll goes out on another connection."""
    with driver.serving(peer, echo, pipeline=pipeline):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        line.expect_response("id-1")
        line.send(accepted(close=True))
        serve_one(peer.accept(), "id-2")


@pytest.mark.parametrize("pipeline", [True, False])
def test_a_connection_lost_before_the_acknowledgement(
    driver: Driver, peer: Peer, caplog: pytest.LogCaptureFixture, *, pipeline: bool
) -> None:
    """An answer that left, unacknowledged, may have arrived: it is not sent again, and the log says so."""
    with driver.serving(peer, echo, pipeline=pipeline):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        line.expect_response("id-1")
        line.close()
        serve_one(peer.accept(), "id-2")
    assert "the connection was lost before the Runtime API acknowledged it" in caplog.text


@pytest.mark.parametrize("pipeline", [True, False])
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_connection_lost_between_acknowledgement_and_event(
    driver: Driver, peer: Peer, *, reset: bool, pipeline: bool
) -> None:
    """Once an answer is acknowledged, a loss costs only the poll, which is sent again."""
    with driver.serving(peer, echo, pipeline=pipeline):
        line = peer.accept()
        serve_one(line)
        line.expect_poll()
        line.reset() if reset else line.close()
        serve_one(peer.accept(), "id-2")


@pytest.mark.parametrize(
    "heard", [b"", b"HTTP/1.1 200", event("id-1", b"[1,2,3]")[:-1]], ids=["", "head", "body"]
)
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_connection_lost_while_the_poll_is_pending(
    driver: Driver, peer: Peer, heard: bytes, *, reset: bool
) -> None:
    """A poll whose connection ends, even in the middle of an event, is sent again."""
    with driver.serving(peer, echo):
        line = peer.accept()
        line.expect_poll()
        line.send(heard)
        line.reset() if reset else line.close()
        serve_one(peer.accept())


def test_a_malformed_response_costs_its_connection(driver: Driver, peer: Peer) -> None:
    """Bytes that are no HTTP end the connection, and the poll is sent again on another."""
    with driver.serving(peer, echo):
        line = peer.accept()
        line.expect_poll()
        line.send(b"SSH-2.0-OpenSSH_9\r\n\r\n")
        assert line.hung_up()
        serve_one(peer.accept())


def test_a_word_out_of_turn_costs_its_connection(driver: Driver, peer: Peer, gate: Gate) -> None:
    """Bytes that arrive while the handler runs are not taken for the acknowledgement of its answer."""

    @waiting
    def handler(event: Any, _context: Any) -> Any:
        gate.pass_through()
        return event

    with driver.serving(peer, handler):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        gate.await_arrival()
        line.send(accepted())
        gate.open()
        other = peer.accept()
        assert line.hung_up()
        other.expect_response("id-1")


def test_a_peer_that_never_answers_is_given_up(driver: Driver, peer: Peer) -> None:
    """A connection that is lost again and again, with no response in between, ends the process."""
    with driver.serving(peer, echo) as serving:
        for _ in range(6):
            line = peer.accept()
            line.expect_poll()
            line.close()
        assert isinstance(serving.ended(), ConnectionLost)
        assert peer.deserted()


def test_a_peer_that_is_not_there_is_given_up(driver: Driver, peer: Peer) -> None:
    """A Runtime API that refuses connections ends the process, after a few tries."""
    peer.stop_listening()
    with driver.serving(peer, echo) as serving:
        outcome = serving.ended()
        assert isinstance(outcome, ConnectionLost)
        assert isinstance(outcome.__cause__, ConnectionRefusedError)


# Large answers


LARGE = 5_000_000


@pytest.mark.parametrize("pipeline", [True, False])
def test_a_large_answer_to_a_slow_reader(driver: Driver, peer: Peer, *, pipeline: bool) -> None:
    """5 MB each way, read in small portions: the answer arrives whole, and then the poll."""
    peer.narrow()
    with driver.serving(peer, echo, pipeline=pipeline):
        line = peer.accept()
        line.expect_poll()
        payload = json.dumps("x" * LARGE).encode()
        line.send(event("id-1", payload))
        assert line.segment(100).startswith(b"POST ")
        assert line.expect_response("id-1").body == payload
        line.send(accepted())
        serve_one(line, "id-2")


def test_a_large_answer_cut_in_the_middle_is_sent_again(driver: Driver, peer: Peer) -> None:
    """An answer of which the peer read only a part cannot have been accepted: it is sent again, whole."""
    peer.narrow()
    with driver.serving(peer, lambda _event, _context: "x" * 4 * LARGE):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        assert line.segment(1000).startswith(b"POST ")
        line.close()
        line = peer.accept()
        assert len(line.expect_response("id-1").body) == 4 * LARGE + 2
        line.send(accepted())
        line.expect_poll()


def test_a_large_answer_refused_before_it_has_left(
    driver: Driver, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    """A peer that refuses an answer and hangs up while it still leaves is heard; nothing is sent again."""
    peer.narrow()
    with driver.serving(peer, lambda _event, _context: "x" * 4 * LARGE):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        assert line.segment(1000).startswith(b"POST ")
        line.send(http(413, b"too large", close=True))
        line.close()
        peer.accept().expect_poll()
    assert "did not accept an answer: 413 too large" in caplog.text
    assert "acknowledged" not in caplog.text


def test_a_large_answer_refused_by_a_peer_that_stops_reading(
    loop_driver: Driver, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    """An event loop hears a refusal while it writes, even if the peer reads no more and stays."""
    peer.narrow()
    with loop_driver.serving(peer, lambda _event, _context: "x" * 4 * LARGE):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        assert line.segment(1000).startswith(b"POST ")
        line.send(http(413, b"too large"))
        peer.accept().expect_poll()
    assert "did not accept an answer: 413 too large" in caplog.text
