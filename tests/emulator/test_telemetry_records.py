"""What is recorded of an environment's life: which records, in which order, with which fields."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.emulator.rig import FACTS, Platform

REQUEST = {
    "schemaVersion": "2025-01-29",
    "types": ["platform", "function", "extension"],
    "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:8080"},
}
LOGS = {**REQUEST, "schemaVersion": "2021-03-18"}


def watched(**settings: Any) -> tuple[Platform, str]:
    """Give a platform in its init, whose external extension has subscribed; and the extension."""
    platform = Platform(external=("agent",), **settings)
    platform.service.epoch_offset = 0.0
    platform.invoke(trace_id="Root=1;Parent=ab12;Sampled=1", function_arn="arn:f")
    platform.environment.records.init_started("init", "instance", platform.now)
    known = platform.register("agent", ("SHUTDOWN",)).headers["Lambda-Extension-Identifier"]
    assert platform.subscribe(known, REQUEST).answer.body == b'"OK"\n'
    return platform, known


def up(**settings: Any) -> Platform:
    """Give a platform whose first invocation runs, a quarter of a second after its start."""
    platform, known = watched(**settings)
    platform.now += 0.25
    platform.next()
    platform.extension_next(known)
    return platform


def records(platform: Platform, *kinds: str) -> list[dict[str, Any]]:
    """Give the records that wait to be sent, of some kinds or of all."""
    (subscriber,) = platform.environment.telemetry.subscribers
    every = [json.loads(record) for record in subscriber.waiting]
    return [each for each in every if not kinds or each["type"].removeprefix("platform.") in kinds]


def contents(platform: Platform, *kinds: str) -> list[Any]:
    """Give what the records say."""
    return [each["record"] for each in records(platform, *kinds)]


def test_a_life_in_records() -> None:
    """From the start of the environment to the report of its first invocation."""
    platform = up()
    platform.now += 1.0
    platform.environment.records.response_opened("id-1", platform.now)
    platform.now += 0.5
    platform.respond("id-1", b"12345")
    platform.now += 0.125
    platform.next()
    assert [each["type"].removeprefix("platform.") for each in records(platform)] == [
        "initStart",
        "telemetrySubscription",
        "initRuntimeDone",
        "extension",
        "initReport",
        "start",
        "runtimeDone",
        "report",
    ]
    tracing = {"spanId": "ab12", "type": "X-Amzn-Trace-Id", "value": "Root=1;Parent=ab12;Sampled=1"}
    init = {"initializationType": "on-demand", "phase": "init", "status": "success"}
    assert contents(platform)[0] == {
        "initializationType": "on-demand",
        "phase": "init",
        "runtimeVersion": "",
        "functionName": "f",
        "functionVersion": "$LATEST",
        "instanceId": "instance",
        "instanceMaxMemory": 128 * 1024 * 1024,
    }
    assert contents(platform)[1:] == [
        {"name": "agent", "state": "Subscribed", "types": ["platform", "function", "extension"]},
        init,
        {"name": "agent", "state": "Ready", "events": ["SHUTDOWN"]},
        {**init, "metrics": {"durationMs": 250.0}},
        {"requestId": "id-1", "version": "$LATEST", "tracing": tracing},
        {
            "requestId": "id-1",
            "status": "success",
            "metrics": {"durationMs": 1625.0, "producedBytes": 5},
            "spans": [
                {"name": "responseLatency", "start": "1970-01-01T00:01:40.250Z", "durationMs": 1000.0},
                {"name": "responseDuration", "start": "1970-01-01T00:01:41.250Z", "durationMs": 500.0},
                {"name": "runtimeOverhead", "start": "1970-01-01T00:01:41.750Z", "durationMs": 125.0},
            ],
            "tracing": tracing,
        },
        {
            "requestId": "id-1",
            "status": "success",
            "metrics": {
                "durationMs": 1625.0,
                "billedDurationMs": 1625,
                "memorySizeMB": 128,
                "maxMemoryUsedMB": 0,
                "initDurationMs": 250.0,
            },
            "spans": [{"name": "extensionOverhead", "start": "1970-01-01T00:01:41.875Z", "durationMs": 0.0}],
            "tracing": tracing,
        },
    ]
    assert records(platform, "report")[0]["time"] == "1970-01-01T00:01:41.875Z"


@pytest.mark.parametrize("kind", ["error", "response"])
def test_a_function_error_is_an_error(kind: str) -> None:
    """Whether it was posted as one, or came with a stream's trailers."""
    platform = up()
    facts: dict[str, Any] = {"error_type": "Own"} if kind == "error" else {"trailer_error_type": "Own"}
    platform.respond("id-1", kind=kind, **facts)
    platform.next()
    for record in contents(platform, "runtimeDone", "report"):
        assert (record["status"], record["errorType"]) == ("error", "Own")


def test_a_crash_is_a_failure() -> None:
    """Of the runtime as well as of an extension; both records say so."""
    platform = up()
    platform.exit(1)
    for record in contents(platform, "runtimeDone", "report"):
        assert (record["status"], record["errorType"]) == ("failure", "Runtime.ExitError")
    platform = up()
    platform.environment.extension_exited("agent", 1, platform.now)
    platform.apply()
    assert [record["errorType"] for record in contents(platform, "runtimeDone", "report")] == [
        "Extension.Crash",
        "Extension.Crash",
    ]


def test_a_timeout_is_a_timeout() -> None:
    """Nothing was answered, so there is nothing to span."""
    platform = up()
    platform.tick(3.0)
    (done,) = contents(platform, "runtimeDone")
    assert (done["status"], done["spans"], done["metrics"]["producedBytes"]) == ("timeout", [], 0)
    assert contents(platform, "report")[0]["status"] == "timeout"


def test_a_runtime_that_was_done_stays_so() -> None:
    """When its extension then takes too long, only the report has that."""
    platform = up()
    known = next(iter(platform.environment.registrations)).identifier
    next(iter(platform.environment.registrations)).state = "Running"
    platform.respond("id-1")
    platform.next()
    platform.tick(3.0)
    assert [record["status"] for record in contents(platform, "runtimeDone", "report")] == [
        "success",
        "timeout",
    ]
    assert platform.subscribe(known, REQUEST).status == 403


def test_an_init_that_fails_is_told() -> None:
    """With its error's type: what the runtime reports is an error, how it ends a failure."""
    platform, _ = watched()
    environment = platform.environment
    platform.init_error(b"{}", "Runtime.ImportModuleError")
    (subscriber,) = environment.telemetry.subscribers
    told = [json.loads(record) for record in subscriber.waiting]
    for kind in ("platform.initRuntimeDone", "platform.initReport"):
        (record,) = [each["record"] for each in told if each["type"] == kind]
        assert (record["status"], record["errorType"]) == ("error", "Runtime.ImportModuleError")
    (extension,) = [each["record"] for each in told if each["type"] == "platform.extension"]
    assert extension["state"] == "Registered"


def test_managed_instances_have_fewer_figures() -> None:
    """No end of the runtime's part, and durations only."""
    platform = up(lanes=2)
    platform.now += 1.0
    platform.respond("id-1")
    assert contents(platform, "runtimeDone") == []
    assert contents(platform, "start")[0]["functionArn"] == "arn:f"
    (report,) = contents(platform, "report")
    assert report["metrics"] == {"durationMs": 1000.0}
    assert [span["name"] for span in report["spans"]] == ["responseLatency", "responseDuration"]


def test_an_error_on_managed_instances_is_one() -> None:
    """As elsewhere."""
    platform = up(lanes=2)
    platform.error("id-1", error_type="Own")
    assert contents(platform, "report")[0]["errorType"] == "Own"


def test_managed_instances_have_no_logs_api() -> None:
    """It is not supported there, and says so."""
    platform, known = watched(lanes=1)
    refused = platform.subscribe(known, LOGS, "logs")
    assert (refused.status, refused.body["errorType"]) == (202, "Logs.NotSupported")


def test_a_restore_is_told() -> None:
    """Its start, when the hooks are done, and how long it took."""
    platform = Platform(external=("agent",), has_snapshot=True)
    platform.service.warm_up(platform.now)
    platform.apply()
    known = platform.register("agent").headers["Lambda-Extension-Identifier"]
    platform.subscribe(known, REQUEST)
    platform.restore_next()
    platform.extension_next(known)
    platform.invoke()
    platform.now += 0.5
    platform.next()
    platform.respond("id-1")
    platform.next()
    assert contents(platform, "restoreStart", "restoreRuntimeDone", "restoreReport") == [
        {"runtimeVersion": "", "functionName": "f", "functionVersion": "$LATEST"},
        {"status": "success"},
        {"status": "success", "metrics": {"durationMs": 500.0}},
    ]
    assert contents(platform, "report")[0]["metrics"]["restoreDurationMs"] == 500.0
    assert len(contents(platform, "initRuntimeDone")) == 1


def test_lines_of_a_json_log_are_objects() -> None:
    """Where they are objects; what only looks like one is text."""
    platform, _ = watched(facts=replace(FACTS, is_json_log=True))
    for line in ('{"a":1}', "{a", "plain"):
        platform.environment.records.line("function", line, platform.now)
    assert [each["record"] for each in records(platform, "function")] == [{"a": 1}, "{a", "plain"]


def test_lines_of_a_text_log_are_text() -> None:
    """Whatever they look like."""
    platform, _ = watched()
    platform.environment.records.line("extension", '{"a":1}', platform.now)
    assert contents(platform, "extension")[-1] == '{"a":1}'


def test_subscribing_ends_with_init() -> None:
    """Each API has its own words for it."""
    platform = up()
    known = next(iter(platform.environment.registrations)).identifier
    refused = platform.subscribe(known, REQUEST)
    assert (refused.status, refused.body) == (
        403,
        {
            "errorMessage": "Telemetry API subscription is closed",
            "errorType": "Telemetry.SubscriptionClosed",
        },
    )
    assert platform.subscribe(known, LOGS, "logs").body["errorType"] == "Logs.SubscriptionClosed"


def test_an_extension_has_one_api() -> None:
    """The other is refused, from then on; another extension may use it."""
    platform, known = watched()
    refused = platform.subscribe(known, LOGS, "logs")
    assert refused.status == 400
    assert "agent has subscribed with the Telemetry API" in refused.body["errorMessage"]
    inside = platform.register("inside").headers["Lambda-Extension-Identifier"]
    assert platform.subscribe(inside, LOGS, "logs").status == 200
    assert "with the Logs API" in platform.subscribe(inside, REQUEST).body["errorMessage"]
    (_, logs) = platform.environment.telemetry.subscribers
    assert [json.loads(record)["type"] for record in logs.waiting] == ["platform.logsSubscription"]


def test_a_bad_subscription_subscribes_to_nothing() -> None:
    """And leaves the way open for a better one, with the other API too."""
    platform = Platform(external=("agent",))
    platform.invoke()
    known = platform.register("agent").headers["Lambda-Extension-Identifier"]
    assert platform.subscribe(known, b"{").status == 400
    assert platform.subscribe(known, LOGS, "logs").status == 200


def test_a_crash_is_a_fault_in_the_older_api() -> None:
    """A line of text there, and the end of the invocation a record of its own."""
    platform = Platform(external=("agent",))
    platform.invoke()
    known = platform.register("agent").headers["Lambda-Extension-Identifier"]
    platform.subscribe(known, LOGS, "logs")
    platform.next()
    platform.extension_next(known)
    platform.exit(1)
    assert [each["type"].removeprefix("platform.") for each in records(platform)] == [
        "logsSubscription",
        "extension",
        "start",
        "runtimeDone",
        "fault",
        "end",
        "report",
    ]
    assert contents(platform, "fault") == ["RequestId: id-1 Process exited before completing request"]
