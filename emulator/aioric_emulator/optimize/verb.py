"""`aioric optimize` as the command line has it."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["optimize"]


@click.command()
@click.argument(
    "folder",
    metavar="[DIR]",
    required=False,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option("--handler", required=True, help="The function's handler: module.function.")
@click.option("--report", is_flag=True, help="Only tell what the import takes; change nothing.")
@click.option(
    "--svg", type=click.Path(dir_okay=False, path_type=Path), help="Draw a flame graph into this file."
)
@click.option("--max-ms", type=click.FloatRange(0), help="Fail where the import takes longer.")
@click.option("--forbid", multiple=True, metavar="MODULE", help="Fail where the import loads it.")
@click.option("--no-pack", is_flag=True, help="Compile only.")
@click.option("--unchecked", is_flag=True, help="Bytecode for a folder that will never change again.")
@click.option("--quiet", is_flag=True, help="Say nothing but what is wrong.")
def optimize(
    folder: Path | None,
    handler: str,
    report: bool,  # noqa: FBT001 - click's own
    svg: Path | None,
    max_ms: float | None,
    forbid: tuple[str, ...],
    no_pack: bool,  # noqa: FBT001 - click's own
    unchecked: bool,  # noqa: FBT001 - click's own
    quiet: bool,  # noqa: FBT001 - click's own
) -> None:
    """Prepare the function in DIR (else this folder) so that it starts faster.

    Run it last, where the function will run, and with the interpreter that will run it.
    """
    from aioric_emulator.optimize import command  # noqa: PLC0415 - only click before a command runs

    folder = (folder or Path.cwd()).resolve()
    try:
        if not report:
            command.compile_bytecode(folder, unchecked=unchecked)
        if not report and not no_pack:
            summary = command.pack(folder, handler)
            click.echo(describe(summary), err=True) if not quiet else None
        if report or svg or max_ms is not None or forbid:
            tree = command.account(folder, handler)
            click.echo(command.report(tree)) if report else None
            command.write_flame_graph(tree, svg) if svg else None
            if wrong := command.over_budget(tree, max_ms, forbid):
                raise click.ClickException("; ".join(wrong))
    except command.CannotOptimize as error:
        raise click.ClickException(str(error)) from None


def describe(summary: dict[str, int]) -> str:
    """What a pack holds, in a line."""
    memos = "{regexes} regular expressions, {sources} generated functions and {documents} service models"
    ahead = "{files} other files are read ahead"
    packed = f"packed {{modules}} modules with {memos}, {summary['bytes'] / 2**20:.1f} MiB; {ahead}"
    return packed.format_map(summary)
