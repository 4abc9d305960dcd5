"""One Runtime API for a snapshot and all its copies: each connection belongs to the process at its other end.

The address stands in what was copied, so all have the same. On the platform every copy is a machine of its
own, in which this address is its own too.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from aioric_emulator.answers import INTERNAL_ERROR
from aioric_emulator.memory import PROC, descendants
from aioric_emulator.snapshot.peers import find_socket

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.exchange import HttpExchange, ReplySink
    from aioric_emulator.runtime_api import RuntimeApi

__all__ = ["Switchboard"]

RESTORE_NEXT = "/2018-06-01/runtime/restore/next"


class Switchboard:
    """The application on the snapshot's port. `on_restore` is called with its peer's when that waits."""

    def __init__(self, snapshot: RuntimeApi, on_restore: Callable[[int], None]) -> None:
        self._snapshot = snapshot
        self._on_restore = on_restore
        # Where it listens.
        self.port = 0
        self._copies: dict[int, RuntimeApi] = {}
        self._known: WeakKeyDictionary[ReplySink, RuntimeApi | None] = WeakKeyDictionary()

    def add(self, pid: int, api: RuntimeApi) -> None:
        """Have the connections of a process, and of those that it starts, answered for a copy."""
        self._copies[pid] = api

    def remove(self, pid: int) -> None:
        """Forget a copy that has ended."""
        self._copies.pop(pid, None)

    def handle(self, exchange: HttpExchange) -> None:
        """Pass a request on."""
        api = self._find(exchange)
        if api is None:
            exchange.reply(INTERNAL_ERROR)
            return
        if api is self._snapshot and exchange.target == RESTORE_NEXT:
            self._on_restore(exchange.connection.peer_port)
        api.handle(exchange)

    def opened(self, exchange: HttpExchange) -> None:
        """Pass on that a request begins."""
        api = self._find(exchange)
        if api is not None:
            api.opened(exchange)

    def disconnected(self, exchange: HttpExchange) -> bool:
        """Pass on that a peer left."""
        api = self._find(exchange)
        return api.disconnected(exchange) if api is not None else False

    def _find(self, exchange: HttpExchange) -> RuntimeApi | None:
        if exchange.connection not in self._known:
            self._known[exchange.connection] = self._look_up(exchange.connection.peer_port)
        return self._known[exchange.connection]

    def _look_up(self, port: int) -> RuntimeApi | None:
        link = find_socket(port, self.port)
        if not link:
            return None
        for pid, api in self._copies.items():
            if any(link in open_links(each) for each in (pid, *descendants(pid))):
                return api
        # The snapshot's own connections are open in its copies as well, as forks have them; these came first.
        return self._snapshot


def open_links(pid: int) -> set[str]:
    """Give what the descriptors of a process lead to."""
    links = set()
    with suppress(OSError):
        for descriptor in (PROC / str(pid) / "fd").iterdir():
            with suppress(OSError):
                links.add(str(descriptor.readlink()))
    return links
