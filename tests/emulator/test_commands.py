"""The runtime that is run when none is named: aioric's own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from aioric_emulator import Emulator, commands

if TYPE_CHECKING:
    from pathlib import Path


async def test_aiorics_own_runtime_is_the_default(greeter: Path) -> None:
    """It serves the function, with this interpreter."""
    async with Emulator("app.handler", task_root=greeter) as fn:
        result = await fn.invoke({"name": "Ada"})
    assert result.payload["hello"] == "Ada"
    assert result.logs == ["greeting"]


def test_a_checkout_has_a_bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is, it is run; where the package is installed, the package; else there is nothing to run."""
    module = tmp_path / "emulator" / "aioric_emulator" / "commands.py"
    monkeypatch.setattr(commands, "__file__", str(module))
    installed = (sys.executable, "-P", str(commands.find_main()), "a.b")
    assert commands.default_command("a.b") == installed
    bootstrap = tmp_path / "bootstrap"
    bootstrap.touch(mode=0o755)
    assert commands.default_command("a.b") == (str(bootstrap), "a.b")
    bootstrap.unlink()
    monkeypatch.setattr(commands, "find_spec", lambda _name: None)
    with pytest.raises(FileNotFoundError, match="aioric is not installed"):
        commands.default_command("a.b")


async def test_an_installed_runtime_finds_the_function(greeter: Path) -> None:
    """As where there is no checkout: by its file, with the function's folder on the path."""
    command = [sys.executable, "-P", str(commands.find_main()), "app.handler"]
    async with Emulator("app.handler", command=command, task_root=greeter) as fn:
        assert (await fn.invoke({"name": "Ada"})).payload["hello"] == "Ada"
