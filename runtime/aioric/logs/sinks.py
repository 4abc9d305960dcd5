"""Where log text goes: standard output, or the platform's descriptor for framed records.

Source of both formats: awslambdaric 4.2.2, observed on the wire.
"""

from __future__ import annotations

import os
import sys
from _thread import RLock
from time import time_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Any, Protocol, Self, TextIO

    class Sink(Protocol):
        """What log text can be given to."""

        def log(self, msg: str, frame_type: bytes | None = None) -> None:
            """Write `msg` as it is."""

        def log_error(self, lines: list[str]) -> None:
            """Write an uncaught error's lines as one event."""


NO_BREAK_SPACE = "\u00a0"

# Frame types by level: 0xA55A0000, the level's rank in bits 2 to 5, "has a timestamp", "is text".
TEXT_FRAMES = {
    0: b"\xa5\x5a\x00\x03",
    10: b"\xa5\x5a\x00\x0b",
    20: b"\xa5\x5a\x00\x0f",
    30: b"\xa5\x5a\x00\x13",
    40: b"\xa5\x5a\x00\x17",
    50: b"\xa5\x5a\x00\x1b",
}
JSON_FRAMES = {
    0: b"\xa5\x5a\x00\x02",
    10: b"\xa5\x5a\x00\x0a",
    20: b"\xa5\x5a\x00\x0e",
    30: b"\xa5\x5a\x00\x12",
    40: b"\xa5\x5a\x00\x16",
    50: b"\xa5\x5a\x00\x1a",
}


class Unbuffered:
    """A text stream that passes on every write at once; everything else is the stream's own.

    Lambda freezes and kills processes without notice: what is in a buffer then is lost.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the stream open: it belongs to the process."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def __iter__(self) -> Any:
        return iter(self.stream)

    def write(self, text: str) -> int:
        """Write `text` and flush; returns the number of characters."""
        written = self.stream.write(text)
        self.stream.flush()
        return written

    def writelines(self, lines: Iterable[str]) -> None:
        """Write all `lines`, then flush once."""
        self.stream.writelines(lines)
        self.stream.flush()


class StandardSink:
    """Log text on standard output, where a line is an event and a carriage return stays inside one."""

    __slots__ = ()

    def log(self, msg: str, frame_type: bytes | None = None) -> None:  # noqa: ARG002 - the framed sink's
        """Write `msg` as it is."""
        # Looked up each time: functions replace `sys.stdout` and expect log records there.
        sys.stdout.write(msg)

    def log_error(self, lines: list[str]) -> None:
        """Write `lines` as one event. Must not fail: the failure that is reported here comes first."""
        text = "\r".join(lines) + "\n"
        try:
            sys.stdout.write(text)
        except Exception:  # noqa: BLE001 - closed, replaced by something odd, or of an encoding too small
            write_at_last(text)


class FramedSink:
    """Log text in frames, so that the platform knows where a message ends.

    A frame is a type, the message's length (4 bytes each), the time in microseconds since the
    epoch (8 bytes), all big-endian, and the message in UTF-8.

    Args:
        descriptor: The inherited file descriptor. Child processes will not inherit it.
        error_frame: The type of frame for uncaught errors.
    """

    __slots__ = ("_descriptor", "_error_frame", "_lock")

    def __init__(self, descriptor: int, error_frame: bytes) -> None:
        self._descriptor = descriptor
        self._error_frame = error_frame
        os.set_inheritable(descriptor, False)
        # Reentrant, because a signal handler may log while its thread is writing.
        self._lock = RLock()
        # A child that is forked while another thread writes would wait for that thread for ever.
        os.register_at_fork(after_in_child=self._forget_threads)

    def log(self, msg: str, frame_type: bytes | None = None) -> None:
        """Write `msg` in one frame; without a type, one that says nothing about a level."""
        message = msg.encode("utf-8", "backslashreplace")
        head = (frame_type or TEXT_FRAMES[0]) + len(message).to_bytes(4, "big")
        with self._lock:
            write_all(self._descriptor, head + (time_ns() // 1000).to_bytes(8, "big") + message)

    def _forget_threads(self) -> None:
        self._lock = RLock()

    def log_error(self, lines: list[str]) -> None:
        """Write `lines` in one frame of level ERROR. Must not fail, likewise."""
        try:
            self.log("\n".join(lines), self._error_frame)
        except OSError:
            write_at_last("\r".join(lines) + "\n")


def redirect_to_provider(path: str) -> None:
    """Put connections to the platform's log socket in the place of standard output and error.

    Args:
        path: The Unix socket. Each worker process of a Managed Instance makes its own connections,
            so that lines of different workers cannot mix.

    Raises:
        OSError: Nobody listens there.
    """
    # Only Managed Instances have such a socket.
    from _socket import AF_UNIX, SOCK_STREAM, socket  # noqa: PLC0415

    for descriptor in (1, 2):
        connection = socket(AF_UNIX, SOCK_STREAM)
        try:
            connection.connect(path)
            if connection.fileno() == descriptor:  # the function's import has closed what was there
                os.set_inheritable(connection.detach(), True)
            else:
                os.dup2(connection.fileno(), descriptor)
        finally:
            connection.close()


def write_at_last(text: str) -> None:
    """Write to descriptor 1, past whatever stands in its place in Python, or else to nobody."""
    try:
        write_all(1, text.encode("utf-8", "backslashreplace"))
    except OSError:  # the function has closed that too, and there is nowhere left to say it
        return


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything, however little the descriptor takes at a time."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            # Someone made it non-blocking. Half a frame would corrupt all that follow, so wait.
            os.set_blocking(descriptor, True)
