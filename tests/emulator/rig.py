"""A platform without I/O: the real model, a clock that the test sets, and peers that remember answers."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

from aioric_emulator import decisions
from aioric_emulator.answers import event_answer
from aioric_emulator.classic import ClassicEnvironment
from aioric_emulator.extensions import FunctionFacts
from aioric_emulator.limits import Limits
from aioric_emulator.managed import ManagedEnvironment
from aioric_emulator.messages import Ending, Invocation, Outcome, RuntimeAnswer
from aioric_emulator.service import Service

if TYPE_CHECKING:
    from aioric_emulator.messages import Answer, Rejection
    from aioric_emulator.phases import ExecutionEnvironment
    from aioric_emulator.subscriptions import Api

FACTS = FunctionFacts("f", "$LATEST", "app.handler", "123456789012")


class Peer:
    """One request of a runtime or an extension."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []

    def reply(self, answer: Answer) -> None:
        self.answers.append(answer)
        assert len(self.answers) == 1, "a request is answered once"

    @property
    def answer(self) -> Answer:
        assert self.answers, "the request still waits"
        return self.answers[0]

    @property
    def waits(self) -> bool:
        return not self.answers

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def body(self) -> Any:
        return json.loads(self.answer.body)

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.answer.headers)


class Recorder:
    """A caller that remembers what it was told."""

    wants_logs = False

    def __init__(self) -> None:
        self.outcome: Outcome | None = None
        self.ending: Ending | None = None
        self.rejection: Rejection | None = None

    def answered(self, outcome: Outcome) -> None:
        assert self.outcome is None, "a caller is answered once"
        self.outcome = outcome

    def finished(self, ending: Ending, max_memory: int) -> None:
        assert max_memory == 0
        assert self.ending is None, "an invocation ends once"
        self.ending = ending

    def rejected(self, rejection: Rejection) -> None:
        assert self.rejection is None
        assert self.outcome is None
        self.rejection = rejection

    def logged(self, line: str, *, is_platform: bool) -> None:
        raise AssertionError((line, is_platform))

    @property
    def error(self) -> dict[str, str]:
        """The error in the place of the function's answer."""
        assert self.outcome is not None
        assert self.outcome.is_error
        error: dict[str, str] = json.loads(self.outcome.body)
        return error

    @property
    def is_finished(self) -> bool:
        return self.ending is not None

    @property
    def is_told(self) -> bool:
        return self.outcome is not None or self.rejection is not None


class Platform:
    """A service, and what it decided."""

    def __init__(
        self,
        *,
        timeout: float = 3.0,
        environments: int = 2,
        lanes: int | None = None,
        external: tuple[str, ...] = (),
        facts: FunctionFacts = FACTS,
        **limits: Any,
    ) -> None:
        self.now = 100.0
        numbers = itertools.count(1)
        self.service = Service(
            facts,
            Limits(timeout, environments, lanes, **limits),
            lambda: f"00000000-0000-4000-8000-{next(numbers):012x}",
        )
        self.service.find_external = lambda: external
        self.timeout = timeout
        self.requests = itertools.count(1)
        self.launched: list[ExecutionEnvironment] = []
        self.stopped: list[tuple[ExecutionEnvironment, str]] = []
        self.inits: list[decisions.InitEnd] = []
        self.begun: list[str] = []
        self.decided: list[decisions.Decision] = []

    def apply(self) -> None:
        """Do what was decided, as the driver does."""
        for decision in self.service.take():
            self.decided.append(decision)
            match decision:
                case decisions.Reply(exchange, answer):
                    exchange.reply(answer)
                case decisions.Complete(invocation, outcome):
                    invocation.caller.answered(outcome)
                case decisions.Finish(_, invocation, ending):
                    invocation.caller.finished(ending, 0)
                case decisions.Reject(invocation, rejection):
                    invocation.caller.rejected(rejection)
                case decisions.Begin(_, invocation):
                    self.begun.append(invocation.request_id)
                case decisions.Launch(environment):
                    self.launched.append(environment)
                case decisions.Stop(environment, reason):
                    self.stopped.append((environment, reason))
                case decisions.InitEnd():
                    self.inits.append(decision)
            self._tell(decision)

    def _tell(self, decision: decisions.Decision) -> None:
        if isinstance(decision, decisions.OfEnvironment) and decision.environment.records.are_watched:
            decision.environment.records.tell(decision, self.now, 0)

    @property
    def restores(self) -> list[decisions.RestoreEnd]:
        """The restores that ended."""
        return [each for each in self.decided if isinstance(each, decisions.RestoreEnd)]

    # The caller's side…

    def invoke(self, **facts: Any) -> tuple[Invocation, Recorder]:
        """Call the function."""
        caller = Recorder()
        invocation = Invocation(f"id-{next(self.requests)}", b"{}", self.timeout, caller, **facts)
        self.service.invoke(invocation, self.now)
        self.apply()
        return invocation, caller

    def invoke_warm(self, **facts: Any) -> tuple[Invocation, Recorder, bool]:
        """Call the function the short way, if there is one now; give whether there was."""
        caller = Recorder()
        invocation = Invocation(f"id-{next(self.requests)}", b"{}", self.timeout, caller, **facts)
        place = self.service.begin_warm(invocation, self.now)
        if place is None:
            self.service.invoke(invocation, self.now)
            self.apply()
            return invocation, caller, False
        environment, poll = place
        self.begun.append(invocation.request_id)
        poll.reply(event_answer(invocation, sends_empty=environment.is_managed))
        return invocation, caller, True

    def answer_and_poll(self, invocation: Invocation) -> tuple[Peer, bool]:
        """Answer and poll in one, the short way if that is one now; give the poll, and whether it was."""
        poll = Peer()
        if not self.service.end_warm(self.environment, invocation, poll, self.now):
            self.respond(invocation.request_id)
            return self.next(), False
        invocation.caller.answered(Outcome(b"1"))
        assert invocation.started_at is not None
        invocation.caller.finished(Ending(self.now - invocation.started_at), 0)
        self.apply()
        return poll, True

    def tick(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.service.advance(self.now)
        self.apply()

    def stop(self) -> None:
        self.service.stop(self.now)
        self.apply()

    # …and the runtime's.

    @property
    def environment(self) -> ExecutionEnvironment:
        """The latest environment."""
        return self.launched[-1]

    @property
    def classic(self) -> ClassicEnvironment:
        environment = self.environment
        assert isinstance(environment, ClassicEnvironment)
        return environment

    @property
    def managed(self) -> ManagedEnvironment:
        environment = self.environment
        assert isinstance(environment, ManagedEnvironment)
        return environment

    def next(self, environment: ExecutionEnvironment | None = None, body_size: int = 0) -> Peer:
        peer = Peer()
        (environment or self.environment).next(peer, body_size, self.now)
        self.apply()
        return peer

    def respond(
        self,
        request_id: str,
        body: bytes = b"1",
        *,
        kind: str = "response",
        size: int | None = None,
        **facts: Any,
    ) -> Peer:
        peer = Peer()
        answer = RuntimeAnswer(body, len(body) if size is None else size, **facts)
        post = self.environment.response if kind == "response" else self.environment.error
        post(peer, request_id, answer, self.now)
        self.apply()
        return peer

    def error(self, request_id: str, body: bytes = b"{}", **facts: Any) -> Peer:
        return self.respond(request_id, body, kind="error", **facts)

    def init_error(self, body: bytes = b"{}", error_type: str = "") -> Peer:
        peer = Peer()
        self.environment.init_error(peer, RuntimeAnswer(body, len(body), error_type=error_type), self.now)
        self.apply()
        return peer

    def restore_next(self) -> Peer:
        peer = Peer()
        self.environment.restore_next(peer, self.now)
        self.apply()
        return peer

    def restore_error(self, body: bytes = b"{}", error_type: str = "") -> Peer:
        peer = Peer()
        answer = RuntimeAnswer(body, len(body), error_type=error_type)
        self.environment.restore_error(peer, answer, self.now)
        self.apply()
        return peer

    def exit(self, status: int, environment: ExecutionEnvironment | None = None) -> None:
        (environment or self.environment).exited(status, self.now)
        self.apply()

    def register(self, name: str = "ext", events: tuple[str, ...] = (), body: bytes | None = None) -> Peer:
        peer = Peer()
        request = json.dumps({"events": events}).encode() if body is None else body
        self.environment.register(peer, name, "", request)
        self.apply()
        return peer

    def extension_next(self, identifier: str) -> Peer:
        peer = Peer()
        self.environment.extension_next(peer, identifier, self.now)
        self.apply()
        return peer

    def extension_error(self, identifier: str, error_type: str, state: str) -> Peer:
        peer = Peer()
        self.environment.extension_error(peer, identifier, error_type, state, self.now)
        self.apply()
        return peer

    def subscribe(self, identifier: str, request: object, api: Api = "telemetry") -> Peer:
        peer = Peer()
        body = request if isinstance(request, bytes) else json.dumps(request).encode()
        self.environment.subscribe(peer, identifier, api, body, self.now)
        self.apply()
        return peer

    def disconnect(self, peer: Peer) -> None:
        self.environment.disconnected(peer)
        self.apply()
