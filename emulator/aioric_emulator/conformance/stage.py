"""A runtime under test: its process, with the wire that it talks to and the log that it writes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from aioric_emulator.conformance.wire import ACCEPTED, PATIENCE, NonconformantError, Wire, check, event, http

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from aioric_emulator.conformance.wire import Request

__all__ = ["HANDLER", "Stage"]

# Stands for the handler's name in the runtime's command line.
HANDLER = "{handler}"
# In bytes: one that never stops to write is ended before the disk is full.
MAX_LOG = 64 << 20


@contextmanager
def limited_files(size: int) -> Iterator[None]:
    """Have what is started meanwhile write no file larger than so many bytes."""
    import resource  # noqa: PLC0415 - only POSIX has it, and the module is imported everywhere

    limits = soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    lowest = min(each for each in (size, soft, hard) if each != resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_FSIZE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


class Stage:
    """One scenario's wire and process. Everything is gone when its context is left."""

    def __init__(self, command: Sequence[str], functions: Path) -> None:
        self._command = command
        self._functions = functions
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed on leaving
        self._process: subprocess.Popen[bytes] | None = None
        self.wire = Wire()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self.wire.close()
        self._log.close()

    def start(
        self,
        handler: str = "conformant.handler",
        variables: Mapping[str, str] | None = None,
        descriptors: Sequence[int] = (),
    ) -> None:
        """Start the runtime with a handler, further variables, and descriptors that it inherits."""
        command = [word.replace(HANDLER, handler) for word in self._command]
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("AWS_LAMBDA_")
        }
        environment |= {
            # aioric's own bootstrap looks for an interpreter; the one with everything installed is this one.
            "AIORIC_PYTHON": environment.get("AIORIC_PYTHON", sys.executable),
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.wire.port}",
            "AWS_LAMBDA_FUNCTION_NAME": "f",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "LAMBDA_TASK_ROOT": str(self._functions),
            "_HANDLER": handler,
            **(variables or {}),
        }
        with limited_files(MAX_LOG):
            self._process = subprocess.Popen(  # noqa: S603 - the user's own command
                command,
                env=environment,
                cwd=self._functions,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                pass_fds=descriptors,
            )
        self.wire.is_deserted = lambda: self.process.poll() is not None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The runtime's process, once it was started."""
        check(self._process, "it was not started")
        assert self._process is not None  # noqa: S101 - checked in the line above
        return self._process

    def log(self) -> str:
        """Everything that the runtime has written so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def ended(self, within: float = PATIENCE) -> int:
        """Wait until the process has ended by itself, and give its exit status."""
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise NonconformantError(f"its process had not ended after {within:g} s") from None

    def signal(self, number: signal.Signals) -> float:
        """Send a signal; give the seconds until the process has ended."""
        started = time.monotonic()
        self.process.send_signal(number)
        self.ended()
        return time.monotonic() - started

    def next(self) -> Request:
        """Wait for a poll."""
        return self.wire.request("next")

    def give(
        self, request_id: str, payload: bytes = b"{}", headers: Mapping[str, str | None] | None = None
    ) -> None:
        """Wait for a poll, and answer it with an event."""
        self.next().reply(event(request_id, payload, dict(headers or {})))

    def answer(self, request_id: str, kind: str = "response", reply: bytes = ACCEPTED) -> Request:
        """Wait for the answer to an event, and accept it or say something else."""
        request = self.wire.request("response", "error")
        check(request.kind == kind, f"it answered with {request.kind}: {request.body[:200]!r}")
        check(request.request_id == request_id, f"it answered {request.request_id}, not {request_id}")
        request.reply(reply)
        return request

    def serve(
        self,
        payload: bytes = b"{}",
        headers: Mapping[str, str | None] | None = None,
        request_id: str = "id-1",
        kind: str = "response",
    ) -> Request:
        """Have one event handled, from poll to answer."""
        self.give(request_id, payload, headers)
        return self.answer(request_id, kind)

    def refuse(self, request: Request, status: int, error_type: str) -> None:
        """Answer with an error of the API's."""
        body = f'{{"errorMessage":"no","errorType":"{error_type}"}}\n'.encode()
        request.reply(http(status, body, {"Content-Type": "application/json"}))

    def goes_on(self) -> None:
        """See that the runtime serves one more event."""
        answer: Any = self.serve(b'{"still":"here"}', request_id="id-last").body
        check(b"here" in answer, f"the next event was answered with {answer[:100]!r}")
