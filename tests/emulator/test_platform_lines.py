"""START, END, REPORT and their kin, in both formats."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aioric_emulator.decisions import InitEnd, RestoreEnd
from aioric_emulator.messages import Ending, Invocation
from aioric_emulator.platform_lines import JsonLines, TextLines, megabytes
from tests.emulator.rig import Platform, Recorder

TEXT = TextLines("python", 128)
JSON = JsonLines("python", 128, "on-demand")
CALL = Invocation("id-1", b"", 3.0, Recorder())


def init_end(status: str, error_type: str = "") -> InitEnd:
    """Give the end of an init."""
    platform = Platform()
    platform.invoke()
    return InitEnd(platform.environment, 0.0876, "init", status, error_type)


def restore_end(status: str, error_type: str = "") -> RestoreEnd:
    """Give the end of a restore."""
    return RestoreEnd(init_end(status).environment, 0.25, status, error_type)


def parse(lines: list[str]) -> dict[str, Any]:
    """Give the event of the only line."""
    assert len(lines) == 1
    event: dict[str, Any] = json.loads(lines[0])
    assert event.pop("time").endswith("Z")
    return event


@pytest.mark.parametrize(("size", "expected"), [(0, 0), (1, 1), (2**20, 1), (2**20 + 1, 2)])
def test_a_started_megabyte_is_a_whole_one(size: int, expected: int) -> None:
    """As REPORT counts."""
    assert megabytes(size) == expected


@pytest.mark.parametrize(
    ("ending", "rest"),
    [
        (Ending(0.0012345), "Duration: 1.23 ms\tBilled Duration: 2 ms"),
        (Ending(0.001), "Duration: 1.00 ms\tBilled Duration: 1 ms"),
    ],
)
def test_a_report_in_text(ending: Ending, rest: str) -> None:
    """Tabs between figures, a started millisecond is billed."""
    assert TEXT.end(CALL, ending, 2**20 * 35) == [
        "END RequestId: id-1",
        f"REPORT RequestId: id-1\t{rest}\tMemory Size: 128 MB\tMax Memory Used: 35 MB",
    ]


@pytest.mark.parametrize(
    ("ending", "end"),
    [
        (Ending(0.0, init_duration=0.04321), "\tInit Duration: 43.21 ms"),
        (Ending(0.0, "timeout", "Sandbox.Timedout"), "\tStatus: timeout"),
        (Ending(0.0, "error", "Runtime.ExitError"), "\tStatus: error\tError Type: Runtime.ExitError"),
    ],
)
def test_a_reports_last_words(ending: Ending, end: str) -> None:
    """Only where there is something to say."""
    assert TEXT.end(CALL, ending, 0)[1].endswith(f"Max Memory Used: 0 MB{end}")


def test_text_before_the_end() -> None:
    """Init and start; a good init has no line of its own."""
    assert TEXT.init_start() == ["INIT_START Runtime Version: python"]
    assert TEXT.start(CALL) == ["START RequestId: id-1 Version: $LATEST"]
    assert TEXT.init_end(init_end("success")) == []
    assert TEXT.init_end(init_end("timeout", "Sandbox.Timedout")) == [
        "INIT_REPORT Init Duration: 87.60 ms\tPhase: init\tStatus: timeout"
    ]
    assert TEXT.init_end(init_end("error", "E")) == [
        "INIT_REPORT Init Duration: 87.60 ms\tPhase: init\tStatus: error\tError Type: E"
    ]


def test_json_events() -> None:
    """The same facts as telemetry events."""
    assert parse(JSON.init_start()) == {
        "type": "platform.initStart",
        "record": {"initializationType": "on-demand", "phase": "init", "runtimeVersion": "python"},
    }
    assert parse(JSON.start(CALL)) == {
        "type": "platform.start",
        "record": {"requestId": "id-1", "version": "$LATEST"},
    }
    assert parse(JSON.init_end(init_end("success")))["record"] == {
        "initializationType": "on-demand",
        "phase": "init",
        "status": "success",
        "metrics": {"durationMs": 87.6},
    }
    assert parse(JSON.init_end(init_end("error", "E")))["record"]["errorType"] == "E"


def test_a_json_report() -> None:
    """Optional figures only where there are any."""
    plain = parse(JSON.end(CALL, Ending(0.0012345), 2**20))
    assert plain == {
        "type": "platform.report",
        "record": {
            "requestId": "id-1",
            "metrics": {
                "durationMs": 1.23,
                "billedDurationMs": 2,
                "memorySizeMB": 128,
                "maxMemoryUsedMB": 1,
            },
            "status": "success",
        },
    }
    full = parse(JSON.end(CALL, Ending(0.0, "error", "E", 0.5), 0))["record"]
    assert full["metrics"]["initDurationMs"] == 500.0
    assert full["errorType"] == "E"


def test_a_restore_in_text() -> None:
    """A good one is told too, since its time is billed; REPORT repeats it."""
    assert TEXT.restore_start() == ["RESTORE_START Runtime Version: python"]
    assert TEXT.restore_end(restore_end("success")) == ["RESTORE_REPORT Restore Duration: 250.00 ms"]
    assert TEXT.restore_end(restore_end("timeout")) == [
        "RESTORE_REPORT Restore Duration: 250.00 ms\tStatus: timeout"
    ]
    assert TEXT.restore_end(restore_end("error", "E")) == [
        "RESTORE_REPORT Restore Duration: 250.00 ms\tStatus: error\tError Type: E"
    ]
    report = TEXT.end(CALL, Ending(0.001, restore_duration=0.2501), 0)[1]
    assert report.endswith("\tRestore Duration: 250.10 ms\tBilled Restore Duration: 251 ms")


def test_a_restore_in_json() -> None:
    """The same facts as telemetry events."""
    assert parse(JSON.restore_start()) == {
        "type": "platform.restoreStart",
        "record": {"runtimeVersion": "python"},
    }
    assert parse(JSON.restore_end(restore_end("success"))) == {
        "type": "platform.restoreReport",
        "record": {"status": "success", "metrics": {"durationMs": 250.0}},
    }
    assert parse(JSON.restore_end(restore_end("error", "E")))["record"]["errorType"] == "E"
    report = parse(JSON.end(CALL, Ending(0.001, restore_duration=0.25), 0))["record"]
    assert report["metrics"]["restoreDurationMs"] == 250.0
