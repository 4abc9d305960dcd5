"""The extensions of one environment: who is registered, in which state, and the errors of the API.

Internal ones only: they live in the runtime's own process. External extensions, which the platform starts
from `/opt/extensions`, and SHUTDOWN events, which only they may have, are not here yet.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from aioric_emulator.answers import ACCEPTED, JSON, error_answer
from aioric_emulator.messages import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aioric_emulator.messages import Exchange, Invocation

__all__ = ["Extension", "ExtensionError", "FunctionFacts", "Registrations"]

MAX_EXTENSIONS = 10
# What Go's uuid.Parse takes in practice: the plain form, in either case.
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class ExtensionError(Exception):
    """A refused call: 403 with an error type of the catalogue."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.answer = error_answer(403, error_type, message)


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """What a registration tells an extension about its function."""

    name: str
    version: str
    handler: str
    account_id: str


@dataclass(slots=True, eq=False)
class Extension:
    """One registered extension and, while it waits for an event, its open request."""

    name: str
    identifier: str
    events: frozenset[str]
    state: str = "Registered"
    exchange: Exchange | None = None

    def move(self, wanted: str, allowed: tuple[str, ...]) -> None:
        """Go to another state, or raise the error that says why not."""
        if self.state not in allowed:
            raise ExtensionError(
                "Extension.InvalidExtensionState",
                f"State transition from {self.state} to {wanted} failed for extension {self.identifier}."
                " Error: State transition is not allowed",
            )
        self.state = wanted


@dataclass(slots=True, eq=False)
class Registrations:
    """The extensions of one environment. Every refusal is raised as an `ExtensionError`."""

    facts: FunctionFacts
    new_id: Callable[[], str]
    # Managed Instances allow an internal extension no event at all.
    allowed_events: frozenset[str]
    is_open: bool = True
    _by_id: dict[str, Extension] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Extension]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def copy(self) -> Registrations:
        """Give those of a copy of the environment: as they are, but on connections of their own."""
        by_id = {key: replace(each, exchange=None) for key, each in self._by_id.items()}
        return replace(self, _by_id=by_id)

    def register(self, name: str, features: str, body: bytes) -> Answer:
        """Register an internal extension and give the answer to it."""
        if not name:
            raise ExtensionError("Extension.InvalidExtensionName", "Empty extension name")
        events = self._read_events(body)
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

    def _read_events(self, body: bytes) -> frozenset[str]:
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
            self._check_event(event)
        return frozenset(events)

    def _check_event(self, event: str) -> None:
        if event in self.allowed_events:
            return
        if not self.allowed_events:
            message = "No events allowed for internal extensions"
        elif event == "SHUTDOWN":
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
        return ACCEPTED

    @property
    def are_ready(self) -> bool:
        """Whether every extension waits for its next event."""
        return all(extension.state == "Ready" for extension in self)

    def invoke_events(self, invocation: Invocation) -> Iterator[tuple[Exchange, Answer]]:
        """Give the INVOKE event to every subscriber that waits."""
        for extension in self:
            if "INVOKE" in extension.events and extension.exchange is not None:
                exchange, extension.exchange = extension.exchange, None
                extension.state = "Running"
                yield exchange, self._invoke_event(invocation)

    def _invoke_event(self, invocation: Invocation) -> Answer:
        event: dict[str, object] = {
            "eventType": "INVOKE",
            "deadlineMs": invocation.deadline_ms,
            "requestId": invocation.request_id,
            "invokedFunctionArn": invocation.function_arn,
        }
        if invocation.trace_id:
            event["tracing"] = {"type": "X-Amzn-Trace-Id", "value": invocation.trace_id}
        body = json.dumps(event, separators=(",", ":")).encode(errors="surrogateescape") + b"\n"
        return Answer(200, (JSON, ("Lambda-Extension-Event-Identifier", self.new_id())), body)
