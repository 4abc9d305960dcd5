"""A function's answer in the proxy format, taken apart: status, headers, cookies, body. No I/O.

Each front refuses what it cannot read, in words of its own; here it is `MalformedAnswer`.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aioric_emulator.fronts.request import HOP_BY_HOP
from aioric_emulator.messages import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "MalformedAnswer",
    "RefusedAnswer",
    "compose",
    "has_header",
    "read_body",
    "read_cookies",
    "read_headers",
    "read_object",
    "read_status",
    "refused",
]

# What a front decides itself: how the body is framed, and what becomes of the connection.
FRAMING = HOP_BY_HOP | {"content-length"}
# RFC 9110, section 5.5.
CONTROLS = dict.fromkeys([*range(9), *range(10, 32), 127], " ")
# What no header's name may hold, besides controls: RFC 9110, section 5.6.2.
SEPARATORS = frozenset(' ":(),/;<=>?@[\\]{}')
# A status that can end an exchange.
FINAL = range(200, 600)


class MalformedAnswer(ValueError):
    """What a function gave back is no answer that the front can send."""


@dataclass(frozen=True, slots=True)
class RefusedAnswer(Answer):
    """A front's own answer in place of a function's; `reason` is for the function's log only."""

    reason: str = ""


def refused(fault: Answer, why: object) -> RefusedAnswer:
    """Give a front's fault with the reason for it."""
    return RefusedAnswer(fault.status, fault.headers, fault.body, str(why))


def read_object(body: bytes) -> dict[str, Any]:
    """Give the object that an answer is."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedAnswer("not JSON") from None
    if not isinstance(value, dict):
        raise MalformedAnswer("not an object")
    return value


def read_status(value: object) -> int:
    """Give a status that is a number, or text that reads as one."""
    if isinstance(value, str) and value.isdecimal():
        value = int(value) if len(value) < 4 else 0  # noqa: PLR2004 - longer ones are none
    if not isinstance(value, int | float) or isinstance(value, bool) or value not in FINAL:
        raise MalformedAnswer(f"the statusCode is {value!r}")
    return int(value)


def as_text(value: object) -> str:
    """Give a header's value as text, as API Gateway converts it; what no head may hold becomes a space."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value).translate(CONTROLS).encode("utf-8", "replace").decode()
    raise MalformedAnswer(f"a header's value is {value!r}")


def read_headers(
    headers: object, several: object = None, *, is_strict: bool = False
) -> list[tuple[str, str]]:
    """Give headers in order, without those that the front decides itself.

    `several` is `multiValueHeaders`, which ranks above `headers`. `is_strict`: values have to be text.
    A value that is null is no header.
    """
    single = {name: [value] for name, value in mapping(headers).items()}
    lists = {name: listed(values) for name, values in mapping(several).items()}
    ranked = {name.lower() for name in lists}
    merged = [(name, values) for name, values in single.items() if name.lower() not in ranked]
    found: list[tuple[str, str]] = []
    for name, values in [*merged, *lists.items()]:
        if name.lower() in FRAMING:
            continue
        for value in values:
            if is_strict and not isinstance(value, str):
                raise MalformedAnswer(f"the header {name} is {value!r}")
            if value is not None:
                found.append((token(name), as_text(value)))
    return found


def compose(
    value: Mapping[str, Any], headers: list[tuple[str, str]], default_type: str, *, decodes: bool = True
) -> Answer:
    """Give the answer that an object with `statusCode` is, and headers read from it.

    `default_type` is its content type where it names none; without `decodes` base64 is passed on as it is.
    Raises `MalformedAnswer`.
    """
    if not has_header(headers, "content-type"):
        headers.append(("Content-Type", default_type))
    content = read_body(value.get("body"), is_base64=decodes and value.get("isBase64Encoded"))
    return Answer(read_status(value.get("statusCode")), tuple(headers), content)


def read_cookies(value: object) -> list[tuple[str, str]]:
    """Give a header for each cookie of a list of text; null is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise MalformedAnswer(f"cookies are {value!r}")
    return [("Set-Cookie", as_text(each)) for each in value]


def mapping(value: object) -> Mapping[str, Any]:
    """Give an object of an answer; null is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedAnswer(f"headers are {value!r}")
    return value


def listed(value: object) -> list[Any]:
    """Give a list of an answer."""
    if not isinstance(value, list):
        raise MalformedAnswer(f"a header's values are {value!r}")
    return value


def token(name: str) -> str:
    """Give a header's name that can stand in a head."""
    if not name or not name.isascii() or not name.isprintable() or not SEPARATORS.isdisjoint(name):
        raise MalformedAnswer(f"no header can be named {name!r}")
    return name


def has_header(headers: Iterable[tuple[str, str]], name: str) -> bool:
    """Whether there is a header; `name` is in lower case."""
    return any(each.lower() == name for each, _ in headers)


def read_body(value: object, *, is_base64: object = False) -> bytes:
    """Give the bytes of a body. Null is an empty one."""
    if value is None:
        return b""
    if not isinstance(value, str):
        raise MalformedAnswer(f"the body is no text but {type(value).__name__}")
    if is_base64 is not True:
        return value.encode("utf-8", "replace")
    try:
        return base64.b64decode(value.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise MalformedAnswer("the body is not in base64") from None
