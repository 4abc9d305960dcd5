"""One record in every version of the two APIs."""

from __future__ import annotations

import pytest

from aioric_emulator.subscriptions import Api, Destination, Subscription
from aioric_emulator.telemetry_schemas import Content, Record, shape

REPORT = {"requestId": "1", "status": "success", "metrics": {"durationMs": 1.0}, "spans": []}
DONE = {"requestId": "1", "status": "success", "spans": []}


def shaped(api: Api, schema: str, kind: str, content: Content, text: str = "") -> Content | None:
    """Give what a subscriber with a schema gets."""
    types = ("platform", "function", "extension")
    subscription = Subscription("e", api, schema, types, 1_000, 262_144, 1.0, Destination("TCP", 1))
    return shape(Record("", kind, content, text), subscription)


@pytest.mark.parametrize(
    ("api", "schema", "kind"),
    [
        ("telemetry", "2025-01-29", dict),
        ("telemetry", "2022-12-13", dict),
        ("telemetry", "2022-07-01", str),
        ("logs", "2021-03-18", str),
        ("logs", "2020-08-15", str),
    ],
)
def test_a_line_of_json_is_an_object_in_later_versions(api: Api, schema: str, kind: type) -> None:
    """In earlier ones it is text like any other."""
    text = '{"level":"INFO"}'
    line = shaped(api, schema, "function", {"level": "INFO"}, text)
    assert line == (text if kind is str else {"level": "INFO"})
    assert shaped(api, schema, "extension", "plain", "plain") == "plain"


@pytest.mark.parametrize(
    ("kind", "content", "telemetry", "logs"),
    [
        ("platform.report", REPORT, REPORT, {"requestId": "1", "metrics": {"durationMs": 1.0}}),
        ("platform.runtimeDone", DONE, DONE, {"requestId": "1", "status": "success"}),
        ("platform.end", {"requestId": "1"}, None, {"requestId": "1"}),
        ("platform.fault", "RequestId: 1 …", None, "RequestId: 1 …"),
        ("platform.initStart", {"phase": "init"}, {"phase": "init"}, None),
        (
            "platform.logsSubscription",
            {"name": "e", "state": "Subscribed", "types": []},
            None,
            {"name": "e", "state": "Subscribed", "types": []},
        ),
        ("platform.telemetrySubscription", {"name": "e"}, {"name": "e"}, None),
    ],
)
def test_each_api_has_its_records(
    kind: str, content: Content, telemetry: Content | None, logs: Content | None
) -> None:
    """The older one fewer of them, with fewer keys."""
    assert shaped("telemetry", "2022-12-13", kind, content) == telemetry
    assert shaped("logs", "2021-03-18", kind, content) == logs


def test_the_first_logs_had_no_runtime_done() -> None:
    """It came with the second version."""
    assert shaped("logs", "2020-08-15", "platform.runtimeDone", DONE) is None
