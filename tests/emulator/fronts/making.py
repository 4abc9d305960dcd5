"""Requests and facts, as the tests of fronts want them."""

from __future__ import annotations

import json
from typing import Any

from aioric_emulator.fronts.front import Call
from aioric_emulator.fronts.request import Facts, Request
from aioric_emulator.messages import Answer, Outcome

FACTS = Facts("id-1", "Root=1-aa-bb;Parent=cc;Sampled=0", 1783711146.671)
HOST = ("Host", "localhost:8081")


def request(target: str = "/", *fields: tuple[str, str], method: str = "GET", body: bytes = b"") -> Request:
    """Give a request as a client sends it, with a `Host`."""
    path, _, query = target.partition("?")
    return Request(method, path, query, (HOST, *fields), body)


def call(front: Any, made: Request | None = None) -> Call:
    """Give the call that a request becomes, which has to be one."""
    decided = front.receive(request() if made is None else made, FACTS)
    assert isinstance(decided, Call), decided
    return decided


def answer(front: Any, value: object, made: Request | None = None) -> Answer:
    """Give the answer that a function's value becomes; bytes are what it posted."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    of = call(front, made)
    return of.dress(of.read(Outcome(body)))


def headers(of: Answer) -> dict[str, list[str]]:
    """Give an answer's headers by name in lower case."""
    found: dict[str, list[str]] = {}
    for name, value in of.headers:
        found.setdefault(name.lower(), []).append(value)
    return found
