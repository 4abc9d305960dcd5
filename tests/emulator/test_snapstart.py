"""SnapStart without I/O: the snapshot after init, the restore before an invocation, and how each can fail."""

from __future__ import annotations

import json

from aioric_emulator.classic import RuntimeState
from aioric_emulator.limits import Limits
from aioric_emulator.messages import RuntimeAnswer
from aioric_emulator.snapstart import SnapStartEnvironment
from tests.emulator.rig import Peer, Platform


def published() -> tuple[Platform, Peer]:
    """Give a platform whose one environment waits to be restored."""
    platform = Platform(environments=1, has_snapshot=True)
    platform.service.warm_up(platform.now)
    platform.apply()
    return platform, platform.restore_next()


def test_the_snapshot_is_taken_when_the_runtime_waits() -> None:
    """Init ends with `/restore/next`, which is answered by nothing but a call."""
    platform, waiting = published()
    assert waiting.waits
    assert [(end.phase, end.status) for end in platform.inits] == [("init", "success")]
    assert platform.service.next_deadline == float("inf")


def test_an_extension_belongs_to_the_snapshot() -> None:
    """Init waits for extensions as ever, and registration closes with it."""
    platform = Platform(has_snapshot=True)
    platform.service.warm_up(platform.now)
    platform.apply()
    identifier = platform.register().headers["Lambda-Extension-Identifier"]
    platform.restore_next()
    assert not platform.inits
    platform.extension_next(identifier)
    assert platform.inits
    assert platform.register("late").body["errorType"] == "Extension.RegistrationClosed"


def test_a_call_restores_and_then_runs() -> None:
    """200 without a body; the event comes with `/next`, and its time begins then. The REPORT has both."""
    platform, waiting = published()
    invocation, caller = platform.invoke()
    assert (waiting.status, waiting.answer.body) == (200, b"")
    platform.now += 2
    event = platform.next()
    assert event.headers["Lambda-Runtime-Aws-Request-Id"] == invocation.request_id
    assert [(end.duration, end.status) for end in platform.restores] == [(2.0, "success")]
    platform.now += 1
    platform.respond(invocation.request_id)
    platform.next()
    assert caller.ending is not None
    assert (caller.ending.duration, caller.ending.restore_duration) == (1.0, 2.0)
    assert caller.ending.init_duration is None
    _, second = platform.invoke()
    platform.respond("id-2")
    platform.next()
    assert second.ending is not None
    assert second.ending.restore_duration is None
    assert platform.classic.state is RuntimeState.READY


def test_a_call_during_init_waits_for_the_snapshot() -> None:
    """It is the first to be restored for."""
    platform = Platform(has_snapshot=True)
    platform.invoke()
    waiting = platform.restore_next()
    assert waiting.status == 200
    assert platform.next().headers["Lambda-Runtime-Aws-Request-Id"] == "id-1"


def test_a_runtime_without_hooks_polls_at_once() -> None:
    """It is not interested in the restore, which is then nothing to report."""
    platform = Platform(has_snapshot=True)
    platform.service.warm_up(platform.now)
    platform.apply()
    waiting = platform.next()
    platform.invoke()
    assert waiting.status == 200
    assert not platform.restores


def test_restore_next_is_for_once() -> None:
    """From any state but the first it is refused, in the platform's words."""
    platform, _ = published()
    body = platform.restore_next().body
    assert body["errorType"] == "InvalidStateTransition"
    assert "from RestoreReady to Ready" in body["errorMessage"]


def test_other_functions_have_no_restore() -> None:
    """404, as where nothing is mounted."""
    platform = Platform()
    platform.invoke()
    assert platform.restore_next().status == 404
    assert platform.restore_error().status == 404


def test_a_failed_hook_is_the_callers() -> None:
    """What the runtime reports is the answer, and the environment ends."""
    platform, _ = published()
    _, caller = platform.invoke()
    report = b'{"errorType":"KeyError"}'
    assert platform.restore_error(report, "Runtime.AfterRestoreError").status == 202
    assert caller.outcome is not None
    assert caller.outcome.body == report
    assert [reason for _, reason in platform.stopped] == ["failure"]
    assert platform.restores[0].error_type == "Runtime.AfterRestoreError"
    assert platform.restore_error().status == 500
    assert platform.restore_next().status == 500


def test_an_init_error_within_a_restore_is_one_of_the_restore() -> None:
    """And before it, it is an error of the init."""
    platform, _ = published()
    _, caller = platform.invoke()
    platform.init_error(b'{"errorType":"Late"}', "Late")
    assert caller.error == {"errorType": "Late"}
    early = Platform(has_snapshot=True)
    early.service.warm_up(early.now)
    early.apply()
    early.init_error(b"{}", "Early")
    assert [end.error_type for end in early.inits] == ["Early"]


def test_a_restore_error_without_a_restore_is_refused() -> None:
    """403 while nothing is being restored."""
    platform, _ = published()
    assert platform.restore_error().status == 403


def test_hooks_have_ten_seconds() -> None:
    """After them the call fails, and the environment ends."""
    platform, _ = published()
    _, caller = platform.invoke()
    assert platform.service.next_deadline == platform.now + 10
    platform.tick(9.9)
    assert not platform.restores
    platform.tick(0.1)
    assert caller.error["errorType"] == "Runtime.RestoreHookUserTimeout"
    assert [reason for _, reason in platform.stopped] == ["timeout"]


def test_a_runtime_may_end_in_its_restore() -> None:
    """The caller is told how it ended; one that ends while it waits takes no call along."""
    platform, _ = published()
    _, caller = platform.invoke()
    platform.exit(65)
    assert caller.error["errorType"] == "Runtime.ExitError"
    assert "exit status 65" in json.dumps(caller.error)
    platform.exit(65)
    idle, _ = published()
    idle.exit(1)
    assert [reason for _, reason in idle.stopped] == ["failure"]


def test_a_connection_that_is_lost_changes_nothing() -> None:
    """The one that waits for the restore, or the one that polls."""
    platform, waiting = published()
    platform.disconnect(waiting)
    platform.invoke()
    assert waiting.status == 200
    platform.disconnect(platform.next())


def test_the_end_of_the_service_ends_a_restore() -> None:
    """A call that waits for it is told."""
    platform, _ = published()
    _, caller = platform.invoke()
    platform.stop()
    assert caller.error["errorType"] == "Runtime.ExitError"


def copied() -> tuple[Platform, Peer]:
    """Give a platform whose snapshot can be copied, and waits."""
    platform = Platform(environments=2, has_snapshot=True)
    platform.service.warm_up(platform.now)
    platform.apply()
    snapshot = platform.environment
    assert isinstance(snapshot, SnapStartEnvironment)
    snapshot.can_be_copied = True
    return platform, platform.restore_next()


def test_a_snapshot_is_restored_as_often_as_it_is_called_for() -> None:
    """A call without an idle environment has a copy, which asks for its restore anew; the snapshot waits."""
    platform, waiting = copied()
    snapshot = platform.environment
    for number in (1, 2):
        invocation, caller = platform.invoke()
        assert platform.environment.snapshot is snapshot
        assert platform.restore_next().status == 200
        assert platform.next().headers["Lambda-Runtime-Aws-Request-Id"] == invocation.request_id
        assert not caller.is_finished
        assert len(platform.restores) == number
    assert waiting.waits
    assert platform.invoke()[1].rejection is not None
    assert len(platform.inits) == 1


def test_a_copy_is_used_again() -> None:
    """An idle copy is warm: no further restore."""
    platform, _ = copied()
    platform.invoke()
    platform.restore_next()
    platform.next()
    platform.respond("id-1")
    platform.next()
    platform.invoke()
    assert len(platform.launched) == 2


def test_calls_wait_for_a_version_that_is_published() -> None:
    """They are not the reason for a further init, and each has a copy then."""
    platform = Platform(environments=3, has_snapshot=True)
    platform.service.warm_up(platform.now)
    platform.apply()
    for _ in range(2):
        platform.invoke()
    assert len(platform.launched) == 1
    snapshot = platform.environment
    assert isinstance(snapshot, SnapStartEnvironment)
    snapshot.can_be_copied = True
    platform.restore_next()
    assert [each.snapshot for each in platform.launched] == [None, snapshot, snapshot]


def test_one_snapshot_is_enough() -> None:
    """Of two environments that come up for it the second one ends; calls have copies of the first."""
    platform = Platform(environments=3, has_snapshot=True)
    for _ in range(2):
        platform.service.warm_up(platform.now)
    platform.apply()
    first, second = list(platform.launched)
    for each in (first, second):
        assert isinstance(each, SnapStartEnvironment)
        each.can_be_copied = True
        each.restore_next(Peer(), platform.now)
        platform.apply()
    assert platform.stopped == [(second, "spindown")]
    assert [each.running_count for each in (first, second)] == [0, 0]
    platform.invoke()
    assert platform.environment.snapshot is first


def test_calls_hear_of_a_version_that_never_came() -> None:
    """Its init error is their answer; at the end of the service they are refused."""
    platform = Platform(has_snapshot=True)
    platform.service.warm_up(platform.now)
    platform.apply()
    _, caller = platform.invoke()
    platform.init_error(b'{"errorType":"No"}', "No")
    assert caller.error == {"errorType": "No"}
    late = Platform(has_snapshot=True)
    late.service.warm_up(late.now)
    late.apply()
    _, caller = late.invoke()
    late.stop()
    assert caller.rejection is not None


def test_an_extension_is_in_every_copy() -> None:
    """By the identifier that the snapshot registered it with, and on a connection of its own."""
    platform = Platform(has_snapshot=True)
    platform.service.warm_up(platform.now)
    platform.apply()
    identifier = platform.register().headers["Lambda-Extension-Identifier"]
    snapshot = platform.environment
    assert isinstance(snapshot, SnapStartEnvironment)
    snapshot.can_be_copied = True
    platform.restore_next()
    platform.extension_next(identifier)
    for _ in range(2):
        platform.invoke()
        assert len(platform.environment.registrations) == 1
        platform.restore_next()
        assert platform.extension_next(identifier).waits
        assert platform.next().status == 200


def test_a_copy_that_cannot_be_made_is_told() -> None:
    """The caller of the restore hears of it, and nobody else."""
    platform, _ = copied()
    _, caller = platform.invoke()
    platform.environment.launch_failed("no memory", platform.now)
    platform.apply()
    assert caller.error["errorType"] == "Runtime.InvalidEntrypoint"
    assert platform.restores[0].status == "error"
    platform.invoke()
    assert platform.restore_next().status == 200


def test_a_copy_before_any_call() -> None:
    """It has started when its restore is behind it; without a snapshot there is none to copy."""
    unpublished = Platform(has_snapshot=True)
    assert unpublished.service.restore(unpublished.now) is None

    platform, _ = copied()
    snapshot = platform.environment
    copy = platform.service.restore(platform.now)
    platform.apply()
    assert copy is platform.environment
    assert copy is not snapshot
    assert not copy.has_started
    assert platform.restore_next().status == 200
    assert not copy.has_started
    platform.next()
    assert copy.has_started


def test_a_snapshot_that_cannot_be_started_is_the_callers() -> None:
    """A command that is not there fails the init that was to be kept."""
    platform = Platform(has_snapshot=True)
    _, caller = platform.invoke()
    for _ in range(2):
        platform.environment.launch_failed("no such file", platform.now)
        platform.apply()
    assert caller.error["errorType"] == "Runtime.InvalidEntrypoint"
    assert not platform.restores


def test_new_code_is_a_new_snapshot() -> None:
    """Idle copies of the old one end with it, busy ones when they are done."""
    platform, _ = copied()
    platform.invoke()
    platform.restore_next()
    platform.next()
    busy = platform.environment
    platform.service.renew(platform.now)
    platform.apply()
    assert platform.environment.snapshot is None
    assert [each.number for each, _ in platform.stopped] == [1]
    answer = RuntimeAnswer(b"1", 1)
    busy.response(Peer(), "id-1", answer, platform.now)
    platform.apply()
    platform.next(busy)
    assert [each.number for each, _ in platform.stopped] == [1, 2]


def test_a_snapshot_that_ends_is_made_again() -> None:
    """By the next call, whose init it is."""
    platform, _ = copied()
    platform.exit(1)
    platform.invoke()
    assert platform.environment.snapshot is None
    snapshot = platform.environment
    assert isinstance(snapshot, SnapStartEnvironment)
    snapshot.can_be_copied = True
    platform.restore_next()
    assert platform.environment.snapshot is snapshot


def test_the_init_of_a_version_may_take_long() -> None:
    """As long as that of Managed Instances."""
    assert Limits(3.0, has_snapshot=True).init == 130.0
