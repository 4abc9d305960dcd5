"""The Lambda authorizers that a SAM template's APIs declare, and a word on those that are not run.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-apiauth.html
and sam-property-httpapi-httpapiauth.html there.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aioric_emulator.declaration import DeclarationError
from aioric_emulator.fronts.declaring_authorizers import declare_http_authorizer, declare_rest_authorizer
from aioric_emulator.intrinsics import target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aioric_emulator.fronts.authorizers import Authorizer
    from aioric_emulator.fronts.routes import Route

__all__ = ["ApiAuthorizers"]

# Where identities are, as SAM calls it, and as events' expressions do.
PLACES = {
    "Header": "request.header",
    "Headers": "request.header",
    "QueryStrings": "request.querystring",
    "StageVariables": "stageVariables",
    "Context": "context",
}
NOBODY = "NONE"
VARIABLE = re.compile(r"\$\{(\w+)")
READ = ("Identity", "FunctionPayloadType", "AuthorizerPayloadFormatVersion", "EnableSimpleResponses")


class ApiAuthorizers:
    """Those of one API. `served` are names of functions by logical id; `resolve` is the template's."""

    def __init__(
        self,
        place: str,
        auth: Mapping[str, Any],
        served: Mapping[str, str],
        resolve: Callable[[str, Any], Any],
        *,
        is_rest: bool,
    ) -> None:
        self._place = place
        self._served = served
        self._resolve = resolve
        self._is_rest = is_rest
        self._declared: Mapping[str, Any] = auth.get("Authorizers") or {}
        self._default = auth.get("DefaultAuthorizer")
        self._asks_preflight = auth.get("AddDefaultAuthorizerToCorsPreflight") is not False
        self._known: dict[str, Authorizer | None] = {}
        # Those that are not run, with the reason.
        self.left_out: dict[str, str] = {}

    def guard(self, route: Route, own: object) -> Route:
        """Give a route with its `own` authorizer, by name, or that of the API."""
        name = self._default if own is None else own
        return replace(route, authorizer=self._find(name))

    @property
    def of_preflights(self) -> Authorizer | None:
        """The one that is asked before the OPTIONS of a REST API's CORS, unless the template says no."""
        return self._find(self._default) if self._asks_preflight else None

    def _find(self, name: object) -> Authorizer | None:
        if not isinstance(name, str) or name == NOBODY:
            return None
        if name not in self._known:
            self._known[name] = self._read(name)
        return self._known[name]

    def _read(self, name: str) -> Authorizer | None:
        declared = self._declared.get(name)
        reference = declared.get("FunctionArn") if isinstance(declared, dict) else None
        if not isinstance(declared, dict) or reference is None:
            kind = "not declared here" if declared is None and name != "AWS_IAM" else "no Lambda authorizer"
            self.left_out[name] = kind
            return None
        function = self._served.get(find_function(reference), "")
        if not function:
            self.left_out[name] = f"its function {find_function(reference)} is not served"
            return None
        place = f"{self._place}: Auth"
        found = self._resolve(f"{place}: {name}", {key: declared[key] for key in READ if key in declared})
        settings = {"function": function, **read_identity(found.get("Identity") or {})}
        if self._is_rest:
            settings["type"] = str(found.get("FunctionPayloadType", "TOKEN"))
            return declare_rest_authorizer(place, name, settings, [function])
        settings["payload_format"] = str(found.get("AuthorizerPayloadFormatVersion", "2.0"))
        settings["simple"] = found.get("EnableSimpleResponses") is True
        return declare_http_authorizer(place, name, settings, [function])


def find_function(reference: Any) -> str:
    """Give the logical id of a function that is named by its ARN: `!GetAtt F.Arn`, `!Sub "${F.Arn}"`.

    And so `!Sub "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:${F}"`: the last is the function.
    """
    if isinstance(reference, dict) and set(reference) == {"Fn::Sub"}:
        names = VARIABLE.findall(str(reference["Fn::Sub"]))
        return names[-1] if names else str(reference["Fn::Sub"])
    return target(reference).partition(".")[0]


def read_identity(declared: Mapping[str, Any]) -> dict[str, Any]:
    """Give the settings of an `Identity`. Raises `DeclarationError`."""
    settings: dict[str, Any] = {}
    sources: list[str] = []
    for key, place in PLACES.items():
        names = declared.get(key) or []
        sources += [f"${place}.{name}" for name in ([names] if isinstance(names, str) else names)]
    if sources:
        settings["identity"] = sources
    if "ValidationExpression" in declared:
        settings["validation"] = declared["ValidationExpression"]
    if "ReauthorizeEvery" in declared:
        text = str(declared["ReauthorizeEvery"])
        if not text.isdecimal():
            raise DeclarationError(f"Identity: ReauthorizeEvery is a number of seconds, not {text}")
        settings["ttl"] = int(text)
    return settings
