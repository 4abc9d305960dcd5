"""Layers that are zip files: unpacked as Lambda does, and never outside of their folder."""

from __future__ import annotations

import os
import re
import stat
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from aioric_emulator import layer_archive
from aioric_emulator.layer_archive import unpack
from aioric_emulator.layers import LayerError, open_layers

if TYPE_CHECKING:
    from collections.abc import Callable
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
        ([("a", "d/e/../..", LINK), ("d", ".", LINK), ("e/f", "", 0)], "a is a link out of the layer"),
        ([("a", "../..", LINK), ("a/evil", "", 0)], "layer.zip cannot be unpacked: [Errno 17] File exists"),
        (
            [("a", "../..", LINK), ("a/evil", "b", LINK)],
            "layer.zip cannot be unpacked: [Errno 17] File exists",
        ),
        ([("a", "b", LINK), ("./a", "text", 0)], "layer.zip cannot be unpacked: [Errno 17] File exists"),
        ([("a", "\0", LINK)], "embedded null"),
        ([("pipe", "", stat.S_IFIFO | 0o644)], "pipe is neither file nor folder"),
        ([("", "", 0)], "a file is named ''"),
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


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda data: data[: len(data) // 2], "File is not a zip file"),
        (lambda data: data[:45] + bytes(3) + data[48:], "(Error -3 while decompressing|Bad CRC-32)"),
        (lambda data: data.replace(b"\x08\x00", b"\x0c\x00"), "python/a.py is not compressed by deflate"),
        (lambda _: b"", "File is not a zip file"),
    ],
    ids=["cut off", "damaged", "bzip2", "empty"],
)
def test_a_broken_archive_is_told(broken: Callable[[bytes], bytes], message: str, tmp_path: Path) -> None:
    """With the file and what is wrong with it."""
    path = tmp_path / "layer.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("python/a.py", "".join(map(str, range(1000))))
    path.write_bytes(broken(path.read_bytes()))
    with pytest.raises(LayerError, match=f"layer.zip cannot be unpacked: .*{message}"):
        unpack(path)


def test_several_may_unpack_at_once(tmp_path: Path, home: Path) -> None:
    """Whoever is first gives the folder its name; the others use it, and leave nothing."""
    archive = pack(tmp_path / "tools.zip", *((f"python/{name}.py", "A = 1", 0) for name in "abcdefgh"))
    start = threading.Barrier(4)

    def unpack_together(_: int) -> Path:
        start.wait()
        return unpack(archive)

    with ThreadPoolExecutor(4) as pool:
        (folder,) = set(pool.map(unpack_together, range(4)))
    assert folder.name.startswith("tools-")
    assert len([*(folder / "python").iterdir()]) == 8
    assert [*(home / layer_archive.CACHE).iterdir()] == [folder]


def test_what_was_not_unpacked_to_its_end_is_removed(tmp_path: Path, home: Path) -> None:
    """It is never used; what is still at work is left alone."""
    unpack(pack(tmp_path / "one.zip", ("python/a.py", "A = 1", 0)))
    cache = home / layer_archive.CACHE
    killed, at_work = cache / ".unpacking-killed", cache / ".unpacking-at-work"
    for folder in (killed, at_work):
        (folder / "python").mkdir(parents=True)
    os.utime(killed, (0, 0))
    unpack(pack(tmp_path / "two.zip", ("python/a.py", "A = 2", 0)))

    assert not killed.exists()
    assert at_work.exists()


def test_a_cache_that_others_can_write_to_is_refused(tmp_path: Path, home: Path) -> None:
    """Code is run from it: it is made for its user alone."""
    archive = pack(tmp_path / "layer.zip", ("python/a.py", "", 0))
    folder = unpack(archive)
    cache = home / layer_archive.CACHE

    assert [each.stat().st_mode & 0o777 for each in (cache.parent, cache, folder)] == [0o700] * 3
    cache.chmod(0o777)
    with pytest.raises(LayerError, match=r"others can write into .*/layers, and code would be run from it"):
        unpack(archive)


def test_a_home_that_nobody_can_write_to_is_told(tmp_path: Path, home: Path) -> None:
    """With the file and what the system said."""
    home.write_text("no folder")
    with pytest.raises(LayerError, match=r"layer.zip cannot be unpacked: .*Not a directory"):
        unpack(pack(tmp_path / "layer.zip", ("python/a.py", "", 0)))
