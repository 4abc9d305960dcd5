"""The command `aioric replay`: a recording's events once more, and what has changed in the answers.

Only click is imported before the command runs: `aioric --help` has to be quick.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aioric_emulator.dev_command import HOST, PORT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aioric_emulator.client import InvokeReply
    from aioric_emulator.recording import Recorded

__all__ = ["replay"]

DIFFERENT = 1


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--endpoint", help="Where the functions are, as a URL; else --port of this machine.")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(1, 65535))
@click.option("--name", help="Only this function's invocations.")
@click.option("--ignore", multiple=True, metavar="PATH", help="A field of answers that may differ: body.id.")
def replay(file: Path, endpoint: str | None, port: int, name: str | None, ignore: tuple[str, ...]) -> None:
    """Send the events of a recording again, and show where answers differ. Exit with 1 where one does.

    `aioric dev --record FILE` makes recordings.
    """
    # See the module's docstring.
    from aioric_emulator.client import Call, InvokeError, LocalInvoker  # noqa: PLC0415
    from aioric_emulator.recording import RecordingError, read_recording  # noqa: PLC0415

    try:
        recording = [each for each in read_recording(file) if name in {None, each.function}]
    except (OSError, RecordingError) as error:
        raise click.ClickException(str(error)) from None
    invoker = LocalInvoker(endpoint or f"http://{HOST}:{port}")
    paths = [path.split(".") for path in ignore]
    counts = {"same": 0, "different": 0, "not compared": 0}
    for number, each in enumerate(recording, 1):
        event = each.event.encode("utf-8", "surrogateescape")
        call = Call(each.function, event, each.client_context, each.tenant_id)
        try:
            reply = invoker.call(call)
        except InvokeError as error:
            raise click.ClickException(f"invocation {number}, {each.function}: {error}") from None
        verdict, lines = compare(each, reply, paths)
        counts[verdict] += 1
        if verdict != "same":
            click.echo("\n".join([f"invocation {number}, {each.function}: {verdict}", *lines]))
    click.echo(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    if counts["different"]:
        sys.exit(DIFFERENT)


def compare(
    recorded: Recorded, reply: InvokeReply, ignored: Sequence[Sequence[str]]
) -> tuple[str, list[str]]:
    """Give how an answer compares with the recorded one, and the lines that show how they differ."""
    if recorded.is_stream:
        return "not compared", ["  its answer was streamed, and not recorded"]
    import difflib  # noqa: PLC0415 - see the module's docstring

    answer = reply.body.decode("utf-8", "surrogateescape")
    before = [*outcome(is_error=recorded.is_error), *lines_of(recorded.answer, ignored)]
    after = [*outcome(is_error=bool(reply.function_error)), *lines_of(answer, ignored)]
    if before == after:
        return "same", []
    differing = difflib.unified_diff(before, after, "recorded", "now", lineterm="", n=2)
    return "different", [f"  {printable(line)}" for line in differing]


def outcome(*, is_error: bool) -> Iterator[str]:
    """Give the line that says whether the function failed."""
    yield "failed" if is_error else "answered"


def lines_of(answer: str, ignored: Sequence[Sequence[str]]) -> list[str]:
    """Give an answer line by line, JSON in one order and without what is ignored."""
    try:
        value = json.loads(answer)
    except ValueError:
        return answer.splitlines()
    for path in ignored:
        drop(value, path)
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).splitlines()


def drop(value: Any, path: Sequence[str]) -> None:
    """Remove a field; a number in the path is a place in a list. What is not there is no mistake."""
    *way, last = path
    for step in way:
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return
    if isinstance(value, dict):
        value.pop(last, None)


def printable(line: str) -> str:
    """Give a line that any terminal takes."""
    return line.encode("utf-8", "replace").decode()
