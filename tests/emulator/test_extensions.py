"""Extensions as they are registered: their events, their failures, and every refusal of the catalogue."""

from __future__ import annotations

import json

import pytest

from aioric_emulator.extensions import ExtensionError, Registrations
from tests.emulator.rig import FACTS, Peer, Platform

UNKNOWN = "11111111-2222-3333-4444-555555555555"


def registrations(*events: str) -> Registrations:
    """Give an environment's registrations, which allow some events."""
    return Registrations(FACTS, lambda: UNKNOWN, frozenset(events))


def test_an_external_one_has_rights_of_its_own() -> None:
    """It is known by its file's name, and may be told of the end; an internal one beside it may not."""
    both = Registrations(FACTS, lambda: UNKNOWN, frozenset({"INVOKE"}), ("agent",))
    assert both.have_external
    before = both.are_registered
    assert both.register("agent", "", b'{"events":["INVOKE","SHUTDOWN"]}').status == 200
    assert [before, both.are_registered, both.are_ready] == [False, True, False]
    assert both.find(UNKNOWN).events == {"INVOKE", "SHUTDOWN"}
    with pytest.raises(ExtensionError, match="ShutdownEventNotSupportedForInternalExtension"):
        both.register("inside", "", b'{"events":["SHUTDOWN"]}')
    with pytest.raises(ExtensionError, match="OTHER: InvalidEventType"):
        both.register("agent", "", b'{"events":["OTHER"]}')


def test_an_external_one_registers_once() -> None:
    """And may not poll before."""
    one = Registrations(FACTS, lambda: UNKNOWN, frozenset(), ("agent",))
    with pytest.raises(ExtensionError, match="from Started to Ready failed for extension agent"):
        one.poll(UNKNOWN, Peer())
    one.register("agent", "", b"{}")
    with pytest.raises(ExtensionError, match="from Registered to Registered failed for extension agent"):
        one.register("agent", "", b"{}")


def test_on_managed_instances_an_external_one_is_not_invoked() -> None:
    """It may be told of the end only."""
    one = Registrations(FACTS, lambda: UNKNOWN, frozenset(), ("agent",))
    with pytest.raises(ExtensionError, match="INVOKE: InvalidEventType"):
        one.register("agent", "", b'{"events":["INVOKE"]}')
    assert one.register("agent", "", b'{"events":["SHUTDOWN"]}').status == 200


def test_an_end_is_remembered_with_its_reason() -> None:
    """What an extension reported itself is not replaced by the end of its process."""
    two = Registrations(FACTS, iter([UNKNOWN, UNKNOWN.replace("1", "2")]).__next__, frozenset(), ("a", "b"))
    two.register("a", "", b"{}")
    two.fail(UNKNOWN, "Broken", "InitError")
    two.exited("a", "Extension.Crash")
    two.exited("b", "Extension.LaunchError")
    assert [(each.name, each.state, each.error_type) for each in two.report()] == [
        ("a", "InitError", "Broken"),
        ("b", "LaunchError", "Extension.LaunchError"),
    ]


def identifier(platform: Platform, name: str = "ext", events: tuple[str, ...] = ()) -> str:
    """Register an extension, and give its identifier."""
    return platform.register(name, events).headers["Lambda-Extension-Identifier"]


def started() -> Platform:
    """Give a platform whose runtime is starting."""
    platform = Platform()
    platform.invoke()
    return platform


def test_a_registration_tells_about_the_function() -> None:
    """The body's keys are in the platform's order, and it ends in a newline."""
    answer = registrations().register("a", "", b'{"events":[]}')
    assert answer.status == 200
    assert dict(answer.headers)["Lambda-Extension-Identifier"] == UNKNOWN
    assert answer.body == b'{"functionName":"f","functionVersion":"$LATEST","handler":"app.handler"}\n'


def test_the_account_id_comes_on_request() -> None:
    """It is a feature to be asked for, among others that are not known."""
    answer = registrations().register("a", "other, accountId", b'{"events":null}')
    assert json.loads(answer.body)["accountId"] == "123456789012"
    assert answer.body.startswith(b'{"accountId"')


@pytest.mark.parametrize(
    ("name", "body", "error_type", "message"),
    [
        ("", b"{}", "Extension.InvalidExtensionName", "Empty extension name"),
        ("a", b"", "InvalidRequestFormat", "Expecting value: line 1 column 1 (char 0)"),
        ("a", b"[]", "InvalidRequestFormat", "events must be a list of strings"),
        ("a", b'{"events":"INVOKE"}', "InvalidRequestFormat", "events must be a list of strings"),
        ("a", b'{"events":[1]}', "InvalidRequestFormat", "events must be a list of strings"),
        (
            "a",
            b'{"configurationKeys":["x"]}',
            "InvalidRequestFormat",
            "configurationKeys are deprecated; use environment variables instead",
        ),
        (
            "a",
            b'{"events":["INVOKE","SHUTDOWN"]}',
            "Extension.InvalidEventType",
            "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension",
        ),
        ("a", b'{"events":["OTHER"]}', "Extension.InvalidEventType", "OTHER: InvalidEventType"),
    ],
)
def test_a_bad_registration_is_refused(name: str, body: bytes, error_type: str, message: str) -> None:
    """Each with its type and its text."""
    with pytest.raises(ExtensionError) as refused:
        registrations("INVOKE").register(name, "", body)
    assert refused.value.answer.status == 403
    assert json.loads(refused.value.answer.body) == {"errorMessage": message, "errorType": error_type}


def test_a_name_can_be_registered_once() -> None:
    """The second is told so."""
    platform = started()
    assert platform.register("a").status == 200
    assert platform.register("a").body == {
        "errorMessage": "Extension with this name already registered",
        "errorType": "Extension.InvalidExtensionState",
    }


def test_there_are_ten_at_most() -> None:
    """The eleventh is refused."""
    platform = started()
    assert [platform.register(f"e{number}").status for number in range(10)] == [200] * 10
    assert platform.register("e10").body == {
        "errorMessage": "Extension limit (10) reached",
        "errorType": "Extension.TooManyExtensions",
    }


def test_registration_closes_with_the_first_poll() -> None:
    """The runtime's /next is the end of it."""
    platform = started()
    platform.next()
    assert platform.register().body == {
        "errorMessage": "Extension registration closed already",
        "errorType": "Extension.RegistrationClosed",
    }


@pytest.mark.parametrize(
    ("sent", "error_type"),
    [
        ("", "Extension.MissingExtensionIdentifier"),
        ("nonsense", "Extension.InvalidExtensionIdentifier"),
        (UNKNOWN, "Extension.UnknownExtensionIdentifier"),
    ],
)
def test_an_extension_has_to_identify_itself(sent: str, error_type: str) -> None:
    """For events and for errors alike."""
    platform = started()
    assert platform.extension_next(sent).body["errorType"] == error_type
    assert platform.extension_error(sent, "E", "InitError").body["errorType"] == error_type


def test_init_waits_for_every_extension() -> None:
    """An extension that registers without polling holds the init up, until the limit."""
    platform = started()
    known = identifier(platform)
    polling = platform.next()
    assert polling.waits
    assert platform.inits == []
    assert platform.extension_next(known).waits
    assert polling.status == 200
    assert len(platform.inits) == 1


def test_a_subscriber_is_part_of_every_invocation() -> None:
    """It gets the INVOKE event, and the invocation is over when it polls again."""
    platform = started()
    platform.service.epoch_offset = 0.0
    known = identifier(platform, events=("INVOKE",))
    idle = identifier(platform, "silent")
    event = platform.extension_next(known)
    silent = platform.extension_next(idle)
    platform.next()
    assert event.body == {
        "eventType": "INVOKE",
        "deadlineMs": 103000,
        "requestId": "id-1",
        "invokedFunctionArn": "",
    }
    assert event.headers["Lambda-Extension-Event-Identifier"]
    assert silent.waits
    platform.respond("id-1")
    platform.next()
    # The runtime is done, the extension is not: the next call needs another environment.
    _, second = platform.invoke(trace_id="Root=1")
    assert len(platform.launched) == 2
    platform.launched.pop()
    event = platform.extension_next(known)
    platform.invoke(trace_id="Root=1")
    assert event.body["tracing"] == {"type": "X-Amzn-Trace-Id", "value": "Root=1"}
    assert not second.is_told


def test_a_subscriber_that_never_returns_times_the_invocation_out() -> None:
    """Though the caller had its answer."""
    platform = started()
    known = identifier(platform, events=("INVOKE",))
    platform.extension_next(known)
    platform.next()
    platform.respond("id-1")
    platform.next()
    platform.tick(3.0)
    assert platform.stopped == [(platform.environment, "timeout")]


def test_polling_again_moves_the_wait() -> None:
    """The event goes to the request that came last."""
    platform = started()
    known = identifier(platform, events=("INVOKE",))
    first, second = platform.extension_next(known), platform.extension_next(known)
    platform.next()
    assert first.waits
    assert second.status == 200


def test_an_error_names_its_type() -> None:
    """Without the header it is refused, and the extension lives on."""
    platform = started()
    known = identifier(platform)
    assert platform.extension_error(known, "", "InitError").body == {
        "errorMessage": "Lambda-Extension-Function-Error-Type not found",
        "errorType": "Extension.MissingHeader",
    }
    assert platform.extension_next(known).waits


def test_an_init_error_of_an_extension_fails_the_init() -> None:
    """Twice, and the caller is told."""
    platform = Platform()
    _, caller = platform.invoke()
    for _ in range(2):
        known = identifier(platform)
        assert platform.extension_error(known, "Broken", "InitError").status == 202
    assert caller.error == {
        "errorType": "Extension.InitError",
        "errorMessage": "RequestId: id-1 Error: Broken",
    }


def test_an_exit_error_of_an_extension_ends_the_invocation() -> None:
    """And the environment with it."""
    platform = Platform()
    _, caller = platform.invoke()
    known = identifier(platform)
    platform.extension_next(known)
    platform.next()
    assert platform.extension_error(known, "Gone", "ExitError").status == 202
    assert caller.error["errorType"] == "Extension.ExitError"
    assert platform.stopped == [(platform.environment, "failure")]


def test_an_extension_that_failed_may_do_nothing_more() -> None:
    """Every further call names the state it is in."""
    platform = started()
    known = identifier(platform)
    extensions = platform.environment.registrations
    assert len(extensions) == 1
    extensions.fail(known, "E", "InitError")
    message = f"State transition from InitError to Ready failed for extension {known}."
    assert platform.extension_next(known).body == {
        "errorMessage": f"{message} Error: State transition is not allowed",
        "errorType": "Extension.InvalidExtensionState",
    }
    refused = platform.extension_error(known, "E", "ExitError").body
    assert refused["errorMessage"].startswith("State transition from InitError to ExitError")


def test_an_init_error_after_a_poll_is_refused() -> None:
    """Init was over for this extension."""
    platform = started()
    known = identifier(platform)
    platform.extension_next(known)
    refused = platform.extension_error(known, "E", "InitError")
    assert refused.body["errorType"] == "Extension.InvalidExtensionState"


def test_a_stopped_environment_takes_no_calls() -> None:
    """A process that is being killed may still get a request out."""
    platform = started()
    known = identifier(platform)
    platform.stop()
    assert platform.register("b").status == 500
    assert platform.extension_next(known).status == 500
    assert platform.extension_error(known, "E", "ExitError").status == 500


def test_identifiers_are_the_same_in_either_case() -> None:
    """They are UUIDs."""
    known = Registrations(FACTS, lambda: "abcdefab-0000-4000-8000-000000000000", frozenset())
    known.register("a", "", b"{}")
    assert known.poll("ABCDEFAB-0000-4000-8000-000000000000", Peer()).name == "a"
