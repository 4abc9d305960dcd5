"""What the platform records of an environment for subscribers: decisions and lines become records. No I/O.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from aioric_emulator import decisions
from aioric_emulator.answers import SUBSCRIBED
from aioric_emulator.subscriptions import SubscriptionError, read_subscription

if TYPE_CHECKING:
    from aioric_emulator.extensions import Registrations
    from aioric_emulator.messages import Answer, Ending, Invocation
    from aioric_emulator.subscriptions import Api
    from aioric_emulator.telemetry import Telemetry

__all__ = ["TelemetryRecords"]

MIB = 1024 * 1024
CLOSED = {
    "telemetry": ("Telemetry.SubscriptionClosed", "Telemetry API subscription is closed"),
    "logs": ("Logs.SubscriptionClosed", "Logs API subscription is closed"),
}
# What is nobody's report but the platform's finding; an extension's own errors are of that kind too.
CRASHES = frozenset({"Runtime.ExitError", "Runtime.InvalidEntrypoint", "Runtime.OutOfMemory"})
PARENT = re.compile(r"(?:^|;)\s*Parent=([0-9a-fA-F]+)")


@dataclass(slots=True)
class Timing:
    """When an invocation's response began and ended, and when its runtime polled again; and what it said."""

    opened_at: float
    responded_at: float | None = None
    done_at: float | None = None
    size: int = 0
    status: str = "success"
    error_type: str = ""


class TelemetryRecords:
    """Writes the records of one environment to its telemetry. Times are in seconds."""

    def __init__(self, registrations: Registrations, telemetry: Telemetry, *, is_managed: bool) -> None:
        self._registrations = registrations
        self._telemetry = telemetry
        self._is_managed = is_managed
        self._apis: dict[str, Api] = {}
        self._phase = "init"
        self._is_runtime_ready = False
        self._timings: dict[str, Timing] = {}

    @property
    def are_watched(self) -> bool:
        """Whether anybody subscribes, or may."""
        return self._telemetry.is_wanted

    def subscribe(self, name: str, api: Api, body: bytes, now: float, *, is_open: bool) -> Answer:
        """Take an extension's subscription. Raises `SubscriptionError`."""
        if not is_open:
            raise SubscriptionError(403, *CLOSED[api])
        if self._apis.get(name, api) != api:
            other = "Logs" if api == "telemetry" else "Telemetry"
            message = f"{name} has subscribed with the {other} API, and may not use both"
            raise SubscriptionError(400, "ValidationError", message)
        subscription = read_subscription(name, api, body, is_managed=self._is_managed)
        self._apis[name] = api
        self._telemetry.subscribe(subscription, now)
        kind = "platform.telemetrySubscription" if api == "telemetry" else "platform.logsSubscription"
        record = {"name": name, "state": "Subscribed", "types": list(subscription.types)}
        self._telemetry.add(kind, record, now)
        return SUBSCRIBED

    def line(self, kind: str, text: str, now: float) -> None:
        """Record a line of the function's log or of an extension's: `kind` is `function` or `extension`."""
        content: dict[str, object] | str = text
        if self._registrations.facts.is_json_log and text.startswith("{"):
            try:
                content = json.loads(text)
            except ValueError:
                content = text
        self._telemetry.add(kind, content, now, text)

    def init_started(self, phase: str, instance_id: str, now: float) -> None:
        """Record that the environment comes up."""
        facts = self._registrations.facts
        self._phase = phase
        record = {
            **self._init(),
            "runtimeVersion": facts.runtime,
            "functionName": facts.name,
            "functionVersion": facts.version,
            "instanceId": instance_id,
            "instanceMaxMemory": facts.memory * MIB,
        }
        self._telemetry.add("platform.initStart", record, now)

    def _init(self) -> dict[str, object]:
        kind = self._registrations.facts.initialization_type
        return {"initializationType": kind, "phase": self._phase}

    # What the model learns of an invocation's response, for its spans…

    def response_opened(self, request_id: str, now: float) -> None:
        """Take note that a response's head has arrived."""
        self._timings.setdefault(request_id, Timing(now))

    def responded(self, request_id: str, size: int, error_type: str | None, now: float) -> None:
        """Take note that a response or an error has arrived whole; `error_type` is None for a response."""
        timing = self._timings.setdefault(request_id, Timing(now))
        timing.responded_at, timing.size = now, size
        if error_type is not None:
            timing.status, timing.error_type = "error", error_type

    # …and what is carried out.

    def tell(self, decision: decisions.Decision, now: float, max_memory: int) -> None:
        """Record a decision; `max_memory` is in bytes."""
        match decision:
            case decisions.RuntimeReady():
                self._runtime_ready("success", "", now)
            case decisions.InitEnd():
                self._init_end(decision, now)
            case decisions.RestoreStart():
                self._restore_start(now)
            case decisions.RestoreEnd():
                self._restore_end(decision, now)
            case decisions.Begin(_, invocation):
                self._start(invocation, now)
            case decisions.RuntimeDone(_, invocation):
                self._runtime_done(invocation, "success", "", now)
            case decisions.Finish(_, invocation, ending):
                self._finish(invocation, ending, max_memory, now)

    def _runtime_ready(self, status: str, error_type: str, now: float) -> None:
        if not self._is_runtime_ready:
            self._is_runtime_ready = True
            self._telemetry.add(
                "platform.initRuntimeDone", with_status(self._init(), status, error_type), now
            )

    def _init_end(self, end: decisions.InitEnd, now: float) -> None:
        status = read_status(end.status, end.error_type)
        self._runtime_ready(status, end.error_type, now)
        for extension in end.extensions:
            self._telemetry.add("platform.extension", extension.record, now)
        record = with_status(self._init(), status, end.error_type)
        record["metrics"] = {"durationMs": milliseconds(end.duration)}
        self._telemetry.add("platform.initReport", record, now)
        self._telemetry.close()

    def _restore_start(self, now: float) -> None:
        facts = self._registrations.facts
        record = {"runtimeVersion": facts.runtime, "functionName": facts.name}
        record["functionVersion"] = facts.version
        self._telemetry.add("platform.restoreStart", record, now)

    def _restore_end(self, end: decisions.RestoreEnd, now: float) -> None:
        status = read_status(end.status, end.error_type)
        record = with_status({}, status, end.error_type)
        self._telemetry.add("platform.restoreRuntimeDone", record, now)
        record = {**record, "metrics": {"durationMs": milliseconds(end.duration)}}
        self._telemetry.add("platform.restoreReport", record, now)

    def _start(self, invocation: Invocation, now: float) -> None:
        record: dict[str, object] = {"requestId": invocation.request_id}
        record["version"] = self._registrations.facts.version
        if self._is_managed:
            record["functionArn"] = invocation.function_arn
        self._telemetry.add("platform.start", with_tracing(record, invocation), now)

    def _runtime_done(self, invocation: Invocation, status: str, error_type: str, now: float) -> None:
        timing = self._timings.setdefault(invocation.request_id, Timing(now))
        if timing.done_at is not None or self._is_managed:
            return
        timing.done_at = now
        if status == "success":
            status, error_type = timing.status, timing.error_type
        record = with_status({"requestId": invocation.request_id}, status, error_type)
        started_at = now if invocation.started_at is None else invocation.started_at
        record["metrics"] = {"durationMs": milliseconds(now - started_at), "producedBytes": timing.size}
        record["spans"] = self._spans(invocation, timing)
        self._telemetry.add("platform.runtimeDone", with_tracing(record, invocation), now)

    def _spans(self, invocation: Invocation, timing: Timing) -> list[dict[str, object]]:
        span = partial(make_span, self._telemetry)
        if timing.responded_at is None or invocation.started_at is None:
            return []
        spans = [
            span("responseLatency", invocation.started_at, timing.opened_at),
            span("responseDuration", timing.opened_at, timing.responded_at),
        ]
        if timing.done_at is not None:
            spans.append(span("runtimeOverhead", timing.responded_at, timing.done_at))
        return spans

    def _finish(self, invocation: Invocation, ending: Ending, max_memory: int, now: float) -> None:
        status, error_type = read_status(ending.status, ending.error_type), ending.error_type
        self._runtime_done(invocation, status, error_type, now)
        timing = self._timings.pop(invocation.request_id)
        request_id = invocation.request_id
        if status == "failure":
            fault = f"RequestId: {request_id} Process exited before completing request"
            self._telemetry.add("platform.fault", fault, now)
        elif status == "success":
            status, error_type = timing.status, timing.error_type
        self._telemetry.add("platform.end", {"requestId": request_id}, now)
        record = with_status({"requestId": request_id}, status, error_type)
        record["metrics"] = self._metrics(ending, max_memory)
        if self._is_managed:
            record["spans"] = self._spans(invocation, timing)
        elif timing.done_at is not None and len(self._registrations):
            record["spans"] = [make_span(self._telemetry, "extensionOverhead", timing.done_at, now)]
        self._telemetry.add("platform.report", with_tracing(record, invocation), now)

    def _metrics(self, ending: Ending, max_memory: int) -> dict[str, object]:
        metrics: dict[str, object] = {"durationMs": milliseconds(ending.duration)}
        if self._is_managed:
            return metrics
        metrics["billedDurationMs"] = math.ceil(ending.duration * 1000)
        metrics["memorySizeMB"] = self._registrations.facts.memory
        metrics["maxMemoryUsedMB"] = math.ceil(max_memory / MIB)
        if ending.init_duration is not None:
            metrics["initDurationMs"] = milliseconds(ending.init_duration)
        if ending.restore_duration is not None:
            metrics["restoreDurationMs"] = milliseconds(ending.restore_duration)
        return metrics


def milliseconds(seconds: float) -> float:
    """Give seconds as a record's milliseconds."""
    return round(seconds * 1000, 3)


def read_status(status: str, error_type: str) -> str:
    """Give a status as telemetry has it: what broke down is a failure, what a function reports an error."""
    if status == "error" and (error_type in CRASHES or error_type.startswith("Extension.")):
        return "failure"
    return status


def with_status(record: dict[str, object], status: str, error_type: str) -> dict[str, object]:
    """Add a status, and an error's type where there is one."""
    record["status"] = status
    if error_type:
        record["errorType"] = error_type
    return record


def with_tracing(record: dict[str, object], invocation: Invocation) -> dict[str, object]:
    """Add the trace that an invocation belongs to, if any."""
    if invocation.trace_id:
        tracing = {"type": "X-Amzn-Trace-Id", "value": invocation.trace_id}
        parent = PARENT.search(invocation.trace_id)
        record["tracing"] = {"spanId": parent[1], **tracing} if parent else tracing
    return record


def make_span(telemetry: Telemetry, name: str, start: float, end: float) -> dict[str, object]:
    """Give a span of time as records have it."""
    return {"name": name, "start": telemetry.stamp(start), "durationMs": milliseconds(max(0.0, end - start))}
