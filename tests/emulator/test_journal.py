"""A function's log: in order, whoever writes, and as many lines as are kept."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from aioric_emulator import journal as module
from aioric_emulator.configuration import FunctionConfiguration
from aioric_emulator.journal import Journal
from aioric_emulator.messages import Ending, Invocation
from aioric_emulator.plain_invocation import PlainInvocation
from tests.emulator.rig import Recorder

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Memory:
    """An environment, as far as it is asked here."""

    def __init__(self) -> None:
        self.asked = 0

    @property
    def max_memory(self) -> int:
        """Count, and give 12 MB."""
        self.asked += 1
        return 12 * 1024 * 1024


def plain(request_id: str) -> PlainInvocation:
    """Give a plain invocation that has begun."""
    return PlainInvocation(request_id, "attempt", "trace", b"{}", 3.0, Recorder(), "arn", 1_700_000_000.25)


def over(invocation: PlainInvocation, memory: Memory) -> PlainInvocation:
    """Have it end after 1.5 ms."""
    invocation.duration, invocation.answer, invocation.environment = 0.0015, b"1", memory
    return invocation


def configure(folder: Path, **settings: object) -> FunctionConfiguration:
    """Give a function's configuration."""
    return FunctionConfiguration("app.handler", ("python",), folder, **settings)  # type: ignore[arg-type]


async def test_what_was_noted_is_written_in_its_place(tmp_path: Path) -> None:
    """Before the next line of anybody's, and before somebody reads; each with its request id."""
    lines: list[tuple[str, str]] = []
    journal = Journal(configure(tmp_path), lambda line, request_id: lines.append((line, request_id)), None)
    one, two, memory = plain("one"), plain("two"), Memory()
    journal.note(one)
    assert lines == []
    journal.record("said", one)
    journal.note(over(one, memory))
    journal.note(two)
    long = Invocation("long", b"", 3.0, Recorder())
    journal.start(long)
    journal.end(long, Ending(0.001), 0)
    journal.note(over(two, memory))
    assert [line.partition(" ")[0] for line in journal.lines] == [
        "START", "said", "END", "REPORT", "START", "START", "END", "REPORT", "END", "REPORT",
    ]  # fmt: skip
    assert [line for line, _ in lines] == journal.lines
    assert [request_id for _, request_id in lines] == ["one"] * 4 + ["two"] + ["long"] * 3 + ["two"] * 2
    assert lines[3][0].endswith(
        "Duration: 1.50 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 12 MB"
    )


async def test_what_was_noted_is_written_soon(tmp_path: Path) -> None:
    """Nobody has to ask, and an environment is measured once for all that is written at a time."""
    texts: asyncio.Queue[str] = asyncio.Queue()
    journal, memory = Journal(configure(tmp_path), None, texts.put_nowait), Memory()
    for each in ("one", "two"):
        invocation = plain(each)
        journal.note(invocation)
        journal.note(over(invocation, memory))
    assert texts.empty()
    text = await texts.get()
    assert [line.split(" ")[0] for line in text.split("\n")] == ["START", "END", "REPORT"] * 2
    assert memory.asked == 1
    journal.note(plain("three"))
    assert await texts.get() == "START RequestId: three Version: $LATEST"


async def test_json_lines_say_when_it_was(tmp_path: Path) -> None:
    """Not when it was written."""
    journal = Journal(configure(tmp_path, log_format="JSON"), None, None)
    invocation = plain("one")
    journal.note(invocation)
    journal.note(over(invocation, Memory()))
    start, report = [json.loads(line) for line in journal.lines]
    assert start["time"] == "2023-11-14T22:13:20.250Z"
    assert report["time"] == "2023-11-14T22:13:20.251Z"
    assert report["record"]["metrics"]["maxMemoryUsedMB"] == 12


async def test_the_oldest_lines_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept has an end; a line of a function's with breaks in it is one."""
    monkeypatch.setattr(module, "MAX_LINES", 5)
    journal = Journal(configure(tmp_path), None, None)
    for number in range(4):
        journal.record(f"{number}\nand more", None)
    invocation = plain("one")
    journal.note(invocation)
    assert journal.lines[0] == "0\nand more"
    journal.note(over(invocation, Memory()))
    assert [line.split(" ")[0] for line in journal.lines] == ["2\nand", "3\nand", "START", "END", "REPORT"]
