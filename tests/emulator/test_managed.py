"""The Managed Instances router: lanes, many invocations at once, and limits that stop nothing."""

from __future__ import annotations

import pytest

from aioric_emulator import managed
from aioric_emulator.messages import MAX_PAYLOAD
from aioric_emulator.rejections import UNAVAILABLE
from tests.emulator.rig import Peer, Platform


def started(lanes: int = 2) -> tuple[Platform, list[Peer]]:
    """Give a platform whose lanes all wait."""
    platform = Platform(lanes=lanes)
    platform.service.warm_up(platform.now)
    platform.apply()
    return platform, [platform.next() for _ in range(lanes)]


def test_every_open_next_is_a_lane() -> None:
    """Events go to the lanes in the order in which they polled, and answers may come in any order."""
    platform, lanes = started()
    first, first_caller = platform.invoke()
    second, second_caller = platform.invoke()
    assert [lane.headers["Lambda-Runtime-Aws-Request-Id"] for lane in lanes] == ["id-1", "id-2"]
    assert platform.respond(second.request_id, b"2").status == 202
    assert platform.respond(first.request_id, b"1").status == 202
    assert first_caller.outcome is not None
    assert second_caller.outcome is not None
    assert (first_caller.outcome.body, second_caller.outcome.body) == (b"1", b"2")
    assert first_caller.ending is not None
    assert first_caller.ending.status == "success"


def test_absent_facts_are_empty_headers() -> None:
    """This engine sends the names with nothing behind them; the tenant and the attempt are left out."""
    platform, lanes = started(1)
    platform.invoke()
    headers = lanes[0].headers
    assert headers["Lambda-Runtime-Trace-Id"] == ""
    assert headers["Lambda-Runtime-Client-Context"] == ""
    assert headers["Lambda-Runtime-Cognito-Identity"] == ""
    assert "Lambda-Runtime-Aws-Tenant-Id" not in headers
    assert "Lambda-Runtime-Invocation-Id" not in headers


def test_a_call_during_init_waits_for_the_first_lane() -> None:
    """Init is over with the first poll, and other lanes may follow later."""
    platform = Platform(lanes=2)
    _, first = platform.invoke()
    _, second = platform.invoke()
    assert len(platform.launched) == 1
    assert not platform.begun
    platform.next()
    assert platform.begun == ["id-1"]
    platform.next()
    assert platform.begun == ["id-1", "id-2"]
    assert not first.is_told
    assert not second.is_told


def test_more_calls_than_lanes_are_throttled() -> None:
    """The environment takes as many as it has lanes, whether they run or wait."""
    platform, _ = started(2)
    platform.invoke()
    platform.invoke()
    _, third = platform.invoke()
    assert third.rejection is not None
    assert third.rejection.status == 429
    assert third.rejection.error_type == "TooManyRequestsException"


def test_a_call_waits_a_moment_for_a_lane_between_answer_and_poll() -> None:
    """An answered lane has not polled yet: the next call is held, and served when it does."""
    platform, _ = started(1)
    first, _ = platform.invoke()
    platform.respond(first.request_id)
    _, second = platform.invoke()
    assert platform.service.next_deadline == platform.now + 1.0
    platform.tick(0.5)
    assert not second.is_told
    assert platform.next().headers["Lambda-Runtime-Aws-Request-Id"] == "id-2"


def test_a_call_without_a_lane_is_refused_in_the_end() -> None:
    """A lane that never comes back leaves the call unavailable."""
    platform, _ = started(1)
    first, _ = platform.invoke()
    platform.respond(first.request_id)
    _, second = platform.invoke()
    platform.tick(1.0)
    assert second.rejection is not None
    assert second.rejection.message.startswith("Runtime.Unavailable")


def test_a_held_call_is_not_refused_during_init() -> None:
    """Init has its own limit."""
    platform = Platform(lanes=1)
    _, caller = platform.invoke()
    platform.tick(2.0)
    assert not caller.is_told
    platform.tick(127.9)
    assert not caller.is_told
    platform.tick(0.1)
    assert caller.error["errorType"] == "Sandbox.Timedout"
    assert platform.stopped == [(platform.environment, "timeout")]


def test_the_router_itself_queues_nothing() -> None:
    """An invocation that finds no lane is refused on the spot."""
    platform, _ = started(1)
    invocation, _ = platform.invoke()
    platform.respond(invocation.request_id)
    other, caller = Platform(lanes=1).invoke()
    platform.managed.dispatch(other, platform.now)
    platform.apply()
    assert caller.rejection is UNAVAILABLE


def test_an_event_for_a_lane_that_left_is_lost() -> None:
    """The entry of a broken poll stays, and the invocation that meets it fails."""
    platform, lanes = started(2)
    platform.disconnect(lanes[0])
    _, first = platform.invoke()
    _, second = platform.invoke()
    assert first.error["errorType"] == "Runtime.Unknown"
    assert lanes[0].waits
    assert lanes[1].status == 200
    assert not second.is_told
    # One that was answered already is nobody's entry.
    platform.disconnect(lanes[1])
    platform.next()
    platform.invoke()
    assert platform.begun == ["id-1", "id-2", "id-3"]


def test_a_timeout_stops_nothing() -> None:
    """The caller is told; the runtime goes on, and its late answer is gone once, then unknown."""
    platform, _ = started(2)
    slow, slow_caller = platform.invoke()
    platform.now += 1
    fast, fast_caller = platform.invoke()
    platform.tick(2.0)
    assert slow_caller.error["errorType"] == "Sandbox.Timedout"
    assert not fast_caller.is_told
    assert platform.stopped == []
    assert platform.respond(slow.request_id).status == 410
    assert platform.respond(slow.request_id).body["errorType"] == "InvalidRequestID"
    assert platform.respond(fast.request_id).status == 202


def test_an_answer_counts_once() -> None:
    """A second response, or an error after it, is for an unknown id."""
    platform, _ = started(1)
    invocation, _ = platform.invoke()
    platform.respond(invocation.request_id)
    assert platform.respond(invocation.request_id).body["errorType"] == "InvalidRequestID"
    assert platform.error(invocation.request_id).body["errorType"] == "InvalidRequestID"


def test_only_so_many_timeouts_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest id is forgotten first."""
    monkeypatch.setattr(managed, "MAX_TIMED_OUT", 1)
    platform, _ = started(2)
    first, _ = platform.invoke()
    second, _ = platform.invoke()
    platform.tick(3.0)
    assert platform.respond(first.request_id).status == 400
    assert platform.respond(second.request_id).status == 410


def test_only_so_many_lanes_may_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """A poll over the platform's bound is an internal error."""
    monkeypatch.setattr(managed, "MAX_IDLE", 1)
    platform, _ = started(1)
    assert platform.next().status == 500


def test_a_poll_has_no_body() -> None:
    """This engine allows /next no body at all."""
    platform, _ = started(1)
    assert platform.next(body_size=1).status == 413


def test_a_wrong_echo_of_the_attempt_is_gone() -> None:
    """A 410 that changes nothing."""
    platform, _ = started(1)
    invocation, _ = platform.invoke(invocation_id="b")
    assert platform.respond(invocation.request_id, invocation_id="a").status == 410
    assert platform.error(invocation.request_id, invocation_id="a").status == 410
    assert platform.respond(invocation.request_id, invocation_id="b").status == 202


@pytest.mark.parametrize("content_type", ["", "text/plain"])
def test_the_content_type_has_a_default(content_type: str) -> None:
    """A response without one is a stream of octets."""
    platform, _ = started(1)
    invocation, caller = platform.invoke()
    platform.respond(invocation.request_id, content_type=content_type)
    assert caller.outcome is not None
    assert caller.outcome.content_type == (content_type or "application/octet-stream")


def test_an_unknown_response_mode_leaves_the_invocation_open() -> None:
    """A 400, after which the runtime may answer properly."""
    platform, _ = started(1)
    invocation, _ = platform.invoke()
    assert platform.respond(invocation.request_id, response_mode="x").status == 400
    assert platform.respond(invocation.request_id, response_mode="streaming").status == 202


@pytest.mark.parametrize("kind", ["response", "error"])
def test_a_truncated_answer_is_the_callers_error(kind: str) -> None:
    """The body broke off."""
    platform, _ = started(1)
    invocation, caller = platform.invoke()
    assert platform.respond(invocation.request_id, kind=kind, is_truncated=True).status == 400
    assert caller.error["errorType"] == "Runtime.TruncatedResponse"


def test_an_oversized_response_is_the_callers_error() -> None:
    """The runtime gets a 413."""
    platform, _ = started(1)
    invocation, caller = platform.invoke()
    assert platform.respond(invocation.request_id, size=MAX_PAYLOAD + 1).status == 413
    assert caller.error["errorType"] == "Function.ResponseSizeTooLarge"


def test_an_oversized_error_may_be_sent_again() -> None:
    """An error has a limit of its own, and a smaller one is still taken."""
    platform, _ = started(1)
    invocation, caller = platform.invoke()
    assert platform.error(invocation.request_id, size=1024 * 1024 + 1).status == 413
    assert not caller.is_told
    assert platform.error(invocation.request_id, b'{"errorType":"E"}').status == 202
    assert caller.error == {"errorType": "E"}


def test_the_first_worker_to_report_an_init_error_wins() -> None:
    """The others get a 403, and callers get the report."""
    platform = Platform(lanes=2)
    _, caller = platform.invoke()
    assert platform.init_error(b'{"errorType":"Boom"}', "Boom").status == 202
    assert (
        platform.init_error().body["errorMessage"].startswith("State transition from InitError to InitError")
    )
    assert caller.error == {"errorType": "Boom"}
    assert platform.inits[0].error_type == "Boom"


def test_an_init_error_after_a_poll_is_refused() -> None:
    """Init was over."""
    platform, _ = started(1)
    assert platform.init_error().body["errorMessage"].startswith("State transition from Ready to InitError")


def test_a_runtime_that_exits_takes_all_invocations_along() -> None:
    """And the environment is replaced with the next call."""
    platform, _ = started(2)
    callers = [platform.invoke()[1] for _ in range(2)]
    platform.exit(1)
    assert [caller.error["errorType"] for caller in callers] == ["Runtime.ExitError"] * 2
    assert platform.next().status == 500
    assert platform.respond("id-1").status == 500
    platform.invoke()
    assert len(platform.launched) == 2


def test_an_internal_extension_may_have_no_events() -> None:
    """It registers with an empty list, and init waits for it."""
    platform = Platform(lanes=1)
    platform.invoke()
    assert platform.register(events=("INVOKE",)).body == {
        "errorMessage": "No events allowed for internal extensions",
        "errorType": "Extension.InvalidEventType",
    }
    registered = platform.register()
    assert platform.next().waits
    identifier = registered.headers["Lambda-Extension-Identifier"]
    polling = platform.extension_next(identifier)
    assert polling.waits
    assert platform.begun == ["id-1"]
    assert platform.extension_next(identifier).waits


def test_stopping_refuses_held_calls() -> None:
    """Nobody is left waiting."""
    platform, _ = started(1)
    first, first_caller = platform.invoke()
    platform.respond(first.request_id)
    _, held = platform.invoke()
    platform.stop()
    assert first_caller.outcome is not None
    assert held.rejection is not None
    assert platform.stopped == [(platform.environment, "spindown")]
