"""The command `aioric`: `dev` runs a function on a local Lambda, `invoke` calls one.

Only click is imported before a command runs: `aioric --help` has to be quick.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from aioric_emulator.conformance.command import conformance
from aioric_emulator.dev_command import HOST, PORT, dev
from aioric_emulator.optimize.verb import optimize
from aioric_emulator.ps_command import events, ps, read_sample

__all__ = ["main"]

FUNCTION_ERROR = 1


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
main.add_command(ps)
main.add_command(optimize)


@main.command()
@click.argument("event_text", metavar="[EVENT]", required=False)
@click.option("--event", help="JSON, @FILE, or - for standard input. Without one: {}.")
@click.option("--sample", metavar="NAME", help="A sample event; `aioric events` lists them.")
@click.option("--async", "is_async", is_flag=True, help="Queue the event, and do not wait.")
@click.option("--cold", is_flag=True, help="In a new environment.")
@click.option("--endpoint", help="Where the function is, as a URL; else --port of this machine.")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(1, 65535))
@click.option("--name", default="function", show_default=True, help="The function's name.")
@click.option("--client-context", default="", help="JSON, for context.client_context.")
@click.option("--tail", is_flag=True, help="Print the invocation's log on standard error.")
def invoke(
    event_text: str | None,
    event: str | None,
    sample: str | None,
    is_async: bool,  # noqa: FBT001 - click's own
    cold: bool,  # noqa: FBT001 - likewise
    endpoint: str | None,
    port: int,
    name: str,
    client_context: str,
    tail: bool,  # noqa: FBT001 - click's own
) -> None:
    """Invoke a function and print its answer. Exit with 1 where the function failed."""
    if sum(each is not None for each in (event, event_text, sample)) > 1:
        raise click.UsageError("One event: either EVENT or --event or --sample")
    if sample is None:
        payload = read_event(event if event is not None else event_text)
    else:
        payload = json.dumps(read_sample(sample)).encode()
    from aioric_emulator.client import InvokeError, call  # noqa: PLC0415 - see the module's docstring

    headers = {"X-Aioric-Cold-Start": "1"} if cold else {}
    if is_async:
        headers["X-Amz-Invocation-Type"] = "Event"
    place = endpoint or f"http://{HOST}:{port}"
    try:
        reply = call(place, name, payload, client_context, wants_log=tail, headers=headers)
    except InvokeError as error:
        raise click.ClickException(str(error)) from None
    if is_async:
        click.echo(f"Queued as {reply.request_id}", err=True)
        return
    if reply.log:
        click.echo(reply.log, err=True, nl=False)
    sys.stdout.buffer.write(reply.body + (b"" if reply.body.endswith(b"\n") else b"\n"))
    sys.stdout.buffer.flush()
    if reply.function_error:
        click.echo(f"The function failed ({reply.function_error}).", err=True)
        sys.exit(FUNCTION_ERROR)


def read_event(text: str | None) -> bytes:
    """Give an event's bytes: as written, from a file, or from standard input."""
    if text is None:
        return b"{}"
    if text == "-":
        return sys.stdin.buffer.read()
    if text.startswith("@"):
        try:
            return Path(text[1:]).read_bytes()
        except OSError as error:
            raise click.UsageError(f"{text}: {error.strerror}") from None
    return text.encode("utf-8", "surrogateescape")


if __name__ == "__main__":
    main()
