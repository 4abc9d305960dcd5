"""Which functions `aioric dev` serves: those of the command line, of `aioric.toml`, or of a template."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aioric_emulator.declaration import DeclarationError, declare
from aioric_emulator.project import PROJECT_FILE, Project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from aioric_emulator.configuration import FunctionConfiguration

__all__ = ["select_from_file", "select_named", "split_words"]


def split_words(words: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Give handlers by function name, and the command that follows them.

    A handler without a name has the name of the empty string.
    """
    named: dict[str, str] = {}
    for index, word in enumerate(words):
        name, equals, handler = word.partition("=")
        if not equals or not name or not handler:
            if index == 0:
                return {"": word}, tuple(words[1:])
            return named, tuple(words[index:])
        if name in named:
            raise DeclarationError(f"two functions are named {name}")
        named[name] = handler
    return named, ()


def select_named(
    handlers: Mapping[str, str], settings: Mapping[str, Any], folder: Path
) -> list[FunctionConfiguration]:
    """Give functions that have all settings in common. Raises `DeclarationError`."""
    return [declare(name, {**settings, "handler": handler}, folder) for name, handler in handlers.items()]


def select_from_file(
    file: Path | None, parameters: Mapping[str, str], variables: Mapping[str, str], folder: Path
) -> Project:
    """Give the functions of a project file or template, their fronts, and why others are left out.

    Without a file it is the folder's own `aioric.toml`. `variables` rank above those of every function.
    Raises `DeclarationError`, or `OSError` where the file cannot be read.
    """
    path = file or folder / PROJECT_FILE
    if file is None and not path.is_file():
        message = f"aioric dev app.handler, or a=app.first b=app.second, or a file {PROJECT_FILE}"
        raise DeclarationError(f"Which function? {message}")
    # Only who has such a file waits for what reads it.
    if path.suffix != ".toml":
        from aioric_emulator.template import read_template  # noqa: PLC0415

        template = read_template(path, parameters, variables)
        return Project(template.functions, template.fronts, template.left_out, template.notes)
    from aioric_emulator.project_file import read_project_file  # noqa: PLC0415

    project = read_project_file(path)
    functions = [replace(each, variables={**each.variables, **variables}) for each in project.functions]
    return replace(project, functions=functions)
