"""What a test or a program may say of its function: faults that would else show later, and strangely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aioric_emulator.declaration import NAME, SETTINGS, check_log
from aioric_emulator.env_file import check_variables

if TYPE_CHECKING:
    from aioric_emulator.configuration import FunctionConfiguration

__all__ = ["check_configuration"]

NUMBERS = ("timeout", "memory", "concurrency", "max_environments", "max_age", "init_limit")


def check_configuration(function: FunctionConfiguration) -> None:
    """Raise `ValueError` that names what cannot be, and what can."""
    if not NAME.fullmatch(function.name):
        raise ValueError(f"a function's name is 1 to 64 letters, digits, - and _, not {function.name!r}")
    for name in NUMBERS:
        value = getattr(function, name)
        _, least, most = SETTINGS[name]
        # A test may have less memory than a deployment; the rest is the platform's.
        least = 1 if name == "memory" else least
        if value is not None and not least <= value <= most:
            raise ValueError(f"{name} is between {least:g} and {most:g}, not {value:g}")
    log = {name: getattr(function, name) for name in ("log_format", "log_level", "concurrency")}
    check_log(function.name, {name: value for name, value in log.items() if value is not None})
    check_variables(function.variables)
    if not function.command:
        raise ValueError("command is a list of words, and has none")
    if not function.task_root.is_dir():
        raise ValueError(f"task_root: there is no folder {function.task_root}")
    if function.extensions is not None and not function.extensions.is_dir():
        raise ValueError(f"extensions: there is no folder {function.extensions}")
