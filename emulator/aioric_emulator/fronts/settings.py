"""What fronts there are, and of which kind: the settings of each. No I/O.

`port` is where a front is served: None is for the next one free, 0 for any.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from aioric_emulator.fronts.alb import Alb
from aioric_emulator.fronts.function_url import FunctionUrl
from aioric_emulator.fronts.http_api import HttpApi
from aioric_emulator.fronts.rest_api import RestApi
from aioric_emulator.fronts.routes import DEFAULT, Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aioric_emulator.fronts.alb_rules import Rule
    from aioric_emulator.fronts.authorizers import Authorizer
    from aioric_emulator.fronts.cors import Cors
    from aioric_emulator.fronts.front import Front

__all__ = [
    "BUFFERED",
    "RESPONSE_STREAM",
    "AlbSettings",
    "FrontSettings",
    "HttpApiSettings",
    "RestApiSettings",
    "UrlSettings",
    "catch_all",
]

BUFFERED = "BUFFERED"
RESPONSE_STREAM = "RESPONSE_STREAM"


@dataclass(frozen=True, slots=True)
class UrlSettings:
    """A Function URL."""

    function: str
    port: int | None = None
    invoke_mode: str = BUFFERED
    cors: Cors | None = None

    @property
    def is_streamed(self) -> bool:
        """Whether answers are passed on while they are made."""
        return self.invoke_mode == RESPONSE_STREAM

    @property
    def title(self) -> str:
        """What a person calls it."""
        return f"Function URL of {self.function} ({self.invoke_mode})"

    def open(self) -> Front:
        """Make the front."""
        return FunctionUrl(self)


@dataclass(frozen=True, slots=True)
class HttpApiSettings:
    """An HTTP API of API Gateway. Without a route of its own it has none."""

    routes: tuple[Route, ...]
    port: int | None = None
    stage: str = DEFAULT
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    cors: Cors | None = None

    @property
    def title(self) -> str:
        """What a person calls it."""
        return f"HTTP API ({count(self.routes)})"

    def open(self) -> Front:
        """Make the front."""
        return HttpApi(self)


@dataclass(frozen=True, slots=True)
class RestApiSettings:
    """A REST API of API Gateway. `timeout` is in seconds."""

    routes: tuple[Route, ...]
    port: int | None = None
    stage: str = "Prod"
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    binary_media_types: tuple[str, ...] = ()
    timeout: float = 29.0
    cors: Cors | None = None
    # Asked before the OPTIONS that `cors` answers: SAM does that unless told otherwise.
    preflight_authorizer: Authorizer | None = None

    @property
    def title(self) -> str:
        """What a person calls it."""
        return f"REST API ({count(self.routes)})"

    def open(self) -> Front:
        """Make the front."""
        return RestApi(self)


@dataclass(frozen=True, slots=True)
class AlbSettings:
    """An Application Load Balancer whose target is a function.

    Where there are `rules`, they decide instead; their listener is called `name`.
    """

    function: str
    port: int | None = None
    multi_value_headers: bool = False
    rules: tuple[Rule, ...] = ()
    name: str = ""

    @property
    def title(self) -> str:
        """What a person calls it."""
        return f"Load balancer {self.name}" if self.rules else f"Load balancer of {self.function}"

    def open(self) -> Front:
        """Make the front."""
        return Alb(self)


FrontSettings: TypeAlias = UrlSettings | HttpApiSettings | RestApiSettings | AlbSettings


def count(routes: tuple[Route, ...]) -> str:
    """Say how many routes there are."""
    return "1 route" if len(routes) == 1 else f"{len(routes)} routes"


def catch_all(function: str) -> tuple[Route, ...]:
    """Give the routes of a REST API that lead everything to one function."""
    return Route(function, "/"), Route(function, "/{proxy+}")
