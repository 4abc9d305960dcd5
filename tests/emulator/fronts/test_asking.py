"""Authorizers that run: real HTTP to a function that another one guards, on our runtime."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import httpx

from aioric_emulator.fronts import asking
from aioric_emulator.fronts.asking import AuthorizerCall
from aioric_emulator.fronts.authorizers import TOKEN, Authorizer, parse_identity
from aioric_emulator.fronts.routes import Route
from aioric_emulator.fronts.serving import serve_front
from aioric_emulator.fronts.settings import HttpApiSettings, RestApiSettings
from aioric_emulator.local_lambda import LocalLambda
from aioric_emulator.messages import Outcome
from aioric_emulator.selection import select_named
from tests.emulator.polling import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from aioric_emulator.fronts.settings import FrontSettings
    from aioric_emulator.hosted_function import HostedFunction

TASK = Path(__file__).parent / "task"
HEADER = (parse_identity("$request.header.Authorization"),)


def rest(**facts: Any) -> RestApiSettings:
    """Give a REST API behind a token."""
    authorizer = Authorizer("tokens", "authorize", TOKEN, HEADER, **facts)
    return RestApiSettings((Route("echo", "/{proxy+}", authorizer=authorizer),), 0)


def http() -> HttpApiSettings:
    """Give an HTTP API behind simple responses."""
    authorizer = Authorizer("own", "authorize", identity=HEADER, is_simple=True)
    return HttpApiSettings((Route("echo", authorizer=authorizer),), 0)


@asynccontextmanager
async def served(
    settings: FrontSettings, authorize: str = "app.authorize", **more: Any
) -> AsyncIterator[tuple[httpx.AsyncClient, HostedFunction]]:
    """Serve a front; give a client of it, and the function that is asked."""
    words = {"echo": "app.echo", "authorize": authorize}
    functions = select_named(words, {"task_root": str(TASK), "timeout": 10, **more}, TASK)
    async with (
        LocalLambda(functions) as lambda_,
        serve_front(settings, lambda_.functions) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as client,
    ):
        yield client, lambda_.functions["authorize"]


def asked(function: HostedFunction) -> list[str]:
    """Give the tokens that a function was asked about."""
    return [line.split()[1] for line in function.logs if line.startswith("asked")]


async def test_a_rest_api_asks_for_a_token() -> None:
    """Who is let in is known to the function; who is not is told so, and the authorizer's log says why."""
    async with served(rest()) as (client, function):
        plain = await client.get("a")
        answers = [
            await client.get("a", headers={"Authorization": token})
            for token in ("allow", "deny", "Unauthorized", "odd")
        ]
        logs = function.logs

    assert [each.status_code for each in (plain, *answers)] == [401, 200, 403, 401, 500]
    event = answers[0].json()["requestContext"]["authorizer"]
    assert (event["principalId"], event["level"]) == ("ada", "3")
    assert event["integrationLatency"] >= 0
    why = [line.partition(" by the authorizer tokens: ") for line in logs if "by the authorizer" in line]
    arn = "arn:aws:execute-api:us-east-1:123456789012:localrest/Prod/GET/a"
    assert [(said, reason) for said, _, reason in why] == [
        ("HTTP 401 to the client,", "it has no $request.header.Authorization"),
        ("HTTP 403 to the client,", f"it denies {arn}"),
        ("HTTP 401 to the client,", "it failed: Unauthorized"),
        ("HTTP 500 to the client,", "policyDocument is no object"),
    ]


async def test_an_http_api_asks_for_a_yes() -> None:
    """Whose context the function gets as it is; the error that means 401 to a REST API is a failure here."""
    async with served(http()) as (client, function):
        answers = [
            await client.get("/a", headers={"Authorization": token})
            for token in ("allow", "no", "Unauthorized")
        ]
        plain = await client.get("/a")
        tokens = asked(function)

    assert [each.status_code for each in (*answers, plain)] == [200, 403, 500, 401]
    context = answers[0].json()["requestContext"]["authorizer"]["lambda"]
    assert context["roles"] == ["a"]
    assert context["arn"].endswith(":localhttp/$default/GET/a")
    assert tokens == ["allow", "no", "Unauthorized"]


async def test_a_result_is_kept_for_its_time() -> None:
    """By the token, and judged anew for each path; failures are not kept, nor what older code said."""
    async with served(rest(ttl=300)) as (client, function):
        allow = {"Authorization": "allow"}
        first = [(await client.get(path, headers=allow)).status_code for path in ("a", "a", "b")]
        failed = [await client.get("a", headers={"Authorization": "odd"}) for _ in range(2)]
        before = asked(function)
        logs = function.logs.copy()
        function.renew()
        again = await client.get("b", headers=allow)
        after = asked(function)

    # The policy that was kept is of the first path only: what people meet on AWS, too.
    assert first == [200, 200, 403]
    assert any(line.endswith("localrest/Prod/GET/b; this result is kept for 300 s") for line in logs)
    assert [each.status_code for each in failed] == [500, 500]
    assert before == ["allow", "odd", "odd"]
    assert again.status_code == 200
    assert after == [*before, "allow"]


async def test_a_result_is_kept_no_longer() -> None:
    """After its seconds the function is asked again."""
    async with served(rest(ttl=0.001)) as (client, function):
        for _ in range(2):
            assert (await client.get("a", headers={"Authorization": "allow"})).status_code == 200
        assert asked(function) == ["allow", "allow"]


async def test_what_older_code_says_late_is_not_kept(tmp_path: Path) -> None:
    """It was asked before the code changed: the new code has not said so."""
    path = tmp_path / "answer"
    headers = {"Authorization": str(path)}
    async with served(rest(ttl=300)) as (client, function):
        first = asyncio.create_task(client.get("a", headers=headers))
        await until(lambda: asked(function))
        function.renew()
        path.touch()
        assert (await first).status_code == 200
        assert (await client.get("a", headers=headers)).status_code == 200
        assert asked(function) == [str(path)] * 2


async def test_a_bounded_number_of_results_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest goes first: identities are what clients send, and clients send anything."""
    monkeypatch.setattr(asking, "MOST_KEPT", 2)
    async with served(rest(ttl=300)) as (client, function):
        for token in ("a", "b", "b", "c", "b", "a"):
            assert (await client.get("a", headers={"Authorization": token})).status_code == 200
        assert asked(function) == ["a", "b", "c", "a"]


async def test_an_authorizer_that_fails_lets_nobody_in() -> None:
    """Here by its own time limit."""
    async with served(rest(), timeout=0.2) as (client, function):
        answer = await client.get("a", headers={"Authorization": "slow"})
        logs = function.logs

    assert (answer.status_code, answer.json()) == (500, {"message": None})
    (line,) = [line for line in logs if "by the authorizer" in line]
    assert "HTTP 500 to the client, by the authorizer tokens: it failed: " in line


async def test_an_authorizer_that_is_throttled_lets_nobody_in() -> None:
    """While its one environment is busy."""
    async with served(rest(), max_environments=1) as (client, function):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(function.invoke, {"authorizationToken": "slow", "methodArn": "x"})
            await anyio.lowlevel.checkpoint()
            answer = await client.get("a", headers={"Authorization": "allow"})
            tasks.cancel_scope.cancel()
        logs = function.logs

    assert (answer.status_code, answer.json()) == (500, {"message": None})
    assert any("by the authorizer tokens: Rate Exceeded" in line for line in logs)


async def test_a_function_may_guard_itself() -> None:
    """Its one environment answers the API, and then the request."""
    authorizer = Authorizer("tokens", "authorize", TOKEN, HEADER)
    settings = RestApiSettings((Route("authorize", "/a", authorizer=authorizer),), 0)
    async with served(settings, authorize="app.both", max_environments=1) as (client, function):
        answers = [await client.get("a", headers={"Authorization": token}) for token in ("x", "y", "deny")]
        assert [each.status_code for each in answers] == [200, 200, 403], function.logs


async def test_an_api_does_not_wait_for_ever() -> None:
    """What an authorizer says after its time goes nowhere."""
    heard: list[float] = []
    failed = asyncio.get_running_loop().create_future()
    call = AuthorizerCall(lambda _, seconds: heard.append(seconds), failed.set_result)
    call.start(0.01)

    assert await failed == "it took longer than 0.01 s"
    call.answered(Outcome(b"{}"))
    assert heard == []
