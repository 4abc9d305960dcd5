"""One call over HTTP, against a server that answers badly."""

from __future__ import annotations

import http.server
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from aioric_emulator.cli import main
from aioric_emulator.client import Call, InvokeError, LocalInvoker
from aioric_emulator.event_stream import payload_chunks

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """Give the address of a server with one answer to everything."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Be quiet."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"oops", "HTTP 500: oops"),
        (b'["oops"]', 'HTTP 500: ["oops"]'),
        (b'{"message":"m"}', "HTTP 500: m"),
        (b'{"Message":"M"}', "HTTP 500: M"),
        (b'{"other":1}', 'HTTP 500: {"other":1}'),
    ],
)
def test_an_error_is_told_as_well_as_it_can_be(body: bytes, message: str) -> None:
    """With the message of the service, or all that it said."""
    with answering(500, body) as endpoint, pytest.raises(InvokeError) as raised:
        LocalInvoker(endpoint).call(Call("f", b"{}"))
    assert str(raised.value) == message


def test_an_answer_without_a_log_has_none() -> None:
    """Whatever was asked for."""
    with answering(200, b"1") as endpoint:
        reply = LocalInvoker(endpoint).call(Call("a:b", b"{}", '{"a":1}', wants_log=True))
    assert (reply.body, reply.log, reply.function_error) == (b"1", "", "")


def test_an_address_that_is_none() -> None:
    """Told as such."""
    with pytest.raises(InvokeError, match="is not a URL"):
        LocalInvoker("http://host:port").call(Call("f", b""))


@pytest.mark.parametrize("tenant", ["é", "a\nb"])
def test_what_no_header_can_hold_is_not_sent(tenant: str) -> None:
    """A tenant's id that is no text of a header is named."""
    with pytest.raises(InvokeError, match="A tenant's id is printable ASCII, not "):
        LocalInvoker("http://127.0.0.1:1").call(Call("f", b"{}", tenant_id=tenant))


def test_a_stream_without_an_end_is_no_answer() -> None:
    """What has come is printed, and that the rest may be missing; bytes that are no event are named."""
    with answering(200, payload_chunks(b"one")) as url:
        cut = CliRunner().invoke(main, ["invoke", "--stream", "--endpoint", url, "{}"])
    assert cut.exit_code == 1
    assert "one" in cut.output
    assert "The stream broke off: nothing says whether it is whole" in cut.output
    with answering(200, b"this is a page, not a stream of events") as url:
        page = CliRunner().invoke(main, ["invoke", "--stream", "--endpoint", url, "{}"])
    assert page.exit_code == 1
    assert page.output.startswith("Error: ")
