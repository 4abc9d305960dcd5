"""The lines that the platform itself writes to a function's log: INIT_START, START, END, REPORT.

Text: https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
JSON: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
"""

from __future__ import annotations

import json
import math
import time
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aioric_emulator.decisions import ExtensionReport, InitEnd, RestoreEnd
    from aioric_emulator.messages import Ending, Invocation

__all__ = ["JsonLines", "TextLines", "megabytes"]

MIB = 1024 * 1024


def megabytes(size: int) -> int:
    """Give a number of bytes in the megabytes of a REPORT line, of which a started one is a whole one."""
    return math.ceil(size / MIB)


def milliseconds(seconds: float) -> float:
    """Give seconds as a REPORT line's milliseconds."""
    return round(seconds * 1000, 2)


def shortest(seconds: float) -> str:
    """Give what `milliseconds` gives as text: with whole numbers, which take a quarter of the time."""
    whole, hundredths = divmod(int(seconds * 100_000 + 0.5), 100)
    return f"{whole}.{hundredths:02d}" if hundredths % 10 else f"{whole}.{hundredths // 10}"


class TextLines:
    """The lines of the text format."""

    def __init__(self, runtime: str, memory: int) -> None:
        self._runtime = runtime
        self._memory = memory

    def init_start(self) -> list[str]:
        """An environment's runtime is started."""
        return [f"INIT_START Runtime Version: {self._runtime}"]

    def extension(self, extension: ExtensionReport) -> list[str]:
        """How an extension is at the end of init."""
        line = f"EXTENSION\tName: {extension.name}\tState: {extension.state}"
        line += f"\tEvents: [{', '.join(extension.events)}]"
        return [f"{line}\tError Type: {extension.error_type}" if extension.error_type else line]

    def init_end(self, end: InitEnd) -> list[str]:
        """An init failed, or one that had failed was repeated. A good first one is told by REPORT."""
        if end.status == "success":
            return []
        duration = f"{end.duration * 1000:.2f} ms"
        line = f"INIT_REPORT Init Duration: {duration}\tPhase: {end.phase}\tStatus: {end.status}"
        return [f"{line}\tError Type: {end.error_type}" if end.status == "error" else line]

    def restore_start(self) -> list[str]:
        """An environment is resumed from its snapshot."""
        return [f"RESTORE_START Runtime Version: {self._runtime}"]

    def restore_end(self, end: RestoreEnd) -> list[str]:
        """A restore ended."""
        line = f"RESTORE_REPORT Restore Duration: {end.duration * 1000:.2f} ms"
        if end.status == "success":
            return [line]
        line += f"\tStatus: {end.status}"
        return [f"{line}\tError Type: {end.error_type}" if end.error_type else line]

    def start(self, invocation: Invocation) -> list[str]:
        """An invocation starts."""
        return [self.plain_start(invocation.request_id, 0.0)]

    def plain_start(self, request_id: str, at: float) -> str:  # noqa: ARG002 - no line has a time
        """Give the line. `at` is when it was, in seconds since the epoch."""
        return f"START RequestId: {request_id} Version: $LATEST"

    def end(self, invocation: Invocation, ending: Ending, max_memory: int) -> list[str]:
        """An invocation is over; `max_memory` is in bytes."""
        end, report = self.plain_end(invocation.request_id, ending.duration, max_memory, 0.0).split("\n")
        if ending.init_duration is not None:
            report += f"\tInit Duration: {ending.init_duration * 1000:.2f} ms"
        if ending.restore_duration is not None:
            restore = ending.restore_duration * 1000
            report += (
                f"\tRestore Duration: {restore:.2f} ms\tBilled Restore Duration: {math.ceil(restore)} ms"
            )
        if ending.status != "success":
            report += f"\tStatus: {ending.status}"
        if ending.status == "error":
            report += f"\tError Type: {ending.error_type}"
        return [end, report]

    def plain_end(self, request_id: str, duration: float, max_memory: int, at: float) -> str:  # noqa: ARG002 - no line has a time
        """Give the lines, as one text, where there is no more to say. `duration` is in seconds."""
        duration *= 1000
        return (
            f"END RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: {duration:.2f} ms"
            f"\tBilled Duration: {math.ceil(duration)} ms\tMemory Size: {self._memory} MB"
            f"\tMax Memory Used: {megabytes(max_memory)} MB"
        )


class JsonLines:
    """The lines of the JSON format, one telemetry event each."""

    def __init__(self, runtime: str, memory: int, initialization_type: str) -> None:
        self._runtime = runtime
        self._memory = memory
        self._initialization_type = initialization_type
        # The last line's second since the epoch, and its text.
        self._second = 0
        self._stamp = ""

    def init_start(self) -> list[str]:
        """An environment's runtime is started."""
        record: dict[str, object] = {"initializationType": self._initialization_type, "phase": "init"}
        return [self._line("platform.initStart", record | {"runtimeVersion": self._runtime})]

    def extension(self, extension: ExtensionReport) -> list[str]:
        """How an extension is at the end of init."""
        return [self._line("platform.extension", extension.record)]

    def init_end(self, end: InitEnd) -> list[str]:
        """An init ended."""
        record: dict[str, object] = {"initializationType": self._initialization_type, "phase": end.phase}
        record |= {"status": end.status, "metrics": {"durationMs": milliseconds(end.duration)}}
        if end.error_type:
            record["errorType"] = end.error_type
        return [self._line("platform.initReport", record)]

    def restore_start(self) -> list[str]:
        """An environment is resumed from its snapshot."""
        return [self._line("platform.restoreStart", {"runtimeVersion": self._runtime})]

    def restore_end(self, end: RestoreEnd) -> list[str]:
        """A restore ended."""
        record: dict[str, object] = {"status": end.status}
        record["metrics"] = {"durationMs": milliseconds(end.duration)}
        if end.error_type:
            record["errorType"] = end.error_type
        return [self._line("platform.restoreReport", record)]

    def start(self, invocation: Invocation) -> list[str]:
        """An invocation starts."""
        record = f'{{"requestId":{quoted(invocation.request_id)},"version":"$LATEST"}}'
        return [self._written("platform.start", record)]

    def plain_start(self, request_id: str, at: float) -> str:
        """Give the line for an id of ours. `at` is when it was, in seconds since the epoch."""
        return self._written("platform.start", f'{{"requestId":"{request_id}","version":"$LATEST"}}', at)

    def end(self, invocation: Invocation, ending: Ending, max_memory: int) -> list[str]:
        """An invocation is over; `max_memory` is in bytes."""
        metrics = self._metrics(ending.duration, max_memory)
        if ending.init_duration is not None:
            metrics += f',"initDurationMs":{milliseconds(ending.init_duration)}'
        if ending.restore_duration is not None:
            metrics += f',"restoreDurationMs":{milliseconds(ending.restore_duration)}'
        error = f',"errorType":{quoted(ending.error_type)}' if ending.error_type else ""
        request_id = quoted(invocation.request_id)
        record = (
            f'{{"requestId":{request_id},"metrics":{{{metrics}}},"status":{quoted(ending.status)}{error}}}'
        )
        return [self._written("platform.report", record)]

    def plain_end(self, request_id: str, duration: float, max_memory: int, at: float) -> str:
        """Give the line where there is no more to say. `duration` is in seconds."""
        metrics = self._metrics(duration, max_memory)
        record = f'{{"requestId":"{request_id}","metrics":{{{metrics}}},"status":"success"}}'
        return self._written("platform.report", record, at)

    def _metrics(self, duration: float, max_memory: int) -> str:
        # Every invocation has two lines; `json` would take ten times as long for them.
        return (
            f'"durationMs":{shortest(duration)},"billedDurationMs":{math.ceil(duration * 1000)}'
            f',"memorySizeMB":{self._memory},"maxMemoryUsedMB":{megabytes(max_memory)}'
        )

    def _line(self, kind: str, record: dict[str, object]) -> str:
        return self._written(kind, json.dumps(record, separators=(",", ":")))

    def _written(self, kind: str, record: str, at: float | None = None) -> str:
        second, millisecond = divmod(int((time.time() if at is None else at) * 1000), 1000)
        if second != self._second:
            self._second = second
            self._stamp = f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}"
        return f'{{"time":"{self._stamp}.{millisecond:03d}Z","type":"{kind}","record":{record}}}'
