"""What a fork shares and a cloned machine does not: event queues, pipes to oneself, the connection in use.

Linux only: descriptors are read from /proc.
"""

from __future__ import annotations

import _socket
import gc
import os
import select
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["reconnect", "renew", "survey"]

FD = "/proc/self/fd"
MODE = 0o3


def survey() -> dict[str, Any]:
    """Give what is open, by number, and how many threads run."""
    return {"open": dict(links()), "threads": len(os.listdir("/proc/self/task"))}  # noqa: PTH208 - no pathlib here


def links() -> list[tuple[int, str]]:
    """Give every descriptor with what it leads to."""
    found = []
    for name in os.listdir(FD):  # noqa: PTH208 - likewise
        try:
            found.append((int(name), os.readlink(f"{FD}/{name}")))  # noqa: PTH115 - likewise
        except OSError:
            continue
    return found


def renew() -> None:
    """Give this process queues and pipes of its own for those that it shares, by the same numbers."""
    opened = links()
    for descriptor, link in opened:
        if link == "anon_inode:[eventfd]":
            replace(descriptor, os.eventfd(0))
    renew_pipes(opened)
    renew_loops()
    # Last: a queue watches what its numbers lead to when they are added.
    for descriptor, link in opened:
        if link == "anon_inode:[eventpoll]":
            renew_queue(descriptor)


def replace(descriptor: int, new: int) -> None:
    """Have a number lead to something else, in the same mode."""
    os.set_blocking(new, os.get_blocking(descriptor))
    os.dup2(new, descriptor, inheritable=os.get_inheritable(descriptor))
    os.close(new)


def renew_pipes(opened: list[tuple[int, str]]) -> None:
    """Replace the pipes whose both ends are here: those by which a loop wakes itself."""
    ends: dict[str, dict[int, list[int]]] = {}
    for descriptor, link in opened:
        if link.startswith("pipe:"):
            ends.setdefault(link, {}).setdefault(mode(descriptor), []).append(descriptor)
    for pipe in ends.values():
        readers, writers = pipe.get(os.O_RDONLY, []), pipe.get(os.O_WRONLY, [])
        if len(readers) == len(writers) == 1:
            reader, writer = os.pipe()
            replace(readers[0], reader)
            replace(writers[0], writer)


def mode(descriptor: int) -> int:
    """Give whether a descriptor reads or writes."""
    for line in details(descriptor):
        if line.startswith("flags:"):
            return int(line.split()[1], 8) & MODE
    return MODE


def details(descriptor: int) -> list[str]:
    """Give what the kernel says of a descriptor."""
    with open(f"/proc/self/fdinfo/{descriptor}") as file:  # noqa: PTH123 - no pathlib here
        return file.read().splitlines()


def renew_loops() -> None:
    """Replace the pairs of sockets by which asyncio's loops wake themselves."""
    kind = getattr(sys.modules.get("asyncio"), "BaseEventLoop", None)
    if kind is None:
        return
    for loop in [each for each in gc.get_objects() if issubclass(type(each), kind)]:
        ours, theirs = getattr(loop, "_ssock", None), getattr(loop, "_csock", None)
        if ours is not None and theirs is not None:
            new = _socket.socketpair()
            replace(ours.fileno(), new[0].detach())
            replace(theirs.fileno(), new[1].detach())


def renew_queue(descriptor: int) -> None:
    """Replace an event queue by one that watches the same."""
    queue = select.epoll()
    for line in details(descriptor):
        if line.startswith("tfd:"):
            words = line.split()
            try:
                queue.register(int(words[1]), int(words[3], 16))
            except OSError:
                continue
    os.dup2(queue.fileno(), descriptor, inheritable=False)
    queue.close()


def reconnect(port: int, api: tuple[str, int], request: bytes) -> None:
    """Ask for the restore on a new connection, by the number of the one that has `port` at this end."""
    for descriptor, link in links():
        if link.startswith("socket:") and local_port(descriptor) == port:
            connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
            connection.connect(api)
            connection.send(request)
            replace(descriptor, connection.detach())
            return
    raise RuntimeError("the connection of /restore/next is not to be found")


def local_port(descriptor: int) -> int | None:
    """Give the port of a TCP socket at this end; None for all else."""
    peer = _socket.socket(fileno=descriptor)
    try:
        name = peer.getsockname()
    except OSError:
        return None
    finally:
        peer.detach()
    return name[1] if isinstance(name, tuple) else None
