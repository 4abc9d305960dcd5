"""The Runtime API's routes: which request reaches which part of the model, and what is not there."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, cast

import pytest

from aioric_emulator.exchange import HttpExchange
from aioric_emulator.runtime_api import RuntimeApi, read_path
from tests.emulator.rig import Platform

if TYPE_CHECKING:
    from aioric_emulator.exchange import ReplySink
    from aioric_emulator.messages import Answer

V = "/2018-06-01"


class Desk:
    """A RuntimeApi over the model, asked by exchanges made by hand."""

    def __init__(self, lanes: int | None = None) -> None:
        self.platform = Platform(lanes=lanes)
        _, self.caller = self.platform.invoke()
        self.answers: dict[HttpExchange, Answer] = {}
        self.api = RuntimeApi(self.platform.environment, lambda: self.platform.now, self.platform.apply)

    def reply(self, exchange: HttpExchange, answer: Answer) -> None:
        self.answers[exchange] = answer

    def ask(self, method: str, target: str, body: bytes = b"", /, **headers: str) -> Answer | None:
        """Make a request, and give its answer if it has one at once."""
        exchange = HttpExchange(cast("ReplySink", self))  # these answers come whole
        exchange.method, exchange.target, exchange.body, exchange.size = method, target, body, len(body)
        exchange.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.api.handle(exchange)
        self.last = exchange
        return self.answers.get(exchange)

    def status(self, method: str, target: str, body: bytes = b"", /, **headers: str) -> int | None:
        answer = self.ask(method, target, body, **headers)
        return answer.status if answer else None


def test_an_invocation_goes_round() -> None:
    """Next and response, by absolute target and with a query too."""
    desk = Desk()
    assert desk.status("GET", f"{V}/runtime/invocation/next") == 200
    assert desk.status("GET", f"{V}/runtime/invocation/next?a=b") == 200
    assert desk.status("GET", f"http://host{V}/runtime/invocation/next") == 200
    assert desk.status("POST", f"{V}/runtime/invocation/id%2D1/response", b"1", content_type="a/b") == 202
    assert desk.caller.outcome is not None
    assert desk.caller.outcome.content_type == "a/b"
    assert desk.status("GET", f"{V}/runtime/invocation/next") is None
    assert desk.api.disconnected(desk.last) is False


def test_an_error_goes_to_the_caller() -> None:
    """By its own path."""
    desk = Desk()
    desk.ask("GET", f"{V}/runtime/invocation/next")
    assert desk.status("POST", f"{V}/runtime/invocation/id-1/error", b"{}") == 202
    assert desk.caller.error == {}


def test_headers_and_trailers_are_read() -> None:
    """The mode, the echo and the error of a stream."""
    desk = Desk()
    desk.ask("GET", f"{V}/runtime/invocation/next")
    path = f"{V}/runtime/invocation/id-1/response"
    exchange = HttpExchange(cast("ReplySink", desk))
    exchange.method, exchange.target = "POST", path
    exchange.headers = {"lambda-runtime-function-response-mode": "streaming"}
    exchange.trailers = {
        "lambda-runtime-function-error-type": "E",
        "lambda-runtime-function-error-body": base64.b64encode(b'{"errorType":"E"}').decode(),
    }
    desk.api.handle(exchange)
    assert desk.answers[exchange].status == 202
    assert desk.caller.error == {"errorType": "E"}


def test_an_init_error_is_taken() -> None:
    """With the type of its header."""
    desk = Desk()
    status = desk.status("POST", f"{V}/runtime/init/error", b"{}", lambda_runtime_function_error_type="E")
    assert status == 202
    assert desk.platform.inits[0].error_type == "E"


def test_an_extension_registers_waits_and_fails() -> None:
    """The three calls, by their headers."""
    desk = Desk()
    base = "/2020-01-01/extension"
    registered = desk.ask(
        "POST",
        f"{base}/register",
        b'{"events":["INVOKE"]}',
        lambda_extension_name="a",
        lambda_extension_accept_feature="accountId",
    )
    assert registered is not None
    assert b"123456789012" in registered.body
    known = {"lambda_extension_identifier": dict(registered.headers)["Lambda-Extension-Identifier"]}
    assert desk.status("GET", f"{base}/event/next", b"", **known) is None
    refused = desk.status(
        "POST", f"{base}/init/error", b"", lambda_extension_function_error_type="E", **known
    )
    assert refused == 403
    taken = desk.status("POST", f"{base}/exit/error", b"", lambda_extension_function_error_type="E", **known)
    assert taken == 202


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", f"{V}/ping", 200),
        ("PUT", "/2022-07-01/telemetry", 403),
        ("PUT", "/2020-08-15/logs", 403),
        ("GET", "/2022-07-01/telemetry", 405),
        ("POST", f"{V}/ping", 405),
        ("POST", f"{V}/runtime/invocation/next", 405),
        ("GET", f"{V}/runtime/invocation/id-1/response", 405),
        ("GET", f"{V}/runtime/init/error", 405),
        ("GET", "/", 404),
        ("GET", "*", 404),
        ("GET", f"{V}/runtime/restore/next", 404),
        ("POST", f"{V}/runtime/restore/error", 404),
        ("GET", "/2021-04-23/credentials", 404),
        ("POST", f"{V}/runtime/invocation/", 404),
        ("POST", f"{V}/runtime/invocation/id-1", 404),
        ("POST", f"{V}/runtime/invocation/id-1/other", 404),
        ("POST", f"{V}/runtime/invocation/a/b/response", 404),
        ("POST", f"{V}/runtime/invocation//response", 404),
    ],
)
def test_other_requests_have_plain_answers(method: str, target: str, status: int) -> None:
    """What is not there is a 404, what is there for others a 405."""
    assert Desk().status(method, target) == status


def test_a_poll_with_a_body_is_seen() -> None:
    """The engine of Managed Instances does not allow it."""
    assert Desk(lanes=1).status("GET", f"{V}/runtime/invocation/next", b"x") == 413


def test_a_target_that_is_no_address_leads_nowhere() -> None:
    """It is answered as any path that does not exist."""
    answer = Desk().ask("GET", "http://[")
    assert answer is not None
    assert answer.status == 404
    assert read_path("http://host/a?b") == "/a"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site"},
        {"host": "evil.example:9001"},
    ],
)
def test_a_web_page_takes_no_event(headers: dict[str, str]) -> None:
    """Nor does it say anything in a runtime's place; the event stays where it was."""
    desk = Desk()
    assert desk.status("GET", f"{V}/runtime/invocation/next", **headers) == 403
    assert desk.status("POST", f"{V}/runtime/init/error", b"{}", **headers) == 403
    assert desk.status("POST", "/2020-01-01/extension/register", b'{"events": []}', **headers) == 403
    assert desk.platform.inits == []
    own = {"host": "127.0.0.1:9001", "sec_fetch_mode": "cors"}
    assert desk.status("GET", f"{V}/runtime/invocation/next", **own) == 200
