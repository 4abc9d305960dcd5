"""Fronts as the options of `aioric dev` name them, above those of a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aioric_emulator.declaration import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aioric_emulator.fronts.settings import FrontSettings

__all__ = ["select_fronts"]

# The option that asks for a front, and those that say more of it.
DETAILS = {
    "url_port": {"url_mode": "invoke_mode"},
    "http_api_port": {"payload_format": "payload_format"},
    "rest_api_port": {},
    "alb_port": {"multi_value_headers": "multi_value_headers"},
}


def select_fronts(
    options: Mapping[str, Any], declared: Sequence[FrontSettings], functions: Sequence[str]
) -> list[FrontSettings]:
    """Give the fronts that a file declares, with what the options say of the first of each kind.

    Where there is none of a kind, the options make one for the first function. Raises `DeclarationError`.
    """
    fronts = list(declared)
    for port, details in DETAILS.items():
        given = {name: options[option] for option, name in details.items() if options[option]}
        if options[port] is None:
            if given:
                flag = port.removesuffix("_port").replace("_", "-")
                detail = next(option for option in details if options[option]).replace("_", "-")
                raise DeclarationError(f"--{detail} says more of --{flag} PORT, which is not given")
            continue
        given["port"] = options[port]
        overlay(fronts, make(port, given, functions), given)
    return fronts


def make(port: str, given: Mapping[str, Any], functions: Sequence[str]) -> FrontSettings:
    """Give the front that options ask for."""
    # What fronts are made of is not loaded where there are none.
    from aioric_emulator.fronts.declaring import (  # noqa: PLC0415
        declare_alb,
        declare_http_api,
        declare_rest_api,
        declare_url,
    )

    if port == "url_port":
        return declare_url(functions[0], dict(given))
    if port == "http_api_port":
        return declare_http_api("--http-api", given, functions)
    if port == "rest_api_port":
        return declare_rest_api("--rest-api", given, functions)
    return declare_alb("--alb", given, functions)


def overlay(fronts: list[FrontSettings], made: FrontSettings, given: Mapping[str, Any]) -> None:
    """Put what was given above the first front of the kind, or add the one that was made."""
    from aioric_emulator.fronts.settings import HttpApiSettings  # noqa: PLC0415 - as above

    for place, front in enumerate(fronts):
        if type(front) is not type(made):
            continue
        changes = {name: getattr(made, name) for name in given if hasattr(made, name)}
        if isinstance(front, HttpApiSettings) and "payload_format" in given:
            routes = (replace(each, payload_format=given["payload_format"]) for each in front.routes)
            changes["routes"] = tuple(routes)
        fronts[place] = replace(front, **changes)
        return
    fronts.append(made)
