"""The command `aioric conformance`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import click

__all__ = ["conformance"]


@click.command()
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option(
    "--only", multiple=True, type=click.IntRange(1, 30), help="A scenario's number; may be repeated."
)
@click.option(
    "--functions",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The functions to serve, for a runtime that is not Python's.",
)
def conformance(command: tuple[str, ...], only: tuple[int, ...], functions: Path | None) -> None:
    """Play the platform to a runtime's COMMAND, scenario by scenario.

    `{handler}` in it stands for the handler's name: aioric conformance -- python -m awslambdaric {handler}.
    Exit with 1 where the runtime did something else than it should.
    """
    # Only click is imported before the command runs.
    from aioric_emulator.conformance import suite  # noqa: PLC0415

    # The runtime starts in the functions' folder, whatever folder its command was named from.
    program = command[0]
    if os.sep in program:
        program = os.path.abspath(program)  # noqa: PTH100 - a link is left as it is: it may name an interpreter
    verdicts = []
    former = signal.signal(signal.SIGTERM, end_with_the_runtime)
    try:
        for verdict in suite.run((program, *command[1:]), (functions or suite.FUNCTIONS).resolve(), only):
            click.echo(verdict.line)
            verdicts.append(verdict)
    except OSError as error:
        raise click.ClickException(f"{command[0]}: {error.strerror or error}") from None
    finally:
        signal.signal(signal.SIGTERM, former)
    click.echo(suite.summary(verdicts))
    if any(verdict.complaint for verdict in verdicts):
        sys.exit(1)


def end_with_the_runtime(*_: object) -> None:
    """End, and before that whatever was started, which nobody may know of yet."""
    import psutil  # noqa: PLC0415 - not before the command runs

    for child in psutil.Process().children():
        child.kill()
    sys.exit(1)
