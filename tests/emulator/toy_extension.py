"""An external extension of the standard library only, which does what the hidden file beside it says.

`.NAME.json`, for a file NAME: `events` to register for, `telemetry` to subscribe to (a request whose
destination is filled in), `refuses` so many batches first, `deed` of the ones below. It prints the events
that it gets, and writes every telemetry record to `records`, a line each.
"""

from __future__ import annotations

import json
import os
import signal
import socketserver
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ME = Path(sys.argv[0])
ORDERS: dict[str, Any] = json.loads(ME.with_name(f".{ME.name}.json").read_text())
API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}"
EXTENSION = f"{API}/2020-01-01/extension"


def call(method: str, url: str, body: object = None, **headers: str) -> tuple[Any, bytes]:
    """Make one request; give the headers and the body of its answer."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, names, method=method)  # noqa: S310 - http, as written above
    with urllib.request.urlopen(request) as response:  # noqa: S310 - likewise
        return response.headers, response.read()


def say(*words: object) -> None:
    """Log a line."""
    os.write(1, f"{' '.join(map(str, words))}\n".encode())


def keep(line: bytes) -> None:
    """Write a record down."""
    with Path(ORDERS["records"]).open("ab") as file:
        file.write(line.rstrip(b"\n") + b"\n")


class Consumer(socketserver.StreamRequestHandler):
    """Takes lines of JSON, or HTTP requests with lists of them."""

    def handle(self) -> None:
        """Read until the peer is gone."""
        while line := self.rfile.readline():
            if line.startswith(b"{"):
                keep(line)
            elif line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
                while self.rfile.readline().strip():
                    pass
                self.answer(self.rfile.read(size))

    def answer(self, body: bytes) -> None:
        """Take a request's records, or refuse them."""
        refuses = ORDERS.get("refuses", 0)
        ORDERS["refuses"] = refuses - 1
        if refuses <= 0:
            for record in json.loads(body):
                keep(json.dumps(record).encode())
        status = b"500 No" if refuses > 0 else b"200 OK"
        self.wfile.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


def subscribe(identifier: str, request: dict[str, Any]) -> None:
    """Listen, and subscribe to what is wanted."""
    server = Server(("127.0.0.1", 0), Consumer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    http = {"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{port}/telemetry"}
    tcp = {"protocol": "TCP", "port": port}
    request["destination"] = tcp if request.pop("protocol", "HTTP") == "TCP" else http
    path = "2020-08-15/logs" if request.pop("api", "") == "logs" else "2022-07-01/telemetry"
    _, body = call("PUT", f"{API}/{path}", request, Lambda_Extension_Identifier=identifier)
    say("subscribed", body.decode())


def crash_once() -> None:
    """End without a word, the first time."""
    marker = ME.with_name(f".{ME.name}.marker")
    if not marker.exists():
        marker.touch()
        sys.exit(7)


BEFORE: dict[str, Callable[[], None]] = {
    "variables": lambda: say("variables", json.dumps(dict(os.environ)), str(Path.cwd())),
    "crash": crash_once,
    "mute": lambda: time.sleep(600),
}


def main() -> None:
    """Register, subscribe, and take events until the end."""
    deed = ORDERS.get("deed", "")
    BEFORE.get(deed, lambda: None)()
    body = {"events": ORDERS.get("events", [])}
    headers, _ = call("POST", f"{EXTENSION}/register", body, Lambda_Extension_Name=ME.name)
    known = {"Lambda_Extension_Identifier": headers["Lambda-Extension-Identifier"]}
    say("registered", os.getpid())
    if deed == "init error":
        call("POST", f"{EXTENSION}/init/error", {}, Lambda_Extension_Function_Error_Type="Toy.Init", **known)
        sys.exit(1)
    if "telemetry" in ORDERS:
        subscribe(known["Lambda_Extension_Identifier"], ORDERS["telemetry"])
    if deed == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    held: list[bytes] = []
    while True:
        _, answer = call("GET", f"{EXTENSION}/event/next", **known)
        event = json.loads(answer)
        say("event", event["eventType"], event.get("shutdownReason", event.get("requestId")))
        if deed == "exit":
            sys.exit(3)
        if deed == "hoard":
            held.append(b"x" * 200_000_000)
        if event["eventType"] == "SHUTDOWN":
            if deed == "deaf":
                time.sleep(600)
            return


main()
