"""Several invocations at once on one event loop: one lane, one connection, one poll for each."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from aioric.config import Config
from aioric.drivers.lanes import Lane
from aioric.errors import ConnectionLost, PlatformRefused
from aioric.function.payload import Codec
from aioric.function.steps import Function
from aioric.function.tracing import TraceId
from aioric.identity import Identity
from aioric.logs.journal import Journal
from aioric.logs.sinks import StandardSink
from aioric.protocol.conversation import Conversation
from aioric.protocol.runtime_api import RuntimeApi
from tests.drivers.peer import NEXT, accepted, event, http
from tests.drivers.serving import Gate, waiting

if TYPE_CHECKING:
    from tests.drivers.peer import Line, Peer
    from tests.drivers.serving import Driver, Handler

LANES = 4


async def echo(event: Any, _context: Any) -> Any:
    """Answers with the event."""
    return event


def connect_all(peer: Peer, lanes: int = LANES) -> list[Line]:
    """Accept every lane and its poll."""
    lines = [peer.accept() for _ in range(lanes)]
    for line in lines:
        line.expect_poll()
    return lines


def gated(gates: dict[str, Gate]) -> Handler:
    """A handler that waits at the gate that its event names, if there is one of that name."""

    @waiting
    def handler(event: Any, _context: Any) -> Any:
        if str(event) in gates:
            gates[event].pass_through()
        return event

    return handler


def test_there_are_as_many_polls_as_lanes(loop_driver: Driver, peer: Peer) -> None:
    """While events are withheld exactly N polls are outstanding, and none of them is given up."""
    with loop_driver.serving(peer, echo, lanes=LANES):
        lines = connect_all(peer)
        assert peer.deserted()
        assert all(line.silent() for line in lines)
        for number, line in enumerate(lines):
            line.send(event(f"id-{number}"))
            line.expect_response(f"id-{number}")
            line.send(accepted())
            line.expect_poll()
        assert peer.deserted()
        assert all(line.silent() for line in lines)


def test_handlers_overlap(loop_driver: Driver, peer: Peer) -> None:
    """As many handlers run at once as there are lanes: here each waits for all the others."""
    barrier = asyncio.Barrier(LANES)

    async def handler(event: Any, _context: Any) -> Any:
        await barrier.wait()
        return event

    with loop_driver.serving(peer, handler, lanes=LANES):
        lines = connect_all(peer)
        for number, line in enumerate(lines):
            line.send(event(f"id-{number}", b"%d" % number))
        for number, line in enumerate(lines):
            assert line.expect_response(f"id-{number}").body == b"%d" % number


@pytest.mark.parametrize("waits", [False, True], ids=["at once", "after a turn of the loop"])
def test_each_invocation_has_a_task_of_its_own(loop_driver: Driver, peer: Peer, *, waits: bool) -> None:
    """From a handler's first line on, the current task is its own and no other invocation's."""
    tasks: list[asyncio.Task[Any] | None] = []

    async def handler(_event: Any, _context: Any) -> Any:
        tasks.append(asyncio.current_task())
        if waits:
            await asyncio.sleep(0)
        tasks.append(asyncio.current_task())

    with loop_driver.serving(peer, handler):
        line = peer.accept()
        line.expect_poll()
        for number in range(3):
            line.send(event(f"id-{number}"))
            line.expect_response(f"id-{number}")
            line.send(accepted())
            line.expect_poll()

    assert None not in tasks
    assert tasks[::2] == tasks[1::2]
    assert len(set(tasks)) == 3


def test_a_functions_own_kind_of_task_is_used(loop_driver: Driver, peer: Peer) -> None:
    """Where a function has set a task factory its tasks are what serves."""

    class Own(asyncio.Task[Any]):
        pass

    async def handler(event: Any, _context: Any) -> Any:
        if event:
            asyncio.get_running_loop().set_task_factory(
                lambda loop, coroutine, **options: Own(coroutine, loop=loop, **options)
            )
        return isinstance(asyncio.current_task(), Own)

    with loop_driver.serving(peer, handler):
        line = peer.accept()
        line.expect_poll()
        for number, expected in enumerate((b"false", b"true")):
            line.send(event(f"id-{number}", b"1"))
            assert line.expect_response(f"id-{number}").body == expected
            line.send(accepted())
            line.expect_poll()


def test_answers_leave_out_of_order(loop_driver: Driver, peer: Peer) -> None:
    """The answer to a later event leaves while an earlier one is still being served."""
    gates = {"slow": Gate()}
    with loop_driver.serving(peer, gated(gates), lanes=2):
        slow, fast = connect_all(peer, 2)
        slow.send(event("id-slow", b'"slow"'))
        gates["slow"].await_arrival()
        for number in range(3):
            fast.send(event(f"id-{number}", b'"fast"'))
            fast.expect_response(f"id-{number}")
            fast.send(accepted())
            fast.expect_poll()
        assert slow.silent()
        gates["slow"].open()
        slow.expect_response("id-slow")


def test_invocations_in_flight_do_not_mix(loop_driver: Driver, peer: Peer) -> None:
    """Each handler sees its own event, context and attempt, whatever runs beside it."""
    barrier = asyncio.Barrier(LANES)

    async def handler(event: Any, context: Any) -> Any:
        await barrier.wait()
        first = context.aws_request_id
        await barrier.wait()
        return [event, first, context.aws_request_id, context.tenant_id]

    with loop_driver.serving(peer, handler, lanes=LANES):
        lines = connect_all(peer)
        for number, line in enumerate(lines):
            headers = {
                "Lambda-Runtime-Aws-Tenant-Id": f"tenant-{number}",
                "Lambda-Runtime-Invocation-Id": f"attempt-{number}",
            }
            line.send(event(f"id-{number}", b"%d" % number, headers=headers))
        for number, line in enumerate(lines):
            request = line.expect_response(f"id-{number}")
            assert json.loads(request.body) == [number, f"id-{number}", f"id-{number}", f"tenant-{number}"]
            assert request.headers["lambda-runtime-invocation-id"] == f"attempt-{number}"


@pytest.mark.parametrize("status", [400, 410, 413])
def test_a_refusal_on_one_lane_leaves_the_others_alone(loop_driver: Driver, peer: Peer, status: int) -> None:
    """An answer that came too late on one lane: that lane polls again, the others never notice."""
    gates = {"slow": Gate()}
    with loop_driver.serving(peer, gated(gates), lanes=2):
        slow, other = connect_all(peer, 2)
        slow.send(event("id-slow", b'"slow"'))
        other.send(event("id-late"))
        other.expect_response("id-late")
        other.send(http(status, b"too late"))
        other.expect_poll()
        gates["slow"].open()
        slow.expect_response("id-slow")
        slow.send(accepted())
        slow.expect_poll()
        assert peer.deserted()


def test_a_loss_on_one_lane_leaves_the_others_alone(loop_driver: Driver, peer: Peer) -> None:
    """A connection that is lost is replaced by one other, and the rest stand."""
    with loop_driver.serving(peer, echo, lanes=LANES):
        lines = connect_all(peer)
        lines[1].reset()
        peer.accept().expect_poll()
        assert peer.deserted()
        for line in lines:
            assert not line.open or line.silent()


def test_a_500_lets_the_other_lanes_finish(loop_driver: Driver, peer: Peer) -> None:
    """A platform that breaks on one lane ends the process, once the others have answered what they serve."""
    gates = {"slow": Gate(), "slower": Gate()}
    with loop_driver.serving(peer, gated(gates), lanes=LANES) as serving:
        slow, slower, broken, idle = connect_all(peer)
        slow.send(event("id-slow", b'"slow"'))
        slower.send(event("id-slower", b'"slower"'))
        gates["slow"].await_arrival()
        gates["slower"].await_arrival()
        broken.send(http(500, b"broken"))
        assert broken.hung_up()
        gates["slow"].open()
        slow.expect_response("id-slow")
        slow.send(accepted())
        assert slow.silent()
        gates["slower"].open()
        slower.expect_response("id-slower")
        answer = accepted()
        slower.send(*(answer[at : at + 1] for at in range(len(answer))))
        outcome = serving.ended()
        assert isinstance(outcome, PlatformRefused)
        assert outcome.status == 500
        assert all(line.hung_up() for line in (slow, slower, idle))


def test_an_answer_in_flight_is_waited_for(loop_driver: Driver, peer: Peer) -> None:
    """A lane whose answer is not acknowledged yet is not done; the event that follows is served too."""
    with loop_driver.serving(peer, echo, lanes=2) as serving:
        other, broken = connect_all(peer, 2)
        other.send(event("id-1"))
        other.expect_response("id-1")
        other.expect_poll()
        broken.send(http(500))
        assert broken.hung_up()
        other.send(accepted() + event("id-2"))
        other.expect_response("id-2")
        assert other.silent()
        other.send(accepted())
        assert isinstance(serving.ended(), PlatformRefused)


def test_a_last_answer_survives_a_lost_connection(loop_driver: Driver, peer: Peer) -> None:
    """A lane that is leaving replaces its lost connection for the answer that it owes, and for no poll."""
    gates = {"slow": Gate()}
    with loop_driver.serving(peer, gated(gates), lanes=2) as serving:
        slow, broken = connect_all(peer, 2)
        slow.send(event("id-slow", b'"slow"'))
        gates["slow"].await_arrival()
        broken.send(http(500))
        assert broken.hung_up()
        slow.close()
        gates["slow"].open()
        line = peer.accept()
        line.expect_response("id-slow")
        assert line.silent()
        line.close()
        assert isinstance(serving.ended(), PlatformRefused)


def test_two_lanes_may_end_at_once(loop_driver: Driver, peer: Peer) -> None:
    """A platform that breaks on every lane ends the process once, quietly."""
    with loop_driver.serving(peer, echo, lanes=LANES) as serving:
        for line in connect_all(peer):
            line.send(http(500))
        assert isinstance(serving.ended(), PlatformRefused)


def test_a_handler_that_ends_the_process_lets_the_others_finish(loop_driver: Driver, peer: Peer) -> None:
    """`sys.exit(3)` on one lane is the process's exit, once the other lanes have answered."""
    entered = asyncio.Event()
    left = asyncio.Event()

    async def handler(event: Any, _context: Any) -> Any:
        if event == "exit":
            await entered.wait()
            left.set()
            raise SystemExit(3)
        entered.set()
        await left.wait()
        for _ in range(100):
            await asyncio.sleep(0)
        return event

    with loop_driver.serving(peer, handler, lanes=2) as serving:
        exiting, other = connect_all(peer, 2)
        exiting.send(event("id-exit", b'"exit"'))
        other.send(event("id-other", b'"other"'))
        assert other.expect_response("id-other").body == b'"other"'
        other.send(accepted())
        outcome = serving.ended()
        assert isinstance(outcome, SystemExit)
        assert outcome.code == 3


def test_lanes_that_cannot_connect_end_the_process(loop_driver: Driver, peer: Peer) -> None:
    """A Runtime API that refuses connections ends all lanes."""
    peer.stop_listening()
    with loop_driver.serving(peer, echo, lanes=LANES) as serving:
        assert isinstance(serving.ended(), ConnectionLost)


def test_many_lanes_and_many_events(loop_driver: Driver, peer: Peer) -> None:
    """Sixteen lanes serve events of all sizes; every answer is the right one, on its own lane."""
    with loop_driver.serving(peer, echo, lanes=16):
        lines = connect_all(peer, 16)
        for turn in range(10):
            for number, line in enumerate(lines):
                payload = json.dumps([turn, number, "x" * (7**turn % 70_000)])
                line.send(event(f"id-{turn}-{number}", payload.encode()))
            for number, line in enumerate(lines):
                request = line.expect_response(f"id-{turn}-{number}")
                assert json.loads(request.body)[:2] == [turn, number]
                line.send(accepted())
                assert line.request().path == NEXT


async def test_a_call_in_vain_changes_nothing(peer: Peer) -> None:
    """A loop may call although there is nothing to read; the event that comes then is served."""
    config = Config({"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{peer.port}"}, "app.handler")
    identity = Identity(alone=False)
    journal = Journal(config, identity, StandardSink())
    codec = Codec(ascii_json=True)
    function = Function(echo, config, codec, identity, TraceId(identity), journal, asyncio.run)
    conversation = Conversation(RuntimeApi(config.runtime_api, "test"), pipeline=True)
    lane = Lane(function, config.host, config.port, conversation, journal)

    serving = asyncio.create_task(lane.serve())
    line = await asyncio.to_thread(peer.accept)
    await asyncio.to_thread(line.expect_poll)
    lane._readable()  # noqa: SLF001 - the loop does it
    line.send(event("id-1", b"1"))
    assert (await asyncio.to_thread(line.expect_response, "id-1")).body == b"1"
    line.send(http(500))
    with pytest.raises(PlatformRefused):
        await serving
    lane.close()
