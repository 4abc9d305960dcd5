"""Request heads that a connection has seen before: the same bytes mean the same, so they are parsed once.

A caller that keeps its connection sends the same head again and again, and so does a runtime that polls; the
head of its answer differs in its identifiers only. What is parsed is the parser's work, here it is only kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aioric_emulator.exchange import HttpExchange

__all__ = ["KnownHead", "KnownHeads", "SizedHead"]

# What may differ: identifiers in the form in which the emulator hands them out, and they come back.
UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# For a head that is longer, looking is not worth it. More kinds than this, and nothing is ever the same.
MAX_HEAD = 4096
MAX_KINDS = 8
# Headers with which there is more to a request than its head and so many bytes.
UNPLAIN = ("transfer-encoding", "expect", "upgrade")
MAX_DIGITS = 7
LENGTH = re.compile(rb"\r\nContent-Length: (\d{1,7})\r\n", re.IGNORECASE)
PLAIN_METHODS = frozenset({"GET", "POST"})


class KnownHead:
    """One head, cut at the identifiers in it."""

    def __init__(self, head: bytes, exchange: HttpExchange) -> None:
        found = list(UUID.finditer(head))
        self.head = head
        self.size = len(head)
        self.spans = [match.span() for match in found]
        edges = [0, *(edge for span in self.spans for edge in span), len(head)]
        self.fixed = [(start, head[start:end]) for start, end in zip(edges[::2], edges[1::2], strict=True)]
        names = [match[0].decode() for match in found]
        self.method = exchange.method
        self.target = exchange.target
        self.headers = exchange.headers
        self.length = int(exchange.headers.get("content-length", "0"))
        # Where each identifier stands: in the target, where `None` is, or in the header of that name.
        self.places = [self._place(name) for name in names]
        self.is_sound = self._holds(names)

    def _place(self, name: str) -> str | None:
        if name in self.target:
            return None
        return next((key for key, value in self.headers.items() if value == name), "")

    def _holds(self, names: list[str]) -> bool:
        # One identifier at most in the target, each of the others a header's whole value, none twice.
        once = len(set(names)) == len(names) and len(set(self.places)) == len(self.places)
        if None in self.places:
            self.target_parts = self.target.split(names[self.places.index(None)])
            once = once and len(self.target_parts) == 2  # noqa: PLR2004 - before and after it
        return once and "" not in self.places

    @property
    def last_piece(self) -> bytes:
        """What follows the last identifier, to the end."""
        return self.fixed[-1][1]

    def fill(self, data: bytes, exchange: HttpExchange) -> bool:
        """Give an exchange what the head at the beginning of the data says, if it is this one."""
        for start, fixed in self.fixed:
            if not data.startswith(fixed, start):
                return False
        exchange.method = self.method
        exchange.target = self.target
        exchange.headers = self.headers
        if self.spans:
            exchange.headers = dict(self.headers)
            for (start, end), place in zip(self.spans, self.places, strict=True):
                name = data[start:end]
                if UUID.fullmatch(name) is None:
                    return False
                if place is None:
                    exchange.target = name.decode().join(self.target_parts)
                else:
                    exchange.headers[place] = name.decode()
        return True


class SizedHead:
    """The end of a head of which only the number in Content-Length changes.

    Raises `ValueError` where there is none.
    """

    def __init__(self, piece: bytes) -> None:
        found = LENGTH.search(piece)
        if found is None:
            raise ValueError("a head without Content-Length")
        self.before = piece[: found.start(1)]
        self._after = piece[found.end(1) :]
        # What stands here now, from the number on, and what that says.
        self.rest = piece[found.start(1) :]
        self.size = int(found[1])

    @staticmethod
    def fits(piece: bytes) -> bool:
        """Whether there is such a number."""
        return LENGTH.search(piece) is not None

    def goes_on(self, data: bytes, start: int) -> bool:
        """Give whether the head goes on here as it should, with whatever number; that stands here now."""
        if data.startswith(self.rest, start):
            return True
        end = data.find(b"\r\n", start)
        digits = data[start:end]
        if not digits.isdigit() or len(digits) > MAX_DIGITS or not data.startswith(self._after, end):
            return False
        self.rest = digits + self._after
        self.size = int(digits)
        return True


class KnownHeads:
    """The heads that one connection has seen."""

    def __init__(self) -> None:
        self.kinds: list[KnownHead] = []
        # Those that were learnt, some of them for nothing.
        self._learnt = 0
        # A body-less head, as a poll's, that may follow a request within the same bytes.
        self.poll = b""

    @property
    def is_learning(self) -> bool:
        """Whether another head may be kept."""
        return self._learnt < MAX_KINDS

    def learn(self, head: bytes, exchange: HttpExchange) -> None:
        """Keep what the parser made of a head."""
        self._learnt += 1
        if len(head) > MAX_HEAD or not is_plain(exchange):
            return
        known = KnownHead(head, exchange)
        if known.is_sound:
            self.kinds.insert(0, known)
            if not known.length and not known.spans:
                self.poll = head

    def find(self, data: bytes, exchange: HttpExchange) -> KnownHead | None:
        """Give the head that the data begins with, if it is known, and fill the exchange with it."""
        for known in self.kinds:
            if len(data) >= known.size + known.length and known.fill(data, exchange):
                return known
        return None


def is_plain(exchange: HttpExchange) -> bool:
    """Whether a request is its head and so many bytes, and the next one follows on the same connection."""
    headers = exchange.headers
    return (
        exchange.keep_alive
        and exchange.method in PLAIN_METHODS
        and headers.get("connection", "keep-alive").lower() == "keep-alive"
        and headers.get("content-length", "0").isdecimal()
        and not any(name in headers for name in UNPLAIN)
    )
