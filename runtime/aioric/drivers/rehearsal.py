"""A few invocations of nothing before workers are forked, so that they share what comes of it.

Python rewrites code that runs again and again, and fills caches; each worker would do so in pages of which it
then has a copy of its own. Neither the function's code nor the Runtime API has a part in this.
"""

from __future__ import annotations

from aioric.function.own_json import OwnJson
from aioric.function.payload import Codec
from aioric.function.steps import Function
from aioric.function.tracing import TraceId
from aioric.identity import Identity
from aioric.messages import Buffered
from aioric.protocol.conversation import Conversation
from aioric.protocol.runtime_api import RuntimeApi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from aioric.config import Config
    from aioric.logs.setup import Journal

# Python 3.11 begins to rewrite code when it has run eight times; after twenty nothing changes any more.
TURNS = 20

# What the platform says, as its own server spells it. Every other one is unlike those before.
_EVENT = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Mon, 01 Jan 2024 00:00:%02d GMT\r\n"
    b"Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-%012d\r\n"
    b"Lambda-Runtime-Deadline-Ms: 4102444800000\r\nLambda-Runtime-Invoked-Function-Arn: %b\r\n"
    b"Content-Length: 2\r\n\r\n{}"
)
_ACCEPTED = (
    b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nDate: Mon, 01 Jan 2024 00:00:%02d GMT\r\n"
    b'Content-Length: 16\r\n\r\n{"status":"OK"}\n'
)


def rehearse(config: Config, journal: Journal) -> None:
    """Have events received, answered and acknowledged, for a handler that does nothing."""
    identity = Identity(alone=True)
    codec = Codec(ascii_json=config.ascii_json, own=OwnJson())
    function = Function(_handler, config, codec, identity, TraceId(identity), journal, _complete)
    conversation = Conversation(RuntimeApi(config.runtime_api, "rehearsal"), pipeline=config.pipeline)
    conversation.poll()
    for turn in range(TURNS):
        conversation.take()
        invocation = conversation.receive(_EVENT % (turn, turn, b"x" * (turn // 2)))
        assert invocation is not None  # noqa: S101 - for the type checker: an event is all that was said
        answer = function.run(invocation)
        assert isinstance(answer, Buffered)  # noqa: S101 - likewise
        conversation.answer(invocation, answer)
        conversation.take()
        conversation.receive(_ACCEPTED % (turn // 2))


def _handler(_event: Any, _context: Any) -> dict[str, str]:
    return {"status": "OK"}


def _complete(coroutine: Coroutine[Any, Any, Any]) -> Any:
    raise NotImplementedError(coroutine)  # pragma: no cover - it makes none
