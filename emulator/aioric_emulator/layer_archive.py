"""A layer that is a zip file, unpacked once into the user's cache, by what is in it."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

from aioric_emulator.layers import OPT, LayerError

if TYPE_CHECKING:
    from zipfile import ZipInfo

__all__ = ["unpack"]

CACHE = Path(".cache", "aioric", "layers")
# Bytes of a function and all its layers, unpacked.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MOST = 250 * 1024 * 1024


def unpack(archive: Path) -> Path:
    """Give the folder with what a zip file holds: that of an earlier time, if nothing in it has changed.

    Raises `LayerError` for what is no zip file, holds too much, or would be written outside of the folder.
    """
    try:
        with archive.open("rb") as file:
            digest = sha256(file.read()).hexdigest()[:32]
        folder = Path.home() / CACHE / digest
        if not folder.is_dir():
            unpack_new(archive, folder)
    except (BadZipFile, NotImplementedError, OSError, RuntimeError) as error:
        # The third also for a disk that is full, the others for a method or a password that is not known.
        raise LayerError(f"layers: {archive} cannot be unpacked: {error}") from None
    return folder


def unpack_new(archive: Path, folder: Path) -> None:
    """Unpack beside the folder, and give it its name when it is whole; another start may do the same."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        with ZipFile(archive) as content:
            entries = content.infolist()
            if sum(each.file_size for each in entries) > MOST:
                raise LayerError(f"layers: {archive} holds more than {MOST >> 20} MB, unpacked")
            for each in entries:
                check_place(archive, each)
            for each in entries:
                write_entry(content, each, beside)
        with suppress(OSError):
            beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def check_place(archive: Path, entry: ZipInfo) -> None:
    """Raise `LayerError` for an entry that is to lie elsewhere, or leads there."""
    path = PurePosixPath(entry.filename)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or "\\" in entry.filename:
        raise LayerError(f"layers: {archive}: {entry.filename} would lie outside of the layer")
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK}:
        raise LayerError(f"layers: {archive}: {entry.filename} is neither file nor folder")


def write_entry(content: ZipFile, entry: ZipInfo, folder: Path) -> None:
    """Write a file with its permissions, a folder, or a link to what is in it. Raises `LayerError`."""
    place, mode = folder / entry.filename, entry.external_attr >> 16
    # By a link that was written before, it could.
    if not place.parent.resolve().is_relative_to(folder.resolve()) or place.is_symlink():
        raise LayerError(f"layers: {entry.filename} would lie outside of the layer")
    if entry.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    if stat.S_ISLNK(mode):
        target = content.read(entry).decode()
        if target.startswith(OPT):
            target = os.path.relpath(folder / target.removeprefix(OPT), place.parent)
        if not (place.parent / target).resolve().is_relative_to(folder.resolve()):
            raise LayerError(f"layers: {entry.filename} is a link out of the layer")
        place.symlink_to(target)
        return
    with content.open(entry) as source, place.open("wb") as written:
        shutil.copyfileobj(source, written)
    if mode:
        place.chmod((mode & 0o777) | stat.S_IRUSR | stat.S_IWUSR)
