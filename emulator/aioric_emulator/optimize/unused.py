"""Which modules a function imports and never uses: found by serving sample events, kept as a list to be read.

A module is used if code that is used looks at it, or calls what comes from it. A list for `--lazy` names
those that used modules import and that are not used themselves; what only they import comes with them.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aioric_emulator.emulator import Emulator
from aioric_emulator.results import InvokeRejectedError

if TYPE_CHECKING:
    from collections.abc import Iterable

WATCHING = Path(__file__).with_name("watching.py")
TIMEOUT_SECONDS = 60.0
TRIES = 5  # each finds what the one before has uncovered

HEAD = """\
# What {handler} imports, and neither its import nor {events} used.
# `aioric optimize --lazy` has each loaded when something in it is first asked for: a line that is deleted, or
# made a comment, is loaded at the start as ever. Found by `aioric optimize --find-lazy` on Python {python}.
"""
OTHERS = """
# Not of the standard library. A module may do something when it is imported (register itself, patch another)
# that somebody counts on later. Look at it, then take the sign away.
"""


class CannotServe(Exception):
    """A sample event was not served; the message says which, and ends with what the function wrote."""


@dataclass(frozen=True)
class Unused:
    """A module that is imported and not used.

    Attributes:
        ms: What its import took, watched, which is slower than usual.
        modules: How many it brought along, itself included.
    """

    name: str
    importer: str
    ms: float
    modules: int

    @property
    def is_standard(self) -> bool:
        """Whether it is of the standard library, where imports do nothing that others wait for."""
        return self.name.partition(".")[0] in sys.stdlib_module_names


async def find(folder: Path, handler: str, events: list[Path], runtime: Path) -> list[Unused]:
    """Serve the events, first with everything loaded, then with what was found put off until nothing is new.

    Raises:
        CannotServe: An event fails, or is answered differently once modules are put off.
    """
    answers, outcome = await _serve(folder, handler, events, runtime, [])
    found = {each.name: each for each in unused(outcome, handler)}
    for _ in range(TRIES):
        again, outcome = await _serve(folder, handler, events, runtime, list(found))
        for event, first, second in zip(events, answers, again, strict=True):
            if first != second:
                told = ", ".join(found)
                raise CannotServe(
                    f"{event} is answered differently when these are put off ({told}), or at each time:"
                    f"\n{first[:300]!r}\n{second[:300]!r}"
                )
        new = {each.name: each for each in unused(outcome, handler) if each.name not in found}
        if not new:
            break
        found |= new
    return list(found.values())


def unused(outcome: dict[str, Any], handler: str) -> list[Unused]:
    """What is imported by used modules, and not used."""
    imported: dict[str, dict[str, Any]] = outcome["imported"]
    used = _used(outcome["seen"], imported, handler)
    return [
        Unused(name, entry["importer"], entry["ms"], entry["modules"])
        for name, entry in imported.items()
        if name not in used and not entry["odd"] and (entry["importer"] in used or _foreign(entry, imported))
    ]


def _used(seen: Iterable[list[str]], imported: dict[str, Any], handler: str) -> set[str]:
    """Everything that is reached from outside of what was watched, and from the handler's module."""
    by: dict[str, list[str]] = {}
    for who, what in seen:
        by.setdefault(who, []).append(what)
    module = handler.partition(":")[0] if ":" in handler else handler.rpartition(".")[0]
    ahead = [module.replace("/", "."), *[who for who in by if who not in imported]]
    used: set[str] = set()
    while ahead:
        name = ahead.pop()
        if name not in used:
            used.add(name)
            ahead += by.get(name, [])
    return used


def _foreign(entry: dict[str, Any], imported: dict[str, Any]) -> bool:
    return entry["importer"] not in imported


def write(path: Path, handler: str, events: list[Path], found: list[Unused]) -> None:
    """Write the list down, what saves most first; in a comment what is not of the standard library."""
    python = "{}.{}".format(*sys.version_info)
    lines = [HEAD.format(handler=handler, events=", ".join(map(str, events)), python=python)]
    ordered = sorted(found, key=lambda each: -each.ms)
    lines += [_line(each, "") for each in ordered if each.is_standard]
    others = [_line(each, "# ") for each in ordered if not each.is_standard]
    lines += [OTHERS, *others] if others else []
    path.write_text("".join(lines), "utf-8")


def _line(each: Unused, sign: str) -> str:
    count = "alone" if each.modules == 1 else f"{each.modules} modules"
    return f"{sign + each.name:40} # {each.ms:6.1f} ms, {count}, for {each.importer}\n"


def read(path: Path) -> list[str]:
    """The names in a list.

    Raises:
        ValueError: A line is not a module's name.
    """
    names = [line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines()]
    for name in filter(None, names):
        if not all(part.isidentifier() for part in name.split(".")):
            raise ValueError(f"{path}: {name!r} is not the name of a module")
    return [name for name in names if name]


async def _serve(
    folder: Path, handler: str, events: list[Path], runtime: Path, names: list[str]
) -> tuple[list[bytes], dict[str, Any]]:
    """Serve the events in one environment; returns the answers, and what was seen."""
    with tempfile.TemporaryDirectory() as place:
        outcome = Path(place, "outcome.json")
        command = [sys.executable, "-P", str(WATCHING), str(runtime), str(outcome), handler, *names]
        said: list[str] = []
        function = Emulator(
            handler,
            task_root=folder,
            command=command,
            timeout=TIMEOUT_SECONDS,
            memory=3008,
            on_line=said.append,
        )
        async with function as fn:
            answers = [await _answer(fn, event, said) for event in events]
        return answers, _told(outcome, said)


def _told(outcome: Path, said: list[str]) -> dict[str, Any]:
    if not outcome.exists():
        raise CannotServe("the function's process ended before it could tell:\n" + _end(said))
    read: dict[str, Any] = json.loads(outcome.read_text("utf-8"))
    return read


async def _answer(fn: Emulator, event: Path, said: list[str]) -> bytes:
    payload = event.read_bytes()  # noqa: ASYNC240 - nothing else runs here
    try:
        result = await fn.invoke(payload)
    except InvokeRejectedError as error:
        raise CannotServe(f"{event} was not served: {error}\n{_end(said)}") from None
    if result.function_error:
        told = result.raw[:1000].decode(errors="replace")
        raise CannotServe(f"{event} fails: {told}\n{_end(said)}")
    return result.raw


def _end(said: list[str]) -> str:
    return "\n".join(said)[-3000:]
