"""The commands `aioric ps` and `aioric events`: what runs, and what events look like."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from aioric_emulator.dev_command import HOST, PORT

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["events", "ps"]

# Invocations in the table of `ps`.
LAST = 10
TIMEOUT = 5.0


@click.command()
@click.option("--endpoint", help="Where `aioric dev` is, as a URL; else --port of this machine.")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(1, 65535))
@click.option("--json", "as_json", is_flag=True, help="All that is known, for a program.")
def ps(endpoint: str | None, port: int, as_json: bool) -> None:  # noqa: FBT001 - click's own
    """Show the environments of a running `aioric dev`, and its last invocations."""
    state = fetch_state(endpoint or f"http://{HOST}:{port}")
    if as_json:
        click.echo(json.dumps(state))
        return
    rows: list[tuple[str, ...]] = [("FUNCTION", "ENV", "PID", "STATE", "BUSY", "AGE s", "MEMORY MB")]
    for function in state["functions"]:
        name = function["name"]
        for each in function["environments"]:
            facts = [each[key] for key in ("number", "pid", "state", "running", "age_s", "memory_mb")]
            rows.append((name, *(str(fact) for fact in facts)))
        if not function["environments"]:
            rows.append((name, "-", "-", "cold", "-", "-", "-"))
    click.echo(table(rows))
    if state["invocations"]:
        rows = [("INVOCATION", "FUNCTION", "STATE", "ms", "COLD ms")]
        for each in state["invocations"][-LAST:]:
            figures = (str(each.get("duration_ms", "")), str(each.get("init_ms") or ""))
            rows.append((each["id"], each["function"], each["state"], *figures))
        click.echo("\n" + table(rows))


def fetch_state(endpoint: str) -> Any:
    """Give what a running `aioric dev` knows, or the error that says that there is none."""
    # Only click is imported before a command runs.
    import httpx  # noqa: PLC0415

    try:
        response = httpx.get(f"{endpoint.rstrip('/')}/_aioric/state", timeout=TIMEOUT, trust_env=False)
        response.raise_for_status()
        return response.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise click.ClickException(f"No `aioric dev` at {endpoint}: {error}") from None


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Give rows in columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


@click.command()
@click.argument("name", required=False)
@click.argument("fields", nargs=-1, metavar="[PATH=VALUE...]")
def events(name: str | None, fields: tuple[str, ...]) -> None:
    """Print the sample event NAME, or the names of all.

    A PATH leads to a field to set: Records.0.body=text. A VALUE that is JSON is taken as such.
    """
    from aioric_emulator.samples import names  # noqa: PLC0415 - see above

    if name is None:
        click.echo("\n".join(names()))
    else:
        click.echo(json.dumps(read_sample(name, fields), indent=2))


def read_sample(name: str, fields: tuple[str, ...] = ()) -> Any:
    """Give a sample event, or the usage error that says that there is none."""
    from aioric_emulator.samples import SampleError, sample  # noqa: PLC0415 - see above

    values: dict[str, Any] = {}
    for field in fields:
        path, equals, text = field.partition("=")
        if not equals:
            raise click.UsageError(f"{field!r} has no '='")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        values[path.replace(".", "__")] = value
    try:
        return sample(name, **values)
    except SampleError as error:
        raise click.UsageError(str(error)) from None
