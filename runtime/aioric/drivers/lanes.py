"""A lane of the event loop: a connection that carries one invocation at a time.

Each invocation runs in a task and a context of its own. What is usual is done by two steps of the loop:
an event arrives and a task is made; the task ends with its answer written. What is not (no connection, no
room, a stream, work after the answer, the end) is left to the lane's own task, `Lane.serve`.
"""

from __future__ import annotations

import asyncio
import sys

from aioric.drivers.blocking import report_refusals
from aioric.drivers.lines import Line, wake
from aioric.drivers.sockets import has_gone
from aioric.errors import ConnectionLost, MalformedResponse, PlatformRefused
from aioric.function.aside import import_own
from aioric.messages import Streamed
from aioric.protocol.conversation import JOIN_UP_TO

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Coroutine
    from typing import Any

    from aioric.drivers.sinks import Sink
    from aioric.function.steps import Function
    from aioric.logs.setup import Journal
    from aioric.messages import Buffered, Failed, Invocation
    from aioric.protocol.conversation import Conversation

    # An invocation, and how it ended: what is still to be answered (nothing if that is done), or what its
    # handler raised to end the process; and whether something is to be done before the next poll.
    Outcome = tuple[Invocation, Buffered | Failed | BaseException | None, bool]


class Lane(Line):
    """One connection and the invocation that it carries.

    Args:
        function: The handler to serve.
        host: Of the Runtime API.
        port: Of the Runtime API.
        conversation: Says what to send and makes sense of what arrives.
        journal: Hears of refused answers.

    Attributes:
        function: The same, as is `journal`.
        task: Where the latest invocation is, or was, served; `None` until that has taken its first step.
    """

    __slots__ = (
        "_handling",
        "_parked",
        "_parting",
        "_serving",
        "_sink",
        "_waiter",
        "function",
        "journal",
        "task",
    )

    def __init__(
        self, function: Function, host: str, port: int, conversation: Conversation, journal: Journal
    ) -> None:
        super().__init__(host, port, conversation, self._readable)
        self.function = function
        self.journal = journal
        self._waiter: asyncio.Future[Outcome | None] | None = None  # whom to tell what was heard
        self._parked: asyncio.Future[Outcome | None] | None = None  # the same, while a handler runs
        self._handling = False
        self._parting = False  # takes leave: it ends when what has arrived is read
        self._serving: Invocation | None = None
        self.task: asyncio.Task[Any] | None = None
        self._sink: Sink | None = None  # while an answer is streamed

    @property
    def busy(self) -> bool:
        """Whether an invocation is, or may have to be, served, or its answer is not yet acknowledged."""
        return self._handling or self._parting or self.conversation.owing

    def leave(self) -> None:
        """Take no further event. What has arrived already is read, and served."""
        self.leaving = True
        if self._socket is not None and self._waiter is not None and not self.conversation.owing:
            self._parting = True
            self._part()

    async def serve(self) -> BaseException | None:
        """Poll, and do what is not usual, until the lane cannot go on or is `leaving`.

        Returns what a handler, or a signal's, raised to end the process: a task that raises it would end the
        loop at once, and with it what the other lanes are serving.

        Raises:
            PlatformRefused: The platform will send no more.
            ConnectionLost: The Runtime API cannot be reached any more.
        """
        try:
            return await self._serve()
        except (SystemExit, KeyboardInterrupt) as error:
            return error

    async def _serve(self) -> BaseException | None:
        conversation = self.conversation
        conversation.poll()
        while (outcome := await self.exchange()) is not None:
            invocation, answer, due = outcome
            if isinstance(answer, BaseException):
                return answer
            if answer is not None:
                conversation.answer(invocation, answer, poll=not (self.leaving or due))
            self._serving = self._sink = None
            if due:
                await import_own("aioric.drivers.aftermath").finish(self, invocation)
            self._handling = False
            del outcome, invocation, answer  # they may be large, and the next may come late
        return None

    async def _handle(self, invocation: Invocation) -> None:
        """Serve an invocation, in a task of its own."""
        invocation.lane = self
        answer: Buffered | Failed | Streamed | BaseException | None
        try:
            try:
                answer = await self.function.run_async(invocation)
            except asyncio.CancelledError as error:  # no `Exception`, and no reason to end anything
                answer = (self._sink and self._sink.late) or self.function.cancelled(invocation, error)
            if (isinstance(answer, Streamed) or self._sink is not None) and not self.disowned:
                streams = import_own("aioric.drivers.eventloop_streams")
                answer = await streams.answer(self, self._sink, invocation, answer)
            if self.disowned:  # pragma: no cover - in a forked child; held by tests/e2e/test_rudeness.py
                import_own("aioric.drivers.forked").leave(self.journal)
        except BaseException as error:  # noqa: BLE001 - a task must not raise it: it would end the loop at once
            # SystemExit above all; `serve` returns it. A process that the handler has forked ends here.
            if self.disowned:  # pragma: no cover - in a forked child; held by tests/e2e/test_rudeness.py
                import_own("aioric.drivers.forked").end(error)
            answer = error
        parked, self._parked = self._parked, None
        if parked is None or parked.done():  # nobody is there any more
            return
        try:
            self._end(invocation, answer, parked)
        except BaseException as error:  # likewise: a signal's handler may raise it anywhere
            if parked.done():  # pragma: no cover - struck between two instructions
                raise
            self._waiter = None
            parked.set_result((invocation, error, False))

    def _end(self, invocation: Invocation, answer: Any, parked: asyncio.Future[Outcome | None]) -> None:
        """Answer at once, if that is all there is to do; `serve` does the rest."""
        if isinstance(answer, BaseException):
            parked.set_result((invocation, answer, False))
            return
        due = self.function.due(invocation)
        if due or answer is None or self.leaving or self._socket is None or len(answer.body) > JOIN_UP_TO:
            parked.set_result((invocation, answer, due))
            return
        self.conversation.answer(invocation, answer)
        if self._say():
            self._serving = None
            self._handling = False
            self._waiter = parked
        else:
            parked.set_result((invocation, None, False))

    def open_stream(self, invocation: Invocation, streamed: Streamed) -> Sink:
        """Begin to stream the answer while the handler runs.

        Raises:
            RuntimeError: The invocation is over, or its answer is streamed already.
        """
        if self._serving is not invocation:
            raise RuntimeError("the invocation is over, so its answer cannot be streamed any more")
        if self._sink is not None:
            raise RuntimeError("the answer of this invocation is streamed already")
        sink: Sink = import_own("aioric.drivers.timed_sinks").TimedSink(self, invocation, streamed)
        sink.watch_time(self.function.fail_stream(invocation), self.task or asyncio.current_task())
        self._sink = sink
        return sink

    async def exchange(self) -> Outcome | None:
        """Send what the conversation wants to say, and wait for an invocation that `serve` must see to.

        Returns `None` when the lane is leaving and owes nothing.
        """
        outcome: Outcome | None = None
        while outcome is None and not self._finished():
            try:
                if await self._speak():
                    outcome = await self._listen()
            except (OSError, ConnectionLost, MalformedResponse) as error:
                # Without its frames, which hold what was received, and whose waiter holds the error.
                await self.recover(error.with_traceback(None))
            finally:
                if self.conversation.refusals:
                    report_refusals(self.conversation, self.journal)
        return outcome

    async def stand(self, sink: Sink) -> socket.socket:
        """A connection that the peer has not closed, for a stream, which hears what is said on it.

        Raises:
            ConnectionLost: The Runtime API cannot be reached any more.
        """
        self._sink = sink
        while True:
            try:
                return await self._connection()
            except OSError as error:
                await self.recover(error)

    async def _listen(self) -> Outcome | None:
        """Wait until there is something for `serve` to do, or (`None`) the conversation wants to say more."""
        waiter: asyncio.Future[Outcome | None] = self._loop.create_future()
        self._waiter = waiter
        if self.conversation.interrupted:
            self._readable()  # what the peer said is here already, and uvloop may not call for it again
        return await waiter

    def _readable(self) -> None:
        """Bytes or the end of the stream have arrived."""
        conversation, waiter = self.conversation, self._waiter
        if waiter is None:
            self._overhear()
            return
        try:
            invocation = self._receive()
        except (OSError, ConnectionLost, MalformedResponse, PlatformRefused) as error:
            self._waiter = None
            if self._finished():  # so nothing is missed
                waiter.set_result(None)
            else:
                waiter.set_exception(error)
            return
        if conversation.refusals:
            report_refusals(conversation, self.journal)
        if invocation is not None:
            self._waiter = None
            self._parked = waiter
            self._handling = True
            self._serving = invocation
            self.task = None
            self.task = _begin_task(self._loop, self._handle(invocation))
        elif conversation.outgoing or conversation.reopen or self._finished():
            self._waiter = None
            waiter.set_result(None)

    def _receive(self) -> Invocation | None:
        """Take in what has arrived, until nothing is left, or it is for `serve` to go on.

        For a connection that was reset, uvloop calls once and never again, even if bytes that came before the
        reset are unread.
        """
        conversation = self.conversation
        assert self._socket is not None and self._watch is not None  # noqa: S101, PT018 - heard only while open
        try:
            while True:
                invocation = conversation.receive(self._socket.recv(conversation.appetite))
                if invocation is not None or conversation.outgoing or conversation.reopen or self._finished():
                    return invocation
                if not has_gone(self._watch):  # a look costs a third of a vain `recv`
                    return None
        except BlockingIOError:
            return None

    def _overhear(self) -> None:
        """Something arrives while nothing is waited for."""
        if self._blocked is not None:
            wake(self._blocked, False)
        elif self._sink is not None and self.conversation.owing:
            self._sink.heard()
        else:  # while the handler runs: the peer has closed, or speaks out of turn
            self.close()

    def disown(self) -> None:  # pragma: no cover - in a forked child; held by tests/e2e/test_rudeness.py
        """In a process that a handler has forked: leave the connection to the parent, unheard."""
        super().disown()
        self._waiter = None
        if self._sink is not None:
            self._sink.disown()

    def abandon(self) -> None:
        """Serve no more: what runs is cancelled, and nobody hears of it."""
        super().abandon()
        if self.task is not None:
            self.task.cancel("the environment is shut down")


def _begin_task(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """A task for the coroutine; where Python can, it takes its first step, often the only one, at once."""
    if sys.version_info >= (3, 12) and loop.get_task_factory() is None:
        return asyncio.Task(coroutine, loop=loop, eager_start=True)  # pragma: no cover - not on Python 3.11
    try:
        return loop.create_task(coroutine)
    except Exception:  # noqa: BLE001 - a task factory of the function's, and an event must not be lost with it
        return asyncio.Task(coroutine, loop=loop)
