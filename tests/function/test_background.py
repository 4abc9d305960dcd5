"""Work between an answer and the next poll: what is done, cut, and reported."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from aioric.config import Config
from aioric.errors import Interrupted
from aioric.function.background import Afterwards, Work
from aioric.function.context import LambdaContext
from tests.lifecycle.journals import Lines, an_invocation, config, journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric.messages import Invocation


def call(work: Callable[[], object], _seconds: float) -> object:
    """Without a limit."""
    return work()


def run(invocation: Invocation, lines: Lines, bounded: Any = call) -> None:
    """Do the work of an invocation on this thread."""
    with asyncio.Runner() as runner:
        Afterwards([], 0.1, journal(lines)).run(invocation, runner.run, bounded)


def run_async(invocation: Invocation, lines: Lines) -> None:
    """Do the work of an invocation on a loop."""
    asyncio.run(Afterwards([], 0.1, journal(lines)).run_async(invocation))


def test_work_is_a_function_or_a_coroutine() -> None:
    """Anything else is refused where it is handed over."""
    context = LambdaContext(an_invocation(), config())
    with pytest.raises(TypeError, match="a function or a coroutine, not int"):
        context.background(3)


@pytest.mark.parametrize("kind", [run, run_async])
def test_work_that_is_too_late_is_dropped(kind: Any, caplog: pytest.LogCaptureFixture) -> None:
    """No time is left: nothing is begun, a coroutine does not complain, and the log tells."""
    done: list[str] = []

    async def late() -> None:
        await asyncio.sleep(0.2)
        done.append("late")

    invocation = an_invocation(0.01)
    invocation.background = [Work(late()), Work(time.sleep, (0,))]
    kind(invocation, Lines())

    assert not done
    assert "was cut" in caplog.text


def test_an_interrupted_call_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    """When the limit ends a call the log says so."""

    def interrupt(_work: object, _seconds: float) -> None:
        raise Interrupted

    invocation = an_invocation(9)
    invocation.background = [Work(print)]
    run(invocation, Lines(), interrupt)

    assert "Background work builtins.print was cut" in caplog.text


@pytest.mark.parametrize("kind", [run, run_async])
def test_a_timeout_of_its_own_is_a_failure(kind: Any) -> None:
    """Work that raises `TimeoutError` while there is time has failed, and was not cut."""

    async def impatient() -> None:
        raise TimeoutError("no answer")

    lines, invocation = Lines(), an_invocation()
    invocation.background = [Work(impatient)]
    kind(invocation, lines)

    assert "failed: no answer" in lines.lines[0]


def test_a_failure_leaves_the_rest_its_turn() -> None:
    """What one call raises is told of, and the next one is made."""
    done: list[str] = []
    lines, invocation = Lines(), an_invocation()
    invocation.background = [Work(int, ("x",)), Work(done.append, ("second",))]
    run(invocation, lines)

    assert "Background work builtins.int failed: invalid literal" in lines.lines[0]
    assert done == ["second"]


def test_the_context_takes_work_with_its_arguments() -> None:
    """`context.background` leaves a call, and then another, to be made in that order."""
    done: list[tuple[object, ...]] = []

    def work(*args: object, **kwargs: object) -> None:
        done.append((*args, *kwargs.items()))

    invocation = an_invocation()
    context = LambdaContext(invocation, config())
    context.background(work, 1, two=2)
    context.background(work)
    run(invocation, Lines())

    assert done == [(1, ("two", 2)), ()]


def test_a_coroutine_on_the_kept_loop_is_cut_in_time(caplog: pytest.LogCaptureFixture) -> None:
    """For a `def` handler the loop itself keeps the time of coroutines."""
    invocation = an_invocation(0.2)
    invocation.background = [Work(asyncio.sleep, (20,))]
    run(invocation, Lines())

    assert "was cut" in caplog.text


@pytest.mark.parametrize("kind", [run, run_async])
def test_work_that_cancels_itself_is_told_of(kind: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A task that ends cancelled by itself is neither a failure nor a cut."""

    async def give_up() -> None:
        raise asyncio.CancelledError

    invocation = an_invocation()
    invocation.background = [Work(give_up)]
    kind(invocation, Lines())

    assert "was cancelled" in caplog.text


def test_a_shutdown_cancels_the_work() -> None:
    """When the task that does the work is cancelled, so is the work."""
    ended: list[str] = []

    async def endless() -> None:
        try:
            await asyncio.sleep(20)
        finally:
            ended.append("finally")

    async def serve() -> None:
        invocation = an_invocation()
        invocation.background = [Work(endless)]
        task = asyncio.create_task(Afterwards([], 0.1, journal(Lines())).run_async(invocation))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(0)

    asyncio.run(serve())

    assert ended == ["finally"]


def test_a_context_without_hooks_has_no_state() -> None:
    """`context.state` is `None` where nothing was registered."""
    assert LambdaContext(an_invocation(), Config({"AWS_LAMBDA_RUNTIME_API": "h:1"})).state is None
