"""The command `aioric dev`: its words and options, and what they mean together.

Only click is imported before the command runs: `aioric --help` has to be quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aioric_emulator.configuration import FunctionConfiguration
    from aioric_emulator.fronts.settings import FrontSettings
    from aioric_emulator.project import Project

__all__ = ["HOST", "PORT", "dev"]

# Where `dev` listens and `invoke` calls, unless told otherwise; the official emulator's port.
HOST = "127.0.0.1"
PORT = 8080
# What describes a function that is named on the command line; a file says it of its own.
FUNCTION_OPTIONS = (
    "timeout",
    "memory",
    "concurrency",
    "max_environments",
    "max_age",
    "task_root",
    "log_format",
    "log_level",
    "snapstart",
    "copies",
    "freeze",
    "enforce_memory",
    "real_bandwidth",
    "layers",
    "extensions",
)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
PORTS = click.IntRange(0, 65535)
LEVELS = ["", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]


@click.command()
@click.argument("words", metavar="[HANDLER | NAME=HANDLER...] [COMMAND]", nargs=-1, type=click.UNPROCESSED)
@click.option("--port", default=PORT, show_default=True, type=PORTS, help="0 takes a free one.")
@click.option("--host", default=HOST, show_default=True, help="Anything but loopback lets others invoke.")
@click.option(
    "--allow-host",
    multiple=True,
    metavar="NAME",
    help="A name that callers use for this machine; * for any. localhost and addresses need none.",
)
@click.option("--url", "url_port", type=PORTS, help="Also a Function URL, on this port.")
@click.option(
    "--url-mode", type=click.Choice(["BUFFERED", "RESPONSE_STREAM"]), help="Of the URL; else BUFFERED."
)
@click.option("--http-api", "http_api_port", type=PORTS, help="Also an HTTP API of API Gateway.")
@click.option("--payload-format", type=click.Choice(["1.0", "2.0"]), help="Of its events; else 2.0.")
@click.option("--rest-api", "rest_api_port", type=PORTS, help="Also a REST API of API Gateway.")
@click.option("--alb", "alb_port", type=PORTS, help="Also an Application Load Balancer.")
@click.option("--multi-value-headers", is_flag=True, help="The load balancer sends and takes lists.")
@click.option("--file", type=FILE, help="aioric.toml, or a SAM or CloudFormation template, with functions.")
@click.option("--parameter", multiple=True, metavar="NAME=VALUE", help="A template's parameter.")
@click.option("--reload/--no-reload", "reloads", default=True, help="When files change. On by default.")
@click.option("--env-file", type=FILE, help="NAME=value lines.")
@click.option(
    "--env", "env", multiple=True, metavar="NAME=VALUE", help="One variable; ranks above all files."
)
@click.option("--name", default="function", show_default=True, help="The name of a function without one.")
@click.option(
    "--timeout", default=3.0, show_default=True, type=click.FloatRange(0.001, 5400), help="In seconds."
)
@click.option("--memory", default=128, show_default=True, type=click.IntRange(128, 10240), help="In MB.")
@click.option("--concurrency", type=click.IntRange(1, 1600), help="Managed Instances with that many lanes.")
@click.option(
    "--max-environments", default=10, show_default=True, type=click.IntRange(1), help="Of a classic function."
)
@click.option("--max-age", type=click.FloatRange(0.1), help="Environments older than that are replaced.")
@click.option("--task-root", type=FOLDER, help="The function's folder; else this one.")
@click.option(
    "--log-format",
    default="Text",
    show_default=True,
    type=click.Choice(["Text", "JSON"], case_sensitive=False),
)
@click.option("--log-level", default="", type=click.Choice(LEVELS), help="With the JSON format.")
@click.option("--snapstart", is_flag=True, help="Init ends in a snapshot; new environments are copies of it.")
@click.option(
    "--copies",
    default=2,
    show_default=True,
    type=click.IntRange(1, 100),
    help="Of the snapshot, to be compared: what should be unique, and is shared? 1 for none.",
)
@click.option(
    "--record", type=click.Path(dir_okay=False, path_type=Path), help="Add events and answers to this file."
)
@click.option(
    "--debug-port", type=click.IntRange(1, 65535), help="Run under debugpy; no deadlines while attached."
)
@click.option("--freeze", is_flag=True, help="Stop the processes between invocations, as the platform does.")
@click.option("--enforce-memory", is_flag=True, help="Kill an environment that uses more than its memory.")
@click.option(
    "--real-bandwidth", is_flag=True, help="Streams as slow as on the platform: 6 MiB, then 2 MiB/s."
)
@click.option(
    "--layer",
    "layers",
    multiple=True,
    metavar="PATH",
    help="For /opt: a folder or zip file; the last on top.",
)
@click.option(
    "--extensions", type=FOLDER, help="Executables started beside the runtime, as those of /opt/extensions."
)
@click.pass_context
def dev(context: click.Context, /, **options: Any) -> None:
    """Serve functions on a local Lambda until it is stopped.

    One HANDLER (module.function), several as NAME=HANDLER, or those of a file: without words, of
    aioric.toml. A COMMAND after `--` is the runtime to run in place of aioric's own. What is in front of
    functions for HTTP clients leads to the first of them; a file can say more.
    """
    try:
        variables = read_variables(options["env_file"], options["env"])
        project = select(context, options, variables)
        fronts = select_fronts(options, project)
        # See the module's docstring.
        from aioric_emulator.development import Place, serve  # noqa: PLC0415

        place = Place(
            options["host"],
            options["port"],
            options["reloads"],
            fronts,
            record=options["record"],
            allowed_hosts=options["allow_host"],
        )
        serve(choose_debugged(options, project.functions), place)
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from None


def choose_debugged(
    options: dict[str, Any], functions: Sequence[FunctionConfiguration]
) -> Sequence[FunctionConfiguration]:
    """Give the functions, or the one that is to be debugged."""
    if options["debug_port"] is None:
        return functions
    from aioric_emulator.debugging import under_debugger  # noqa: PLC0415 - see the module's docstring
    from aioric_emulator.selection import split_words  # noqa: PLC0415 - likewise

    _, command = split_words(options["words"])
    function = under_debugger(functions, options["debug_port"], has_command=bool(command))
    click.echo(f"Attach a debugger to 127.0.0.1:{options['debug_port']}; it is led in with the first call.")
    return [function]


def select_fronts(options: dict[str, Any], project: Project) -> list[FrontSettings]:
    """Give the fronts of a file, with what the command line says of them, and those that only it names."""
    from aioric_emulator.fronts.command_line import select_fronts as add  # noqa: PLC0415 - likewise

    return add(options, project.fronts, [each.name for each in project.functions])


def select(context: click.Context, options: dict[str, Any], variables: dict[str, str]) -> Project:
    """Give the functions to serve."""
    from aioric_emulator import selection  # noqa: PLC0415 - see the module's docstring
    from aioric_emulator.project import Project  # noqa: PLC0415 - likewise

    handlers, command = selection.split_words(options["words"])
    if not handlers:
        refuse_function_options(context)
        parameters = read_variables(None, options["parameter"])
        project = selection.select_from_file(options["file"], parameters, variables, Path.cwd())
        for name, reason in project.left_out.items():
            click.echo(f"{name} is left out: {reason}", err=True)
        for note in project.notes:
            click.echo(note, err=True)
        return project
    if options["file"] is not None:
        raise click.UsageError("Functions come from the command line or from --file, not from both")
    settings: dict[str, Any] = {
        key: options[key] for key in FUNCTION_OPTIONS if options[key] not in {None, "", ()}
    }
    is_limited = context.get_parameter_source("max_environments") is ParameterSource.COMMANDLINE
    if options["concurrency"] is not None and is_limited:
        raise click.UsageError(
            "--max-environments is of a classic function; Managed Instances (--concurrency) are one here"
        )
    if options["extensions"] is not None:
        settings["extensions"] = str(options["extensions"].resolve())
    if options["layers"]:
        settings["layers"] = [*options["layers"]]
    settings["env"] = variables
    settings["task_root"] = str((options["task_root"] or Path.cwd()).resolve())
    if command:
        settings["command"] = list(command)
    named = {name or options["name"]: handler for name, handler in handlers.items()}
    return Project(selection.select_named(named, settings, Path.cwd()))


def refuse_function_options(context: click.Context) -> None:
    """Raise a usage error for what a file is to say of each of its functions."""
    for option in FUNCTION_OPTIONS:
        if context.get_parameter_source(option) is ParameterSource.COMMANDLINE:
            flag = "--layer" if option == "layers" else f"--{option.replace('_', '-')}"
            raise click.UsageError(f"{flag} is for a function named here; a file says it of each of its own")


def read_variables(env_file: Path | None, env: tuple[str, ...]) -> dict[str, str]:
    """Give the function's variables, or the error that says which one is none."""
    from aioric_emulator.env_file import EnvFileError, load_env_file, read_variable  # noqa: PLC0415

    try:
        variables = load_env_file(env_file, str(env_file)) if env_file else {}
        return variables | dict(read_variable(each) for each in env)
    except EnvFileError as error:
        raise click.UsageError(str(error)) from None
