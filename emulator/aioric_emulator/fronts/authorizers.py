"""Lambda authorizers: which function an API asks before another, by what, and for how long. No I/O.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["REQUEST", "TOKEN", "Authorizer", "Identity", "Sources", "parse_identity"]

TOKEN = "TOKEN"  # noqa: S105 - a kind of authorizer
REQUEST = "REQUEST"
# As HTTP APIs write it, `$request.header.X`, and as REST APIs do, `method.request.header.X`.
EXPRESSION = re.compile(
    r"\$?(?:method\.)?(request\.header|request\.querystring|stageVariables|context)\.(.+)"
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Where a request says who sent it: an identity source. `place` is as in `$request.header.NAME`."""

    place: str
    name: str

    def __str__(self) -> str:
        """Give the expression as HTTP APIs write it."""
        return f"${self.place}.{self.name}"


def parse_identity(text: str) -> Identity:
    """Read an identity source. Raises `ValueError` that says what could be one."""
    found = EXPRESSION.fullmatch(text)
    if found is None:
        raise ValueError(
            f"{text} is no identity source; there are $request.header.NAME, $request.querystring.NAME, "
            "$context.NAME and $stageVariables.NAME"
        )
    return Identity(found[1], found[2])


@dataclass(frozen=True, slots=True)
class Sources:
    """What a request has in the places of identity sources. Names of headers are in lower case."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    variables: Mapping[str, str]
    context: Mapping[str, Any]

    def find(self, identity: Identity) -> str:
        """Give what a source holds; nothing where there is none."""
        if identity.place == "request.header":
            return self.headers.get(identity.name.lower(), "")
        if identity.place == "request.querystring":
            return self.query.get(identity.name, "")
        if identity.place == "stageVariables":
            return self.variables.get(identity.name, "")
        value: Any = self.context
        for part in identity.name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return "" if value is None else str(value)

    def find_all(self, identities: Iterable[Identity]) -> list[str]:
        """Give what several sources hold, in their order."""
        return [self.find(each) for each in identities]


@dataclass(frozen=True, slots=True)
class Authorizer:
    """One of an API's. `kind` is `TOKEN` or `REQUEST`, `ttl` in seconds, 0 for results that are not kept.

    `payload_format` and `is_simple` are an HTTP API's, `kind` and `validation` a REST API's.
    """

    name: str
    function: str
    kind: str = REQUEST
    identity: tuple[Identity, ...] = ()
    ttl: float = 0.0
    validation: str = ""
    payload_format: str = "2.0"
    is_simple: bool = False

    def missing(self, sources: Sources) -> str:
        """Say what a request lacks, so that the function is not asked; nothing where it lacks nothing."""
        for identity in self.identity:
            value = sources.find(identity)
            if not value:
                return f"it has no {identity}"
            if self.validation and re.fullmatch(self.validation, value) is None:
                return f"{identity} does not match {self.validation}"
        return ""
