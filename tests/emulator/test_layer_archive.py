"""Layers that are zip files: unpacked as Lambda does, and never outside of their folder."""

from __future__ import annotations

import re
import stat
import zipfile
from typing import TYPE_CHECKING

import pytest

from aioric_emulator import layer_archive
from aioric_emulator.layer_archive import unpack
from aioric_emulator.layers import LayerError, open_layers

if TYPE_CHECKING:
    from pathlib import Path

LINK = stat.S_IFLNK | 0o777


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a home of the test's own, where the cache is."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def pack(path: Path, *entries: tuple[str, str, int]) -> Path:
    """Write a zip file of names, texts and modes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text, mode in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16 | 0x20  # the bit of an archive made on Windows
            archive.writestr(entry, text)
    return path


def test_a_zip_file_is_unpacked_once(tmp_path: Path) -> None:
    """With permissions and links, those into `/opt` too; and anew when something in it has changed."""
    archive = pack(
        tmp_path / "layer.zip",
        ("bin/tool", "#!/bin/sh\n", stat.S_IFREG | 0o755),
        ("python/", "", stat.S_IFDIR | 0o755),
        ("python/a.py", "A = 1", 0),
        ("lib/one", "../python/a.py", LINK),
        ("lib/two", "/opt/python/a.py", LINK),
    )
    (folder,) = open_layers(["layer.zip"], tmp_path)

    assert (folder / "bin/tool").stat().st_mode & 0o777 == 0o755
    assert [(folder / name).read_text() for name in ("python/a.py", "lib/one", "lib/two")] == ["A = 1"] * 3
    (folder / "seen").touch()
    assert unpack(archive) == folder
    assert (folder / "seen").exists()
    assert unpack(pack(archive, ("python/a.py", "A = 2", 0))) != folder


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([("../evil", "", 0)], "../evil would lie outside of the layer"),
        ([("/evil", "", 0)], "/evil would lie outside of the layer"),
        ([("a\\..\\evil", "", 0)], "would lie outside of the layer"),
        ([("a", "../../evil", LINK)], "a is a link out of the layer"),
        ([("a", "/etc/passwd", LINK)], "a is a link out of the layer"),
        ([("a", "d/e/../..", LINK), ("d", ".", LINK), ("a/evil", "", 0)], "would lie outside of the layer"),
        ([("a", "b", LINK), ("./a", "text", 0)], "./a would lie outside of the layer"),
        ([("pipe", "", stat.S_IFIFO | 0o644)], "pipe is neither file nor folder"),
    ],
)
def test_nothing_is_written_outside(
    entries: list[tuple[str, str, int]], message: str, tmp_path: Path, home: Path
) -> None:
    """An entry that leads out of the folder, by its name or a link, is refused, and nothing is left."""
    with pytest.raises(LayerError, match=re.escape(message)):
        unpack(pack(tmp_path / "layer.zip", *entries))

    assert [path for path in home.rglob("*") if path.is_file()] == []
    assert not list(tmp_path.rglob("evil"))


def test_more_than_a_function_may_have_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is written, by what the file says of itself."""
    monkeypatch.setattr(layer_archive, "MOST", 10)
    with pytest.raises(LayerError, match="unpacked"):
        unpack(pack(tmp_path / "layer.zip", ("python/a.py", "x" * 11, 0)))


def test_a_home_that_nobody_can_write_to_is_told(tmp_path: Path, home: Path) -> None:
    """With the file and what the system said."""
    home.write_text("no folder")
    with pytest.raises(LayerError, match=r"layer.zip cannot be unpacked: .*Not a directory"):
        unpack(pack(tmp_path / "layer.zip", ("python/a.py", "", 0)))
