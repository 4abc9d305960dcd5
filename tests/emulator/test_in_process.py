"""Handlers called in this process: plain, coroutine and generator functions, contexts, failures, logs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aioric.errors import HandlerNotFound
from aioric_emulator.in_process import LocalFunction, lambda_context

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


def plain(event: Any, context: Any) -> Any:
    """Logs, and answers with what it got."""
    context.log("said\n")
    return {"event": event, "id": context.aws_request_id, "left": context.get_remaining_time_in_millis()}


async def coroutine(event: Any, _context: Any) -> Any:
    """Answers with the event."""
    await asyncio.sleep(0)
    return event


def generator(event: Any, _context: Any) -> Iterator[Any]:
    """Streams, and fails if asked to."""
    yield "a"
    if event:
        raise ValueError("no")
    yield b"b"


async def async_generator(event: Any, _context: Any) -> AsyncIterator[Any]:
    """Likewise on a loop."""
    yield "a"
    if event:
        raise ValueError("no")
    yield b"b"


def broken(_event: Any, _context: Any) -> Any:
    """Fails."""
    raise ValueError("no")


def test_a_plain_handler() -> None:
    """The result, decoded again. What it logs goes where this process logs."""
    result = LocalFunction(plain, timeout=5).invoke({"a": 1}, request_id="r")
    assert result.payload["event"] == {"a": 1}
    assert (result.payload["id"], result.request_id) == ("r", "r")
    assert 4000 < result.payload["left"] <= 5001
    assert (result.logs, result.function_error, result.status) == ([], None, 200)
    assert result.report.duration_ms > 0


def test_a_coroutine_function() -> None:
    """Called without a loop, it gets one."""
    assert LocalFunction(coroutine).invoke([1]).payload == [1]


@pytest.mark.parametrize("handler", [generator, async_generator])
def test_a_stream(handler: Any) -> None:
    """All of it, or the failure that ended it."""
    function = LocalFunction(handler)
    assert function.invoke().raw == b"ab"
    assert function.invoke(1).payload["errorType"] == "ValueError"


@pytest.mark.parametrize("handler", [plain, coroutine, generator, async_generator, broken])
async def test_on_a_running_loop(handler: Any) -> None:
    """Every kind of handler can be called where a loop runs."""
    result = await LocalFunction(handler).invoke_async(None)
    assert (result.function_error == "Unhandled") is (handler is broken)


def test_a_failure_is_described_as_the_runtime_does() -> None:
    """The error object, and its lines in the log."""
    result = LocalFunction(broken).invoke({})
    assert result.function_error == "Unhandled"
    assert result.payload["errorType"] == "ValueError"
    assert result.payload["errorMessage"] == "no"
    assert result.report.error_type == "ValueError"
    assert any("ValueError: no" in line for line in result.logs)


def test_what_cannot_be_an_answer_fails() -> None:
    """As it does in a function."""
    assert LocalFunction(lambda _event, _context: object()).invoke().function_error == "Unhandled"


def test_the_context_is_whole() -> None:
    """With all that a caller may send along."""

    def handler(_event: Any, context: Any) -> Any:
        identity, client = context.identity, context.client_context
        own = [context.function_name, context.memory_limit_in_mb, context.tenant_id]
        return [*own, context.invoked_function_arn, identity.cognito_identity_id, client.custom]

    facts: dict[str, Any] = {"tenant_id": "t", "client_context": {"custom": {"k": "v"}}}
    facts["cognito_identity"] = {"cognitoIdentityId": "i"}
    answer = LocalFunction(handler, name="f", memory=256).invoke(b"1", trace_id="Root=1-2", **facts).payload
    arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
    assert answer == ["f", "256", "t", arn, "i", {"k": "v"}]


def test_a_handler_by_name() -> None:
    """Imported as a function is, with the same errors."""
    assert LocalFunction("json.dumps").invoke is not None
    with pytest.raises(HandlerNotFound):
        LocalFunction("json.nothing")


def test_a_context_for_a_call_by_hand() -> None:
    """It is the runtime's own, with the facts that were asked for, and time that runs."""
    context = lambda_context(
        name="mine", timeout=10, memory=256, tenant_id="t", client_context={"custom": {"a": 1}}
    )
    assert (context.function_name, context.memory_limit_in_mb, context.tenant_id) == ("mine", "256", "t")
    assert context.invoked_function_arn == "arn:aws:lambda:us-east-1:123456789012:function:mine"
    assert context.client_context is not None
    assert context.client_context.custom == {"a": 1}
    assert 9_000 < context.get_remaining_time_in_millis() <= 10_000
    assert plain("event", context)["id"] == context.aws_request_id
    assert lambda_context().aws_request_id != lambda_context().aws_request_id
