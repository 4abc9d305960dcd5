"""What a load balancer's rules do: shares of several functions, and redirects."""

from __future__ import annotations

from collections import Counter

import pytest

from aioric_emulator.fronts.alb import Alb
from aioric_emulator.fronts.alb_actions import Redirect, Target, Weighted
from aioric_emulator.fronts.alb_rules import Rule
from aioric_emulator.fronts.settings import AlbSettings
from aioric_emulator.messages import Answer
from tests.emulator.fronts.making import FACTS, call, headers, request

BLUE, GREEN, NONE = Target("blue"), Target("green", multi_value_headers=True), Target("none")


def test_each_function_has_its_share() -> None:
    """Of many requests as the weights say; of none where the weight is none."""
    shares = Weighted(((NONE, 0), (BLUE, 9), (GREEN, 1)))
    chosen = Counter(shares.choose(f"{number:08x}-0000-4000-8000-000000000000") for number in range(10_000))
    assert set(chosen) == {BLUE, GREEN}
    assert 800 < chosen[GREEN] < 1200


def test_one_request_has_one_function() -> None:
    """However often it is asked for."""
    shares = Weighted(((BLUE, 1), (GREEN, 1)))
    assert len({shares.choose("id-1") for _ in range(10)}) == 1


def test_nobody_has_a_share() -> None:
    """Weights that are all 0 lead nowhere."""
    assert Weighted(((BLUE, 0), (GREEN, 0))).choose("id") is None


def test_the_front_calls_who_is_chosen() -> None:
    """With that group's own kind of event; where nobody is, it is unavailable."""
    front = Alb(AlbSettings("blue", rules=(Rule(Weighted(((BLUE, 0), (GREEN, 1)))),)))
    assert (call(front).function, "multiValueHeaders" in call(front).event) == ("green", True)
    nobody = Alb(AlbSettings("blue", rules=(Rule(Weighted(((BLUE, 0),))),))).receive(request(), FACTS)
    assert isinstance(nobody, Answer)
    assert nobody.status == 503


@pytest.mark.parametrize(
    ("redirect", "location"),
    [
        (Redirect(301, "HTTPS", port="443"), "https://localhost:443/a/b?c=d&e=%20"),
        (Redirect(302, host="www.#{host}"), "http://www.localhost:8081/a/b?c=d&e=%20"),
        (Redirect(302, path="/new/#{path}"), "http://localhost:8081/new/a/b?c=d&e=%20"),
        (Redirect(302, path="/fixed", query=""), "http://localhost:8081/fixed"),
        (Redirect(302, query="#{query}&more=#{port}"), "http://localhost:8081/a/b?c=d&e=%20&more=8081"),
        (Redirect(302, path="/#{nothing}"), "http://localhost:8081/#{nothing}?c=d&e=%20"),
    ],
)
def test_a_redirect(redirect: Redirect, location: str) -> None:
    """What it does not change is the request's own; the port is always there."""
    front = Alb(AlbSettings("f", rules=(Rule(redirect),)))
    answer = front.receive(request("/a/b?c=d&e=%20"), FACTS)
    assert isinstance(answer, Answer)
    assert answer.status == redirect.status
    assert headers(answer)["location"] == [location]
    assert headers(answer)["server"] == ["awselb/2.0"]
    assert b"<center><h1>30" in answer.body
