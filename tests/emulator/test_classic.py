"""A runtime's states in a classic environment, every call in every state, and every answer to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aioric_emulator.classic import TRANSITIONS, RuntimeState
from aioric_emulator.messages import MAX_PAYLOAD
from tests.emulator.rig import Platform

if TYPE_CHECKING:
    from tests.emulator.rig import Peer

ACCEPTED = b'{"status":"OK"}\n'


RESTORES = {RuntimeState.RESTORE_READY, RuntimeState.RESTORING, RuntimeState.RESTORE_ERROR}


def bring_to(state: RuntimeState) -> Platform:
    """Give a platform whose runtime is in a state, by calls that a runtime could make."""
    platform = Platform(has_snapshot=state in RESTORES)
    if state in RESTORES:
        # The state is set: a restore that has failed is over, and one that waits is resumed by the call.
        platform.service.warm_up(platform.now)
        platform.apply()
        platform.restore_next()
        platform.invoke()
        platform.classic.state = state
        return platform
    invocation, _ = platform.invoke()
    if state is RuntimeState.STARTED:
        return platform
    if state is RuntimeState.INIT_ERROR:
        # The init that is told of an error is over; what is left of its runtime is a stopped environment.
        platform.classic.state = RuntimeState.INIT_ERROR
        return platform
    platform.next()
    if state is RuntimeState.RESPONSE:
        platform.respond(invocation.request_id, response_mode="buffered")
    if state is RuntimeState.ERROR_RESPONSE:
        # No answer of ours leaves a runtime in this state: it is passed through within one call.
        platform.classic.state = RuntimeState.ERROR_RESPONSE
    if state in {RuntimeState.RESPONSE_SENT, RuntimeState.READY}:
        platform.respond(invocation.request_id)
    if state is RuntimeState.READY:
        platform.next()
    assert platform.classic.state is state
    return platform


def call(platform: Platform, wanted: RuntimeState) -> Peer:
    """Make the call that wants a state."""
    if wanted is RuntimeState.READY:
        return platform.next()
    if wanted is RuntimeState.INIT_ERROR:
        return platform.init_error()
    return platform.respond("id-1", kind="response" if wanted is RuntimeState.RESPONSE else "error")


CALLS = (RuntimeState.READY, RuntimeState.INIT_ERROR, RuntimeState.RESPONSE, RuntimeState.ERROR_RESPONSE)
FORBIDDEN = [
    (state, wanted) for state in RuntimeState for wanted in CALLS if wanted not in TRANSITIONS[state]
]


@pytest.mark.parametrize(("state", "wanted"), FORBIDDEN)
def test_a_forbidden_call_is_answered_403(state: RuntimeState, wanted: RuntimeState) -> None:
    """A call that a state does not allow names both states; a post without an invocation names the id."""
    platform = bring_to(state)
    posts = wanted in {RuntimeState.RESPONSE, RuntimeState.ERROR_RESPONSE}
    has_invocation = platform.classic.current is not None
    answer = call(platform, wanted).answer
    if posts and not has_invocation:
        assert answer.status == 400
        assert answer.body == b'{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}\n'
    else:
        message = f"State transition from {state} to {wanted} failed for runtime."
        message += " Error: State transition is not allowed"
        assert answer.status == 403
        body = f'{{"errorMessage":"{message}","errorType":"InvalidStateTransition"}}\n'
        assert answer.body == body.encode()
    assert platform.classic.state is state


def test_one_invocation_goes_round() -> None:
    """Next, event, response, next: the caller is answered by the response, and done by the next."""
    platform = Platform()
    platform.service.epoch_offset = 1000.0
    invocation, caller = platform.invoke(
        trace_id="Root=1", function_arn="arn:f", invocation_id="nonce", client_context="{}", tenant_id="t"
    )
    assert platform.begun == []
    platform.now += 0.5
    polling = platform.next()
    assert polling.status == 200
    assert polling.answer.body == b"{}"
    assert polling.headers == {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": "id-1",
        "Lambda-Runtime-Deadline-Ms": "1103500",
        "Lambda-Runtime-Invoked-Function-Arn": "arn:f",
        "Lambda-Runtime-Aws-Tenant-Id": "t",
        "Lambda-Runtime-Client-Context": "{}",
        "Lambda-Runtime-Invocation-Id": "nonce",
        "Lambda-Runtime-Trace-Id": "Root=1",
    }
    platform.now += 0.25
    posted = platform.respond(invocation.request_id, b'"done"', content_type="application/json")
    assert (posted.status, posted.answer.body) == (202, ACCEPTED)
    assert caller.outcome is not None
    assert (caller.outcome.body, caller.outcome.is_error) == (b'"done"', False)
    assert not caller.is_finished
    platform.now += 0.25
    assert platform.next().waits
    assert caller.ending is not None
    assert caller.ending.duration == 0.5
    assert caller.ending.init_duration == 0.5
    assert caller.ending.status == "success"


def test_only_the_first_invocation_tells_the_init_duration() -> None:
    """A warm invocation has no init."""
    platform = bring_to(RuntimeState.READY)
    invocation, caller = platform.invoke()
    platform.respond(invocation.request_id)
    platform.next()
    assert caller.ending is not None
    assert caller.ending.init_duration is None
    assert len(platform.launched) == 1


def test_empty_facts_are_no_headers() -> None:
    """The classic engine omits the header of what is absent."""
    platform = Platform()
    platform.invoke()
    names = set(platform.next().headers)
    assert names == {
        "Content-Type",
        "Lambda-Runtime-Aws-Request-Id",
        "Lambda-Runtime-Deadline-Ms",
        "Lambda-Runtime-Invoked-Function-Arn",
    }


def test_an_error_is_the_callers_error() -> None:
    """What is posted to /error reaches the caller as it is, and the platform counts it as a success."""
    platform = Platform()
    invocation, caller = platform.invoke()
    platform.next()
    body = b'{"errorMessage":"no","errorType":"ValueError"}'
    posted = platform.error(invocation.request_id, body)
    assert (posted.status, posted.answer.body) == (202, ACCEPTED)
    assert caller.error == {"errorMessage": "no", "errorType": "ValueError"}
    platform.next()
    assert caller.ending is not None
    assert caller.ending.status == "success"


def test_polling_while_running_gives_the_event_again() -> None:
    """A runtime that asks again for the event it has, gets the same one."""
    platform = Platform()
    platform.invoke()
    first, second = platform.next(), platform.next()
    assert first.answer == second.answer


def test_polling_twice_while_ready_gives_one_of_them_the_event() -> None:
    """The request that waited longest is answered; the other goes on waiting."""
    platform = bring_to(RuntimeState.READY)
    second = platform.next()
    platform.invoke()
    assert second.waits
    assert len(platform.begun) == 2


def test_a_poller_that_left_finds_the_event_when_it_returns() -> None:
    """Classic: nothing is lost with a connection that broke while it waited."""
    platform = bring_to(RuntimeState.RESPONSE_SENT)
    gone = platform.next()
    platform.disconnect(gone)
    platform.disconnect(gone)
    invocation, _ = platform.invoke()
    assert gone.waits
    assert platform.next().headers["Lambda-Runtime-Aws-Request-Id"] == invocation.request_id


@pytest.mark.parametrize("kind", ["response", "error"])
def test_a_wrong_request_id_is_refused_before_the_state(kind: str) -> None:
    """An unknown id is a 400, and changes nothing."""
    platform = bring_to(RuntimeState.RUNNING)
    assert platform.respond("other", kind=kind).body["errorType"] == "InvalidRequestID"
    assert platform.classic.state is RuntimeState.RUNNING


@pytest.mark.parametrize("kind", ["response", "error"])
def test_a_wrong_echo_of_the_attempt_is_gone(kind: str) -> None:
    """A late answer of another attempt with the same request id is a 410, and changes nothing."""
    platform = Platform()
    invocation, caller = platform.invoke(invocation_id="second")
    platform.next()
    stale = platform.respond(invocation.request_id, kind=kind, invocation_id="first")
    assert stale.status == 410
    assert stale.answer.body == b'{"errorMessage":"Invoke timeout","errorType":"InvokeTimeout"}\n'
    assert not caller.is_told
    assert platform.respond(invocation.request_id, kind=kind, invocation_id="second").status == 202


@pytest.mark.parametrize("sent", ["", "nonce"], ids=["not sent", "sent"])
def test_the_echo_is_not_demanded(sent: str) -> None:
    """A client that does not echo, or that echoes what was never sent, is served."""
    platform = Platform()
    invocation, _ = platform.invoke(invocation_id=sent)
    platform.next()
    echo = "" if sent else "made up"
    assert platform.respond(invocation.request_id, invocation_id=echo).status == 202


def test_an_unknown_response_mode_kills_the_state_machine() -> None:
    """The platform's own trap: 400, and the runtime can neither answer nor poll any more."""
    platform = bring_to(RuntimeState.RUNNING)
    assert platform.respond("id-1", response_mode="buffered").body == {
        "errorMessage": "Invalid function response mode",
        "errorType": "InvalidFunctionResponseMode",
    }
    assert platform.classic.state is RuntimeState.RESPONSE
    assert platform.next().status == 403


def test_a_streamed_response_is_collected() -> None:
    """A buffered caller gets the same bytes, whatever the mode."""
    platform = Platform()
    invocation, caller = platform.invoke()
    platform.next()
    posted = platform.respond(invocation.request_id, b"abc", response_mode="streaming", content_type="x/y")
    assert posted.status == 202
    assert caller.outcome is not None
    assert (caller.outcome.body, caller.outcome.content_type) == (b"abc", "x/y")


@pytest.mark.parametrize("kind", ["response", "error"])
def test_an_oversized_answer_is_the_callers_error(kind: str) -> None:
    """Too large: 413 for the runtime, an error for the caller, and the loop goes on."""
    platform = Platform()
    invocation, caller = platform.invoke()
    platform.next()
    posted = platform.respond(invocation.request_id, kind=kind, size=MAX_PAYLOAD + 1)
    assert posted.status == 413
    assert posted.body == {
        "errorMessage": "Exceeded maximum allowed payload size (6291556 bytes).",
        "errorType": "RequestEntityTooLarge",
    }
    assert caller.error == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size (6291557 bytes) exceeded maximum allowed payload size"
        " (6291556 bytes).",
    }
    assert platform.next().waits


def test_an_answer_of_the_largest_size_is_taken() -> None:
    """The limit itself is allowed."""
    platform = bring_to(RuntimeState.RUNNING)
    assert platform.respond("id-1", size=MAX_PAYLOAD).status == 202


@pytest.mark.parametrize("kind", ["response", "error"])
def test_a_truncated_answer_is_the_callers_error(kind: str) -> None:
    """A body that broke off: 400 for the runtime if it still listens, and the loop goes on."""
    platform = Platform()
    invocation, caller = platform.invoke()
    platform.next()
    posted = platform.respond(invocation.request_id, kind=kind, is_truncated=True)
    assert posted.body == {
        "errorMessage": "HTTP request detected as truncated",
        "errorType": "TruncatedHTTPRequest",
    }
    assert posted.status == 400
    assert caller.error["errorType"] == "Runtime.TruncatedResponse"
    assert platform.next().waits


def test_an_invocation_over_its_limit_ends_the_environment() -> None:
    """Time is up: the caller gets the platform's error, the runtime is stopped, a late answer is refused."""
    platform = Platform(timeout=3.0)
    invocation, caller = platform.invoke()
    platform.next()
    assert platform.service.next_deadline == platform.now + 3.0
    platform.tick(2.999)
    assert not caller.is_told
    platform.tick(0.001)
    assert caller.error == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: id-1 Error: Task timed out after 3.00 seconds",
    }
    assert caller.ending is not None
    assert (caller.ending.status, caller.ending.error_type) == ("timeout", "Sandbox.Timedout")
    assert platform.stopped == [(platform.environment, "timeout")]
    assert platform.respond(invocation.request_id).status == 500
    assert platform.next().status == 500
    assert platform.init_error().status == 500
    platform.environment.advance(platform.now + 99)
    platform.environment.exited(0, platform.now)
    platform.environment.stop("failure")
    platform.apply()
    assert len(platform.stopped) == 1


def test_work_after_the_response_counts_against_the_limit() -> None:
    """A runtime that answered but never polls again is ended; its caller keeps the answer."""
    platform = Platform()
    invocation, caller = platform.invoke()
    platform.next()
    platform.respond(invocation.request_id, b"1")
    platform.tick(3.0)
    assert caller.outcome is not None
    assert caller.outcome.body == b"1"
    assert caller.ending is not None
    assert caller.ending.status == "timeout"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (0, "Runtime exited without providing a reason"),
        (1, "Runtime exited with error: exit status 1"),
        (-9, "Runtime exited with error: signal: killed"),
        (-11, "Runtime exited with error: signal: segmentation fault"),
        (-250, "Runtime exited with error: signal: signal 250"),
    ],
)
def test_a_runtime_that_exits_takes_its_invocation_along(status: int, reason: str) -> None:
    """The caller is told how the runtime ended."""
    platform = Platform()
    _, caller = platform.invoke()
    platform.next()
    platform.exit(status)
    assert caller.error == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: id-1 Error: {reason}",
    }
    assert platform.stopped == [(platform.environment, "failure")]


def test_a_runtime_that_exits_idle_is_replaced_by_the_next_call() -> None:
    """Nobody is told, and the next call starts another."""
    platform = bring_to(RuntimeState.READY)
    platform.exit(1)
    platform.invoke()
    assert len(platform.launched) == 2
