"""Whether the kernel has a file in memory, and how to take it out of there."""

from __future__ import annotations

import ctypes
import mmap
import os
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_SECONDS = 10


def evict(file: Path) -> None:
    """Take a file out of the page cache."""
    descriptor = os.open(file, os.O_RDWR)
    os.fsync(descriptor)  # only what is written can be evicted
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)
    if in_memory(file):
        pytest.skip("this file system keeps everything in memory")


def in_memory(file: Path) -> bool:
    """Whether the page cache has the beginning of a file: mincore(2), which reads nothing."""
    with file.open("r+b") as opened, mmap.mmap(opened.fileno(), 0, mmap.MAP_PRIVATE) as pages:
        there = (ctypes.c_ubyte * 1)()
        first = ctypes.c_char.from_buffer(pages)
        address = ctypes.c_void_p(ctypes.addressof(first))
        assert ctypes.CDLL(None).mincore(address, ctypes.c_size_t(1), there) == 0
        del first, address
        return bool(there[0] & 1)


def arrives(file: Path) -> bool:
    """Whether the kernel, which may have been asked to read a file, does so within some time."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while not in_memory(file) and time.monotonic() < limit:
        os.sched_yield()
    return in_memory(file)
