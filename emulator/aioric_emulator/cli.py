"""The command `aioric`: `dev` runs a function on a local Lambda, `invoke` calls one.

Only click, and the command that is asked for, is imported before that runs: `aioric --help` has to be quick,
and the first answer of `aioric dev` is waited for.
"""

from __future__ import annotations

import errno
import sys
from importlib import import_module
from typing import Any

import click

__all__ = ["main"]

# Where each command is.
COMMANDS = {
    "conformance": "conformance.command",
    "dev": "dev_command",
    "events": "ps_command",
    "invoke": "invoke_command",
    "optimize": "optimize.verb",
    "ps": "ps_command",
    "replay": "replay_command",
}


class Commands(click.Group):
    """Loads a command when it is asked for."""

    def main(self, *arguments: Any, **settings: Any) -> Any:
        """Run a command. That nothing more can be printed is no fault of ours."""
        try:
            return super().main(*arguments, **settings)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            click.echo(f"Error: {error.strerror}", err=True)
            sys.exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own
        """Give the names of all."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - likewise
        """Give one by its name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"aioric_emulator.{COMMANDS[cmd_name]}"), cmd_name)
        return command


def show_version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's own
    """Print the version and leave."""
    if value:
        from aioric.version import __version__  # noqa: PLC0415 - only needed here

        click.echo(f"aioric {__version__}")
        context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=show_version)
def main() -> None:
    """Run AWS Lambda functions in Python, here."""


if __name__ == "__main__":
    main()
