"""`/_aioric/`: a page that shows invocations as they happen, and the same facts for `aioric ps`.

For the developer in front of this machine: a request that came for another host's name is refused, whatever
is listened on.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aioric_emulator.answers import JSON, NOT_FOUND, error_answer, method_not_allowed
from aioric_emulator.messages import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aioric_emulator.allowed_hosts import AllowedHosts
    from aioric_emulator.exchange import HttpExchange
    from aioric_emulator.history import History
    from aioric_emulator.hosted_function import HostedFunction

__all__ = ["DASHBOARD", "Dashboard"]

DASHBOARD = "/_aioric/"
PAGE = Path(__file__).with_name("dashboard.html")
# Nothing but what is in the page itself, and this very server.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
PAGE_HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", POLICY),
)
STREAM_HEADERS = (("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"))


class Dashboard:
    """The part of the front door that is for people."""

    def __init__(
        self, functions: Mapping[str, HostedFunction], history: History, hosts: AllowedHosts
    ) -> None:
        self._functions = functions
        self._hosts = hosts
        self._history = history
        self._streams: dict[HttpExchange, LiveStream] = {}

    def handle(self, exchange: HttpExchange) -> None:
        """Take a request below `/_aioric/`."""
        path = exchange.target.partition("?")[0].removeprefix(DASHBOARD)
        if not self._hosts.include(exchange.headers.get("host", "")):
            message = "This page is for localhost, or an IP address, or a name of aioric dev --allow-host"
            exchange.reply(error_answer(403, "Forbidden", message))
        elif exchange.method != "GET":
            exchange.reply(method_not_allowed("GET"))
        elif path == "":
            exchange.reply(Answer(200, PAGE_HEADERS, PAGE.read_bytes()))
        elif path == "state":
            body = json.dumps(self.state(), ensure_ascii=False).encode("utf-8", "replace")
            exchange.reply(Answer(200, (JSON,), body))
        elif path == "events":
            self._stream(exchange)
        else:
            exchange.reply(NOT_FOUND)

    def state(self) -> dict[str, Any]:
        """Give functions, environments and invocations."""
        functions = [
            {
                "name": name,
                "handler": function.configuration.handler,
                "concurrency": function.configuration.concurrency,
                "environments": function.describe_environments(),
            }
            for name, function in self._functions.items()
        ]
        return {"functions": functions, "invocations": self._history.entries}

    def _stream(self, exchange: HttpExchange) -> None:
        stream = LiveStream(exchange)
        self._streams[exchange] = stream
        exchange.begin(Answer(200, STREAM_HEADERS))
        for entry in self._history.entries:
            stream.send(entry)
        self._history.subscribe(stream.send)

    def disconnected(self, exchange: HttpExchange) -> bool:
        """Forget a page that was closed. Give whether it was one."""
        stream = self._streams.pop(exchange, None)
        if stream is not None:
            self._history.unsubscribe(stream.send)
        return stream is not None


class LiveStream:
    """A page that listens, by server-sent events."""

    def __init__(self, exchange: HttpExchange) -> None:
        self._exchange = exchange
        self._has_room = True
        exchange.on_room = self._room

    def _room(self, has_room: bool) -> None:  # noqa: FBT001 - how an exchange tells it
        self._has_room = has_room

    def send(self, entry: dict[str, Any]) -> None:
        """Send an entry; a page that does not keep up misses some."""
        if self._has_room:
            text = json.dumps(entry, ensure_ascii=False)
            self._exchange.write(f"data: {text}\n\n".encode("utf-8", "replace"))
