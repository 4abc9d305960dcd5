"""Sockets to the Runtime API: opened, looked at, hung up; and one request on a connection of its own.

No `socket` module: what it wraps is enough, and costs a start much less.
"""

from __future__ import annotations

import _socket
import select

from aioric.errors import ConnectionLost
from aioric.protocol.http11 import ResponseReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from aioric.protocol.heads import Response

    Socket = TypeVar("Socket", bound=_socket.socket)

STANDARD_ERROR = 2  # the last of the numbers that have a meaning


def resolve(host: str, port: int) -> list[tuple[int, tuple[object, ...]]]:
    """The address family and socket address of the Runtime API, which is on this machine.

    A name may have several: `localhost` often is `::1` first, where an emulator may not listen.

    Raises:
        OSError: The name is unknown.
    """
    # As bytes: text would be encoded as an internationalised name, by a codec that imports `re`.
    name = host.encode("ascii", "replace")
    found = _socket.getaddrinfo(name, port, 0, _socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


def connect(host: str, port: int) -> _socket.socket:
    """Open a connection to the Runtime API.

    Raises:
        OSError: It cannot be reached.
    """
    return reach(resolve(host, port))


def reach(places: list[tuple[int, tuple[object, ...]]]) -> _socket.socket:
    """Open a connection to the first place, as from `resolve`, where somebody listens.

    Raises:
        OSError: Nobody does; what the last one said.
    """
    *others, last = places
    for place in others:
        try:
            return _open(*place)
        except OSError:
            continue
    return _open(*last)


def _open(family: int, address: tuple[object, ...]) -> _socket.socket:
    connection = off_standard(_socket.socket(family, _socket.SOCK_STREAM))
    try:
        connection.connect(address)
        # A small answer must not wait for the acknowledgement of the one before.
        connection.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
    except BaseException:
        connection.close()
        raise
    return connection


def off_standard(connection: Socket) -> Socket:
    """The same socket by a number above 2.

    A function may have closed its standard output, whose number the next socket gets. What is printed would
    become a part of what is said there.
    """
    if connection.fileno() > STANDARD_ERROR:
        return connection
    try:  # it keeps its number until another one is found
        return off_standard(type(connection)(fileno=_socket.dup(connection.fileno())))
    finally:
        connection.close()


def watch(connection: _socket.socket) -> select.poll:
    """What `has_gone` looks at."""
    watching = select.poll()
    watching.register(connection, select.POLLIN)
    return watching


def has_gone(watching: select.poll) -> bool:
    """Whether the peer has closed an idle connection, so that nothing must be sent on it.

    An answer sent into a closed connection could not be told from one that arrived. Readable, on an
    idle connection, means the end of the stream or bytes that nobody asked for: either is the end.
    """
    return bool(watching.poll(0))


def hang_up(connection: _socket.socket, watching: select.poll) -> None:
    """End the wait for an event. One that has arrived already can still be read.

    If one arrives at this very moment its answer needs another connection, since nothing more is heard on
    this one.
    """
    if not has_gone(watching):
        try:
            connection.shutdown(_socket.SHUT_RD)
        except OSError:  # the peer was faster
            return


def ask(host: str, port: int, request: bytes) -> Response:
    """Send one request on a connection of its own, and return the response.

    Raises:
        OSError: The Runtime API cannot be reached.
        ConnectionLost: It closed without an answer.
        MalformedResponse: The answer makes no sense.
    """
    connection = connect(host, port)
    try:
        connection.sendall(request)
        reader = ResponseReader()
        response = None
        while response is None:
            data = connection.recv(reader.appetite)
            reader.feed(data)
            response = reader.read() if data else reader.end()
            if response is None and not data:
                raise ConnectionLost("the Runtime API closed the connection without an answer")
        return response
    finally:
        connection.close()
