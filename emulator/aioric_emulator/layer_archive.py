"""A layer that is a zip file, unpacked once into the user's cache, by what is in it."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
import zlib
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from aioric_emulator.layers import OPT, LayerError

if TYPE_CHECKING:
    from zipfile import ZipInfo

__all__ = ["unpack"]

CACHE = Path(".cache", "aioric", "layers")
# Bytes of a function and all its layers, unpacked.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MOST = 250 * 1024 * 1024
# What is being unpacked; older than so many seconds it is what a start that was killed has left.
BESIDE = ".unpacking-"
LEFT_AFTER = 3600.0
# Of who cannot read an archive, or write what is in it: a full disk, too, or a password (RuntimeError).
UNREADABLE = (BadZipFile, EOFError, OSError, RuntimeError, ValueError, zlib.error)


def unpack(archive: Path) -> Path:
    """Give the folder with what a zip file holds: that of an earlier time, if nothing in it has changed.

    Raises `LayerError` for what is no zip file, holds too much, or would be written outside of the folder.
    """
    try:
        with archive.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()[:32]
        # With the name that its user knows, since messages have it.
        folder = open_cache() / f"{archive.stem[:50]}-{digest}"
        if not folder.is_dir():
            unpack_new(archive, folder)
    except UNREADABLE as error:
        raise LayerError(f"layers: {archive} cannot be unpacked: {error}") from None
    return folder


def open_cache() -> Path:
    """Give the folder of all that was unpacked. Code is run from it, so it has to be this user's alone.

    Raises `OSError`.
    """
    cache = Path.home() / CACHE
    for folder in (cache.parent, cache):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
        if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise PermissionError(f"others can write into {folder}, and code would be run from it: remove it")
    return cache


def unpack_new(archive: Path, folder: Path) -> None:
    """Unpack beside the folder, and give it its name when it is whole; another start may do the same."""
    remove_leftovers(folder.parent)
    beside = Path(tempfile.mkdtemp(prefix=BESIDE, dir=folder.parent))
    try:
        with ZipFile(archive) as content:
            write_all(content, beside)
        try:
            beside.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def remove_leftovers(cache: Path) -> None:
    """Remove what was not unpacked to its end."""
    for left in cache.glob(f"{BESIDE}*"):
        if left.exists() and left.stat().st_mtime < time.time() - LEFT_AFTER:
            shutil.rmtree(left, ignore_errors=True)


def write_all(content: ZipFile, folder: Path) -> None:
    """Write what an archive holds. Raises `BadZipFile` for what no layer has, and what the system raises."""
    entries = content.infolist()
    if sum(each.file_size for each in entries) > MOST:
        raise BadZipFile(f"it holds more than {MOST >> 20} MB, unpacked")
    for entry in entries:
        check_entry(entry)
    links = [entry for entry in entries if is_link(entry)]
    # Links come last, so that nothing is written through one, and are judged when all are there, since one
    # may lead through another.
    for entry in entries:
        (folder / entry.filename).parent.mkdir(parents=True, exist_ok=True)
        if not is_link(entry):
            write_file(content, entry, folder)
    for entry in links:
        write_link(content, entry, folder)
    for entry in links:
        if not (folder / entry.filename).resolve().is_relative_to(folder.resolve()):
            raise BadZipFile(f"{entry.filename} is a link out of the layer")


def is_link(entry: ZipInfo) -> bool:
    """Whether an entry is a symbolic link, whose content is its target."""
    return stat.S_ISLNK(entry.external_attr >> 16)


def check_entry(entry: ZipInfo) -> None:
    """Raise `BadZipFile` for an entry that is to lie elsewhere, or is nothing that lies in a folder."""
    path = PurePosixPath(entry.filename)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or "\\" in entry.filename:
        raise BadZipFile(f"{entry.filename} would lie outside of the layer")
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK}:
        raise BadZipFile(f"{entry.filename} is neither file nor folder")
    if not entry.filename or (not path.parts and not entry.is_dir()):
        raise BadZipFile(f"a file is named {entry.filename!r}")
    if entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise BadZipFile(f"{entry.filename} is not compressed by deflate, as zip files usually are")


def write_file(content: ZipFile, entry: ZipInfo, folder: Path) -> None:
    """Write a file with its permissions, or a folder."""
    place, mode = folder / entry.filename, entry.external_attr >> 16
    if entry.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        return
    with content.open(entry) as source, place.open("wb") as written:
        shutil.copyfileobj(source, written)
    if mode:
        place.chmod((mode & 0o777) | stat.S_IRUSR | stat.S_IWUSR)


def write_link(content: ZipFile, entry: ZipInfo, folder: Path) -> None:
    """Write a link; one into `/opt` leads to what lies there on Lambda."""
    place = folder / entry.filename
    target = content.read(entry).decode()
    if target.startswith(OPT):
        target = os.path.relpath(folder / target.removeprefix(OPT), place.parent)
    place.symlink_to(target)
