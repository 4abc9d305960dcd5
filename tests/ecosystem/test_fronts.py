"""FastAPI with Mangum answers behind every front, and Powertools' models take every front's events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from aioric_emulator import Emulator
from aioric_emulator.fronts.routes import Route
from aioric_emulator.fronts.settings import (
    AlbSettings,
    HttpApiSettings,
    RestApiSettings,
    UrlSettings,
    catch_all,
)
from tests.ecosystem.test_ecosystem import PYTHON, TASK, pytestmark

if TYPE_CHECKING:
    from aioric_emulator.fronts.settings import FrontSettings

__all__ = ["pytestmark"]

NAME = "function"
FRONTS: dict[str, tuple[FrontSettings, str]] = {
    "url": (UrlSettings(NAME, 0), "LambdaFunctionUrlModel"),
    "http api": (HttpApiSettings((Route(NAME),), 0), "APIGatewayProxyEventV2Model"),
    "http api 1.0": (
        HttpApiSettings((Route(NAME, payload_format="1.0"),), 0),
        "APIGatewayProxyEventModel",
    ),
    "rest api": (
        RestApiSettings(catch_all(NAME), 0, binary_media_types=("*/*",)),
        "APIGatewayProxyEventModel",
    ),
    "alb": (AlbSettings(NAME, 0, multi_value_headers=True), "AlbModel"),
}


def function(handler: str) -> Emulator:
    """A function on our runtime, in the environment that has those packages."""
    return Emulator(handler, task_root=TASK, timeout=30, memory=512, env={"AIORIC_PYTHON": str(PYTHON)})


async def test_fastapi_answers_behind_every_front() -> None:
    """Paths, parameters, cookies and bodies come through, and cookies and bytes go back."""
    async with function("behind.web") as fn:
        for name, (front, _) in FRONTS.items():
            async with (
                fn.serve(front) as url,
                httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as http,
            ):
                seen = await http.post(
                    "/seen/caf%C3%A9/x?q=a%20b&q=%26",
                    content=b"\x00\xff",
                    headers={"cookie": "one=1; two=2", "content-type": "application/octet-stream"},
                )
                cookies = await http.get("/cookies")
                image = await http.get("/image", headers={"accept": "image/png"})
                lost = await http.get("/nowhere")
            found = seen.json()
            assert found["rest"] == "café/x", name
            # Format 2.0 joins what is repeated, and Mangum reads the query that it has besides.
            assert found["query"] == [["q", "a b"], ["q", "&"]], name
            assert found["cookies"] == {"one": "1", "two": "2"}, name
            assert (found["body"], found["client"]) == ("\x00\xff", "127.0.0.1"), name
            assert len(cookies.headers.get_list("set-cookie")) == 2, name
            assert (image.content, image.headers["content-type"]) == (b"\x89PNG\xff", "image/png"), name
            assert (lost.status_code, lost.json()) == (404, {"detail": "Not Found"}), name


@pytest.mark.parametrize("with_body", [False, True], ids=["GET", "POST"])
async def test_powertools_takes_every_event(with_body: bool) -> None:  # noqa: FBT001 - a table's column
    """Its models are strict about keys and types."""
    async with function("behind.model") as fn:
        # The model of a load balancer's events knows its single values only.
        for name, (front, model) in (FRONTS | {"alb": (AlbSettings(NAME, 0), "AlbModel")}).items():
            async with (
                fn.serve(front) as url,
                httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as http,
            ):
                method, content = ("POST", b"body") if with_body else ("GET", None)
                answer = await http.request(
                    method, "/a/b?c=d&c=e", content=content, headers={"cookie": "x=1"}
                )
            assert answer.status_code == 200, (name, fn.logs)
            assert answer.json() == model, name
