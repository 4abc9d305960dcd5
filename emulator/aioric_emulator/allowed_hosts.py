"""For which names this machine is called: a page of the web can have a name of its own lead here.

A browser then sends the page's requests here as if this were the page's own server ("DNS rebinding"), and
only the `Host` header tells. Names that nobody on the web can have are this machine's.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ANY", "AllowedHosts", "is_loopback"]

ANY = "*"
# Kept for machines themselves, and for private networks, as `host.docker.internal` is.
# https://www.rfc-editor.org/rfc/rfc6761#section-6.3
RESERVED = (".localhost", ".internal")
# Host headers that are remembered, so that a usual call asks nothing but that.
REMEMBERED = 64


class AllowedHosts:
    """Names by which functions may be invoked, beside addresses, names without a dot, and reserved ones.

    `listens` is the host that is listened on, as it was asked for. `names` are more; `*` is any.
    """

    def __init__(self, listens: str = "127.0.0.1", names: Iterable[str] = ()) -> None:
        self._names = {listens.lower(), *(name.lower() for name in names)}
        self._known: set[str] = set()
        # Who listens on the network is called by whatever name the network has for it.
        self.are_checked = is_loopback(listens) and ANY not in self._names

    def include(self, header: str) -> bool:
        """Whether a request's `Host` header is this machine's, or one that was allowed."""
        if header in self._known:
            return True
        try:
            name = (urlsplit(f"//{header}").hostname or "").rstrip(".")
        except ValueError:
            return False
        is_ours = ANY in self._names or name in self._names or is_own(name)
        if is_ours and len(self._known) < REMEMBERED:
            self._known.add(header)
        return is_ours


def is_own(name: str) -> bool:
    """Whether a name is an address, or one that cannot be had on the web."""
    if not name:
        return False
    if ("." not in name and ":" not in name) or name.endswith(RESERVED):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host's address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
