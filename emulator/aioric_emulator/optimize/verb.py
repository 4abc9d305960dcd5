"""`aioric optimize` as the command line has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
@click.option(
    "--find-lazy",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Only serve the events, and list in this file what is imported and not used.",
)
@click.option(
    "--event",
    "events",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A sample event for --find-lazy. The function really runs.",
)
@click.option(
    "--lazy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Load the modules in this list when something in them is first asked for.",
)
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
    find_lazy: Path | None,
    events: tuple[Path, ...],
    lazy: Path | None,
    no_pack: bool,  # noqa: FBT001 - click's own
    unchecked: bool,  # noqa: FBT001 - click's own
    quiet: bool,  # noqa: FBT001 - click's own
) -> None:
    """Prepare the function in DIR (else this folder) so that it starts faster.

    Run it last, where the function will run, and with the interpreter that will run it.
    """
    from aioric_emulator.optimize import command  # noqa: PLC0415 - only click before a command runs

    folder = (folder or Path.cwd()).resolve()
    check(find_lazy, events, lazy, packs=not report and not no_pack)
    try:
        if find_lazy:
            told = command.find_lazy(folder, handler, list(events), find_lazy)
            click.echo(told, err=True) if not quiet else None
            return
        if not report:
            command.compile_bytecode(folder, unchecked=unchecked)
        if not report and not no_pack:
            summary = command.pack(folder, handler, command.read_list(lazy) if lazy else [])
            click.echo(describe(summary), err=True) if not quiet else None
        if report or svg or max_ms is not None or forbid:
            tree = command.account(folder, handler)
            click.echo(command.report(tree)) if report else None
            command.write_flame_graph(tree, svg) if svg else None
            if wrong := command.over_budget(tree, max_ms, forbid):
                raise click.ClickException("; ".join(wrong))
    except command.CannotOptimize as error:
        raise click.ClickException(str(error)) from None


def check(find_lazy: Path | None, events: tuple[Path, ...], lazy: Path | None, *, packs: bool) -> None:
    """Refuse options that mean nothing together."""
    if find_lazy and not events:
        raise click.UsageError("--find-lazy needs an --event to serve: only then does it show what is used")
    if events and not find_lazy:
        raise click.UsageError("--event is for --find-lazy")
    if lazy and (find_lazy or not packs):
        raise click.UsageError("--lazy is for a pack: not with --find-lazy, --report or --no-pack")


def describe(summary: dict[str, Any]) -> str:
    """What a pack holds, in a line; and what was to be lazy and cannot be, in another."""
    memos = "{regexes} regular expressions, {sources} generated functions and {documents} service models"
    ahead = "{files} other files are read ahead"
    packed = f"packed {{modules}} modules with {memos}, {summary['bytes'] / 2**20:.1f} MiB; {ahead}"
    if summary["lazy"]:
        packed += "; {lazy} modules are loaded when something in them is asked for"
    lines = [packed.format_map(summary)]
    if summary["missing"]:
        lines.append(f"not packed, so not lazy: {', '.join(summary['missing'])}")
    return "\n".join(lines)
