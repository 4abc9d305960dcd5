"""What a test may say of its function, and what it is told where that cannot be."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from aioric_emulator import Emulator
from aioric_emulator.configuration import FunctionConfiguration
from aioric_emulator.disruptions import Stall
from aioric_emulator.local_lambda import LocalLambda
from aioric_emulator.sync_emulator import SyncEmulator
from tests.emulator.polling import until

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"timeout": -3}, "timeout is between 0.001 and 5400, not -3"),
        ({"memory": 0}, "memory is between 1 and 10240, not 0"),
        ({"concurrency": 0}, "concurrency is between 1 and 1600, not 0"),
        ({"max_environments": 0}, "max_environments is between 1 and"),
        ({"max_age": 0}, "max_age is between 0.1 and"),
        ({"init_limit": 901}, "init_limit is between 0.001 and 900, not 901"),
        ({"name": "a b"}, "a function's name is 1 to 64 letters, digits, - and _, not 'a b'"),
        ({"log_level": "DEBUG"}, "log_level is of the log_format JSON"),
        ({"log_format": "xml"}, "log_format is Text or JSON"),
        ({"env": {"X": 1}}, "env: X is text, not 1"),
        ({"env": {"X": "a\0b"}}, "env: 'X': a name has no '=', and neither name nor value a NUL"),
        ({"env": {"X=Y": "a"}}, "env: 'X=Y': a name has no '='"),
        ({"command": []}, "command is a list of words, and has none"),
        ({"task_root": "/no/such"}, "task_root: there is no folder /no/such"),
        ({"extensions": "/no/such"}, "extensions: there is no folder /no/such"),
    ],
)
def test_what_cannot_be_is_told(settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    """By its name, and what could be, before anything runs."""
    settings = {"task_root": tmp_path, "command": ["true"], **settings}
    with pytest.raises(ValueError, match=re.escape(message)):
        Emulator("a.b", **settings)
    with pytest.raises(ValueError, match=re.escape(message)), SyncEmulator("a.b", **settings):
        raise AssertionError("never entered")


async def test_outside_of_its_context_nobody_serves(toy_command: list[str], tmp_path: Path) -> None:
    """Before it is entered, in words; in either flavour."""
    function = Emulator("toy.handler", command=toy_command, task_root=tmp_path)
    with pytest.raises(RuntimeError, match="use it within `async with"):
        await function.invoke({})
    with pytest.raises(RuntimeError, match="use it within `async with"):
        function.stream({})
    with pytest.raises(RuntimeError, match="use it within `async with"):
        function.enqueue({})


def test_without_a_loop_neither(toy_command: list[str], tmp_path: Path) -> None:
    """Before, and after."""
    function = SyncEmulator("toy.handler", command=toy_command, task_root=tmp_path)
    with pytest.raises(RuntimeError, match="use it within `with"):
        function.invoke({})
    with function as fn:
        assert fn.invoke({"a": 1}).payload == {"a": 1}
    with pytest.raises(RuntimeError, match="use it within `with"):
        function.invoke({})


def test_trouble_is_one_of_a_kind(tmp_path: Path) -> None:
    """Anything else is told, not left out."""
    function = Emulator("a.b", command=["true"], task_root=tmp_path)
    function.disrupt(Stall(0.1))
    with pytest.raises(TypeError, match="'stall' is no trouble"):
        function.disrupt("stall")  # type: ignore[arg-type]


async def test_a_destination_may_be_named_by_text(toy_command: list[str], tmp_path: Path) -> None:
    """The file of that name."""
    file = tmp_path / "records"
    settings = {"command": toy_command, "task_root": tmp_path, "on_success": str(file)}
    async with Emulator("toy.handler", **settings) as fn:  # type: ignore[arg-type]
        fn.enqueue({"a": 1})
        await until(lambda: file.exists() and file.read_text().endswith("\n"))
    assert json.loads(file.read_text())["responsePayload"] == {"a": 1}


async def test_a_process_that_cannot_be_is_the_functions_error(tmp_path: Path) -> None:
    """Who says it past all checks is answered, as for a program that is not there."""
    function = FunctionConfiguration("a.b", ("tr\0ue",), tmp_path)
    async with LocalLambda([function]) as local:
        result = await local.functions["function"].invoke({})
    assert result.payload["errorType"] == "Runtime.InvalidEntrypoint"


async def test_a_fault_of_ours_leaves_nobody_waiting(tmp_path: Path) -> None:
    """The call is answered, further ones are refused, and leaving the context raises what it was."""
    # Nothing checks this one, and starting a process with it raises what no platform would.
    function = FunctionConfiguration("a.b", ("true",), tmp_path, variables={"X": 1})  # type: ignore[dict-item]
    faults: list[BaseException] = []

    async def serve() -> None:
        async with LocalLambda([function]) as local:
            result = await local.functions["function"].invoke({})
            assert result.payload["errorType"] == "Runtime.ExitError"

    with pytest.raises(BaseExceptionGroup) as raised:
        await serve()
    group: BaseException = raised.value
    while isinstance(group, BaseExceptionGroup):
        (group,) = group.exceptions
    faults.append(group)
    assert isinstance(faults[0], TypeError)
