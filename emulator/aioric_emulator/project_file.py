"""`aioric.toml`: the functions of a project and the fronts before them, for `aioric dev` and for tests.

A table `[functions.NAME]` for each, and `[defaults]` for what they have in common. A function's own `url`
is a Function URL; `[http_api]`, `[rest_api]` and `[alb]` are what leads to several.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from aioric_emulator.declaration import DeclarationError, declare
from aioric_emulator.fronts.declaring import declare_fronts
from aioric_emulator.project import Project

if TYPE_CHECKING:
    from pathlib import Path


__all__ = ["read_project_file"]

TABLES = ("functions", "defaults", "http_api", "rest_api", "alb")


def read_project_file(path: Path) -> Project:
    """Give the functions of a file and their fronts.

    Raises `DeclarationError`, or `OSError` where it cannot be read.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeclarationError(f"{path}: {error}") from None
    unknown = content.keys() - set(TABLES)
    if unknown:
        there = "[functions.NAME], [defaults], [http_api], [rest_api] and [alb]"
        raise DeclarationError(f"{path}: no table {min(unknown)}; there are {there}")
    functions, defaults = content.get("functions", {}), content.get("defaults", {})
    if not is_tables(functions) or not functions:
        raise DeclarationError(f"{path}: no function; declare one as [functions.NAME]")
    if not isinstance(defaults, dict):
        raise DeclarationError(f"{path}: defaults is a table")
    merged = {name: merge(defaults, own) for name, own in functions.items()}
    urls = {name: own.pop("url") for name, own in merged.items() if "url" in own}
    declared = [declare(name, own, path.parent) for name, own in merged.items()]
    # `url = false` takes one back that the defaults gave.
    asked = {name: url for name, url in urls.items() if url is not False}
    return Project(declared, declare_fronts(content, asked, list(functions)))


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
