"""What an import has left behind that cannot be shared by forked processes: threads, connections, loops.

A thread exists in one process only. A connection would carry the bytes of several, and an epoll
instance the events of all. What is known to be harmless is not listed: threads of native libraries
that handle forks (OpenBLAS, below numpy), listening sockets, files, pipes.
"""

from __future__ import annotations

import os
import sys

_EVENT_LOOPS = ("anon_inode:[eventpoll]", "anon_inode:[io_uring]")


def found() -> list[str]:
    """Descriptions for a log line, of what must not cross a fork; usually none."""
    return [*_threads(), *_descriptors()]


def _threads() -> list[str]:
    others = len(sys._current_frames()) - 1  # noqa: SLF001 - the one list that also has `_thread`'s
    if not others:
        return []
    threading = sys.modules.get("threading")
    running = threading.enumerate() if threading is not None else []
    names = [thread.name for thread in running if thread is not threading.main_thread()] if threading else []
    return [f"{others} {'thread' if others == 1 else 'threads'} ({', '.join(names) or 'unnamed'})"]


def _descriptors() -> list[str]:
    descriptions = []
    for name in sorted(os.listdir("/proc/self/fd"), key=int):  # noqa: PTH208 - pathlib costs an import
        try:
            target = os.readlink(f"/proc/self/fd/{name}")  # noqa: PTH115 - likewise
            # What we were started with is inheritable and not the function's.
            if os.get_inheritable(int(name)):
                continue
        except OSError:  # the listing's own
            continue
        if target.startswith("socket:") and (peer := _peer(int(name))) is not None:
            descriptions.append(f"a connection to {peer}")
        elif target in _EVENT_LOOPS:
            descriptions.append("an event loop or gRPC channel")
    return descriptions


def _peer(descriptor: int) -> str | None:
    """Whom a socket is connected to; `None` if to nobody."""
    from _socket import socket  # noqa: PLC0415 - most functions have no socket at this point

    connection = socket(fileno=os.dup(descriptor))
    try:
        address = connection.getpeername()
    except OSError:
        return None
    finally:
        connection.close()
    if isinstance(address, tuple):
        return f"{address[0]}:{address[1]}"
    return str(address) or "another part of this process"
