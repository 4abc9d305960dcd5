"""A runtime of the standard library only, which does what its event says: also what no good runtime would.

Started by the emulator like any other: `python toy_runtime.py`. TOY_INIT says how its init goes, and an
event's `do` which of the deeds below is done before the event is sent back.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

HOST, _, PORT = os.environ["AWS_LAMBDA_RUNTIME_API"].rpartition(":")
API = (HOST, int(PORT))
RUNTIME = "/2018-06-01/runtime"
EXTENSION = "/2020-01-01/extension"
CONNECTION = http.client.HTTPConnection(*API)
KEPT_OPEN: list[socket.socket] = []


def say(text: str) -> None:
    """Log a line."""
    os.write(1, f"{text}\n".encode())


def request(
    method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Make one request and read its answer."""
    CONNECTION.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    response = CONNECTION.getresponse()
    return response.status, response.headers, response.read()


# How an init can go…


def fail() -> None:
    """Report an error, and end."""
    body = json.dumps({"errorMessage": "no", "errorType": "Toy.InitError"}).encode()
    error_type = {"Lambda_Runtime_Function_Error_Type": "Toy.InitError"}
    status, _, _ = request("POST", f"{RUNTIME}/init/error", body, **error_type)
    say(f"reported {status}")
    sys.exit(1)


def fail_once() -> None:
    """End without a report, the first time."""
    marker = Path(os.environ["TOY_MARKER"])
    if not marker.exists():
        marker.touch()
        sys.exit(5)


def register_for_sigterm() -> None:
    """Ask for a SIGTERM by way of an extension, and tell a file when it comes."""

    def told(_number: int, _frame: object) -> None:
        Path(os.environ["TOY_MARKER"]).write_text("SIGTERM")
        sys.exit(0)

    signal.signal(signal.SIGTERM, told)
    _, headers, _ = request("POST", f"{EXTENSION}/register", b'{"events":[]}', Lambda_Extension_Name="toy")
    waiting = socket.create_connection(API)
    identifier = headers["Lambda-Extension-Identifier"]
    head = (
        f"GET {EXTENSION}/event/next HTTP/1.1\r\nHost: x\r\nLambda-Extension-Identifier: {identifier}\r\n\r\n"
    )
    waiting.sendall(head.encode())
    KEPT_OPEN.append(waiting)


def restore() -> None:
    """Wait to be restored, and say so; or report that something failed."""
    status, _, body = request("GET", f"{RUNTIME}/restore/next")
    say(f"restored {status} {body!r} {os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']}")
    if "TOY_RESTORE_FAILS" in os.environ:
        error = json.dumps({"errorMessage": "no", "errorType": "Toy.RestoreError"}).encode()
        error_type = {"Lambda_Runtime_Function_Error_Type": "Runtime.AfterRestoreError"}
        request("POST", f"{RUNTIME}/restore/error", error, **error_type)
        sys.exit(65)


INITS = {
    "restore": restore,
    "error": fail,
    "exit": lambda: sys.exit(4),
    "extension": register_for_sigterm,
    "hang": lambda: time.sleep(600),
    "once": fail_once,
}

# …and what an invocation can do: before the event is sent back, or instead of it. Then it gives True.


def print_text(event: dict[str, Any]) -> None:
    """Log on both streams."""
    os.write(1, event["text"].encode())
    os.write(2, event.get("errors", "").encode())


def write_frame(event: dict[str, Any]) -> None:
    """Log a framed message."""
    message = event["text"].encode()
    head = struct.pack(">IIQ", 0xA55A0003, len(message), 0)
    os.write(int(os.environ["_LAMBDA_TELEMETRY_LOG_FD"]), head + message)


def spawn(event: dict[str, Any]) -> None:
    """Start a process that outlives the invocation, in this session or in one of its own."""
    child = subprocess.Popen(["sleep", "600"], start_new_session=event["leaves"])
    say(f"{os.getpid()} {child.pid}")


def grow(event: dict[str, Any]) -> None:
    """Use memory, and give it back."""
    b"x" * event["size"]


def post_error(event: dict[str, Any]) -> bool:
    """Answer with an error."""
    request("POST", f"{event['path']}/error", json.dumps(event["error"]).encode())
    return True


def post_large(event: dict[str, Any]) -> bool:
    """Answer with many bytes."""
    status, _, body = request("POST", f"{event['path']}/response", b"x" * event["size"])
    say(f"{status} {body.decode().strip()}")
    return True


def stream(event: dict[str, Any]) -> bool:
    """Stream a response on a connection of its own: to its end, with an error, or not to its end."""
    head = f"POST {event['path']}/response HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    head += "Content-Type: text/plain\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n"
    head += "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n"
    head += "Connection: close\r\n\r\n"
    end = "" if event.get("breaks") else "0\r\n"
    if "error" in event:
        encoded = base64.b64encode(json.dumps(event["error"]).encode()).decode()
        end += f"Lambda-Runtime-Function-Error-Type: {event['error']['errorType']}\r\n"
        end += f"Lambda-Runtime-Function-Error-Body: {encoded}\r\n"
    with socket.create_connection(API) as connection:
        connection.sendall(head.encode())
        for piece in event["pieces"]:
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece.encode()), piece.encode()))
        connection.sendall(f"{end}\r\n".encode() if end else b"")
        connection.shutdown(socket.SHUT_WR)
        say(connection.makefile("rb").readline().decode().strip())
    return True


def lose(event: dict[str, Any]) -> bool:
    """Forget the event, the first time."""
    marker = Path(event["marker"])
    lost = not marker.exists()
    marker.touch()
    return lost


def hoard(event: dict[str, Any]) -> None:
    """Use memory, and keep it for a while."""
    kept = b"x" * event["size"]
    time.sleep(event["seconds"])
    say(str(len(kept)))


def tick(event: dict[str, Any]) -> None:
    """Have a thread note the time in a file, again and again, also after the answer."""
    marker = Path(event["marker"])

    def note() -> None:
        while True:
            with marker.open("a") as file:
                file.write(f"{time.monotonic()}\n")
            time.sleep(0.01)

    threading.Thread(target=note, daemon=True).start()


DEEDS: dict[str, Any] = {
    "error": post_error,
    "exit": lambda event: os._exit(event["status"]),
    "frame": write_frame,
    "grow": grow,
    "hoard": hoard,
    "kill": lambda event: os.kill(os.getpid(), event["signal"]),
    "large": post_large,
    "lose": lose,
    "print": print_text,
    "sleep": lambda event: time.sleep(event["seconds"]),
    "spawn": spawn,
    "stream": stream,
    "tick": tick,
    "unanswered": lambda _event: time.sleep(600),
    "variables": lambda event: event.update(os.environ),
}


def serve_one() -> None:
    """Take an event, do what it says, and send it back."""
    status, headers, body = request("GET", f"{RUNTIME}/invocation/next")
    if status != http.HTTPStatus.OK:
        sys.exit(f"next was answered {status}")
    event = json.loads(body)
    event["path"] = f"{RUNTIME}/invocation/{headers['Lambda-Runtime-Aws-Request-Id']}"
    if event.get("do") == "headers":
        event.update({name.lower(): value for name, value in headers.items()})
    if DEEDS.get(event.get("do"), lambda _event: False)(event):
        return
    path = event.pop("path")
    echo = {"Lambda_Runtime_Invocation_Id": event["echo"]} if "echo" in event else {}
    answer = json.dumps(event).encode()
    status, _, _ = request("POST", f"{path}/response", answer, Content_Type="application/json", **echo)
    if status != http.HTTPStatus.ACCEPTED:
        say(f"answered {status}")
    if event.get("do") == "after":
        say("after the response")


say(f"init {os.environ.get('TOY_INIT', '')}")
INITS.get(os.environ.get("TOY_INIT", ""), lambda: None)()
while True:
    serve_one()
