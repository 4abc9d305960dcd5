"""Fronts that a SAM or CloudFormation template declares: Function URLs, routes of its APIs, load balancers.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-httpapi.html
and sam-property-function-api.html there. Domains and models are not read. Of authorizers that are no function
of the template's there is a note that they are not run: nobody signs in here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aioric_emulator.declaration import DeclarationError
from aioric_emulator.fronts.alb_template import LoadBalancers
from aioric_emulator.fronts.cors import Cors
from aioric_emulator.fronts.declaring import declare_url
from aioric_emulator.fronts.function_references import FunctionReferences
from aioric_emulator.fronts.routes import DEFAULT, Route, parse_route
from aioric_emulator.fronts.settings import FrontSettings, HttpApiSettings, RestApiSettings
from aioric_emulator.intrinsics import target
from aioric_emulator.template_globals import merge_properties

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aioric_emulator.fronts.authorizers import Authorizer
    from aioric_emulator.fronts.settings import UrlSettings

__all__ = ["TemplateFronts"]

# What an event without an API of its own belongs to.
IMPLICIT = {"HttpApi": "ServerlessHttpApi", "Api": "ServerlessRestApi"}
KINDS = {"HttpApi": "AWS::Serverless::HttpApi", "Api": "AWS::Serverless::Api"}
REFERENCES = {"HttpApi": "ApiId", "Api": "RestApiId"}
ANY = "X-AMAZON-APIGATEWAY-ANY-METHOD"
CORS = {
    "AllowOrigins": "allow_origins",
    "AllowMethods": "allow_methods",
    "AllowHeaders": "allow_headers",
    "ExposeHeaders": "expose_headers",
}
LET_IN = "everybody is let in, and events say nothing of who it is (requestContext.authorizer)"
# What each kind of API has besides its routes, and what it is called here.
SETTINGS = {
    "HttpApi": {"StageName": "stage", "StageVariables": "stage_variables"},
    "Api": {"StageName": "stage", "Variables": "stage_variables"},
}


class TemplateFronts:
    """Gathers the fronts of one template. `resolve` gives a value without intrinsic functions."""

    def __init__(self, content: Mapping[str, Any], resolve: Callable[[str, Any], Any]) -> None:
        self._resources: Mapping[str, Any] = content["Resources"]
        self._globals: Mapping[str, Any] = content.get("Globals") or {}
        self._resolve = resolve
        self._urls: list[UrlSettings] = []
        self._served: dict[str, str] = {}
        self._functions = FunctionReferences(content, self._served, resolve)
        # Routes by kind and logical id, each with the name of its own authorizer.
        self._apis: dict[tuple[str, str], list[tuple[Route, object]]] = {}
        # What a person should know of what was given.
        self.notes: list[str] = []

    def add(self, logical_id: str, function: str, properties: Mapping[str, Any]) -> None:
        """Take what leads to one function that is served. Raises `DeclarationError`."""
        self._served[logical_id] = function
        url = properties.get("FunctionUrlConfig")
        if url is not None:
            self._add_url(logical_id, function, url)
        for resource in self._resources.values():
            if isinstance(resource, dict) and resource.get("Type") == "AWS::Lambda::Url":
                of = resource.get("Properties") or {}
                if target(of.get("TargetFunctionArn")) == logical_id:
                    self._add_url(logical_id, function, of)
        for name, event in (properties.get("Events") or {}).items():
            if isinstance(event, dict) and event.get("Type") in KINDS:
                self._add_route(f"{logical_id}: {name}", function, event)

    def give(self) -> list[FrontSettings]:
        """Give all fronts. Raises `DeclarationError`."""
        fronts: list[FrontSettings] = list(self._urls)
        for (kind, name), routes in self._apis.items():
            fronts.append(self._api(kind, name, routes))
        return fronts + LoadBalancers(self._resources, self._functions, self._resolve).give()

    def _add_url(self, logical_id: str, function: str, declared: Any) -> None:
        place = f"{logical_id}: FunctionUrlConfig"
        if declared.get("AuthType") == "AWS_IAM":
            self.notes.append(f"{place}: AWS_IAM is not asked for: {LET_IN}")
        keys = {key: declared[key] for key in ("InvokeMode", "Cors") if key in declared}
        url = self._resolve(place, keys)
        settings: dict[str, Any] = {}
        if "InvokeMode" in url:
            settings["invoke_mode"] = url["InvokeMode"]
        made = declare_url(function, settings)
        cors = read_cors(place, url["Cors"]) if url.get("Cors") else None
        self._urls.append(type(made)(made.function, made.port, made.invoke_mode, cors))

    def _add_route(self, place: str, function: str, event: Mapping[str, Any]) -> None:
        kind = event["Type"]
        declared = event.get("Properties") or {}
        keys = ("Path", "Method", "PayloadFormatVersion", "TimeoutInMillis", REFERENCES[kind])
        found = self._resolve(place, {key: declared[key] for key in keys if key in declared})
        api = str(found.get(REFERENCES[kind], IMPLICIT[kind]))
        method = str(found.get("Method", "ANY")).upper()
        key = f"{'ANY' if method == ANY else method} {found['Path']}" if "Path" in found else DEFAULT
        try:
            method, path = parse_route(key)
        except ValueError as error:
            raise DeclarationError(f"{place}: {error}") from None
        if path == DEFAULT and kind == "Api":
            raise DeclarationError(f"{place}: an event of the type Api needs a Path")
        timeout = float(found.get("TimeoutInMillis", 30_000)) / 1000
        route = Route(function, path, method, str(found.get("PayloadFormatVersion", "2.0")), timeout)
        auth = declared.get("Auth") or {}
        if not isinstance(auth, dict):
            raise DeclarationError(f"{place}: Auth is a mapping, not {auth!r}")
        self._note_keys(place, auth)
        own = self._resolve(f"{place}: Auth", auth.get("Authorizer"))
        routes = self._apis.setdefault((kind, api), [])
        if any(each.key == route.key for each, _ in routes):
            raise DeclarationError(f"{place}: {api} has {route.key} already")
        routes.append((route, own))

    def _api(self, kind: str, name: str, declared: list[tuple[Route, object]]) -> FrontSettings:
        resource = self._resources.get(name)
        common: Mapping[str, Any] = self._globals.get(kind) or {}
        own: Mapping[str, Any] = {}
        if isinstance(resource, dict) and resource.get("Type") == KINDS[kind]:
            own = resource.get("Properties") or {}
        properties = merge_properties(common, own)
        routes, preflights = self._guard(name, declared, properties.get("Auth"), is_rest=kind == "Api")
        keys = (*SETTINGS[kind], "Cors", "CorsConfiguration", "BinaryMediaTypes")
        found = self._resolve(name, {key: properties[key] for key in keys if key in properties})
        settings = {ours: found[key] for key, ours in SETTINGS[kind].items() if key in found}
        if kind == "Api":
            # SAM writes the slash as JSON pointers do.
            types = tuple(str(each).replace("~1", "/") for each in found.get("BinaryMediaTypes") or ())
            rest = read_rest_cors(name, found["Cors"]) if found.get("Cors") else None
            return RestApiSettings(
                routes,
                binary_media_types=types,
                cors=rest,
                preflight_authorizer=preflights if rest else None,
                **settings,
            )
        cors = found.get("CorsConfiguration")
        return HttpApiSettings(routes, cors=read_cors(name, cors) if cors else None, **settings)

    def _note_keys(self, place: str, auth: object) -> None:
        """Say that nobody asks for the API keys that an API's, or an event's, `Auth` wants."""
        if isinstance(auth, dict) and str(auth.get("ApiKeyRequired")).lower() == "true":
            self.notes.append(f"{place}: API keys are not asked for: {LET_IN}")

    def _guard(
        self, name: str, declared: list[tuple[Route, object]], auth: Any, *, is_rest: bool
    ) -> tuple[tuple[Route, ...], Authorizer | None]:
        """Give an API's routes with their authorizers, and the one that is asked before its OPTIONS."""
        if not auth and not any(own for _, own in declared):
            return tuple(route for route, _ in declared), None
        self._note_keys(name, auth)
        # Only who has some waits for what reads them.
        from aioric_emulator.fronts.authorizers_template import ApiAuthorizers  # noqa: PLC0415

        authorizers = ApiAuthorizers(name, auth, self._functions, self._resolve, is_rest=is_rest)
        routes = tuple(authorizers.guard(*each) for each in declared)
        preflights = authorizers.of_preflights
        self.notes += authorizers.notes
        for authorizer, reason in authorizers.left_out.items():
            self.notes.append(f"{name}: the authorizer {authorizer} is not run ({reason}): {LET_IN}")
        return routes, preflights


def read_cors(place: str, declared: Any) -> Cors:
    """Give a template's `Cors` or `CorsConfiguration`; `true` lets everybody in."""
    if declared is True:
        return Cors(("*",), ("*",), ("*",))
    if not isinstance(declared, dict):
        raise DeclarationError(f"{place}: Cors is a mapping or true, not {declared!r}")
    lists = {ours: tuple(map(str, declared.get(key) or ())) for key, ours in CORS.items()}
    age = int(declared.get("MaxAge") or 0)
    return Cors(**lists, allow_credentials=declared.get("AllowCredentials") is True, max_age=age)


def read_rest_cors(place: str, declared: Any) -> Cors:
    """Give the `Cors` of a REST API, whose values SAM has in quotes of their own: `"'GET,PUT'"`."""
    if isinstance(declared, str):
        declared = {"AllowOrigin": declared}
    if not isinstance(declared, dict):
        raise DeclarationError(f"{place}: Cors is text or a mapping, not {declared!r}")
    plain = {key: str(value).strip("'") for key, value in declared.items()}

    def parts(key: str) -> tuple[str, ...]:
        return tuple(each.strip() for each in plain.get(key, "").split(",") if each.strip())

    age = plain.get("MaxAge", "0")
    return Cors(
        parts("AllowOrigin"),
        parts("AllowMethods"),
        parts("AllowHeaders"),
        allow_credentials=declared.get("AllowCredentials") is True,
        max_age=int(age) if age.isdecimal() else 0,
    )
