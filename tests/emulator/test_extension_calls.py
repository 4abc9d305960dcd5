"""External extensions as the model sees them: before the runtime, around an invocation, and at the end."""

from __future__ import annotations

import pytest

from aioric_emulator import decisions
from tests.emulator.rig import Platform


def started(*external: str, lanes: int | None = None) -> Platform:
    """Give a platform whose external extensions are starting."""
    platform = Platform(external=external, lanes=lanes)
    platform.invoke()
    return platform


def registered(platform: Platform, name: str, *events: str) -> str:
    """Register an extension, and give its identifier."""
    return platform.register(name, events).headers["Lambda-Extension-Identifier"]


def runtime_starts(platform: Platform) -> int:
    """Give how often a runtime was to be started after its extensions."""
    return sum(isinstance(decision, decisions.StartRuntime) for decision in platform.decided)


def ended(platform: Platform) -> tuple[float, frozenset[str]]:
    """End a stopped environment as the driver does; give the runtime's grace, and who is not asked."""
    grace = platform.environment.begin_end(platform.now)
    unasked = platform.environment.announce_end()
    platform.apply()
    return grace, unasked


def test_the_runtime_starts_after_the_last_registration() -> None:
    """Once, and internal extensions do not count."""
    platform = started("a", "b")
    registered(platform, "a", "INVOKE")
    assert runtime_starts(platform) == 0
    registered(platform, "b")
    assert runtime_starts(platform) == 1
    registered(platform, "inside")
    assert runtime_starts(platform) == 1


def test_init_and_invocation_last_until_all_have_polled() -> None:
    """The runtime, the external extension and the internal one beside it."""
    platform = started("agent")
    outer, inner = registered(platform, "agent", "INVOKE", "SHUTDOWN"), registered(platform, "inside")
    polling = platform.next()
    platform.extension_next(inner)
    assert polling.waits
    event = platform.extension_next(outer)
    assert (polling.status, event.body["eventType"]) == (200, "INVOKE")
    assert [(each.name, each.state) for each in platform.inits[0].extensions] == [
        ("agent", "Ready"),
        ("inside", "Ready"),
    ]
    platform.respond("id-1")
    platform.next()
    assert not any(isinstance(decision, decisions.Finish) for decision in platform.decided)
    platform.extension_next(outer)
    assert any(isinstance(decision, decisions.Finish) for decision in platform.decided)


@pytest.mark.parametrize(
    ("status", "detail"), [(0, "exit code 0"), (3, "exit status 3"), (-9, "signal: killed")]
)
def test_a_crash_ends_the_environment(status: int, detail: str) -> None:
    """And the invocation with it."""
    platform = Platform(external=("agent",))
    _, caller = platform.invoke()
    known = registered(platform, "agent")
    platform.extension_next(known)
    platform.next()
    platform.environment.extension_exited("agent", status, platform.now)
    platform.apply()
    assert caller.error == {
        "errorType": "Extension.Crash",
        "errorMessage": f"RequestId: id-1 Error: {detail}",
    }
    assert platform.stopped == [(platform.environment, "failure")]
    assert platform.environment.registrations.report()[0].error_type == "Extension.Crash"


def test_a_crash_before_registration_fails_the_init() -> None:
    """Twice, as any init that fails."""
    platform = Platform(external=("agent",))
    _, caller = platform.invoke()
    for _ in range(2):
        platform.environment.extension_exited("agent", 1, platform.now)
        platform.apply()
    assert [end.phase for end in platform.inits] == ["init", "invoke"]
    assert platform.inits[0].extensions[0].state == "Exited"
    assert caller.error["errorType"] == "Extension.Crash"


def test_what_cannot_be_started_fails_the_init() -> None:
    """By the name of its file."""
    platform = started("agent")
    platform.environment.extension_not_launched("agent", "Exec format error", platform.now)
    platform.apply()
    assert platform.inits[0].error_type == "Extension.LaunchError"
    assert platform.inits[0].extensions[0].state == "LaunchError"


def test_ten_are_started_and_eleven_are_not() -> None:
    """Too many fail the init before any is started."""
    names = tuple(f"e{number}" for number in range(11))
    platform = started(*names[:10])
    assert platform.environment.launch_extensions(platform.now) == names[:10]
    platform = started(*names)
    assert platform.environment.launch_extensions(platform.now) == ()
    platform.apply()
    assert platform.inits[0].error_type == "Extension.LaunchError"


def test_a_repeated_init_has_its_whole_time() -> None:
    """The end of the environment before it is not counted, nor is it in the invocation's limit."""
    platform = started("agent")
    platform.environment.extension_exited("agent", 1, platform.now)
    platform.apply()
    second = platform.environment
    platform.now += 2.0
    second.postponed(platform.now)
    assert (second.started_at, second.init_deadline) == (102.0, 105.0)
    assert second.reserved is not None
    assert second.reserved.deadline == 105.0


@pytest.mark.parametrize(
    ("external", "internal", "lanes", "grace"),
    [
        ((), "", None, 0.0),
        ((), "inside", None, 0.5),
        (("agent",), "", None, 0.3),
        (("agent",), "", 2, 0.6),
        ((), "", 2, 0.0),
        ((), "inside", 2, 0.6),
    ],
    ids=["none", "internal", "external", "managed", "managed-none", "managed-internal"],
)
def test_a_runtime_has_some_time_to_end(
    external: tuple[str, ...], internal: str, lanes: int | None, grace: float
) -> None:
    """How much depends on the extensions; all have two seconds together."""
    platform = started(*external, lanes=lanes)
    if internal:
        registered(platform, internal)
    platform.stop()
    assert platform.environment.begin_end(100.0) == grace
    assert platform.environment.end_deadline == 102.0


def test_subscribers_are_told_of_the_end() -> None:
    """One that waits at once, one that is busy when it polls, each once; others are not waited for."""
    platform = Platform(external=("busy", "deaf", "waits"))
    platform.service.epoch_offset = 1000.0
    platform.invoke()
    busy = registered(platform, "busy", "INVOKE", "SHUTDOWN")
    deaf = registered(platform, "deaf", "INVOKE")
    waits = registered(platform, "waits", "SHUTDOWN")
    told = platform.extension_next(waits)
    for each in (busy, deaf):
        platform.extension_next(each)
    platform.next()
    platform.tick(3.0)
    assert platform.stopped == [(platform.environment, "timeout")]
    early = platform.extension_next(deaf)
    assert ended(platform) == (0.3, frozenset({"deaf"}))
    event = {"eventType": "SHUTDOWN", "deadlineMs": 1_105_000, "shutdownReason": "timeout"}
    assert told.body == event
    assert told.headers["Lambda-Extension-Event-Identifier"]
    late = platform.extension_next(busy)
    assert late.body == event
    assert platform.extension_next(busy).waits
    assert early.waits


def test_what_happens_after_the_end_changes_nothing() -> None:
    """Extensions may still end, badly too, and call; the environment ends once."""
    platform = started("agent", "other")
    agent, other = registered(platform, "agent", "SHUTDOWN"), registered(platform, "other", "SHUTDOWN")
    platform.stop()
    ended(platform)
    assert platform.extension_next(agent).body["shutdownReason"] == "spindown"
    assert platform.extension_error(other, "E", "ExitError").status == 202
    assert platform.extension_next(other).status == 403
    assert platform.extension_next("nonsense").status == 403
    platform.environment.extension_exited("agent", 1, platform.now)
    platform.apply()
    assert platform.stopped == [(platform.environment, "spindown")]
    assert platform.environment.registrations.report()[0].error_type == ""


def test_nobody_registers_at_the_end() -> None:
    """Nor is a subscription taken then."""
    platform = started("agent")
    known = registered(platform, "agent")
    platform.stop()
    assert platform.register("late").status == 500
    assert platform.subscribe(known, {}).body["errorType"] == "Telemetry.SubscriptionClosed"


def test_subscribing_takes_an_extension() -> None:
    """By its identifier, as for everything else."""
    platform = started("agent")
    assert platform.subscribe("", {}).body["errorType"] == "Extension.MissingExtensionIdentifier"
    assert platform.subscribe("x", {}).body["errorType"] == "Extension.InvalidExtensionIdentifier"
