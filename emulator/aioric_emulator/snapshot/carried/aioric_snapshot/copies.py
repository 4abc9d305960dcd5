"""A runtime that waits in `/restore/next` forks itself when it is told to; its copies tell what they hold.

A signal interrupts the wait: its handler runs on the main thread, in the middle of the runtime's own `recv`,
which goes on afterwards. In a copy the descriptor that it reads is by then another connection, on which the
restore has been asked for anew: the snapshot's own would be dead on the platform too.
Imports C modules only, which no file of a function's can take the place of.
"""

from __future__ import annotations

import _socket
import _thread
import marshal
import os
import sys

from aioric_snapshot import kernel
from aioric_snapshot.facts import gather, now

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from typing import Any
else:
    import _signal  # what `signal` wraps; the wrapper imports `enum`

__all__ = ["SIGNAL", "carry"]

SIGNAL = _signal.SIGRTMAX - 7
# One message of the control socket.
SIZE = 65536
# Descriptors of a request: log, status, control, and the framed log, if there is one.
MAX_DESCRIPTORS = 8
INT = 4
# Python's `marshal` in a form that all versions read.
FORMAT = 2


def carry(descriptor: int) -> None:
    """Answer the local Lambda from now on, and tell it so."""
    carried = Carried(descriptor)
    _signal.signal(SIGNAL, carried.told)
    carried.say({"hello": os.getpid()})


class Carried:
    """This process's end of the control socket."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._socket = _socket.socket(fileno=descriptor)
        self._monitors: set[int] = set()
        self._calls = 0
        self._begun = now()
        # What was open, and how many threads ran, when the snapshot was taken.
        self._at_snapshot: dict[str, Any] = {}

    def say(self, message: dict[str, Any]) -> None:
        """Tell the local Lambda; where nobody listens any more, nobody needs to know."""
        try:
            self._socket.send(marshal.dumps(message, FORMAT))
        except OSError:
            return

    def told(self, _number: int, _frame: object) -> None:
        """Do what was asked. Called as a signal's handler; nothing may escape into the runtime."""
        # One at a time: in the middle of a fork, a handler would read what is meant for the other process.
        self._calls += 1
        if self._calls > 1:
            return
        while self._calls:
            calls = self._calls
            self._answer()
            self._calls -= calls

    def _answer(self) -> None:
        while (request := self._receive()) is not None:
            message, descriptors = request
            try:
                self._copy(message, descriptors)
            except Exception as error:  # noqa: BLE001 - the runtime around us is not to blame
                self.say({"error": f"{type(error).__name__}: {error}"})
            finally:
                for each in descriptors:
                    close(each)

    def _receive(self) -> tuple[dict[str, Any], list[int]] | None:
        space = _socket.CMSG_LEN(MAX_DESCRIPTORS * INT)
        try:
            data, ancillary, _, _ = self._socket.recvmsg(SIZE, space, _socket.MSG_DONTWAIT)
        except OSError:
            return None
        if not data:
            return None
        descriptors: list[int] = []
        for level, kind, found in ancillary:
            if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS):
                whole = range(0, len(found) - len(found) % INT, INT)
                descriptors += [int.from_bytes(found[at : at + INT], sys.byteorder) for at in whole]
        return marshal.loads(data), descriptors  # noqa: S302 - from the process that started this one

    def _copy(self, message: dict[str, Any], descriptors: list[int]) -> None:
        for monitor in list(self._monitors):
            if os.waitpid(monitor, os.WNOHANG)[0]:
                self._monitors.discard(monitor)
        if not self._at_snapshot:
            self._at_snapshot = {**kernel.survey(), "begun": self._begun, "taken": now()}
        randomness = save_randomness()
        monitor = fork()
        if monitor:
            self._monitors.add(monitor)
            return
        try:
            pid = fork()
        except BaseException:  # noqa: BLE001 - this process is a fork in the middle of somebody else's stack
            os._exit(1)
        if pid:
            watch(pid, descriptors[1])
        restore_randomness(randomness)
        self._become(message, descriptors)

    def _become(self, message: dict[str, Any], descriptors: list[int]) -> None:
        # From here on this is a copy. What goes wrong here ends it: it must not answer for another.
        try:
            os.setsid()
            log, _, control, *framed = descriptors
            for number, descriptor in [(1, log), (2, log), (self._descriptor, control)]:
                os.dup2(descriptor, number, inheritable=number <= 2)  # noqa: PLR2004 - the standard streams
            for number, descriptor in zip(message["framed"], framed, strict=True):
                os.dup2(descriptor, number, inheritable=True)
            self._monitors.clear()
            # The local Lambda has to know whose connections these will be.
            self._socket.recv(1)
            kernel.renew()
            kernel.reconnect(message["port"], tuple(message["api"]), message["request"])
            if message["is_asked"]:
                _thread.start_new_thread(self._tell, ())
        except BaseException as error:  # noqa: BLE001 - see above
            os.write(2, f"The copy of the snapshot failed: {error!r}\n".encode())
            os._exit(1)

    def _tell(self) -> None:
        # In a thread, and only in copies that are made to be asked: a runtime that polls in C code, as the
        # official client does, would let no signal's handler run.
        while self._socket.recv(SIZE):
            try:
                self.say(gather(self._at_snapshot))
            except Exception as error:  # noqa: BLE001 - what a function holds may fail in any way
                self.say({"error": f"{type(error).__name__}: {error}"})


def fork() -> int:
    """Fork, without the warning of newer Pythons about threads: that there are some is told elsewhere."""
    warnings = sys.modules.get("warnings")
    if warnings is None:
        return os.fork()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def watch(pid: int, status: int) -> None:
    """Wait for the copy's end and tell it; never returns. A child's status is its parent's only to know."""
    os.setsid()
    for number in (_signal.SIGTERM, _signal.SIGINT, _signal.SIGHUP, SIGNAL):
        _signal.signal(number, _signal.SIG_IGN)
    try:
        os.write(status, b"pid %d\n" % pid)
        os.closerange(0, status)
        os.closerange(status + 1, 65536)
        _, ended = os.waitpid(pid, 0)
        os.write(status, b"exit %d\n" % os.waitstatus_to_exitcode(ended))
    finally:
        os._exit(0)


def save_randomness() -> Any:
    """Give the state of `random`, which Python seeds anew in every fork, and the platform in no copy."""
    module = sys.modules.get("random")
    return module.getstate() if module is not None and hasattr(module, "getstate") else None


def restore_randomness(state: Any) -> None:
    """Put it back."""
    if state is not None:
        sys.modules["random"].setstate(state)


def close(descriptor: int) -> None:
    """Close what came with a request."""
    try:
        os.close(descriptor)
    except OSError:
        return
