"""The command `aioric`: `dev` runs a function on a local Lambda, `invoke` calls one.

Only click is imported before a command runs: `aioric --help` has to be quick.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

__all__ = ["main"]

# Where `dev` listens and `invoke` calls, unless told otherwise; the official emulator's port.
HOST = "127.0.0.1"
PORT = 8080
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


@main.command()
@click.argument("handler", required=False)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one."
)
@click.option("--host", default=HOST, show_default=True, help="Anything but loopback lets others invoke.")
@click.option(
    "--url", "url_port", type=click.IntRange(0, 65535), help="Also a Function URL that streams, on this port."
)
@click.option(
    "--real-bandwidth", is_flag=True, help="Streams as slow as on the platform: 6 MiB, then 2 MiB/s."
)
@click.option(
    "--timeout", default=3.0, show_default=True, type=click.FloatRange(0.001, 5400), help="In seconds."
)
@click.option("--memory", default=128, show_default=True, type=click.IntRange(128, 10240), help="In MB.")
@click.option("--concurrency", type=click.IntRange(1, 1600), help="Managed Instances with that many lanes.")
@click.option(
    "--max-environments", default=10, show_default=True, type=click.IntRange(1), help="Of a classic function."
)
@click.option(
    "--env-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="NAME=value lines."
)
@click.option("--env", "env", multiple=True, metavar="NAME=VALUE", help="One variable; ranks above the file.")
@click.option("--name", default="function", show_default=True, help="The function's name.")
@click.option(
    "--task-root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The function's folder; else this one.",
)
@click.option(
    "--log-format",
    default="Text",
    show_default=True,
    type=click.Choice(["Text", "JSON"], case_sensitive=False),
)
@click.option(
    "--log-level",
    default="",
    type=click.Choice(["", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]),
    help="With the JSON format.",
)
def dev(
    handler: str | None,
    command: tuple[str, ...],
    port: int,
    host: str,
    url_port: int | None,
    real_bandwidth: bool,  # noqa: FBT001 - click's own
    timeout: float,
    memory: int,
    concurrency: int | None,
    max_environments: int,
    env_file: Path | None,
    env: tuple[str, ...],
    name: str,
    task_root: Path | None,
    log_format: str,
    log_level: str,
) -> None:
    """Serve HANDLER (module.function) on a local Lambda until it is stopped.

    A COMMAND after `--` is the runtime to run in place of aioric's own.
    """
    if not handler:
        raise click.UsageError("Which function? Name its handler: aioric dev app.handler")
    variables = read_variables(env_file, env)
    from aioric_emulator.development import serve  # noqa: PLC0415 - see the module's docstring

    settings: dict[str, object] = {"task_root": (task_root or Path.cwd()).resolve(), "env": variables}
    settings |= {"timeout": timeout, "memory": memory, "concurrency": concurrency, "name": name}
    settings |= {
        "real_bandwidth": real_bandwidth,
        "host": host,
        "port": port,
        "max_environments": max_environments,
    }
    settings |= {"log_format": log_format, "log_level": log_level, "command": command or None}
    try:
        serve(handler, settings, url_port)
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from None


def read_variables(env_file: Path | None, env: tuple[str, ...]) -> dict[str, str]:
    """Give the function's variables, or the error that says which one is none."""
    from aioric_emulator.env_file import EnvFileError, read_env_file, read_variable  # noqa: PLC0415

    try:
        variables = read_env_file(env_file.read_text("utf-8"), str(env_file)) if env_file else {}
        return variables | dict(read_variable(each) for each in env)
    except (EnvFileError, UnicodeDecodeError) as error:
        raise click.UsageError(str(error)) from None


@main.command()
@click.argument("event_text", metavar="[EVENT]", required=False)
@click.option("--event", help="JSON, @FILE, or - for standard input. Without one: {}.")
@click.option("--endpoint", help="Where the function is, as a URL; else --port of this machine.")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(1, 65535))
@click.option("--name", default="function", show_default=True, help="The function's name.")
@click.option("--client-context", default="", help="JSON, for context.client_context.")
@click.option("--tail", is_flag=True, help="Print the invocation's log on standard error.")
def invoke(
    event_text: str | None,
    event: str | None,
    endpoint: str | None,
    port: int,
    name: str,
    client_context: str,
    tail: bool,  # noqa: FBT001 - click's own
) -> None:
    """Invoke a function and print its answer. Exit with 1 where the function failed."""
    if event is not None and event_text is not None:
        raise click.UsageError("One event: either EVENT or --event")
    payload = read_event(event if event is not None else event_text)
    from aioric_emulator.client import InvokeError, call  # noqa: PLC0415 - see the module's docstring

    try:
        reply = call(endpoint or f"http://{HOST}:{port}", name, payload, client_context, wants_log=tail)
    except InvokeError as error:
        raise click.ClickException(str(error)) from None
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
