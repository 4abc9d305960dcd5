"""A function that makes sure that it is itself. Its Runtime API puts one number into both of its ids."""

# ruff: noqa: S101 - a failed assertion is a failed invocation, which the benchmark counts

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

import boto3

mine: contextvars.ContextVar[str] = contextvars.ContextVar("mine")
log = logging.getLogger()


class Echo(BaseHTTPRequestHandler):
    """Answers like SQS, with the caller's trace id for a queue."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Read the request, answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"QueueUrl": "%s"}' % self.headers.get("X-Amzn-Trace-Id", "none").encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A thread for each of boto3's connections."""

    daemon_threads = True
    request_queue_size = 64


server = Server(("127.0.0.1", 0), Echo)
threading.Thread(target=server.serve_forever, daemon=True).start()
sqs = boto3.client("sqs", endpoint_url=f"http://127.0.0.1:{server.server_address[1]}")


def call() -> str:
    """What botocore found in the environment."""
    return str(sqs.get_queue_url(QueueName="q")["QueueUrl"])


async def look(event: Any, context: Any) -> None:
    """Look everywhere, three times."""
    me = context.aws_request_id
    number = me[-12:]
    mine.set(me)
    for _ in range(3):
        trace = os.environ["_X_AMZN_TRACE_ID"]
        assert trace.partition(";")[0].endswith(number), (me, trace)
        assert mine.get() == me, (me, mine.get())
        await asyncio.sleep(0)
    log.info(me)
    if int(number) % event["boto3_every"] == 0:
        sent = await asyncio.to_thread(call)
        assert sent.partition(";")[0].endswith(number), (me, sent)
    await asyncio.sleep(0.001)
    assert mine.get() == me, (me, mine.get())
    print(me)
