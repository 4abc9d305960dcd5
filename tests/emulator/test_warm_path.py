"""The short way of plain invocations: the same to everybody who looks, and not taken for what is unusual."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from aioric_emulator.alertness import SPAN, Alertness
from aioric_emulator.configuration import FunctionConfiguration
from aioric_emulator.local_lambda import LocalLambda
from aioric_emulator.plain_invocation import MAX_PLAIN
from tests.emulator.polling import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

FUNCTION = """
import os, time

def handler(event, context):
    do = event.get("do")
    if do == "print":
        print("printed", event["word"])
    elif do == "sleep":
        time.sleep(event["seconds"])
    elif do == "raise":
        raise ValueError("no")
    elif do == "exit":
        os._exit(3)
    elif do == "large":
        return "x" * event["size"]
    return {"id": context.aws_request_id, "arn": context.invoked_function_arn, "event": event,
            "left": context.get_remaining_time_in_millis(), "trace": os.environ.get("_X_AMZN_TRACE_ID")}

async def crowd(event, context):
    return handler(event, context)
"""
HEAD = "POST /2015-03-31/functions/function/invocations HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n{}\r\n"
LENGTH = re.compile(rb"Content-Length: (\d+)")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Caller:
    """A connection that is kept, and sends its requests with the same head."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.head = ""

    async def call(self, event: object, headers: str = "", *, body: bytes | None = None) -> object:
        """Call, and give the answer; its head is kept."""
        self.send(event, headers, body=body)
        return await self.answer()

    def send(self, event: object, headers: str = "", *, body: bytes | None = None) -> None:
        """Send a call."""
        content = json.dumps(event).encode() if body is None else body
        self._writer.write(HEAD.format(len(content), headers).encode() + content)

    async def answer(self) -> object:
        """Read an answer."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        self.head = head.decode()
        found = LENGTH.search(head)
        assert found is not None
        body = await self._reader.readexactly(int(found[1]))
        return json.loads(body) if body else None

    @property
    def request_id(self) -> str:
        """The request id of the last answer."""
        found = re.search(r"X-Amzn-RequestId: (.*)\r\n", self.head)
        assert found is not None
        return found[1]

    def close(self) -> None:
        """Leave."""
        self._writer.close()


class Local:
    """A local Lambda with one function, and what it logged."""

    def __init__(self, lambda_: LocalLambda, lines: list[tuple[str, str]]) -> None:
        self._lambda, self.lines = lambda_, lines
        self.function = lambda_.functions["function"]

    async def connect(self) -> Caller:
        """Open a caller's connection."""
        host, _, port = self._lambda.endpoint.removeprefix("http://").partition(":")
        return Caller(*await asyncio.open_connection(host, int(port)))

    def is_idle(self) -> bool:
        """Whether the runtime waits for an event: the answer to the last one is sent before it polls."""
        return [each["state"] for each in self.function.describe_environments()] == ["idle"]

    async def warm(self) -> tuple[Caller, str]:
        """Give a caller that is on the short way, and what the request ids there end with."""
        caller = await self.connect()
        ends = []
        for number in range(6):
            await caller.call({"number": number})
            ends.append(caller.request_id[8:])
        assert ends[-1] == ends[-2], "the last two had the short way"
        assert ends[0] != ends[-1], "the first had the long one"
        return caller, ends[-1]


@asynccontextmanager
async def serving(folder: Path, *, is_watched: bool = False, **settings: Any) -> AsyncIterator[Local]:
    """Serve the function behind our own runtime."""
    (folder / "app.py").write_text(FUNCTION)
    handler = "app.crowd" if settings.get("concurrency") else "app.handler"
    command = (sys.executable, "-m", "aioric", handler)
    configuration = FunctionConfiguration(handler, command, folder, **settings)
    lines: list[tuple[str, str]] = []
    lambda_ = LocalLambda(
        [configuration],
        on_line=lambda line, request_id: lines.append((line, request_id)),
        has_dashboard=is_watched,
    )
    async with lambda_:
        yield Local(lambda_, lines)


@pytest.mark.parametrize("concurrency", [None, 2], ids=["classic", "managed"])
async def test_an_invocation_is_the_same_on_both_ways(tmp_path: Path, concurrency: int | None) -> None:
    """To the caller and to the function: headers, identifiers, deadline, in every length."""
    async with serving(tmp_path, concurrency=concurrency, timeout=7.0) as local:
        caller, end = await local.warm()
        seen = {caller.request_id}
        for size in (1, 5, 1, 3000, 1):
            short = await caller.call({"word": "x" * size})
            head = caller.head
            assert caller.request_id.endswith(end)
            assert isinstance(short, dict)
            assert short["id"] == caller.request_id
            assert UUID.fullmatch(short["id"])
            assert short["id"] not in seen
            seen.add(short["id"])
            assert 6000 < short["left"] <= 7001, "in rounded milliseconds"
            long = await caller.call({"word": "x" * size}, "X-Amz-Log-Type: Tail\r\n")
            assert isinstance(long, dict)
            assert not caller.request_id.endswith(end)
            tail = re.sub(r"X-Amz-Log-Result: .*\r\n", "", caller.head)
            assert shape(head) == shape(tail)
            assert {name: shape(str(value)) for name, value in short.items() if name != "left"} == {
                name: shape(str(value)) for name, value in long.items() if name != "left"
            }
        caller.close()


def shape(text: str) -> str:
    """Give a text with its identifiers and its length left out."""
    text = UUID.sub("uuid", text)
    text = re.sub(r"Content-Length: \d+", "", text)
    return re.sub(r"[0-9a-f]{16,24}|1-[0-9a-f]{8}-", "hex", text)


async def test_lines_are_written_in_their_order(tmp_path: Path) -> None:
    """START, what the function wrote, END, REPORT, each with its request id; and the figures of REPORT."""
    async with serving(tmp_path) as local:
        caller, end = await local.warm()
        local.lines.clear()
        ids = []
        for word in ("one", "two"):
            await caller.call({"do": "print", "word": word})
            assert caller.request_id.endswith(end)
            ids.append(caller.request_id)
        await caller.call({"do": "sleep", "seconds": 0.05})
        slow = caller.request_id
        await until(lambda: any(f"REPORT RequestId: {slow}" in line for line, _ in local.lines))
        report = local.lines[-1][0]
        first = [line.partition("\t")[0] for line, request_id in local.lines if request_id == ids[0]]
        expected = [
            "START RequestId: {0} Version: $LATEST",
            "printed one",
            "END RequestId: {0}",
            "REPORT RequestId: {0}",
        ]
        assert first == [line.format(ids[0]) for line in expected]
        words = [line for line, _ in local.lines if line.startswith("printed")]
        assert words == ["printed one", "printed two"]
        found = re.search(
            r"\tDuration: (.+) ms\tBilled Duration: (.+) ms\tMemory Size: 128 MB\tMax Memory Used: (.+) MB",
            report,
        )
        assert found is not None
        assert 50 <= float(found[1]) <= int(found[2])
        assert int(found[3]) > 1
        assert [line for line, _ in local.lines][:4] == local.function.logs[-len(local.lines) :][:4]
        caller.close()


async def test_what_goes_wrong_in_the_middle_is_told_as_ever(tmp_path: Path) -> None:
    """An invocation on the short way fails, has no JSON, runs out of time, or takes its process along."""
    async with serving(tmp_path, timeout=1.0) as local:
        caller, end = await local.warm()
        error = await caller.call({"do": "raise"})
        assert caller.request_id.endswith(end)
        assert "X-Amz-Function-Error: Unhandled" in caller.head
        assert isinstance(error, dict)
        assert error["errorType"] == "ValueError"
        refused = await caller.call(None, body=b"{no")
        assert caller.head.startswith("HTTP/1.1 400 ")
        assert "Could not parse request body" in str(refused)
        for event, message in (
            ({"do": "sleep", "seconds": 9}, "timed out"),
            ({"do": "exit"}, "exit status 3"),
        ):
            failed = await caller.call(event)
            assert caller.request_id.endswith(end)
            assert "X-Amz-Function-Error: Unhandled" in caller.head
            assert message in str(failed)
            again = await caller.call({"number": 1})
            assert isinstance(again, dict)
            assert again["event"] == {"number": 1}
            for _ in range(4):
                await caller.call({"number": 1})
            assert caller.request_id.endswith(end), "the new environment is on the short way too"
        caller.close()


async def test_a_caller_that_leaves_leaves_the_function_be(tmp_path: Path) -> None:
    """Its invocation ends as ever, and the next caller is served."""
    async with serving(tmp_path) as local:
        caller, end = await local.warm()
        local.lines.clear()
        caller.send({"do": "sleep", "seconds": 0.2})
        await until(lambda: any(line.startswith("START") for line, _ in local.lines))
        assert local.lines[0][1].endswith(end)
        caller.close()
        await until(lambda: any(line.startswith("REPORT") for line, _ in local.lines))
        assert local.function.environment_count == 1
        other, _ = await local.warm()
        other.close()


async def test_requests_that_are_sent_ahead_are_answered_in_order(tmp_path: Path) -> None:
    """Several at once on one connection, behind one that has the short way."""
    async with serving(tmp_path) as local:
        caller, _ = await local.warm()
        for number in range(5):
            caller.send({"number": number})
        answers = [await caller.answer() for _ in range(5)]
        assert [answer["event"] for answer in answers if isinstance(answer, dict)] == [
            {"number": number} for number in range(5)
        ]
        caller.close()


async def test_the_page_has_every_invocation(tmp_path: Path) -> None:
    """The live page's history is kept on both ways; while somebody looks, there is only the long one."""
    async with serving(tmp_path, is_watched=True) as local:
        caller, end = await local.warm()
        page = await local.connect()
        page._writer.write(b"GET /_aioric/state HTTP/1.1\r\nHost: localhost\r\n\r\n")  # noqa: SLF001 - of the same file
        state = await page.answer()
        assert isinstance(state, dict)
        last = state["invocations"][-1]
        assert last["id"] == caller.request_id
        assert (last["state"], last["event"]) == ("done", '{"number": 5}')
        assert json.loads(last["answer"])["id"] == last["id"]
        assert last["duration_ms"] > 0
        page._writer.write(b"GET /_aioric/events HTTP/1.1\r\nHost: localhost\r\n\r\n")  # noqa: SLF001 - likewise
        await page._reader.readuntil(b"data: ")  # noqa: SLF001 - likewise
        await caller.call({"number": 1})
        assert not caller.request_id.endswith(end)
        page.close()
        caller.close()


async def test_a_page_that_is_opened_in_the_middle_sees_the_end(tmp_path: Path) -> None:
    """An invocation that began unseen is shown as running, and then as done."""
    async with serving(tmp_path, is_watched=True) as local:
        caller, end = await local.warm()
        caller.send({"do": "sleep", "seconds": 0.4})
        await until(lambda: any(request_id.endswith(end) for _, request_id in local.lines[-1:]))
        page = await local.connect()
        page._writer.write(b"GET /_aioric/events HTTP/1.1\r\nHost: localhost\r\n\r\n")  # noqa: SLF001 - of the same file
        await caller.answer()
        states: list[str] = []
        while not states or states[-1] != "done":
            data = (await page._reader.readuntil(b"\n\n")).partition(b"data: ")[2]  # noqa: SLF001 - likewise
            entry = json.loads(data)
            if entry["id"] == caller.request_id:
                states.append(entry["state"])
        assert states == ["running", "answered", "done"]
        assert caller.request_id.endswith(end)
        page.close()
        caller.close()


async def test_what_is_large_has_the_long_way(tmp_path: Path) -> None:
    """An event or an answer that would be kept whole for nobody; those around it have the short one."""
    async with serving(tmp_path) as local:
        caller, end = await local.warm()
        large = await caller.call({"word": "x" * (MAX_PLAIN + 1)})
        assert isinstance(large, dict)
        assert len(large["event"]["word"]) == MAX_PLAIN + 1
        assert not caller.request_id.endswith(end)
        await until(local.is_idle)
        answer = await caller.call({"do": "large", "size": MAX_PLAIN + 1})
        assert answer == "x" * (MAX_PLAIN + 1)
        assert caller.request_id.endswith(end), "it began on the short way, and ended on the long one"
        await until(local.is_idle)
        await caller.call({"number": 1})
        assert caller.request_id.endswith(end)
        reports = [line for line in local.function.logs if line.startswith("REPORT")]
        assert len({line.split()[2] for line in reports}) == len(reports) == 9
        caller.close()


def test_it_is_the_same_on_uvloop(tmp_path: Path) -> None:
    """Events, answers and lines, where what is written goes past the loop's own transports."""
    uvloop = pytest.importorskip("uvloop")

    async def scenario() -> None:
        async with serving(tmp_path) as local:
            caller, end = await local.warm()
            assert local.function.logs, "which has all of them written"
            local.lines.clear()
            for number in range(50):
                answer = await caller.call({"do": "print", "word": "x" * number})
                assert isinstance(answer, dict)
                assert answer["id"] == caller.request_id
                assert caller.request_id.endswith(end)
            await until(lambda: len(local.lines) == 200)
            first = [line.partition(" ")[0] for line, _ in local.lines]
            assert first == ["START", "printed", "END", "REPORT"] * 50
            assert all(len({each for _, each in local.lines[at : at + 4]}) == 1 for at in range(0, 200, 4))
            caller.close()
            await caller._writer.wait_closed()  # noqa: SLF001 - of the same file

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scenario())


@pytest.mark.parametrize(
    "settings",
    [
        {"freezes": True},
        {"enforces_memory": True, "memory": 512},
        {"max_age": 60.0},
        {"sends_invocation_id": False},
    ],
    ids=["frozen", "memory enforced", "recycled", "no attempt's id"],
)
async def test_a_function_with_more_to_it_has_the_long_way(tmp_path: Path, settings: dict[str, Any]) -> None:
    """What has to do with each of its invocations is never left out."""
    async with serving(tmp_path, **settings) as local:
        caller = await local.connect()
        ends = set()
        for number in range(5):
            answer = await caller.call({"number": number})
            assert isinstance(answer, dict)
            ends.add(caller.request_id[8:])
        assert len(ends) == 5
        caller.close()


async def test_lanes_are_used_side_by_side(tmp_path: Path) -> None:
    """Callers on the short way at once, each with its own answers; one too many is refused as ever."""
    async with serving(tmp_path, concurrency=4) as local:
        callers = [(await local.warm())[0] for _ in range(4)]

        async def busy(caller: Caller, name: str) -> None:
            for number in range(50):
                answer = await caller.call({"name": name, "number": number})
                assert isinstance(answer, dict)
                assert answer["event"] == {"name": name, "number": number}
                assert answer["id"] == caller.request_id

        async with asyncio.TaskGroup() as tasks:
            for index, caller in enumerate(callers):
                tasks.create_task(busy(caller, str(index)))
        for caller in callers:
            caller.send({"do": "sleep", "seconds": 0.5})
        late = await local.connect()
        await until(
            lambda: (
                sum(line.count("platform.start") - line.count("platform.report") for line, _ in local.lines)
                == 4
            )
        )
        await late.call({"number": 1})
        assert late.head.startswith("HTTP/1.1 429 ")
        for caller in callers:
            assert isinstance(await caller.answer(), dict)
            caller.close()
        late.close()


@pytest.mark.parametrize(
    ("concurrency", "environments", "awake"),
    [(None, 1, True), (None, 2, False), (2, 1, False)],
    ids=["one process", "two environments", "lanes"],
)
async def test_the_loop_is_kept_awake_for_one_process_at_work(
    concurrency: int | None, environments: int, *, awake: bool, tmp_path: Path
) -> None:
    """Several have use for all processors."""
    now = 1000.0
    async with serving(tmp_path, concurrency=concurrency) as local:
        callers = [await local.connect() for _ in range(environments)]
        for caller in callers:
            caller.send({"do": "sleep", "seconds": 0.3 if environments > 1 else 0})
        for caller in callers:
            await caller.answer()
            caller.close()
        assert local.function.environment_count == environments
        # All comes at once for it, until the time is told anew.
        alertness = local.function.warm_path.alertness = Alertness(2, lambda: now)
        caller, _ = await local.warm()
        assert alertness.is_awake is awake
        now += SPAN
        await until(lambda: not alertness.is_awake)
        caller.close()
