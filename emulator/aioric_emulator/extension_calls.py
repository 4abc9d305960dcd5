"""What an environment of the model does for its extensions: their calls, their ends, and its own end to them.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from aioric_emulator import answers, failures
from aioric_emulator.decisions import Reply
from aioric_emulator.extensions import MAX_EXTENSIONS, ExtensionError
from aioric_emulator.subscriptions import SubscriptionError
from aioric_emulator.telemetry import Telemetry
from aioric_emulator.telemetry_records import TelemetryRecords

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.decisions import Decision
    from aioric_emulator.extensions import Registrations
    from aioric_emulator.failures import Failure
    from aioric_emulator.messages import Exchange
    from aioric_emulator.subscriptions import Api

__all__ = ["ExtensionCalls"]

# What is given to an environment that ends, in seconds: to its runtime between SIGTERM and SIGKILL, and to
# all of it. Without any extension there is no SIGTERM.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown
INTERNAL_GRACE = 0.5
EXTERNAL_GRACE = 0.3
MANAGED_GRACE = 0.6
SHUTDOWN_LIMIT = 2.0


class ExtensionCalls(ABC):
    """The part of an execution environment that extensions see. All times are in seconds."""

    # Managed Instances have limits, telemetry and a shutdown of their own.
    is_managed = False

    def __init__(
        self, registrations: Registrations, epoch_offset: float, emit: Callable[[Decision], None]
    ) -> None:
        self.registrations = registrations
        self.telemetry = Telemetry(epoch_offset)
        self.records = TelemetryRecords(registrations, self.telemetry, is_managed=self.is_managed)
        self.is_initialising = True
        self.is_stopped = False
        self.stop_reason = ""
        # When everything of an ending environment is killed, once its end has begun.
        self.end_deadline = float("inf")
        self._is_announced = False
        self._emit = emit

    @abstractmethod
    def settle(self, now: float) -> None:
        """See whether init, or an invocation, has ended with the last event."""

    @abstractmethod
    def fail(self, failure: Failure, now: float) -> None:
        """End the environment for a failure, within its init or after it."""

    @abstractmethod
    def _start_runtime(self) -> None:
        """Have the runtime started: all external extensions have registered."""

    def launch_extensions(self, now: float) -> tuple[str, ...]:
        """Give the names of the external extensions to start; too many of them fail the init."""
        if len(self.registrations.external) > MAX_EXTENSIONS:
            detail = f"TooManyExtensions: {len(self.registrations.external)} files, limit {MAX_EXTENSIONS}"
            self.fail(failures.extension_not_launched(detail), now)
            return ()
        return tuple(self.registrations.external)

    def extension_not_launched(self, name: str, detail: str, now: float) -> None:
        """Take note that an external extension could not be started."""
        failure = failures.extension_not_launched(f"{name}: {detail}")
        self._lose(name, failure, now)

    def extension_exited(self, name: str, status: int, now: float) -> None:
        """Take note that an external extension's process ended; a negative status is a signal's number."""
        self._lose(name, failures.extension_crashed(status), now)

    def _lose(self, name: str, failure: Failure, now: float) -> None:
        self.registrations.exited(name, "" if self.is_stopped else failure.error_type)
        if not self.is_stopped:
            self.fail(failure, now)

    def register(self, exchange: Exchange, name: str, features: str, body: bytes) -> None:
        """Take an extension's `register`."""
        if self._refuse_if_stopped(exchange):
            return
        waited = not self.registrations.are_registered
        try:
            answer = self.registrations.register(name, features, body)
        except ExtensionError as refusal:
            answer = refusal.answer
        self._emit(Reply(exchange, answer))
        if waited and self.registrations.are_registered:
            self._start_runtime()

    def extension_next(self, exchange: Exchange, identifier: str, now: float) -> None:
        """Take an extension's `event/next`. In a stopped environment only SHUTDOWN is still to come."""
        if self.is_stopped and not self.registrations.have_external:
            self._emit(Reply(exchange, answers.INTERNAL_ERROR))
            return
        try:
            self.registrations.poll(identifier, exchange)
        except ExtensionError as refusal:
            self._emit(Reply(exchange, refusal.answer))
            return
        if not self.is_stopped:
            self.settle(now)
        elif self._is_announced:
            self._announce()

    def extension_error(
        self, exchange: Exchange, identifier: str, error_type: str, state: str, now: float
    ) -> None:
        """Take an extension's `init/error` or `exit/error`: `state` is `InitError` or `ExitError`."""
        if self.is_stopped and not self.registrations.have_external:
            self._emit(Reply(exchange, answers.INTERNAL_ERROR))
            return
        try:
            answer = self.registrations.fail(identifier, error_type, state)
        except ExtensionError as refusal:
            self._emit(Reply(exchange, refusal.answer))
            return
        self._emit(Reply(exchange, answer))
        if not self.is_stopped:
            self.fail(failures.extension_failed(f"Extension.{state}", error_type), now)

    def subscribe(self, exchange: Exchange, identifier: str, api: Api, body: bytes, now: float) -> None:
        """Take an extension's subscription to telemetry or, with the older API, to logs."""
        if self.is_managed and api == "logs":
            self._emit(Reply(exchange, answers.LOGS_NOT_SUPPORTED))
            return
        try:
            extension = self.registrations.find(identifier)
            answer = self.records.subscribe(
                extension.name, api, body, now, is_open=self.is_initialising and not self.is_stopped
            )
        except (ExtensionError, SubscriptionError) as refusal:
            answer = refusal.answer
        self._emit(Reply(exchange, answer))

    def _refuse_if_stopped(self, exchange: Exchange) -> bool:
        # A process that is being killed may still get a request out.
        if self.is_stopped:
            self._emit(Reply(exchange, answers.INTERNAL_ERROR))
        return self.is_stopped

    # …and the end, which the driver carries out step by step.

    def begin_end(self, now: float) -> float:
        """Begin the end of a stopped environment; give the runtime's time between SIGTERM and SIGKILL."""
        self.end_deadline = now + SHUTDOWN_LIMIT
        if not len(self.registrations):
            return 0.0
        if self.is_managed:
            return MANAGED_GRACE
        return EXTERNAL_GRACE if self.registrations.have_external else INTERNAL_GRACE

    def announce_end(self) -> frozenset[str]:
        """Tell subscribers that the runtime has ended; give the names of the extensions that did not ask."""
        self._is_announced = True
        self._announce()
        return frozenset(
            each.name for each in self.registrations if each.is_external and "SHUTDOWN" not in each.events
        )

    def _announce(self) -> None:
        deadline_ms = round(self.telemetry.wall_clock(self.end_deadline) * 1000)
        for exchange, answer in self.registrations.shutdown_events(self.stop_reason, deadline_ms):
            self._emit(Reply(exchange, answer))
