"""The half of a connection that deals with bodies in pieces: answers in chunks, requests read in portions."""

from __future__ import annotations

import socket
import struct
from abc import abstractmethod
from typing import TYPE_CHECKING

from aioric_emulator.exchange import has_body, render
from aioric_emulator.outgoing import Outgoing

if TYPE_CHECKING:
    from aioric_emulator.exchange import HttpExchange
    from aioric_emulator.messages import Answer

__all__ = ["Piecemeal"]


class Piecemeal(Outgoing):
    """What `Connection` does with the exchanges that it serves and reads."""

    current: HttpExchange | None
    _reading: HttpExchange
    _in_head: bool
    _is_writable: bool
    _is_paused: bool

    def begin(self, exchange: HttpExchange, head: Answer) -> None:
        """Send the head of an answer in chunks."""
        if exchange is self.current and not self._transport.is_closing():
            exchange.is_bodiless = not has_body(exchange.method, head.status)
            self._send(render(head, keep_alive=exchange.keep_alive, is_chunked=True, method=exchange.method))

    def write(self, exchange: HttpExchange, data: bytes) -> bool:
        """Send a chunk; one for a peer that has left goes nowhere, and there is always room for it."""
        if exchange is not self.current or self._transport.is_closing():
            return True
        if data and not exchange.is_bodiless:
            self._send(b"%x\r\n%b\r\n" % (len(data), data))
        return self._is_writable

    def finish(self, exchange: HttpExchange) -> None:
        """Send the last chunk, and serve the next request."""
        if exchange is not self.current:
            return
        if not exchange.is_bodiless and not self._transport.is_closing():
            self._send(b"0\r\n\r\n")
        self._go_on(exchange)

    def push(self, exchange: HttpExchange, data: bytes) -> None:
        """Send bytes of an answer as they are, behind what waits to be written and not together with it."""
        if exchange is self.current and not self._transport.is_closing():
            self._send(b"")
            self._transport.write(data)

    def conclude(self, exchange: HttpExchange) -> None:
        """Serve the next request: the answer has been sent as bytes."""
        if exchange is self.current:
            self._go_on(exchange)

    def reset(self) -> None:
        """Close at once, so that the peer is told of an error instead of an end."""
        # The option is the socket's, and so of every copy of its descriptor.
        own = self._transport.get_extra_info("socket")
        with socket.fromfd(own.fileno(), own.family, own.type) as copy:
            copy.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.abort()

    def pause(self, exchange: HttpExchange) -> None:
        """Read no more while this request arrives."""
        if exchange is self._reading and not self._in_head and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def resume(self, exchange: HttpExchange) -> None:
        """Read on."""
        if exchange is self._reading and self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()

    @abstractmethod
    def _go_on(self, exchange: HttpExchange) -> None:
        """Serve the next request, after this one."""

    @property
    @abstractmethod
    def peer_port(self) -> int:
        """The port at the other end."""

    @abstractmethod
    def reply(self, exchange: HttpExchange, answer: Answer) -> None:
        """Send an exchange's whole answer."""

    @abstractmethod
    def abort(self) -> None:
        """Close at once."""
