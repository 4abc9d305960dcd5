"""Registers us with the platform as an extension, so that it says SIGTERM before it ends the process.

Without any extension there is no such signal. Source: section "Shutdown phase" of
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

from aioric.drivers.sockets import ask, connect
from aioric.errors import PlatformFault
from aioric.protocol.extensions_api import ExtensionsApi, read_identifier

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket

    from aioric.config import Config
    from aioric.logs.setup import Journal

DEBUG = 10  # as in `logging`, which a function may never import


class Extension:
    """A registered extension that waits for nothing.

    Args:
        config: Where the Extensions API is: beside the Runtime API.
        journal: Hears if we are not wanted.
    """

    __slots__ = ("_address", "_api", "_connection", "_identifier", "_journal")

    def __init__(self, config: Config, journal: Journal) -> None:
        self._address = config.host, config.port
        self._api = ExtensionsApi(config.runtime_api)
        self._journal = journal
        self._identifier = ""
        self._connection: _socket.socket | None = None

    def register(self) -> None:
        """Register, and begin to wait for an event that never comes; failing at it is no failure.

        To be done before the first poll, which closes the registration. And the wait has to have begun
        by then: the platform's init is not over before every extension waits.
        """
        try:
            self._identifier = read_identifier(ask(*self._address, self._api.register))
            self.wait()
        except (OSError, PlatformFault) as error:
            self._journal.note(DEBUG, f"The platform will not announce the end of this process: {error}")

    def wait(self) -> None:
        """Wait, on a connection of its own; again when a snapshot was restored, if there was one.

        Raises:
            OSError: There is no connection to be had.
        """
        if not self._identifier:
            return
        if self._connection is not None:
            self._connection.close()
        self._connection = connect(*self._address)
        self._connection.sendall(self._api.next_event(self._identifier))
