"""Which environment serves which call: cold and warm starts, limits, tenants, failing inits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings, strategies
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from aioric_emulator.limits import Limits
from aioric_emulator.rejections import ENDING
from aioric_emulator.subscriptions import Api  # noqa: TC001 - hypothesis reads the rules' types
from tests.emulator.rig import Platform, Recorder

if TYPE_CHECKING:
    from aioric_emulator.messages import Invocation


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(3.0), 10.0),
        (Limits(900.0), 10.0),
        (Limits(3.0, lanes=4), 130.0),
        (Limits(500.0, lanes=4), 500.0),
        (Limits(5400.0, lanes=4), 900.0),
        (Limits(3.0, init_limit=0.5), 0.5),
    ],
    ids=["classic", "classic, long", "managed", "managed, long", "managed, longest", "as set"],
)
def test_the_limit_of_an_init(limits: Limits, expected: float) -> None:
    """Ten seconds for classic functions; for Managed Instances the function's own, within bounds."""
    assert limits.init == expected


def test_a_call_starts_an_environment_and_a_second_one_another() -> None:
    """One environment serves one call at a time; both are kept, and the last used is used first."""
    platform = Platform(environments=2)
    first, _ = platform.invoke()
    one = platform.environment
    platform.next()
    second, _ = platform.invoke()
    two = platform.environment
    assert one is not two
    platform.next()
    platform.respond(second.request_id)
    platform.next()
    platform.launched.append(one)
    platform.respond(first.request_id)
    platform.next()
    platform.invoke()
    assert [invocation.request_id for invocation in one.running()] == ["id-3"]
    assert list(two.running()) == []


def test_no_more_environments_than_allowed() -> None:
    """The call that would need one more is throttled."""
    platform = Platform(environments=1)
    platform.invoke()
    _, second = platform.invoke()
    assert second.rejection is not None
    assert (second.rejection.status, second.rejection.error_type) == (429, "TooManyRequestsException")
    assert second.rejection.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_an_environment_serves_one_tenant_only() -> None:
    """Another tenant's call gets another environment, at the cost of an idle one if need be."""
    platform = Platform(environments=1)
    first, _ = platform.invoke(tenant_id="a")
    platform.next()
    platform.respond(first.request_id)
    platform.next()
    again, _ = platform.invoke(tenant_id="a")
    assert len(platform.launched) == 1
    platform.respond(again.request_id)
    platform.next()
    platform.invoke(tenant_id="b")
    assert platform.stopped == [(platform.launched[0], "spindown")]
    assert len(platform.launched) == 2


def test_a_warm_environment_belongs_to_no_tenant_yet() -> None:
    """The first call that it serves decides."""
    platform = Platform()
    platform.service.warm_up(platform.now)
    platform.apply()
    platform.next()
    platform.invoke(tenant_id="a")
    assert len(platform.launched) == 1
    assert platform.environment.tenant_id == "a"


def test_new_code_is_served_by_new_environments() -> None:
    """What idles ends at once, what runs after its answer; neither serves a call again."""
    platform = Platform(environments=2)
    busy, caller = platform.invoke()
    platform.next()
    one = platform.environment
    platform.invoke()
    two = platform.environment
    platform.next()
    platform.respond("id-2")
    platform.next()
    platform.service.renew(platform.now)
    platform.apply()
    assert platform.stopped == [(two, "spindown")]
    platform.launched.append(one)
    platform.respond(busy.request_id)
    platform.next()
    assert caller.is_finished
    assert platform.stopped == [(two, "spindown"), (one, "spindown")]
    platform.invoke()
    assert platform.environment not in {one, two}


def test_an_init_that_somebody_waits_for_goes_on() -> None:
    """It serves that call, and then ends; one that nobody waits for ends at once."""
    platform = Platform()
    invocation, caller = platform.invoke()
    platform.service.renew(platform.now)
    platform.next()
    platform.respond(invocation.request_id)
    platform.next()
    assert caller.is_finished
    assert [reason for _, reason in platform.stopped] == ["spindown"]
    platform.service.warm_up(platform.now)
    platform.service.renew(platform.now)
    platform.apply()
    assert len(platform.stopped) == 2


def test_managed_instances_are_renewed_beside_the_old_ones() -> None:
    """Calls go to the new environment at once, and the old one ends with its last invocation."""
    platform = Platform(lanes=2)
    invocation, caller = platform.invoke()
    old = platform.environment
    platform.next()
    platform.service.renew(platform.now)
    platform.apply()
    new = platform.environment
    assert new is not old
    platform.next()
    second, _ = platform.invoke()
    assert [each.request_id for each in new.running()] == [second.request_id]
    platform.launched.append(old)
    platform.next()
    platform.respond(invocation.request_id)
    platform.next()
    assert caller.is_finished
    assert platform.stopped == [(old, "spindown")]


def test_an_environment_ends_of_age() -> None:
    """While it idles when its time has come; one that is busy then, after its answer."""
    platform = Platform(max_age=10.0)
    platform.invoke()
    platform.next()
    old = platform.environment
    platform.respond("id-1")
    platform.next()
    assert platform.service.next_deadline == platform.now + 10
    platform.tick(9.9)
    assert not platform.stopped
    platform.tick(0.1)
    assert platform.stopped == [(old, "spindown")]

    busy = Platform(max_age=2.0)
    _, caller = busy.invoke()
    busy.next()
    busy.tick(2.5)
    assert not busy.stopped
    busy.respond("id-1")
    busy.next()
    assert caller.is_finished
    assert busy.stopped == [(busy.environment, "spindown")]


def test_memory_that_is_overrun_ends_an_environment() -> None:
    """In its init it is an init error, and once stopped it is nothing."""
    platform = Platform()
    _, caller = platform.invoke()
    platform.environment.overran_memory(platform.now)
    platform.apply()
    assert [end.error_type for end in platform.inits] == ["Runtime.OutOfMemory"]
    platform.next()
    first = platform.environment
    first.overran_memory(platform.now)
    first.overran_memory(platform.now)
    platform.apply()
    assert caller.error["errorType"] == "Runtime.OutOfMemory"


def test_a_failed_init_is_repeated_within_the_limit() -> None:
    """On demand, a first failure is nobody's; the second init runs on the invocation's own time."""
    platform = Platform(timeout=3.0)
    _, caller = platform.invoke()
    platform.now += 1
    assert platform.init_error(b'{"errorType":"Boom"}', "Boom").status == 202
    assert not caller.is_told
    assert platform.begun == ["id-1"]
    assert len(platform.launched) == 2
    assert platform.service.next_deadline == platform.now + 3.0
    platform.now += 1
    deadline = platform.next().headers["Lambda-Runtime-Deadline-Ms"]
    assert deadline == "104000"
    platform.respond("id-1", b"1")
    platform.next()
    assert [(end.phase, end.status) for end in platform.inits] == [("init", "error"), ("invoke", "success")]
    assert caller.ending is not None
    assert caller.ending.duration == 1
    assert caller.ending.init_duration is None


def test_a_second_failed_init_is_the_callers() -> None:
    """The caller gets what the runtime reported, to the byte."""
    platform = Platform()
    _, caller = platform.invoke()
    platform.init_error(b'{"errorType":"First"}', "First")
    platform.init_error(b'{ "errorType":"Second"}', "Second")
    assert caller.outcome is not None
    assert caller.outcome.body == b'{ "errorType":"Second"}'
    assert caller.ending is not None
    assert (caller.ending.status, caller.ending.error_type) == ("error", "Second")
    assert len(platform.launched) == 2
    assert len(platform.stopped) == 2


def test_an_init_error_without_a_type_has_one() -> None:
    """The header is optional."""
    platform = Platform()
    platform.invoke()
    platform.init_error()
    assert platform.inits[0].error_type == "Runtime.Unknown"


def test_an_init_that_takes_too_long_is_repeated_and_then_timed_out() -> None:
    """Ten seconds for the first, the function's limit for the second."""
    platform = Platform(timeout=3.0)
    _, caller = platform.invoke()
    platform.tick(9.9)
    assert len(platform.launched) == 1
    platform.tick(0.1)
    assert len(platform.launched) == 2
    platform.tick(3.0)
    assert caller.error == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: id-1 Error: Task timed out after 3.00 seconds",
    }
    assert [(end.phase, end.status) for end in platform.inits] == [("init", "timeout"), ("invoke", "timeout")]


def test_a_runtime_that_exits_at_once_is_an_exit_error() -> None:
    """Twice, and the caller is told."""
    platform = Platform()
    _, caller = platform.invoke()
    platform.exit(7)
    platform.exit(7)
    assert caller.error["errorMessage"] == "RequestId: id-1 Error: Runtime exited with error: exit status 7"


def test_a_command_that_cannot_be_started_is_an_invalid_entrypoint() -> None:
    """The caller is told what the system said."""
    platform = Platform()
    _, caller = platform.invoke()
    for _ in range(2):
        platform.environment.launch_failed("no such file", platform.now)
        platform.environment.launch_failed("no such file", platform.now)
        platform.apply()
    assert caller.error["errorType"] == "Runtime.InvalidEntrypoint"
    assert caller.error["errorMessage"] == "RequestId: id-1 Error: no such file"


def test_a_warm_up_that_fails_is_nobodys() -> None:
    """There is no caller to tell; the next call starts anew."""
    platform = Platform()
    platform.service.warm_up(platform.now)
    platform.apply()
    platform.exit(1)
    assert platform.service.next_deadline == float("inf")
    platform.invoke()
    assert len(platform.launched) == 2


def test_stopping_ends_calls_and_environments() -> None:
    """What runs is killed, and so is what waits for an init."""
    platform = Platform(environments=2)
    _, running = platform.invoke()
    platform.next()
    _, waiting = platform.invoke()
    platform.stop()
    message = "Runtime exited with error: signal: killed"
    assert running.error["errorMessage"].endswith(message)
    assert waiting.error["errorMessage"].endswith(message)
    assert [reason for _, reason in platform.stopped] == ["spindown", "spindown"]


@pytest.mark.parametrize("lanes", [None, 2])
def test_a_call_after_the_stop_starts_nothing(lanes: int | None) -> None:
    """Nobody would end what it started; the caller is told why."""
    platform = Platform(lanes=lanes)
    platform.invoke()
    platform.next()
    platform.stop()
    _, late = platform.invoke()
    assert late.rejection is ENDING
    assert len(platform.launched) == 1


def facts(platform: Platform) -> tuple[object, ...]:
    """Give what there is to know of a platform with one environment."""
    environment = platform.environment
    running = [(each.request_id, each.deadline, each.deadline_ms) for each in environment.running()]
    ways = (platform.service.next_deadline, environment.next_deadline, environment.is_stopped, platform.begun)
    return (running, *ways, getattr(environment, "state", None), getattr(environment, "is_idle", None))


@pytest.mark.parametrize("lanes", [None, 2])
def test_the_short_way_comes_to_the_same(lanes: int | None) -> None:
    """An invocation of a warm environment in two steps and in four, and what comes after it."""
    short, long = Platform(lanes=lanes), Platform(lanes=lanes)
    for platform in (short, long):
        platform.invoke()
        platform.next()
        platform.respond("id-1")
        platform.next()
        platform.tick(1.0)
    for number in (2, 3):
        called, caller, is_short = short.invoke_warm()
        other, other_caller = long.invoke()
        assert is_short
        assert facts(short) == facts(long)
        for platform in (short, long):
            platform.tick(0.5)
        poll, is_short = short.answer_and_poll(called)
        long.respond(other.request_id, content_type="application/json")
        long.next()
        assert is_short
        assert poll.waits
        assert facts(short) == facts(long)
        assert (caller.outcome, caller.ending) == (other_caller.outcome, other_caller.ending)
        assert called.request_id == f"id-{number}"
    for platform in (short, long):
        platform.invoke()
        platform.tick(3.0)
    assert facts(short) == facts(long)


@pytest.mark.parametrize("lanes", [None, 2])
def test_there_is_no_short_way_for_what_is_unusual(lanes: int | None) -> None:
    """With nobody warm, with somebody who watches, for another tenant, for what is answered or over."""
    platform = Platform(lanes=lanes)
    first, _, is_short = platform.invoke_warm()
    assert not is_short
    platform.next()
    platform.respond(first.request_id)
    poll = platform.next()
    second, _, is_short = platform.invoke_warm()
    assert is_short
    assert poll.status == 200
    platform.tick(platform.timeout)
    assert not platform.answer_and_poll(second)[1], "it has timed out"
    watched = Platform(lanes=lanes, external=("a",))
    first, _ = watched.invoke()
    extension = watched.register("a").headers["Lambda-Extension-Identifier"]
    watched.next()
    watched.extension_next(extension)
    watched.respond(first.request_id)
    watched.next()
    assert not watched.invoke_warm()[2]


def test_a_tenant_takes_no_short_way_to_the_environment_of_another() -> None:
    """It is given one of its own, as ever."""
    platform = Platform()
    first, _ = platform.invoke(tenant_id="a")
    platform.next()
    platform.respond(first.request_id)
    platform.next()
    assert not platform.invoke_warm(tenant_id="b")[2]
    assert platform.invoke_warm(tenant_id="a")[2]


def test_calls_that_wait_have_the_lane_that_a_short_way_ends_on() -> None:
    """A poll that comes with an answer serves whoever waits; outdated code ends with its answer."""
    platform = Platform(lanes=2)
    first, _ = platform.invoke()
    platform.next()
    platform.respond(first.request_id)
    platform.next()
    second, _, is_short = platform.invoke_warm()
    waiting, _, waits_short = platform.invoke_warm()
    assert (is_short, waits_short, waiting.started_at) == (True, False, None)
    poll, is_short = platform.answer_and_poll(second)
    assert is_short
    assert poll.headers["Lambda-Runtime-Aws-Request-Id"] == waiting.request_id
    old = platform.environment
    platform.service.renew(platform.now)
    platform.apply()
    platform.launched.append(old)
    assert platform.answer_and_poll(waiting)[1]
    assert old.is_stopped


class AnyOrder(RuleBasedStateMachine):
    """Runtimes, callers and the clock, in whatever order: every caller is told exactly once."""

    runtimes = Bundle("runtimes")
    calls = Bundle("calls")
    lanes: int | None = None
    external: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.platform = Platform(lanes=self.lanes, environments=3, external=self.external)
        self.callers: list[Recorder] = []
        self.invocations: dict[str, Invocation] = {}

    @rule(target=calls, tenant=strategies.sampled_from(["", "t"]), cold=strategies.booleans())
    def invoke(self, tenant: str, cold: bool) -> str:  # noqa: FBT001 - drawn
        invocation, caller = self.platform.invoke(tenant_id=tenant, invocation_id="n", wants_cold=cold)
        self.callers.append(caller)
        self.invocations[invocation.request_id] = invocation
        return invocation.request_id

    @rule(target=calls, tenant=strategies.sampled_from(["", "t"]))
    def invoke_warm(self, tenant: str) -> str:
        invocation, caller, _ = self.platform.invoke_warm(tenant_id=tenant, invocation_id="n")
        self.callers.append(caller)
        self.invocations[invocation.request_id] = invocation
        return invocation.request_id

    @rule(index=strategies.integers(0, 5), request_id=calls)
    def answer_and_poll(self, index: int, request_id: str) -> None:
        self.pick(index)
        self.platform.answer_and_poll(self.invocations[request_id])

    @rule(index=strategies.integers(0, 5))
    def poll(self, index: int) -> None:
        self.pick(index)
        if self.platform.launched:
            self.platform.next()

    @rule(index=strategies.integers(0, 5))
    def poll_and_leave(self, index: int) -> None:
        self.pick(index)
        if self.platform.launched:
            self.platform.disconnect(self.platform.next())

    @rule(
        index=strategies.integers(0, 5),
        request_id=calls,
        kind=strategies.sampled_from(["response", "error"]),
        mode=strategies.sampled_from(["", "", "", "streaming", "other"]),
        echo=strategies.sampled_from(["", "n", "m"]),
        truncated=strategies.booleans(),
    )
    def post(self, index: int, request_id: str, kind: str, mode: str, echo: str, truncated: bool) -> None:  # noqa: FBT001 - drawn
        self.pick(index)
        self.platform.respond(
            request_id, kind=kind, response_mode=mode, invocation_id=echo, is_truncated=truncated
        )

    @rule(index=strategies.integers(0, 5))
    def report_init_error(self, index: int) -> None:
        self.pick(index)
        if self.platform.launched:
            self.platform.init_error()

    @rule(index=strategies.integers(0, 5), status=strategies.integers(-64, 255))
    def end(self, index: int, status: int) -> None:
        self.pick(index)
        if self.platform.launched:
            self.platform.exit(status)

    @rule(target=runtimes, name=strategies.sampled_from("abc"), index=strategies.integers(0, 5))
    def register(self, name: str, index: int) -> object:
        self.pick(index)
        if not self.platform.launched:
            return multiple()
        answer = self.platform.register(name)
        if answer.status != 200:
            return multiple()
        return (self.platform.environment, answer.headers["Lambda-Extension-Identifier"])

    @rule(runtime=consumes(runtimes), fails=strategies.booleans())
    def extension_call(self, runtime: object, fails: bool) -> None:  # noqa: FBT001 - drawn
        assert isinstance(runtime, tuple)
        self.platform.launched.append(runtime[0])
        if fails:
            self.platform.extension_error(runtime[1], "E", "ExitError")
        else:
            self.platform.extension_next(runtime[1])

    @rule()
    def change_the_code(self) -> None:
        self.platform.service.renew(self.platform.now)
        self.platform.apply()

    @rule(seconds=strategies.sampled_from([0.0, 0.5, 1.0, 3.0, 10.0, 200.0]))
    def wait(self, seconds: float) -> None:
        self.platform.tick(seconds)

    def pick(self, index: int) -> None:
        if self.platform.launched:
            known = self.platform.launched
            known.append(known[index % len(known)])

    @invariant()
    def deadlines_are_kept(self) -> None:
        """Nothing that time should have ended is still there."""
        self.platform.tick(0.0)
        assert self.platform.service.next_deadline > self.platform.now

    def teardown(self) -> None:
        """In the end everybody was told, and whoever was served has seen the end."""
        self.platform.stop()
        for caller in self.callers:
            assert caller.is_told
            assert (caller.outcome is None) == (caller.ending is None)


class AnyOrderBeside(AnyOrder):
    """The same beside two external extensions, which come and go, subscribe, and are told of the end."""

    external = ("a", "b")

    @rule(
        index=strategies.integers(0, 5), name=strategies.sampled_from("ab"), status=strategies.integers(-9, 3)
    )
    def extension_ends(self, index: int, name: str, status: int) -> None:
        self.pick(index)
        if self.platform.launched:
            self.platform.environment.extension_exited(name, status, self.platform.now)
            self.platform.apply()

    @rule(runtime=consumes(AnyOrder.runtimes), api=strategies.sampled_from(["telemetry", "logs"]))
    def subscribe(self, runtime: object, api: Api) -> None:
        assert isinstance(runtime, tuple)
        self.platform.launched.append(runtime[0])
        destination = {"protocol": "TCP", "port": 8080}
        request = {"schemaVersion": "2022-12-13", "types": ["platform"], "destination": destination}
        self.platform.subscribe(runtime[1], request, api)

    @rule(index=strategies.integers(0, 5))
    def carry_out_the_end(self, index: int) -> None:
        self.pick(index)
        if self.platform.launched and self.platform.environment.is_stopped:
            self.platform.environment.begin_end(self.platform.now)
            self.platform.environment.announce_end()
            self.platform.apply()


class AnyOrderManaged(AnyOrder):
    """The same with lanes."""

    lanes = 2


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, deadline=None)
TestAnyOrderBeside = AnyOrderBeside.TestCase
TestAnyOrderBeside.settings = settings(max_examples=60, deadline=None)
TestAnyOrderManaged = AnyOrderManaged.TestCase
TestAnyOrderManaged.settings = settings(max_examples=60, deadline=None)
