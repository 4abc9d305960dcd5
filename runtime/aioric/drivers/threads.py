"""Several invocations at once in one process, a thread for each: for `def` handlers that allow it.

Each thread is a lane with a connection of its own. The main thread only waits, so that signal
handlers run at once.
"""

from __future__ import annotations

import os
import threading
from _contextvars import copy_context
from _queue import Empty, SimpleQueue

from aioric.drivers.blocking import finish, stream
from aioric.function.aside import import_own
from aioric.messages import Streamed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aioric.drivers.blocking import Line
    from aioric.function.steps import Around
    from aioric.messages import Buffered, Failed, Invocation
    from aioric.protocol.conversation import Conversation

# Seconds between two looks at lanes that have yet to answer. Only when the process ends.
PATIENCE = 0.02


def serve(lanes: Sequence[Lane], around: Around | None = None) -> int:
    """Serve on all lanes until the platform or the function ends one of them.

    The others end too then, but not before they have answered what they are serving.

    Raises:
        PlatformRefused: The platform will send no more.
        ConnectionLost: The Runtime API cannot be reached any more.
        BaseException: What a handler raised to end the process.
    """
    ended: SimpleQueue[BaseException | None] = SimpleQueue()
    for number, lane in enumerate(lanes):
        os.register_at_fork(after_in_child=lane.disown)
        # Daemons, because a poll cannot be taken back: the process must not wait for their end.
        threading.Thread(target=lane.serve, args=(ended,), name=f"lane-{number}", daemon=True).start()
    if around is not None:
        # What runs on a thread cannot be interrupted.
        around.await_shutdown(lambda: ended.put(None), lambda: None)
    end = ended.get()
    for lane in lanes:
        lane.leave()
    # Not only those that handle something: an event may have arrived that its thread has yet to see.
    while not all(lane.ended for lane in lanes) and (around is None or around.patience != 0.0):
        try:
            ended.get(timeout=PATIENCE)
        except Empty:
            continue
    if end is not None:
        raise end
    return 0


class Lane:
    """A connection, what it says, and what handles the events that arrive on it.

    Args:
        line: The connection.
        handle: Serves one invocation.
        conversation: Says what to send and makes sense of what arrives.
        around: What goes on around its invocations.

    Attributes:
        ended: Whether nothing more happens on it.
        leaving: Whether what is being served now is to be the last.
    """

    __slots__ = ("_around", "_conversation", "_handle", "_line", "ended")

    def __init__(
        self,
        line: Line,
        handle: Callable[[Invocation], Buffered | Failed | Streamed],
        conversation: Conversation,
        around: Around | None = None,
    ) -> None:
        self._around = around
        self._line = line
        self._handle = handle
        self._conversation = conversation
        self.ended = False

    @property
    def leaving(self) -> bool:
        """Whether what is being served now is to be the last."""
        return self._line.leaving

    def leave(self) -> None:
        """Take no further event. It ends when what has arrived is answered."""
        self._line.leave()

    def disown(self) -> None:
        """In a process that a handler has forked: leave the connection to the parent."""
        self._line.disown()

    def serve(self, ended: SimpleQueue[BaseException | None]) -> None:
        """Poll, handle, answer; what ends it goes to `ended`, since nobody waits for a thread's error."""
        end: BaseException | None = None
        try:
            self._conversation.poll()
            while (invocation := self._line.exchange()) is not None:
                # A context for each invocation, as a task has it: nothing set in one is seen by the next.
                copy_context().run(self._serve, invocation)
        except BaseException as error:  # noqa: BLE001 - `serve` raises it in the main thread
            # A process that the handler has forked has no main thread to tell.
            if self._line.disowned:  # pragma: no cover - held by tests/e2e/test_rudeness.py
                import_own("aioric.drivers.forked").end(error)
            end = error
        self.ended = True
        ended.put(end)

    def _serve(self, invocation: Invocation) -> None:
        answer = self._answer(invocation)
        if self._line.disowned:  # pragma: no cover - in a forked child; held by tests/e2e/test_rudeness.py
            self._line.retire()
        due = self._around is not None and self._around.due(invocation)
        if answer is not None:
            self._conversation.answer(invocation, answer, poll=not (due or self.leaving))
        if due:
            assert self._around is not None  # noqa: S101 - for the type checker
            finish(self._line, self._conversation, self._around, invocation)

    def _answer(self, invocation: Invocation) -> Buffered | Failed | None:
        """Handle an invocation; returns the answer, or `None` if it has been streamed."""
        answer = self._handle(invocation)
        if not isinstance(answer, Streamed):
            return answer
        return (
            None
            if self._line.disowned
            else stream(self._line, self._conversation, invocation, answer, poll=not self.leaving)
        )
