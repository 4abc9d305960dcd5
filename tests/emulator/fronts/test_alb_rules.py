"""The rules of a load balancer's listener: each kind of condition, and what comes first."""

from __future__ import annotations

import pytest

from aioric_emulator.fronts.alb import Alb
from aioric_emulator.fronts.alb_actions import FixedResponse, Target
from aioric_emulator.fronts.alb_rules import Condition, Rule, choose
from aioric_emulator.fronts.settings import AlbSettings
from aioric_emulator.messages import Answer
from tests.emulator.fronts.making import FACTS, answer, call, headers, request

REQUEST = request("/Img/a.png?Version=V1&a=%2A&mobile", ("X-Kind", "one"), ("x-kind", "Two"))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Condition("path-pattern", ("/Img/*",)), True),
        (Condition("path-pattern", ("/img/*",)), False),
        (Condition("path-pattern", ("/Img/?.png",)), True),
        (Condition("path-pattern", ("/Img/.*",)), False),
        (Condition("path-pattern", ("/no", "/*.png")), True),
        (Condition("host-header", ("LOCAL*",)), True),
        (Condition("host-header", ("localhost:8081",)), False),
        (Condition("http-request-method", ("POST", "GET")), True),
        (Condition("http-request-method", ("get",)), False),
        (Condition("http-header", ("t?o",), "X-KIND"), True),
        (Condition("http-header", ("three",), "x-kind"), False),
        (Condition("http-header", ("*",), "x-other"), False),
        (Condition("query-string", ("version=v?",)), True),
        (Condition("query-string", ("v1",)), True),
        (Condition("query-string", ("other=v1",)), False),
        (Condition("query-string", ("mobile=",)), True),
        (Condition("query-string", (r"a=\*",)), False),
        (Condition("query-string", ("a=%2a",)), True),
        (Condition("source-ip", ("10.0.0.0/8", "127.0.0.0/8")), True),
        (Condition("source-ip", ("::1/128",)), False),
    ],
)
def test_a_condition(condition: Condition, *, holds: bool) -> None:
    """One of its values is enough; only paths tell upper case from lower case."""
    assert condition.holds(REQUEST) is holds


def test_a_backslash_takes_a_wildcards_meaning() -> None:
    """So that the character itself can be asked for."""
    literal = Condition("query-string", (r"a=\*\?\\x",))
    assert literal.holds(request(r"/?a=*?\x"))
    assert not literal.holds(request(r"/?a=b?\x"))


def test_the_first_rule_whose_conditions_all_hold() -> None:
    """Later ones are for what the earlier left; what is for nobody, has none."""
    images, both = Target("images"), Target("both")
    path, method = Condition("path-pattern", ("/Img/*",)), Condition("http-request-method", ("POST",))
    rules = (Rule(both, (path, method)), Rule(images, (path,)))
    assert choose(rules, REQUEST) == images
    assert choose(rules, request("/Img/a", method="POST")) == both
    assert choose(rules, request("/other")) is None


def test_a_listener_with_rules() -> None:
    """Each target with its own kind of event and answer; a fixed response; 503 for what is not here."""
    rules = (
        Rule(Target("plain"), (Condition("path-pattern", ("/plain",)),)),
        Rule(Target("lists", multi_value_headers=True), (Condition("path-pattern", ("/lists",)),)),
        Rule(FixedResponse(418, "text/x", "no"), (Condition("path-pattern", ("/fixed",)),)),
        Rule(None),
    )
    front = Alb(AlbSettings("plain", rules=rules, name="L"))
    plain, lists = request("/plain"), request("/lists")
    assert (call(front, plain).function, "headers" in call(front, plain).event) == ("plain", True)
    assert (call(front, lists).function, "multiValueHeaders" in call(front, lists).event) == ("lists", True)
    value = {"statusCode": 200, "headers": {"x": "one"}, "multiValueHeaders": {"x": ["a", "b"]}}
    assert headers(answer(front, value, plain))["x"] == ["one"]
    assert headers(answer(front, value, lists))["x"] == ["a", "b"]
    fixed = front.receive(request("/fixed"), FACTS)
    assert isinstance(fixed, Answer)
    assert (fixed.status, fixed.body, headers(fixed)["content-type"]) == (418, b"no", ["text/x"])
    nobody = front.receive(request("/other"), FACTS)
    assert isinstance(nobody, Answer)
    assert nobody.status == 503
    assert b"503 Service Unavailable" in nobody.body
