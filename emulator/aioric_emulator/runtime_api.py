"""The Runtime, Extensions and Telemetry APIs of one environment: routes to the model's methods.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api-reference.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import unquote, urlsplit

from aioric_emulator import answers
from aioric_emulator.allowed_hosts import AllowedHosts
from aioric_emulator.messages import RuntimeAnswer
from aioric_emulator.streamed_call import RelayedCall

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aioric_emulator.exchange import HttpExchange
    from aioric_emulator.messages import Invocation
    from aioric_emulator.phases import ExecutionEnvironment
    from aioric_emulator.subscriptions import Api

__all__ = ["RuntimeApi"]

RUNTIME = "/2018-06-01"
INVOCATION = f"{RUNTIME}/runtime/invocation/"
NEXT = f"{INVOCATION}next"
EXTENSION = "/2020-01-01/extension"
TELEMETRY = "/2022-07-01/telemetry"
LOGS = "/2020-08-15/logs"
# What browsers alone send along, or what comes by a name that a page of the web has lead here.
OF_A_PAGE = answers.error_answer(403, "Forbidden", "This is for runtimes and extensions, not for a web page")


def read_path(target: str) -> str:
    """Give a request target's path, without its query, of an absolute target too."""
    if not target.startswith("/"):
        try:
            target = urlsplit(target).path
        except ValueError:
            return ""
    return target.partition("?")[0]


def read_runtime_answer(exchange: HttpExchange) -> RuntimeAnswer:
    """Read what the runtime posted."""
    headers, trailers = exchange.headers, exchange.trailers
    return RuntimeAnswer(
        body=exchange.body,
        size=exchange.size,
        content_type=headers.get("content-type", ""),
        invocation_id=headers.get("lambda-runtime-invocation-id", ""),
        response_mode=headers.get("lambda-runtime-function-response-mode", ""),
        error_type=headers.get("lambda-runtime-function-error-type", ""),
        trailer_error_type=trailers.get("lambda-runtime-function-error-type", ""),
        trailer_error_body=trailers.get("lambda-runtime-function-error-body", ""),
        is_truncated=exchange.is_truncated,
    )


def may_stream(invocation: Invocation, exchange: HttpExchange) -> bool:
    """Whether a response, by its head, is the one that the invocation's caller wants streamed."""
    echo = exchange.headers.get("lambda-runtime-invocation-id", "")
    return (
        isinstance(invocation.caller, RelayedCall)
        and not invocation.is_answered
        and not (echo and invocation.invocation_id and echo != invocation.invocation_id)
        and exchange.headers.get("lambda-runtime-function-response-mode", "") in {"", "streaming"}
    )


class RuntimeApi:
    """The application on an environment's own port."""

    def __init__(
        self, environment: ExecutionEnvironment, clock: Callable[[], float], apply: Callable[[], None]
    ) -> None:
        self._environment = environment
        self._clock = clock
        # Carries out what the model decided with the request.
        self._apply = apply
        self._hosts = AllowedHosts()
        post, get, put = "POST", "GET", "PUT"
        self._routes: dict[str, tuple[str, Callable[[HttpExchange], None]]] = {
            f"{RUNTIME}/ping": (get, lambda exchange: exchange.reply(answers.PONG)),
            f"{RUNTIME}/runtime/init/error": (post, self._init_error),
            f"{RUNTIME}/runtime/restore/next": (get, lambda each: environment.restore_next(each, clock())),
            f"{RUNTIME}/runtime/restore/error": (post, self._restore_error),
            f"{EXTENSION}/register": (post, self._register),
            f"{EXTENSION}/event/next": (get, self._extension_next),
            f"{EXTENSION}/init/error": (post, lambda each: self._extension_error(each, "InitError")),
            f"{EXTENSION}/exit/error": (post, lambda each: self._extension_error(each, "ExitError")),
            TELEMETRY: (put, lambda each: self._subscribe(each, "telemetry")),
            LOGS: (put, lambda each: self._subscribe(each, "logs")),
        }

    def handle(self, exchange: HttpExchange) -> None:
        """Route a request. The two of every invocation are looked at first."""
        if self._is_of_a_page(exchange.headers):
            exchange.reply(OF_A_PAGE)
            return
        target, method = exchange.target, exchange.method
        if target == NEXT and method == "GET":
            self._environment.next(exchange, exchange.size, self._clock())
            self._apply()
            return
        path = read_path(target)
        if path.startswith(INVOCATION):
            self._invocation(exchange, path[len(INVOCATION) :])
        elif (route := self._routes.get(path)) is None:
            exchange.reply(answers.NOT_FOUND)
        elif route[0] != method:
            exchange.reply(answers.method_not_allowed(route[0]))
        else:
            route[1](exchange)
        self._apply()

    def _is_of_a_page(self, headers: Mapping[str, str]) -> bool:
        # It could take an event away, or end the environment; with `aioric-rie` the port is known to all.
        host = headers.get("host")
        is_called = host is None or self._hosts.include(host)
        return not is_called or "origin" in headers or "sec-fetch-site" in headers

    def opened(self, exchange: HttpExchange) -> None:
        """Have a response passed on while it arrives, where its caller asked for a stream."""
        if exchange.method != "POST" or not exchange.target.endswith("/response"):
            return
        request_id = unquote(read_path(exchange.target)[len(INVOCATION) : -len("/response")])
        if self._environment.records.are_watched:
            self._environment.records.response_opened(request_id, self._clock())
        for invocation in self._environment.running():
            if invocation.request_id == request_id and may_stream(invocation, exchange):
                exchange.relay = cast("RelayedCall", invocation.caller).relay(exchange)
                return

    def disconnected(self, exchange: HttpExchange) -> bool:
        """Tell the model that a poller left: to the platform, one that sends no more is gone."""
        self._environment.disconnected(exchange)
        self._apply()
        return False

    def _invocation(self, exchange: HttpExchange, rest: str) -> None:
        if rest == "next":
            if exchange.method == "GET":
                self._environment.next(exchange, exchange.size, self._clock())
            else:
                exchange.reply(answers.method_not_allowed("GET"))
            return
        request_id, _, kind = rest.rpartition("/")
        if not request_id or "/" in request_id or kind not in {"response", "error"}:
            exchange.reply(answers.NOT_FOUND)
        elif exchange.method != "POST":
            exchange.reply(answers.method_not_allowed("POST"))
        else:
            answer, now = read_runtime_answer(exchange), self._clock()
            take = self._environment.response if kind == "response" else self._environment.error
            take(exchange, unquote(request_id, errors="surrogateescape"), answer, now)

    def _init_error(self, exchange: HttpExchange) -> None:
        self._environment.init_error(exchange, read_runtime_answer(exchange), self._clock())

    def _restore_error(self, exchange: HttpExchange) -> None:
        self._environment.restore_error(exchange, read_runtime_answer(exchange), self._clock())

    def _register(self, exchange: HttpExchange) -> None:
        name = exchange.headers.get("lambda-extension-name", "")
        features = exchange.headers.get("lambda-extension-accept-feature", "")
        self._environment.register(exchange, name, features, exchange.body)

    def _extension_next(self, exchange: HttpExchange) -> None:
        identifier = exchange.headers.get("lambda-extension-identifier", "")
        self._environment.extension_next(exchange, identifier, self._clock())

    def _extension_error(self, exchange: HttpExchange, state: str) -> None:
        identifier = exchange.headers.get("lambda-extension-identifier", "")
        error_type = exchange.headers.get("lambda-extension-function-error-type", "")
        self._environment.extension_error(exchange, identifier, error_type, state, self._clock())

    def _subscribe(self, exchange: HttpExchange, api: Api) -> None:
        identifier = exchange.headers.get("lambda-extension-identifier", "")
        self._environment.subscribe(exchange, identifier, api, exchange.body, self._clock())
