"""A function as a file declares it: settings by name, checked, become its configuration."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from aioric_emulator.asynchronous import EventPolicy
from aioric_emulator.commands import default_command
from aioric_emulator.configuration import FunctionConfiguration
from aioric_emulator.destinations import Destinations
from aioric_emulator.env_file import EnvFileError, check_variables, load_env_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["DeclarationError", "declare"]


class DeclarationError(ValueError):
    """A setting that cannot be; the message names it and says what could."""


# What each setting may be: a kind, and for numbers the least and the most. The limits are the platform's.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
SETTINGS: dict[str, tuple[type, float, float]] = {
    "handler": (str, 1, 0),
    "command": (list, 0, 0),
    "task_root": (str, 0, 0),
    "timeout": (float, 0.001, 5400),
    "memory": (int, 128, 10240),
    "concurrency": (int, 1, 1600),
    "max_environments": (int, 1, 10_000),
    "max_age": (float, 0.1, 1e9),
    "init_limit": (float, 0.001, 900),
    "log_format": (str, 0, 0),
    "log_level": (str, 0, 0),
    "snapstart": (bool, 0, 0),
    "copies": (int, 1, 100),
    "freeze": (bool, 0, 0),
    "enforce_memory": (bool, 0, 0),
    "real_bandwidth": (bool, 0, 0),
    "layers": (list, 0, 0),
    "extensions": (str, 1, 0),
    "env": (dict, 0, 0),
    "env_file": (str, 0, 0),
    "events": (dict, 0, 0),
}
EVENT_SETTINGS: dict[str, tuple[type, float, float]] = {
    "max_retries": (int, 0, 2),
    "max_age": (float, 1, 21600),
    "retry_delay": (float, 0, 3600),
    "on_success": (str, 0, 0),
    "on_failure": (str, 0, 0),
}
# Settings whose attribute of the configuration reads as what it is there: a fact.
ATTRIBUTES = {
    "snapstart": "has_snapshot",
    "freeze": "freezes",
    "enforce_memory": "enforces_memory",
    "real_bandwidth": "has_real_bandwidth",
}
KINDS = {str: "text", list: "a list", float: "a number", int: "a whole number", bool: "true or false"}
LOG_FORMATS = {"TEXT": "Text", "JSON": "JSON"}
LOG_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
MANY = 10**18  # more than any number here may be
# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def declare(name: str, settings: Mapping[str, Any], folder: Path) -> FunctionConfiguration:
    """Give a function's configuration. Paths are relative to `folder`. Raises `DeclarationError`."""
    if not NAME.fullmatch(name):
        raise DeclarationError(f"{name}: a function's name is 1 to 64 letters, digits, - and _")
    checked = check(name, settings, SETTINGS)
    if "handler" not in checked:
        raise DeclarationError(f"{name}: a function needs a handler")
    check_log(name, checked)
    checked["log_format"] = LOG_FORMATS[checked.get("log_format", "Text").upper()]
    handler = checked["handler"]
    policy, destinations = read_events(name, checked.pop("events", {}), folder)
    variables = read_variables(name, checked, folder)
    for key in ("snapstart", "freeze"):
        if checked.get(key) and "concurrency" in checked:
            raise DeclarationError(f"{name}: Managed Instances (concurrency) know no {key}")
    for key, attribute in ATTRIBUTES.items():
        if key in checked:
            checked[attribute] = checked.pop(key)
    command = checked.pop("command", None)
    checked["command"] = tuple(map(str, command)) if command else own_command(name, handler)
    checked["task_root"] = (folder / checked.get("task_root", ".")).resolve()
    if not checked["task_root"].is_dir():
        raise DeclarationError(f"{name}: there is no folder {checked['task_root']}")
    checked |= read_opt(name, checked, folder)
    return FunctionConfiguration(
        name=name, variables=variables, events=policy, destinations=destinations, **checked
    )


def read_opt(name: str, settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Give the folders of what is in `/opt` on Lambda. Raises `DeclarationError`."""
    found: dict[str, Any] = {}
    if "layers" in settings:
        from aioric_emulator.layers import LayerError, open_layers  # noqa: PLC0415 - few functions have some

        try:
            found["layers"] = open_layers(settings["layers"], folder)
        except LayerError as error:
            raise DeclarationError(f"{name}: {error}") from None
    if "extensions" in settings:
        found["extensions"] = (folder / settings["extensions"]).resolve()
        if not found["extensions"].is_dir():
            raise DeclarationError(f"{name}: there is no folder {found['extensions']} of extensions")
    return found


def own_command(name: str, handler: str) -> tuple[str, ...]:
    """Give the command of our runtime. Raises `DeclarationError` for a handler that it could never find."""
    if "." not in handler and ":" not in handler:
        raise DeclarationError(f"{name}: the handler {handler} names no function; {handler}.handler would")
    return default_command(handler)


def check(
    name: str, settings: Mapping[str, Any], known: Mapping[str, tuple[type, float, float]]
) -> dict[str, Any]:
    """Give a copy of settings that are all known and of the right kind. Raises `DeclarationError`."""
    checked: dict[str, Any] = {}
    for key, value in settings.items():
        if key not in known:
            near = get_close_matches(key, known, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
            raise DeclarationError(f"{name}: there is no setting {key}{hint}")
        kind, least, most = known[key]
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(max(-MANY, min(value, MANY)))  # noqa: PLW2901 - a whole number is a number
        if type(value) is not kind:
            raise DeclarationError(f"{name}: {key} is {KINDS.get(kind, 'a table')}, not {value!r}")
        if isinstance(value, str) and "\0" in value:
            raise DeclarationError(f"{name}: {key} holds a NUL: {value!r}")
        if isinstance(value, int | float) and kind is not bool and not least <= value <= most:
            raise DeclarationError(f"{name}: {key} is between {least:g} and {most:g}, not {value:g}")
        checked[key] = value
    return checked


def check_log(name: str, settings: Mapping[str, Any]) -> None:
    """Raise `DeclarationError` for a log that the service does not have."""
    log_format, level = settings.get("log_format", "Text").upper(), settings.get("log_level", "")
    if log_format not in LOG_FORMATS:
        raise DeclarationError(f"{name}: log_format is Text or JSON")
    if level and level not in LOG_LEVELS:
        raise DeclarationError(f"{name}: log_level is {', '.join(LOG_LEVELS)}, not {level}")
    # The log of Managed Instances always is JSON.
    if level and log_format == "TEXT" and "concurrency" not in settings:
        raise DeclarationError(f"{name}: log_level is of the log_format JSON; a log of text has all lines")


def read_events(name: str, settings: Mapping[str, Any], folder: Path) -> tuple[EventPolicy, Destinations]:
    """Give what becomes of a function's asynchronous invocations."""
    checked = check(f"{name}: events", settings, EVENT_SETTINGS)
    files = [checked.pop(key, "") for key in ("on_success", "on_failure")]
    places = [folder / file if file else None for file in files]
    return EventPolicy(**checked), Destinations(*places)


def read_variables(name: str, settings: dict[str, Any], folder: Path) -> dict[str, str]:
    """Give a function's variables: those of its file, and above them its own."""
    variables: dict[str, str] = {}
    file = settings.pop("env_file", None)
    if file is not None:
        try:
            variables = load_env_file(folder / file, file)
        except (OSError, EnvFileError) as error:
            raise DeclarationError(f"{name}: {error}") from None
    for key, value in settings.pop("env", {}).items():
        if not isinstance(value, str | int | float):
            raise DeclarationError(f"{name}: the variable {key} is text, not {value!r}")
        variables[key] = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        check_variables(variables)
    except ValueError as error:
        raise DeclarationError(f"{name}: {error}") from None
    return variables
