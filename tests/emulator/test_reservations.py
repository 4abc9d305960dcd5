"""Calls that wait for an environment to come up, and others that are ready before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulator.rig import Platform

if TYPE_CHECKING:
    from aioric_emulator.messages import Invocation
    from aioric_emulator.phases import ExecutionEnvironment
    from tests.emulator.rig import Recorder


def busy(**facts: Any) -> tuple[Platform, ExecutionEnvironment, Invocation]:
    """Give a platform with one environment, which serves an invocation."""
    platform = Platform(environments=2)
    invocation, _ = platform.invoke(**facts)
    platform.next()
    return platform, platform.environment, invocation


def end(platform: Platform, environment: ExecutionEnvironment, invocation: Invocation) -> None:
    """Have a runtime answer, and poll again."""
    platform.launched.append(environment)
    platform.respond(invocation.request_id)
    platform.next()


def serving(environment: ExecutionEnvironment) -> list[str]:
    """Give the request ids that an environment serves."""
    return [each.request_id for each in environment.running()]


def test_a_call_goes_to_who_is_ready_first() -> None:
    """One that was started for it, and is not up yet, waits for the next call."""
    platform, one, first = busy()
    second, caller = platform.invoke()
    two = platform.environment
    assert (two is not one, two.reserved) == (True, second)
    end(platform, one, first)
    assert serving(one) == [second.request_id]
    end(platform, one, second)
    assert caller.is_finished
    assert caller.ending is not None
    assert caller.ending.init_duration is None
    platform.next(two)
    third, late = platform.invoke()
    assert serving(two) == [third.request_id]
    end(platform, two, third)
    assert late.ending is not None
    # It was initialised before the call, and the first REPORT tells of it, as on the platform.
    assert late.ending.init_duration is not None
    assert len({each.number for each in platform.launched}) == 2


def test_a_plain_answer_frees_it_too() -> None:
    """Also where answer and poll come the short way."""
    platform, one, first = busy()
    second, _ = platform.invoke()
    platform.launched.append(one)
    _, was_short = platform.answer_and_poll(first)
    assert was_short
    assert serving(one) == [second.request_id]


def test_who_comes_up_for_nobody_is_waited_for() -> None:
    """A call more starts no environment more, and is not throttled: there are as many calls as may be."""
    platform, one, first = busy()
    second, _ = platform.invoke()
    two = platform.environment
    end(platform, one, first)
    third, waiting = platform.invoke()
    assert waiting.rejection is None
    assert two.reserved is third
    platform.next(two)
    assert (serving(one), serving(two)) == ([second.request_id], [third.request_id])
    _, refused = platform.invoke()
    assert refused.rejection is not None
    assert len({each.number for each in platform.launched}) == 2


def test_calls_are_served_in_their_order() -> None:
    """Of two that wait, the first is the one that goes."""
    platform = Platform(environments=3)
    first, _ = platform.invoke()
    one = platform.environment
    platform.next()
    second, _ = platform.invoke()
    third, _ = platform.invoke()
    end(platform, one, first)
    assert serving(one) == [second.request_id]
    end(platform, one, second)
    assert serving(one) == [third.request_id]


def test_who_wants_a_new_one_waits_for_it() -> None:
    """A forced cold start is one."""
    platform, one, first = busy()
    cold, _ = platform.invoke(wants_cold=True)
    two = platform.environment
    end(platform, one, first)
    assert serving(one) == []
    platform.next(two)
    assert serving(two) == [cold.request_id]


def test_another_tenants_environment_is_not_taken() -> None:
    """The call waits for its own; one that has not met a tenant is the next one's."""
    platform, one, first = busy(tenant_id="a")
    other, _ = platform.invoke(tenant_id="b")
    two = platform.environment
    end(platform, one, first)
    assert serving(one) == []
    again, _ = platform.invoke(tenant_id="a")
    platform.next(two)
    assert (serving(one), serving(two)) == ([again.request_id], [other.request_id])


def test_a_tenant_that_was_served_elsewhere_leaves_no_trace() -> None:
    """The environment that came up for its call is anybody's."""
    platform, one, first = busy(tenant_id="a")
    platform.invoke(tenant_id="a")
    two = platform.environment
    end(platform, one, first)
    platform.next(two)
    other, _ = platform.invoke(tenant_id="b")
    assert serving(two) == [other.request_id]


def fails(platform: Platform, environment: ExecutionEnvironment) -> None:
    """Have an init end with the process."""
    platform.exit(1, environment)


def test_one_that_fails_for_nobody_harms_nobody() -> None:
    """Its call was served elsewhere; the next starts another."""
    platform, one, first = busy()
    second, caller = platform.invoke()
    two = platform.environment
    end(platform, one, first)
    fails(platform, two)
    end(platform, one, second)
    assert outcome(caller) == b"1"
    platform.invoke()
    third, _ = platform.invoke()
    assert platform.environment.reserved is third


def test_one_that_fails_for_who_claimed_it_is_repeated() -> None:
    """As for the call that it was started for."""
    platform, one, first = busy()
    platform.invoke()
    two = platform.environment
    end(platform, one, first)
    third, caller = platform.invoke()
    fails(platform, two)
    platform.next()
    assert serving(platform.environment) == [third.request_id]
    platform.respond(third.request_id)
    platform.next()
    assert outcome(caller) == b"1"


def test_new_code_does_not_come_up_for_old_calls() -> None:
    """An outdated environment that comes up is nobody's; the next call starts one with the new code."""
    platform, one, first = busy()
    platform.invoke()
    two = platform.environment
    end(platform, one, first)
    platform.service.renew(platform.now)
    platform.apply()
    third, _ = platform.invoke()
    assert platform.environment not in {one, two}
    assert platform.environment.reserved is third


def outcome(caller: Recorder) -> bytes:
    """Give the body that a caller was answered."""
    assert caller.outcome is not None
    return caller.outcome.body
