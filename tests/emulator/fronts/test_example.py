"""`aioric dev` with fronts, as users run it: from the example's files, and from the command line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from aioric_emulator.project_file import read_project_file
from tests.emulator.polling import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "fronts"
SOURCES = os.pathsep.join([str(ROOT / "emulator"), str(ROOT / "runtime")])


@contextmanager
def development(folder: Path, log: Path, *arguments: str) -> Iterator[Callable[[], str]]:
    """Run `aioric dev` in a folder; give what reads its output."""
    command = [sys.executable, "-m", "aioric_emulator.cli", "dev", "--port", "0", "--no-reload", *arguments]
    environment = os.environ | {"PYTHONPATH": SOURCES}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
    try:
        yield log.read_text
    finally:
        process.terminate()
        process.wait(20)


async def opened(log: Callable[[], str], count: int) -> dict[str, str]:
    """Wait for fronts, and give the URL of each by the first words of its title."""
    found = re.compile(r"^(Function URL|HTTP API|REST API|Load balancer)[^:\n]*: (http://\S+)$", re.MULTILINE)
    await until(lambda: len(found.findall(log())) == count)
    return dict(found.findall(log()))


async def test_the_example_of_a_project_file(tmp_path: Path) -> None:
    """All four fronts show the same page, and routes lead to the other function, one of them with a key."""
    with development(EXAMPLE, tmp_path / "log") as log:
        urls = await opened(log, 4)
        async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
            pages = [await http.get(f"{url}?name=<Ada>") for url in urls.values()]
            item = await http.get(f"{urls['HTTP API']}items/7")
            private = [
                await http.get(f"{urls['HTTP API']}private/7", headers=headers)
                for headers in ({}, {"Authorization": "Stranger"}, {"Authorization": "Friend Ada"})
            ]
            origin = await http.get(urls["Function URL"], headers={"Origin": "https://a.example"})

    assert len({page.text for page in pages}) == 1
    assert "<h1>Hello, &lt;Ada&gt;</h1>" in pages[0].text
    assert {page.headers["content-type"] for page in pages} == {"text/html; charset=utf-8"}
    assert item.json() == {"id": "7", "by": "GET /items/{id}"}
    assert [each.status_code for each in private] == [401, 403, 200]
    assert private[2].json() == {"id": "7", "by": "GET /private/{id}", "for": "Ada"}
    assert origin.headers["access-control-allow-origin"] == "*"


async def test_the_example_of_a_template(tmp_path: Path) -> None:
    """Its Function URL and its HTTP API."""
    with development(EXAMPLE, tmp_path / "log", "--file", "template.yaml") as log:
        urls = await opened(log, 2)
        async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
            page = await http.get(urls["Function URL"])
            item = await http.get(f"{urls['HTTP API']}items/a%20b")
            private = [
                await http.get(f"{urls['HTTP API']}private/7", headers={"Authorization": words})
                for words in ("Stranger", "Friend Ada")
            ]

    assert "Hello, world" in page.text
    assert item.json() == {"id": "a b", "by": "GET /items/{id}"}
    assert [each.status_code for each in private] == [403, 200]
    assert "is not run" not in log()


def test_the_file_in_the_documentation_is_one(tmp_path: Path) -> None:
    """Every setting that is shown there exists."""
    texts = (ROOT / "docs" / "http-fronts.md").read_text().split("```toml\n")[1:]
    fronts = []
    for text in texts:
        (tmp_path / "aioric.toml").write_text(text.partition("```")[0])
        fronts.append(read_project_file(tmp_path / "aioric.toml").fronts)

    assert [front.port for front in fronts[0]] == [8081, 8082, 8083, 8084]
    assert len(fronts[1]) == 2


async def test_fronts_of_the_command_line(tmp_path: Path) -> None:
    """For the first function, each on its port."""
    options = ("--url", "0", "--url-mode", "RESPONSE_STREAM", "--http-api", "0", "--payload-format", "1.0")
    more = ("--rest-api", "0", "--alb", "0", "--multi-value-headers")
    task = Path(__file__).parent / "task"
    with development(task, tmp_path / "log", "app.echo", *options, *more) as log:
        urls = await opened(log, 4)
        async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
            answers = {title: (await http.get(url)).text for title, url in urls.items()}

    assert '"statusCode": 200' in answers["Function URL"]
    assert '"version": "1.0"' in answers["HTTP API"]
    assert '"resource": "/"' in answers["REST API"]
    assert '"multiValueQueryStringParameters": {}' in answers["Load balancer"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("app.echo", "--url-mode", "BUFFERED"), "--url-mode says more of --url PORT, which is not given"),
        (("app.echo", "--multi-value-headers"), "--multi-value-headers says more of --alb PORT"),
        (("app.echo", "--rest-api", "70000"), "70000 is not in the range"),
    ],
)
async def test_options_that_do_not_fit_are_refused(
    arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    """With what is wrong with them, and before anything is served."""
    with development(tmp_path, tmp_path / "log", *arguments) as log:
        await until(lambda: message in log())

    assert "Traceback" not in log()
