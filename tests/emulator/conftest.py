"""What the emulator's tests share: functions on disk, and the plugin's fixture from the source tree."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aioric_emulator.pytest_plugin import aioric_function

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["aioric_function"]

OFFICIAL = [sys.executable, "-m", "awslambdaric", "app.handler"]
TOY = [sys.executable, str(Path(__file__).with_name("toy_runtime.py"))]


@pytest.fixture
def official_command() -> list[str]:
    """Give the command line of the official runtime client."""
    return OFFICIAL


@pytest.fixture
def greeter(tmp_path: Path) -> Path:
    """Give the folder of a function that greets, and says so in its log."""
    (tmp_path / "app.py").write_text(
        "def handler(event, context):\n"
        "    print('greeting')\n"
        "    return {'hello': event.get('name'), 'id': context.aws_request_id}\n"
    )
    return tmp_path


@pytest.fixture
def toy_command() -> list[str]:
    """Give the command line of the toy runtime."""
    return TOY


@pytest.fixture
def extensions(tmp_path: Path) -> Callable[..., Path]:
    """Give what adds an extension with its orders to a folder, and gives the folder."""
    folder = tmp_path / "extensions"
    folder.mkdir()
    code = Path(__file__).with_name("toy_extension.py").read_text("utf-8")

    def add(name: str, **orders: object) -> Path:
        (folder / f".{name}.json").write_text(json.dumps(orders))
        (folder / name).write_text(f"#!{sys.executable}\n{code}")
        (folder / name).chmod(0o755)
        return folder

    return add
