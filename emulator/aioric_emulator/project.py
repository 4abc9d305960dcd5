"""What there is to serve: functions, and the fronts before them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aioric_emulator.configuration import FunctionConfiguration
    from aioric_emulator.fronts.settings import FrontSettings

__all__ = ["PROJECT_FILE", "Project"]

PROJECT_FILE = "aioric.toml"


@dataclass(frozen=True, slots=True)
class Project:
    """The functions of the command line or of a file; of a template's, why some are left out.

    `notes` are what is served otherwise than it would be deployed.
    """

    functions: list[FunctionConfiguration]
    fronts: list[FrontSettings] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
