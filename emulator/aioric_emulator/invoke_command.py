"""The command `aioric invoke`: one event to a function here, or on AWS.

Only click is imported before the command runs: `aioric --help` has to be quick.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aioric_emulator.dev_command import HOST, PORT
from aioric_emulator.ps_command import read_sample

if TYPE_CHECKING:
    from aioric_emulator.client import Call, Invoker, StreamEnd

__all__ = ["invoke"]

FUNCTION_ERROR = 1


@click.command()
@click.argument("event_text", metavar="[EVENT]", required=False)
@click.option("--event", help="JSON, @FILE, or - for standard input. Without one: {}.")
@click.option("--sample", metavar="NAME", help="A sample event; `aioric events` lists them.")
@click.option("--async", "is_async", is_flag=True, help="Queue the event, and do not wait.")
@click.option("--stream", "is_stream", is_flag=True, help="Print the answer while it is made.")
@click.option("--cold", is_flag=True, help="In a new environment.")
@click.option("--remote", "is_remote", is_flag=True, help="On AWS, by boto3 and its settings.")
@click.option("--endpoint", help="Where the function is, as a URL; else --port of this machine.")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(1, 65535))
@click.option("--name", default="function", show_default=True, help="The function's name, or its ARN.")
@click.option("--client-context", default="", help="JSON, for context.client_context.")
@click.option("--tenant-id", default="", help="Of a function that keeps tenants apart.")
@click.option("--tail", is_flag=True, help="Print the invocation's log on standard error.")
def invoke(
    event_text: str | None,
    event: str | None,
    sample: str | None,
    is_async: bool,  # noqa: FBT001 - click's own
    is_stream: bool,  # noqa: FBT001 - likewise
    cold: bool,  # noqa: FBT001 - likewise
    is_remote: bool,  # noqa: FBT001 - likewise
    endpoint: str | None,
    port: int,
    name: str,
    client_context: str,
    tenant_id: str,
    tail: bool,  # noqa: FBT001 - likewise
) -> None:
    """Invoke a function and print its answer. Exit with 1 where the function failed."""
    if sum(each is not None for each in (event, event_text, sample)) > 1:
        raise click.UsageError("One event: either EVENT or --event or --sample")
    if is_async and is_stream:
        raise click.UsageError("Either --async or --stream: an event that is queued has no answer")
    if is_remote and (cold or endpoint):
        raise click.UsageError("--cold and --endpoint are for the local Lambda, not for --remote")
    if sample is None:
        payload = read_event(event if event is not None else event_text)
    else:
        payload = json.dumps(read_sample(sample)).encode()
    try:
        json.loads(client_context or "{}")
    except ValueError as error:
        raise click.UsageError(f"--client-context is no JSON: {error}") from None
    from aioric_emulator.client import Call, InvokeError  # noqa: PLC0415 - see the module's docstring

    call = Call(name, payload, client_context, tenant_id, wants_log=tail, is_async=is_async, is_cold=cold)
    try:
        invoker = choose_invoker(None if is_remote else endpoint or f"http://{HOST}:{port}")
        failure = print_stream(invoker, call) if is_stream else print_reply(invoker, call)
    except InvokeError as error:
        raise click.ClickException(str(error)) from None
    if failure:
        click.echo(f"The function failed ({failure}).", err=True)
        sys.exit(FUNCTION_ERROR)


def choose_invoker(endpoint: str | None) -> Invoker:
    """Give what calls the local Lambda at an endpoint, or without one, AWS. Raises `InvokeError`."""
    if endpoint is not None:
        from aioric_emulator.client import LocalInvoker  # noqa: PLC0415 - see the module's docstring

        return LocalInvoker(endpoint)
    from aioric_emulator.remote import RemoteInvoker  # noqa: PLC0415 - likewise

    return RemoteInvoker()


def print_reply(invoker: Invoker, call: Call) -> str:
    """Invoke, and print the answer whole; give the kind of the function's error, if any."""
    reply = invoker.call(call)
    if call.is_async:
        click.echo(f"Queued as {reply.request_id}", err=True)
        return ""
    if reply.log:
        click.echo(readable(reply.log), err=True, nl=False)
    sys.stdout.buffer.write(reply.body + (b"" if reply.body.endswith(b"\n") else b"\n"))
    sys.stdout.buffer.flush()
    return reply.function_error


def print_stream(invoker: Invoker, call: Call) -> str:
    """Invoke, and print the answer as it comes; give the kind of the function's error, if any."""
    last = b"\n"
    end: StreamEnd | None = None
    for piece in invoker.stream(call):
        if not isinstance(piece, bytes):
            end = piece
            continue
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        last = piece or last
    if not last.endswith(b"\n"):
        click.echo()
    if end is None:
        raise click.ClickException("The stream broke off: nothing says whether it is whole")
    if end.log:
        click.echo(readable(end.log), err=True, nl=False)
    if end.error_code and end.error_details:
        click.echo(end.error_details, err=True)
    return end.error_code


def readable(log: str) -> str:
    """Give a log as a terminal can show it: a bare carriage return is a line break within one event."""
    return log.replace("\r", "\n")


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
