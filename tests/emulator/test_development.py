"""What `aioric dev` does where the system does not do its part; the rest is in test_cli, as users run it."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import anyio
import pytest

from aioric_emulator.console import Console
from aioric_emulator.declaration import declare
from aioric_emulator.development import reload
from aioric_emulator.local_lambda import LocalLambda

if TYPE_CHECKING:
    from pathlib import Path
    from typing import NoReturn


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "OS file watch limit reached"), RuntimeError("Too many open files (os error 24)")],
    ids=["watches", "instances"],
)
async def test_a_system_that_watches_no_more_files_ends_nothing(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Editors share the kernel's limits; functions are served without hot reload, and it is said."""

    def refuse(*_folders: Path, **_options: object) -> NoReturn:
        raise error

    monkeypatch.setattr("watchfiles.awatch", refuse)  # as it does where the kernel refuses it
    console = Console()
    served = LocalLambda([declare("f", {"handler": "a.b"}, tmp_path)])
    async with anyio.create_task_group() as tasks:
        await reload(served, console, tasks, None)
    console.flush()

    told = capsys.readouterr().out
    assert f"No hot reload from here on: {error}" in told
    assert "fs.inotify.max_user_watches" in told
