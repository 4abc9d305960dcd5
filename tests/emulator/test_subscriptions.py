"""What a subscription may ask for, what it gets by default, and every fault by its name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aioric_emulator.subscriptions import (
    Api,
    Destination,
    Subscription,
    SubscriptionError,
    read_subscription,
)

HTTP = {"protocol": "HTTP", "URI": "http://sandbox.localdomain:8080"}
GOOD = {"schemaVersion": "2022-12-13", "types": ["platform"], "destination": HTTP}


def read(api: Api = "telemetry", *, is_managed: bool = False, **changes: Any) -> Subscription:
    """Read a good request with some changes; None takes a key away."""
    request = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    return read_subscription("ext", api, json.dumps(request).encode(), is_managed=is_managed)


def refuse(body: bytes, api: Api = "telemetry") -> dict[str, str]:
    """Give the body of a refusal, which is a 400."""
    with pytest.raises(SubscriptionError) as refused:
        read_subscription("ext", api, body, is_managed=False)
    assert refused.value.answer.status == 400
    answer: dict[str, str] = json.loads(refused.value.answer.body)
    return answer


def test_little_has_to_be_said() -> None:
    """The rest has the defaults of the API's reference."""
    destination = Destination("HTTP", 8080, "/", "POST")
    assert read() == Subscription(
        "ext", "telemetry", "2022-12-13", ("platform",), 1_000, 262_144, 1.0, destination
    )


def test_much_can_be_said() -> None:
    """Streams are had once each; a path and a query belong to the destination."""
    subscription = read(
        schemaVersion="2025-01-29",
        types=["extension", "function", "function"],
        buffering={"maxItems": 10_000, "maxBytes": 1_048_576, "timeoutMs": 25},
        destination={"protocol": "HTTP", "URI": "http://localhost:1/a/b?c=d"},
    )
    assert subscription.types == ("function", "extension")
    assert (subscription.max_items, subscription.max_bytes, subscription.timeout) == (
        10_000,
        1_048_576,
        0.025,
    )
    assert subscription.destination == Destination("HTTP", 1, "/a/b?c=d", "POST")


def test_a_connection_needs_a_port_only() -> None:
    """TCP has no path."""
    assert read(destination={"protocol": "TCP", "port": 8080}).destination == Destination("TCP", 8080)


def test_the_logs_api_has_its_own_words() -> None:
    """A schema by default, and a method."""
    destination = {**HTTP, "method": "PUT", "encoding": "JSON"}
    subscription = read("logs", schemaVersion=None, destination=destination)
    assert (subscription.schema, subscription.destination.method) == ("2020-08-15", "PUT")
    assert read("logs", schemaVersion="2021-03-18").schema == "2021-03-18"
    assert refuse(json.dumps(GOOD).encode(), "logs")["errorMessage"].startswith(
        "schemaVersion must be one of"
    )


def test_managed_instances_know_the_latest_schema_only() -> None:
    """An older one is refused there."""
    assert read(is_managed=True, schemaVersion="2025-01-29").schema == "2025-01-29"
    with pytest.raises(SubscriptionError, match="schemaVersion must be one of 2025-01-29"):
        read(is_managed=True)


def test_all_faults_are_told_at_once() -> None:
    """In the platform's form."""
    body = (
        b'{"schemaVersion":"2022-12-13","types":[],"destination":{"protocol":"HTTP","URI":"http://sandbox"}}'
    )
    assert refuse(body) == {
        "errorType": "ValidationError",
        "errorMessage": "URI port is not provided; types should not be empty",
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schemaVersion": None}, "schemaVersion must be one of 2025-01-29, 2022-12-13, 2022-07-01"),
        ({"schemaVersion": "2020-01-01"}, "schemaVersion must be one of 2025-01-29, 2022-12-13, 2022-07-01"),
        ({"types": None}, "types should not be empty"),
        ({"types": "platform"}, "types should not be empty"),
        ({"types": ["other"]}, "types must be among platform, function, extension, not other"),
        ({"types": [["x"]]}, "types must be among platform, function, extension, not ['x']"),
        ({"buffering": []}, "buffering must be an object"),
        ({"buffering": {"maxItems": 999}}, "maxItems must be a whole number between 1000 and 10000"),
        ({"buffering": {"maxItems": "1000"}}, "maxItems must be a whole number between 1000 and 10000"),
        (
            {"buffering": {"maxBytes": 1_048_577}},
            "maxBytes must be a whole number between 262144 and 1048576",
        ),
        ({"buffering": {"timeoutMs": 24}}, "timeoutMs must be a whole number between 25 and 30000"),
        ({"buffering": {"timeoutMs": True}}, "timeoutMs must be a whole number between 25 and 30000"),
        ({"destination": None}, "destination is not provided"),
        ({"destination": {"protocol": "UDP"}}, "destination protocol must be HTTP or TCP"),
        ({"destination": {"protocol": "TCP"}}, "port must be a whole number between 1 and 65535"),
        ({"destination": {"protocol": "TCP", "port": 9001}}, "port 9001 is reserved"),
        ({"destination": {"protocol": "HTTP"}}, "URI must begin with http://"),
        ({"destination": {"protocol": "HTTP", "URI": "http://[:1"}}, "URI is malformed"),
        ({"destination": {"protocol": "HTTP", "URI": "https://sandbox:1"}}, "URI must begin with http://"),
        (
            {"destination": {"protocol": "HTTP", "URI": "http://example.com:80"}},
            "URI host must be sandbox.localdomain, not example.com",
        ),
        ({"destination": {"protocol": "HTTP", "URI": "http://sandbox:9001"}}, "port 9001 is reserved"),
    ],
)
def test_each_fault_has_its_name(changes: dict[str, Any], message: str) -> None:
    """So that whoever wrote the request knows what to change."""
    with pytest.raises(SubscriptionError) as refused:
        read(**changes)
    assert str(refused.value) == message


def test_a_method_is_one_of_two() -> None:
    """For logs, where it may be chosen."""
    with pytest.raises(SubscriptionError, match="destination method must be POST or PUT"):
        read("logs", schemaVersion=None, destination={**HTTP, "method": "GET"})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not JSON: "),
        (b"\xff", "the body is not JSON: "),
        (b"[]", "the body must be a JSON"),
    ],
)
def test_a_body_is_an_object(body: bytes, message: str) -> None:
    """Whatever else it is, is refused."""
    assert refuse(body)["errorMessage"].startswith(message)
