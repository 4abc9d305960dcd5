"""The command `aioric`: `dev` runs a function on a local Lambda, `invoke` calls one.

Only click is imported before a command runs: `aioric --help` has to be quick.
"""

from __future__ import annotations

import click

from aioric_emulator.conformance.command import conformance
from aioric_emulator.dev_command import dev
from aioric_emulator.invoke_command import invoke
from aioric_emulator.optimize.verb import optimize
from aioric_emulator.ps_command import events, ps
from aioric_emulator.replay_command import replay

__all__ = ["main"]


def show_version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's own
    """Print the version and leave."""
    if value:
        from aioric.version import __version__  # noqa: PLC0415 - only needed here

        click.echo(f"aioric {__version__}")
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=show_version)
def main() -> None:
    """Run AWS Lambda functions in Python, here."""


main.add_command(conformance)
main.add_command(dev)
main.add_command(events)
main.add_command(invoke)
main.add_command(ps)
main.add_command(optimize)
main.add_command(replay)


if __name__ == "__main__":
    main()
