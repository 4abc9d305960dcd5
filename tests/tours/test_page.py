"""The page at `/_aioric/` in a real browser: what a person sees, does, and is not done to."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page

    from tests.tours.conftest import Stop

pytestmark = [pytest.mark.tours, pytest.mark.timeout(120)]

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# No word to anybody but the page's own server, and no sandbox of its own where root has none to give.
OPTIONS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    *(("--no-sandbox",) if os.geteuid() == 0 else ()),
)
HOSTILE = "<img src=x onerror='document.title = `caught`'><script>document.title = 'caught'</script>&lt;"
# For what a browser shows, in milliseconds. A loaded machine takes seconds to paint.
PATIENCE = 20_000


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Run the system's browser."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    playwright = pytest.importorskip("playwright.async_api", reason="`make tours` installs it")
    if found is None:
        pytest.skip("no browser: `make tours` installs Chromium where it may")
    async with playwright.async_playwright() as driver:
        running = await driver.chromium.launch(executable_path=found, args=list(OPTIONS))
        try:
            playwright.expect.set_options(timeout=PATIENCE)
            yield running
        finally:
            await running.close()


@pytest.fixture
async def page(browser: Browser, stop: Stop) -> AsyncIterator[Page]:
    """Open the page; nothing in it may fail, and nothing may be asked of anybody else."""
    faults: list[str] = []
    asked: set[str] = set()
    page = await browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: asked.add(request.url.removeprefix(stop.endpoint)))
    await page.goto(f"{stop.endpoint}/_aioric/")
    await page.locator("#link.open").wait_for()
    yield page
    assert faults == []
    assert asked <= {"/_aioric/", "/_aioric/events", "/2015-03-31/functions/echo/invocations"}


def invoke(stop: Stop, event: object) -> None:
    """Call the function as any client does."""
    httpx.post(f"{stop.endpoint}/2015-03-31/functions/echo/invocations", json=event, timeout=60)


async def text_below(page: Page, title: str) -> str:
    """Give what is under a heading of the chosen invocation, once it is there."""
    text: str = await page.locator(f"main h2:text-is('{title}') + pre").inner_text()
    return text


async def test_an_invocation_appears_by_itself_and_is_replayed(page: Page, stop: Stop) -> None:
    """Event, answer, log and figures without a reload; the button makes a second one of the same event."""
    from playwright.async_api import expect  # noqa: PLC0415 - as where the browser is

    rows = page.locator("#list button")
    await expect(rows).to_have_count(0)
    await expect(page.locator("#list")).to_have_text("No invocation yet.")
    event = {"do": "log", "name": "Ada"}
    invoke(stop, event)
    await expect(rows).to_have_count(1)
    await expect(rows.locator(".done")).to_have_count(1)
    assert json.loads(await text_below(page, "Event")) == event
    assert json.loads(await text_below(page, "Answer")) == {"hello": "Ada"}
    assert await text_below(page, "Log") == "a line of the log"
    await expect(page.locator("main p").first).to_contain_text("cold start")
    await page.locator("#replay").click()
    await expect(rows).to_have_count(2)
    await expect(rows.locator(".done")).to_have_count(2)
    await expect(page.locator("#count")).to_have_text("2 invocations")
    await rows.first.click()
    await expect(page.locator("main p").first).not_to_contain_text("cold start")
    assert json.loads(await text_below(page, "Event")) == event


async def test_what_is_shown_stays_text(page: Page, stop: Stop) -> None:
    """A failure is marked; markup in events, answers and logs is not made part of the page, and not run."""
    from playwright.async_api import expect  # noqa: PLC0415 - likewise

    rows = page.locator("#list button")
    invoke(stop, {"do": "say", "name": HOSTILE, "text": HOSTILE})
    await expect(rows.locator(".done")).to_have_count(1)
    assert json.loads(await text_below(page, "Event"))["text"] == HOSTILE
    assert json.loads(await text_below(page, "Answer")) == {"hello": HOSTILE}
    assert await text_below(page, "Log") == HOSTILE
    invoke(stop, {"do": "fail", "text": HOSTILE})
    await expect(rows.locator(".failed")).to_have_count(1)
    await rows.first.click()
    await expect(rows.first).to_have_attribute("aria-current", "true")
    assert json.loads(await text_below(page, "Answer"))["errorMessage"] == HOSTILE
    await expect(page.locator("#list img, main img, main script")).to_have_count(0)
    assert await page.title() == "aioric"


async def test_a_replay_that_cannot_be_says_so(page: Page, stop: Stop) -> None:
    """The button is off for an event that was too large to keep, and tells of a server that is gone."""
    from playwright.async_api import expect  # noqa: PLC0415 - likewise

    rows = page.locator("#list button")
    invoke(stop, {"name": "x" * 70_000})
    await expect(rows.locator(".done")).to_have_count(1)
    await expect(page.locator("#replay")).to_be_disabled()
    invoke(stop, {"name": "Ada"})
    await expect(rows.locator(".done")).to_have_count(2)
    await rows.first.click()
    await page.context.set_offline(offline=True)
    await page.locator("#replay").click()
    await expect(page.locator("#told")).to_have_text("No connection")
