"""Several invocations at once in one process, a thread for each: for `def` handlers that allow it.

Each thread is a lane with a connection of its own. The main thread only waits, so that signal
handlers run at once.
"""

from __future__ import annotations

from _contextvars import copy_context
from _queue import Empty, SimpleQueue

from aioric.drivers.blocking import stream
from aioric.function.aside import import_stdlib
from aioric.messages import Streamed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aioric.drivers.blocking import Line
    from aioric.messages import Buffered, Failed, Invocation
    from aioric.protocol.conversation import Conversation

# Seconds between two looks at lanes that have yet to answer. Only when the process ends.
PATIENCE = 0.02


def serve(lanes: Sequence[Lane]) -> int:
    """Serve on all lanes until the platform or the function ends one of them.

    The others end too then, but not before they have answered what they are serving.

    Raises:
        PlatformRefused: The platform will send no more.
        ConnectionLost: The Runtime API cannot be reached any more.
        BaseException: What a handler raised to end the process.
    """
    threading = import_stdlib("threading")
    ended: SimpleQueue[BaseException] = SimpleQueue()
    for number, lane in enumerate(lanes):
        # Daemons, because a poll cannot be taken back: the process must not wait for their end.
        threading.Thread(target=lane.serve, args=(ended,), name=f"lane-{number}", daemon=True).start()
    end = ended.get()
    for lane in lanes:
        lane.leaving = True
    while any(lane.busy for lane in lanes):
        try:
            ended.get(timeout=PATIENCE)
        except Empty:
            continue
    raise end


class Lane:
    """A connection, what it says, and what handles the events that arrive on it.

    Args:
        line: The connection.
        handle: Serves one invocation.
        conversation: Says what to send and makes sense of what arrives.

    Attributes:
        leaving: Whether what is being served now is to be the last.
    """

    __slots__ = ("_conversation", "_ended", "_handle", "_handling", "_line", "leaving")

    def __init__(
        self,
        line: Line,
        handle: Callable[[Invocation], Buffered | Failed | Streamed],
        conversation: Conversation,
    ) -> None:
        self._line = line
        self._handle = handle
        self._conversation = conversation
        self._handling = self._ended = False
        self.leaving = False

    @property
    def busy(self) -> bool:
        """Whether an invocation is being served, or its answer is not yet acknowledged."""
        return not self._ended and (self._handling or self._conversation.owing)

    def serve(self, ended: SimpleQueue[BaseException]) -> None:
        """Poll, handle, answer; what ends it goes to `ended`, since nobody waits for a thread's error."""
        try:
            self._conversation.poll()
            while True:
                invocation = self._line.exchange()
                self._handling = True
                # A context for each invocation, as a task has it: nothing set in one is seen by the next.
                answer = copy_context().run(self._answer, invocation)
                if answer is not None:
                    self._conversation.answer(invocation, answer, poll=not self.leaving)
                self._handling = False
        except BaseException as error:  # noqa: BLE001 - `serve` raises it in the main thread
            self._ended = True
            ended.put(error)

    def _answer(self, invocation: Invocation) -> Buffered | Failed | None:
        """Handle an invocation; returns the answer, or `None` if it has been streamed."""
        answer = self._handle(invocation)
        if not isinstance(answer, Streamed):
            return answer
        return stream(self._line, self._conversation, invocation, answer, poll=not self.leaving)
