"""The Lambda authorizers that a SAM template's APIs declare, and a word on those that are not run.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-apiauth.html
and sam-property-httpapi-httpapiauth.html there. What could not be deployed is refused: a mistyped name is to
let nobody in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aioric_emulator.declaration import DeclarationError
from aioric_emulator.fronts.authorizers import REQUEST, TOKEN
from aioric_emulator.fronts.declaring_authorizers import (
    MAX_TTL,
    declare_http_authorizer,
    declare_rest_authorizer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aioric_emulator.fronts.authorizers import Authorizer
    from aioric_emulator.fronts.function_references import FunctionReferences
    from aioric_emulator.fronts.routes import Route

__all__ = ["ApiAuthorizers"]

# Where identities are, as SAM calls it by the kind of authorizer, and as events' expressions do.
PLACES = {
    TOKEN: {"Header": "request.header"},
    REQUEST: {
        "Headers": "request.header",
        "QueryStrings": "request.querystring",
        "StageVariables": "stageVariables",
        "Context": "context",
    },
}
NOBODY = "NONE"
# Who asks for signatures is named by this, and declared nowhere.
SIGNATURES = "AWS_IAM"
READ = ("Identity", "FunctionPayloadType", "AuthorizerPayloadFormatVersion", "EnableSimpleResponses")
PERMITTED = ("EnableFunctionDefaultPermissions", "FunctionInvokeRole")


class ApiAuthorizers:
    """Those of one API. `resolve` is the template's. Raises `DeclarationError` throughout."""

    def __init__(
        self,
        place: str,
        auth: object,
        functions: FunctionReferences,
        resolve: Callable[[str, Any], Any],
        *,
        is_rest: bool,
    ) -> None:
        self._place = f"{place}: Auth"
        self._functions = functions
        self._resolve = resolve
        self._is_rest = is_rest
        auth = mapping(self._place, auth)
        self._declared = mapping(f"{self._place}: Authorizers", auth.get("Authorizers"))
        self._default = resolve(self._place, auth.get("DefaultAuthorizer"))
        self._asks_preflight = auth.get("AddDefaultAuthorizerToCorsPreflight") is not False
        self._known: dict[str, Authorizer | None] = {}
        # Those that are not run, with the reason.
        self.left_out: dict[str, str] = {}
        # What is otherwise when it is deployed.
        self.notes: list[str] = []

    def guard(self, route: Route, own: object) -> Route:
        """Give a route with its `own` authorizer, by name, or that of the API."""
        return replace(route, authorizer=self._find(self._default if own is None else own))

    @property
    def of_preflights(self) -> Authorizer | None:
        """The one that is asked before the OPTIONS of a REST API's CORS, unless the template says no."""
        return self._find(self._default) if self._asks_preflight else None

    def _find(self, name: object) -> Authorizer | None:
        if name is None or name == NOBODY:
            return None
        if not isinstance(name, str):
            raise DeclarationError(
                f"{self._place}: an authorizer is one of Authorizers, by name, not {name!r}"
            )
        if name not in self._known:
            self._known[name] = self._read(name)
        return self._known[name]

    def _read(self, name: str) -> Authorizer | None:
        if name == SIGNATURES:
            self.left_out[name] = "no Lambda authorizer"
            return None
        if name not in self._declared:
            there = ", ".join(self._declared) or "none"
            raise DeclarationError(f"{self._place}: there is no authorizer {name!r}; there is {there}")
        place = f"{self._place}: {name}"
        declared = mapping(place, self._declared[name])
        if declared.get("FunctionArn") is None:
            self.left_out[name] = "no Lambda authorizer"
            return None
        function, reason = self._functions.find(f"{place}: FunctionArn", declared["FunctionArn"])
        if not function:
            self.left_out[name] = reason
            return None
        found = self._resolve(place, {key: declared[key] for key in READ if key in declared})
        if self._is_rest:
            return self._read_rest(name, function, found)
        if not any(map(declared.get, PERMITTED)) and not self._functions.has_permissions:
            self.notes.append(
                f"{place}: when it is deployed, the API may not invoke {function}, and answers 500: "
                f"{PERMITTED[0]}: true permits it"
            )
        return self._read_http(name, function, found)

    def _read_rest(self, name: str, function: str, found: Mapping[str, Any]) -> Authorizer:
        kind = str(found.get("FunctionPayloadType", TOKEN))
        identity = read_identity(f"{self._place}: {name}", kind, found.get("Identity"))
        settings = {"function": function, "type": kind, **identity}
        return declare_rest_authorizer(self._place, name, settings, [function])

    def _read_http(self, name: str, function: str, found: Mapping[str, Any]) -> Authorizer:
        place = f"{self._place}: {name}"
        if "AuthorizerPayloadFormatVersion" not in found:
            raise DeclarationError(
                f"{place}: AuthorizerPayloadFormatVersion is 1.0 or 2.0, and has to be there"
            )
        settings = {
            "function": function,
            "payload_format": str(found["AuthorizerPayloadFormatVersion"]),
            "simple": is_true(found.get("EnableSimpleResponses")),
            **read_identity(place, REQUEST, found.get("Identity")),
        }
        return declare_http_authorizer(self._place, name, settings, [function])


def read_identity(place: str, kind: str, declared: object) -> dict[str, Any]:
    """Give the settings of an `Identity`. Raises `DeclarationError`."""
    place = f"{place}: Identity"
    identity = mapping(place, declared)
    places = PLACES.get(kind, {})
    others = ("ReauthorizeEvery", "ValidationExpression") if kind == TOKEN else ("ReauthorizeEvery",)
    unknown = identity.keys() - places.keys() - {*others}
    if places and unknown:
        raise DeclarationError(f"{place}: there are {', '.join([*places, *others])}, not {min(unknown)}")
    settings: dict[str, Any] = {}
    sources = [f"${places[key]}.{name}" for key in places for name in texts(place, key, identity.get(key))]
    if sources:
        settings["identity"] = sources
    if "ValidationExpression" in identity:
        settings["validation"] = identity["ValidationExpression"]
    if "ReauthorizeEvery" in identity:
        text = str(identity["ReauthorizeEvery"])
        if not text.isdecimal() or int(text) > MAX_TTL:
            raise DeclarationError(f"{place}: ReauthorizeEvery is 0 to {MAX_TTL} seconds, not {text}")
        settings["ttl"] = int(text)
    return settings


def texts(place: str, key: str, value: object) -> list[str]:
    """Give a list of text; one text is one, and nothing none. Raises `DeclarationError`."""
    found = [value] if isinstance(value, str) else value or []
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise DeclarationError(f"{place}: {key} is a list of text, not {value!r}")
    return found


def mapping(place: str, value: object) -> Mapping[str, Any]:
    """Give a mapping; nothing is an empty one. Raises `DeclarationError`."""
    if not isinstance(value or {}, dict):
        raise DeclarationError(f"{place} is a mapping, not {value!r}")
    return value if isinstance(value, dict) else {}


def is_true(value: object) -> bool:
    """Whether a template says yes, as a boolean or, from a parameter, as text."""
    return str(value).lower() == "true"
