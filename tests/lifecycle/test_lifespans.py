"""Resources that are opened once per environment, through the real ./bootstrap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lifecycle.functions import COMMAND, TASK, handlers, order, said, until

if TYPE_CHECKING:
    from aioric_emulator import Emulator


@handlers
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_resources_open_before_the_first_event_and_close_in_reverse(
    aioric_function: type[Emulator], handler: str, loop: str
) -> None:
    """Lifespans of both kinds are entered in order, are the state, and are left in reverse at the end."""
    variables = {"CHOICE": "lifespan async-lifespan shutdown", "AIORIC_LOOP": loop}
    async with aioric_function(handler, task_root=TASK, command=COMMAND, env=variables) as fn:
        results = [await fn.invoke({}) for _ in range(3)]

    assert {result.payload["pid"] for result in results} == {results[0].payload["pid"]}
    assert results[2].payload["state"] == {"database": "open", "client": "open"}
    assert said(fn.logs) == [
        *("database opens", "client opens"),
        *("second hook", "first hook", "client closes", "database closes"),
    ]


async def test_a_single_lifespan_yields_the_state_itself(aioric_function: type[Emulator]) -> None:
    """What one lifespan yields is the state, whatever it is."""
    variables = {"CHOICE": "one-state"}
    async with aioric_function("app.sync", task_root=TASK, command=COMMAND, env=variables) as fn:
        result = await fn.invoke({})

    assert result.payload["state"] == "the one"


@handlers
async def test_without_a_lifespan_there_is_no_state(aioric_function: type[Emulator], handler: str) -> None:
    """A function without lifespans finds nothing in its state."""
    async with aioric_function(handler, task_root=TASK, command=COMMAND) as fn:
        result = await fn.invoke({})

    assert result.payload["state"] is None


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("bad-entry", "lifespan app.refused failed: ConnectionRefusedError: nobody there"),
        ("silent", "lifespan app.silent failed: RuntimeError: it did not yield"),
        ("lifespan one-state", "lifespan app.one yields str; one of several must yield a dict or nothing"),
    ],
    ids=["raises", "does not yield", "not a dict"],
)
@handlers
async def test_a_failure_on_entry_is_an_init_error(
    aioric_function: type[Emulator], handler: str, choice: str, message: str
) -> None:
    """A lifespan that does not come to its yield fails the init, in words that name it."""
    variables = {"CHOICE": choice}
    async with aioric_function(handler, task_root=TASK, command=COMMAND, env=variables) as fn:
        result = await fn.invoke({})

    assert result.function_error == "Unhandled"
    assert result.payload["errorType"] == "Runtime.LifespanError"
    assert result.payload["errorMessage"] == message


@handlers
async def test_a_failing_exit_is_logged_and_in_nobodys_way(
    aioric_function: type[Emulator], handler: str
) -> None:
    """A lifespan that fails at its end, and one that takes too long, leave the others their turn."""
    variables = {"CHOICE": "lifespan bad-exit slow-exit"}
    async with aioric_function(handler, task_root=TASK, command=COMMAND, env=variables) as fn:
        await fn.invoke({})

    log = fn.logs
    assert order(log, "app.slow was cut after", "app.bad failed at shutdown: cannot close", "database closes")
    assert sorted(order(log, "app.slow was cut", "app.bad failed", "database closes")) == order(
        log, "app.slow was cut", "app.bad failed", "database closes"
    )


async def test_each_worker_has_its_own(aioric_function: type[Emulator]) -> None:
    """Under worker processes each worker enters and leaves the lifespans for itself."""
    variables = {"CHOICE": "lifespan"}
    async with aioric_function(
        "app.sync", task_root=TASK, command=COMMAND, env=variables, concurrency=3
    ) as fn:
        await until(fn, "database opens", times=3)
        await fn.invoke({})

    assert sum("database closes" in line for line in fn.logs) == 3
