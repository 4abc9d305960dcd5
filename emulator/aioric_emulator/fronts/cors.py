"""Cross-origin requests, as fronts answer them where they are configured to. No I/O.

https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html, and of REST APIs
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-corsconfiguration.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aioric_emulator.answers import JSON
from aioric_emulator.messages import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aioric_emulator.fronts.request import Request

__all__ = ["Cors"]

PREFIX = "access-control-"


@dataclass(frozen=True, slots=True)
class Cors:
    """Who may call from where. `max_age` is in seconds."""

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    allow_credentials: bool = False
    max_age: int = 0

    def preflight(self, request: Request, status: int) -> Answer | None:
        """Give the answer to a browser's question, or None where a request is none."""
        if request.method != "OPTIONS" or not request.header("origin"):
            return None
        method = request.header("access-control-request-method").upper()
        if not method:
            return None
        headers = self._headers(request)
        methods = {each.upper() for each in self.allow_methods}
        if headers and (method in methods or "*" in methods):
            headers.append(("Access-Control-Allow-Methods", ",".join(self.allow_methods)))
            asked = request.header("access-control-request-headers")
            if self.allow_headers:
                allowed = asked if "*" in self.allow_headers and asked else ",".join(self.allow_headers)
                headers.append(("Access-Control-Allow-Headers", allowed))
            if self.max_age:
                headers.append(("Access-Control-Max-Age", str(self.max_age)))
        return Answer(status, tuple(headers))

    def mock(self, methods: Iterable[str]) -> Answer:
        """Give what the OPTIONS method of a REST API says, whoever asks: SAM makes it a mock.

        `methods` are those of the resource, for where none are configured.
        """
        named = {"Origin": self.allow_origins[:1], "Headers": self.allow_headers}
        named["Methods"] = self.allow_methods or tuple(sorted({*methods, "OPTIONS"}))
        headers = [
            (f"Access-Control-Allow-{name}", ",".join(values)) for name, values in named.items() if values
        ]
        if self.allow_credentials:
            headers.append(("Access-Control-Allow-Credentials", "true"))
        if self.max_age:
            headers.append(("Access-Control-Max-Age", str(self.max_age)))
        return Answer(200, (JSON, *headers), b"{}\n")

    def add(self, request: Request, answer: Answer) -> Answer:
        """Give an answer with our headers for its origin in place of the function's own."""
        own = tuple(each for each in answer.headers if not each[0].lower().startswith(PREFIX))
        return Answer(answer.status, (*own, *self._headers(request)), answer.body)

    def _headers(self, request: Request) -> list[tuple[str, str]]:
        origin = request.header("origin")
        if not origin or not self._allows(origin):
            return []
        is_any = "*" in self.allow_origins and not self.allow_credentials
        headers = [("Access-Control-Allow-Origin", "*" if is_any else origin)]
        if not is_any:
            headers.append(("Vary", "Origin"))
        if self.allow_credentials:
            headers.append(("Access-Control-Allow-Credentials", "true"))
        if self.expose_headers:
            headers.append(("Access-Control-Expose-Headers", ",".join(self.expose_headers)))
        return headers

    def _allows(self, origin: str) -> bool:
        scheme = origin.partition("://")[0].lower()
        return any(
            each == "*" or each.lower() in {origin.lower(), f"{scheme}://*"} for each in self.allow_origins
        )
