"""`aioric.toml`: the functions of a project, for `aioric dev` and for tests.

A table `[functions.NAME]` for each, and `[defaults]` for what they have in common.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from aioric_emulator.declaration import DeclarationError, declare

if TYPE_CHECKING:
    from pathlib import Path

    from aioric_emulator.configuration import FunctionConfiguration

__all__ = ["PROJECT_FILE", "read_project_file"]

PROJECT_FILE = "aioric.toml"


def read_project_file(path: Path) -> list[FunctionConfiguration]:
    """Give the functions of a file. Raises `DeclarationError`, or `OSError` where it cannot be read."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeclarationError(f"{path}: {error}") from None
    unknown = content.keys() - {"functions", "defaults"}
    if unknown:
        raise DeclarationError(f"{path}: no table {min(unknown)}; there are [functions.NAME] and [defaults]")
    functions, defaults = content.get("functions", {}), content.get("defaults", {})
    if not is_tables(functions) or not functions:
        raise DeclarationError(f"{path}: no function; declare one as [functions.NAME]")
    if not isinstance(defaults, dict):
        raise DeclarationError(f"{path}: defaults is a table")
    return [declare(name, merge(defaults, own), path.parent) for name, own in functions.items()]


def is_tables(value: object) -> bool:
    """Whether a value is a table of tables."""
    return isinstance(value, dict) and all(isinstance(each, dict) for each in value.values())


def merge(defaults: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Give a function's settings above the common ones; tables are merged key by key."""
    merged = {**defaults, **own}
    for key in defaults.keys() & own.keys():
        if isinstance(defaults[key], dict) and isinstance(own[key], dict):
            merged[key] = {**defaults[key], **own[key]}
    return merged
