"""A Runtime API on the loopback interface, for containers that share it: events out, answers kept."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.image.engine import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "/2018-06-01/runtime"


@dataclass
class Platform:
    """What happened: each POST's path without its prefix, and its body."""

    address: str
    polled: threading.Event = field(default_factory=threading.Event)
    posts: list[tuple[str, Any]] = field(default_factory=list)
    events: list[object] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def wait_for_post(self) -> tuple[str, Any]:
        """Give the first POST."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.posts, PATIENCE_SECONDS):
                raise TimeoutError("the runtime posted nothing")
            return self.posts[0]


@contextmanager
def platform(*events: object) -> Iterator[Platform]:
    """Hand out events to whoever polls; once they are gone, let the poll wait until the end."""
    ended = threading.Event()

    class Requests(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            told.polled.set()
            with told.changed:
                event = told.events.pop(0) if told.events else None
            if event is None:
                ended.wait()
                self.close_connection = True
                return
            body = json.dumps(event).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 60_000))
            self.send_header(
                "Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:f"
            )
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with told.changed:
                told.posts.append((self.path.removeprefix(PREFIX), body))
                told.changed.notify_all()
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
    server.daemon_threads = True
    told = Platform(f"127.0.0.1:{server.server_port}", events=list(events))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield told
    finally:
        ended.set()
        server.shutdown()
        thread.join()
        server.server_close()
