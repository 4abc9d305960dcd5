"""The extensions of one environment: who is registered, in which state, and the errors of the API.

External ones are processes of their own, which the platform starts before the runtime; they are here from
then on. Internal ones live in the runtime's process, and are here once they register.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from aioric_emulator.answers import ACCEPTED, JSON, error_answer
from aioric_emulator.decisions import ExtensionReport
from aioric_emulator.messages import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from aioric_emulator.messages import Exchange, Invocation

__all__ = ["MAX_EXTENSIONS", "Extension", "ExtensionError", "FunctionFacts", "Registrations"]

MAX_EXTENSIONS = 10
INVOKE = "INVOKE"
SHUTDOWN = "SHUTDOWN"
# What Go's uuid.Parse takes in practice: the plain form, in either case.
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class ExtensionError(Exception):
    """A refused call: 403 with an error type of the catalogue."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.answer = error_answer(403, error_type, message)


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """What extensions are told about their function, at registration and by telemetry. `memory` is in MB."""

    name: str
    version: str
    handler: str
    account_id: str
    memory: int = 128
    initialization_type: str = "on-demand"
    runtime: str = ""
    is_json_log: bool = False


@dataclass(slots=True, eq=False)
class Extension:
    """One registered extension and, while it waits for an event, its open request."""

    name: str
    identifier: str
    events: frozenset[str]
    state: str = "Registered"
    exchange: Exchange | None = None
    is_external: bool = False
    error_type: str = ""

    def move(self, wanted: str, allowed: tuple[str, ...]) -> None:
        """Go to another state, or raise the error that says why not."""
        if self.state not in allowed:
            who = self.name if self.state == "Started" or wanted == "Registered" else self.identifier
            raise ExtensionError(
                "Extension.InvalidExtensionState",
                f"State transition from {self.state} to {wanted} failed for extension {who}."
                " Error: State transition is not allowed",
            )
        self.state = wanted


@dataclass(slots=True, eq=False)
class Registrations:
    """The extensions of one environment. Every refusal is raised as an `ExtensionError`."""

    facts: FunctionFacts
    new_id: Callable[[], str]
    # Managed Instances allow an internal extension no event at all, and an external one no INVOKE.
    allowed_events: frozenset[str]
    external: Sequence[str] = ()
    is_open: bool = True
    _by_id: dict[str, Extension] = field(default_factory=dict)
    # Who has had its SHUTDOWN, and gets no second one.
    _ending: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for name in self.external:
            extension = Extension(name, self.new_id(), frozenset(), "Started", is_external=True)
            self._by_id[extension.identifier] = extension

    def __iter__(self) -> Iterator[Extension]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def copy(self) -> Registrations:
        """Give those of a copy of the environment: as they are, but on connections of their own."""
        by_id = {key: replace(each, exchange=None) for key, each in self._by_id.items()}
        return replace(self, _by_id=by_id)

    def register(self, name: str, features: str, body: bytes) -> Answer:
        """Register an extension and give the answer to it."""
        if not name:
            raise ExtensionError("Extension.InvalidExtensionName", "Empty extension name")
        external = next((each for each in self if each.is_external and each.name == name), None)
        events = self._read_events(body, is_external=external is not None)
        if external is not None:
            external.move("Registered", ("Started",))
            external.events = events
            return self._registered(external, features)
        return self._register_internal(name, features, events)

    def _register_internal(self, name: str, features: str, events: frozenset[str]) -> Answer:
        if not self.is_open:
            raise ExtensionError("Extension.RegistrationClosed", "Extension registration closed already")
        if len(self._by_id) >= MAX_EXTENSIONS:
            raise ExtensionError("Extension.TooManyExtensions", f"Extension limit ({MAX_EXTENSIONS}) reached")
        if any(extension.name == name for extension in self):
            raise ExtensionError(
                "Extension.InvalidExtensionState", "Extension with this name already registered"
            )
        extension = Extension(name, self.new_id(), events)
        self._by_id[extension.identifier] = extension
        return self._registered(extension, features)

    def _registered(self, extension: Extension, features: str) -> Answer:
        wanted = {feature.strip() for feature in features.split(",")}
        facts: dict[str, str] = {"accountId": self.facts.account_id} if "accountId" in wanted else {}
        facts |= {"functionName": self.facts.name, "functionVersion": self.facts.version}
        facts["handler"] = self.facts.handler
        body = json.dumps(facts, separators=(",", ":")).encode() + b"\n"
        return Answer(200, (JSON, ("Lambda-Extension-Identifier", extension.identifier)), body)

    def _read_events(self, body: bytes, *, is_external: bool) -> frozenset[str]:
        try:
            request = json.loads(body)
        except ValueError as error:
            raise ExtensionError("InvalidRequestFormat", str(error)) from None
        events = request.get("events") if isinstance(request, dict) else 0
        events = [] if events is None else events
        if not isinstance(events, list) or not all(isinstance(event, str) for event in events):
            raise ExtensionError("InvalidRequestFormat", "events must be a list of strings")
        if request.get("configurationKeys"):
            raise ExtensionError(
                "InvalidRequestFormat",
                "configurationKeys are deprecated; use environment variables instead",
            )
        for event in events:
            self._check_event(event, is_external=is_external)
        return frozenset(events)

    def _check_event(self, event: str, *, is_external: bool) -> None:
        if event in self.allowed_events or (is_external and event == SHUTDOWN):
            return
        if not self.allowed_events and not is_external:
            message = "No events allowed for internal extensions"
        elif event == SHUTDOWN:
            message = "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension"
        else:
            message = f"{event}: InvalidEventType"
        raise ExtensionError("Extension.InvalidEventType", message)

    def find(self, identifier: str) -> Extension:
        """Give the extension that a request names in its `Lambda-Extension-Identifier` header."""
        if not identifier:
            raise ExtensionError(
                "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header"
            )
        if not UUID.fullmatch(identifier):
            raise ExtensionError(
                "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier"
            )
        extension = self._by_id.get(identifier.lower())
        if extension is None:
            raise ExtensionError("Extension.UnknownExtensionIdentifier", f"Unknown extension {identifier}")
        return extension

    def poll(self, identifier: str, exchange: Exchange) -> Extension:
        """Take an extension's `event/next`: it is ready, and its request waits."""
        extension = self.find(identifier)
        extension.move("Ready", ("Registered", "Ready", "Running"))
        extension.exchange = exchange
        return extension

    def fail(self, identifier: str, error_type: str, wanted: str) -> Answer:
        """Take an extension's `init/error` or `exit/error`; `wanted` is the state it ends in."""
        extension = self.find(identifier)
        if not error_type:
            raise ExtensionError("Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found")
        allowed = ("Registered",) if wanted == "InitError" else ("Registered", "Ready", "Running")
        extension.move(wanted, allowed)
        extension.error_type = error_type
        return ACCEPTED

    def exited(self, name: str, error_type: str) -> None:
        """Take note that an external extension's process ended, or never began."""
        for extension in self:
            if extension.is_external and extension.name == name:
                if not extension.error_type:
                    extension.state = "LaunchError" if error_type == "Extension.LaunchError" else "Exited"
                    extension.error_type = error_type
                extension.exchange = None

    @property
    def have_external(self) -> bool:
        """Whether any extension is a process of its own."""
        return bool(self.external)

    def report(self) -> tuple[ExtensionReport, ...]:
        """Give how they all are at this moment."""
        return tuple(
            ExtensionReport(
                each.name, each.state, tuple(sorted(each.events)), each.error_type, each.is_external
            )
            for each in self
        )

    @property
    def are_registered(self) -> bool:
        """Whether every external extension has registered, so that the runtime may start."""
        return all(extension.state != "Started" for extension in self)

    @property
    def are_ready(self) -> bool:
        """Whether every extension waits for its next event."""
        return all(extension.state == "Ready" for extension in self)

    def invoke_events(self, invocation: Invocation) -> Iterator[tuple[Exchange, Answer]]:
        """Give the INVOKE event to every subscriber that waits."""
        for extension in self:
            if INVOKE in extension.events and extension.exchange is not None:
                exchange, extension.exchange = extension.exchange, None
                extension.state = "Running"
                yield exchange, self._event(invoke_event(invocation))

    def shutdown_events(self, reason: str, deadline_ms: int) -> Iterator[tuple[Exchange, Answer]]:
        """Give the SHUTDOWN event to every subscriber that waits, and has not been given it."""
        for extension in self:
            is_due = SHUTDOWN in extension.events and extension.identifier not in self._ending
            if is_due and extension.exchange is not None:
                self._ending.add(extension.identifier)
                exchange, extension.exchange = extension.exchange, None
                extension.state = "Running"
                yield exchange, self._event(shutdown_event(reason, deadline_ms))

    def _event(self, event: dict[str, object]) -> Answer:
        body = json.dumps(event, separators=(",", ":")).encode(errors="surrogateescape") + b"\n"
        return Answer(200, (JSON, ("Lambda-Extension-Event-Identifier", self.new_id())), body)


def invoke_event(invocation: Invocation) -> dict[str, object]:
    """Give what subscribers are told of an invocation."""
    event: dict[str, object] = {
        "eventType": INVOKE,
        "deadlineMs": invocation.deadline_ms,
        "requestId": invocation.request_id,
        "invokedFunctionArn": invocation.function_arn,
    }
    if invocation.trace_id:
        event["tracing"] = {"type": "X-Amzn-Trace-Id", "value": invocation.trace_id}
    return event


def shutdown_event(reason: str, deadline_ms: int) -> dict[str, object]:
    """Give what subscribers are told of the end."""
    return {"eventType": SHUTDOWN, "deadlineMs": deadline_ms, "shutdownReason": reason}
