"""A file of environment variables, as `aioric dev --env-file` takes it: one `NAME=value` a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["EnvFileError", "check_variables", "load_env_file", "read_env_file", "read_variable"]

# What a function may call its variables, and no more.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class EnvFileError(ValueError):
    """A line that is no variable; the message names it."""


def load_env_file(path: Path, source: str) -> dict[str, str]:
    """Read a file, which errors call `source`. Raises `EnvFileError`, or `OSError` if it cannot be read."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise EnvFileError(f"{source}, line {line}: it is no UTF-8") from None
    return read_env_file(text, source)


def read_env_file(text: str, source: str) -> dict[str, str]:
    """Read a file's text; `source` is what errors call it.

    Empty lines and those that begin with `#` are skipped, `export` may stand in front, and a value may be
    in quotes. Nothing within a value is expanded. Raises `EnvFileError`.
    """
    variables: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip().removeprefix("export ").lstrip()
        if not stripped or stripped.startswith("#"):
            continue
        try:
            name, value = read_variable(stripped)
        except EnvFileError as error:
            raise EnvFileError(f"{source}, line {number}: {error}") from None
        variables[name] = unquote(value.strip(), f"{source}, line {number}")
    return variables


def read_variable(text: str) -> tuple[str, str]:
    """Take `NAME=value` apart. Raises `EnvFileError`."""
    name, equals, value = text.partition("=")
    name = name.rstrip()
    if not equals:
        raise EnvFileError(f"{text!r} has no '='")
    if not NAME.fullmatch(name):
        raise EnvFileError(f"{name!r} is not the name of a variable")
    if "\0" in value:
        raise EnvFileError(f"the value of {name} holds a NUL")
    return name, value


def check_variables(variables: Mapping[str, object]) -> None:
    """Raise `ValueError` for a variable that no process can have."""
    for name, value in variables.items():
        if not isinstance(value, str):
            raise ValueError(f"env: {name} is text, not {value!r}")  # noqa: TRY004 - as what else is wrong here
        if not name or "=" in name or "\0" in name + value:
            raise ValueError(f"env: {name!r}: a name has no '=', and neither name nor value a NUL")


def unquote(value: str, place: str) -> str:
    """Take the quotes off a value. Raises `EnvFileError` where the second one is missing."""
    if value[:1] not in {"'", '"'}:
        return value
    if len(value) == 1 or value[-1] != value[0]:
        raise EnvFileError(f"{place}: the quote {value[0]} is not closed")
    return value[1:-1]
