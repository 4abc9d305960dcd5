"""Tools that replace parts of the official client find those parts; functions without tools pay nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from aioric.config import Config
from aioric.function import patchable
from aioric.function.context import LambdaContext
from aioric.function.faults import describe
from aioric.messages import Invocation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aioric_emulator import Emulator

CONTEXT = LambdaContext(Invocation("id-1", b""), Config({"AWS_LAMBDA_RUNTIME_API": "h:1"}))

# As monitoring tools do it: find the module, wrap the handler, be told before anything leaves.
TOOL = """
import sys
bootstrap = sys.modules["__main__"].bootstrap
assert not hasattr(sys.modules["__main__"], "awslambdaricmain")
serve = bootstrap.handle_event_request

def handle_event_request(client, request_handler, *args, **kwargs):
    def watched(event, context):
        try:
            return request_handler(event, context)
        except Exception as error:
            print("SEEN", type(error).__name__, context.aws_request_id != "")
            raise
    return serve(client, watched, *args, **kwargs)

bootstrap.handle_event_request = handle_event_request
for name in ("post_invocation_result", "post_invocation_error", "post_init_error"):
    setattr(bootstrap.LambdaRuntimeClient, name, lambda self, *args, name=name: print("FLUSHED", name))
"""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a tool hears, in order."""
    heard: list[str] = []
    for name in ("post_invocation_result", "post_invocation_error", "post_init_error"):
        monkeypatch.setattr(
            patchable.LambdaRuntimeClient, name, lambda _self, *_arguments, name=name: heard.append(name)
        )
    return heard


def test_a_plain_handler_is_called_and_its_answer_announced(told: list[str]) -> None:
    """The result comes through, and tools hear of it before it leaves."""
    assert patchable.route(lambda event, context: (event, context.aws_request_id))("e", CONTEXT) == (
        "e",
        "id-1",
    )
    assert told == ["post_invocation_result"]


def test_a_plain_handlers_failure_is_announced(told: list[str]) -> None:
    """The failure comes through as it was raised."""

    def fail(_event: Any, _context: LambdaContext) -> None:
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        patchable.route(fail)({}, CONTEXT)
    assert told == ["post_invocation_error"]


async def test_a_coroutine_functions_outcome_is_shown_to_the_tools(
    told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tools that know plain functions see results and failures of others too, and tracebacks stay clean."""
    seen: list[str] = []
    serve = patchable.handle_event_request

    def watching(client: Any, handler: Callable[..., Any], *arguments: Any) -> None:
        def watched(*arguments: Any) -> Any:
            try:
                return handler(*arguments)
            except Exception as error:
                seen.append(repr(error))
                raise

        serve(client, watched, *arguments)

    async def handler(event: Any, _context: LambdaContext) -> Any:
        return {"ok": event["ok"]}

    monkeypatch.setattr(patchable, "handle_event_request", watching)
    call = patchable.route(handler)
    assert await call({"ok": 1}, CONTEXT) == {"ok": 1}
    with pytest.raises(KeyError) as caught:
        await call({}, CONTEXT)

    assert seen == ["KeyError('ok')"]
    assert told == ["post_invocation_result", "post_invocation_error"]
    assert [frame.name for frame in caught.traceback[1:]] == ["call", "handler"]


def test_generators_are_left_as_they_are() -> None:
    """A stream has no single outcome that could be shown."""

    def stream(_event: Any, _context: LambdaContext) -> Any:
        yield b"x"

    assert patchable.route(stream) is stream


def test_a_failed_init_is_announced(told: list[str]) -> None:
    """Tools hear of a function that cannot be started."""
    patchable.init_failed(describe(ValueError("x")))

    assert told == ["post_init_error"]


@pytest.mark.parametrize("keyword", ["def", "async def"])
async def test_a_tool_finds_its_way(aioric_function: type[Emulator], tmp_path: Path, keyword: str) -> None:
    """Both drivers route invocations through what a tool has replaced."""
    (tmp_path / "tool.py").write_text(TOOL)
    (tmp_path / "app.py").write_text(
        f"import tool\n{keyword} handler(event, context):\n    return 1 / event\n", encoding="utf-8"
    )
    async with aioric_function("app.handler", task_root=tmp_path) as fn:
        assert (await fn.invoke(2)).payload == 0.5
        assert (await fn.invoke(0)).payload["errorType"] == "ZeroDivisionError"
        logs = str(fn.logs)

    assert logs.count("FLUSHED post_invocation_result") == 1
    assert logs.index("SEEN ZeroDivisionError True") < logs.index("FLUSHED post_invocation_error")


async def test_a_tool_hears_of_a_failed_init(aioric_function: type[Emulator], tmp_path: Path) -> None:
    """A module that fails after it has set up its tool is reported to the tool too."""
    (tmp_path / "tool.py").write_text(TOOL)
    (tmp_path / "app.py").write_text("import tool\n1 / 0\n")
    async with aioric_function("app.handler", task_root=tmp_path) as fn:
        assert (await fn.invoke({})).payload["errorType"] == "ZeroDivisionError"
        assert "FLUSHED post_init_error" in str(fn.logs)


async def test_nobody_pays_who_does_not_ask(aioric_function: type[Emulator], tmp_path: Path) -> None:
    """Without a tool the module is not even loaded, and nothing pretends to be the official client."""
    (tmp_path / "app.py").write_text(
        "import sys\ndef handler(event, context):\n"
        "    return [name for name in sys.modules if 'patchable' in name or 'awslambdaric' in name]\n"
    )
    async with aioric_function("app.handler", task_root=tmp_path) as fn:
        assert (await fn.invoke({})).payload == []
    assert "awslambdaric" not in dir(sys.modules["__main__"])
