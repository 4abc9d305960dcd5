"""Recording what functions are asked, and asking it again."""

from __future__ import annotations

import json
import resource
import stat
from typing import TYPE_CHECKING

import pytest

from aioric_emulator.messages import Invocation, Outcome
from aioric_emulator.recording import Recorder, RecordingError, read_recording
from tests.emulator.polling import until
from tests.emulator.rig import Recorder as Caller
from tests.emulator.test_cli import Served, aioric
from tests.emulator.test_invoke_command import endpoint

if TYPE_CHECKING:
    from pathlib import Path

CODE = (
    "import uuid\n"
    "def handler(event, context):\n"
    "    if event == 'fail': raise ValueError('no')\n"
    "    return {'answer': ANSWER, 'event': event, 'meta': {'id': str(uuid.uuid4())}}\n"
    "def stream(event, context):\n"
    "    yield 'piece'\n"
)


async def test_a_recording_is_replayed(tmp_path: Path) -> None:
    """The same answers, then a changed one with its difference, and nothing for a stream."""
    recording, app = tmp_path / "calls.jsonl", tmp_path / "app.py"
    app.write_text(CODE.replace("ANSWER", "1"))
    words = ("f=app.handler", "s=app.stream", "--no-reload")
    async with Served(tmp_path, *words, "--record", str(recording)) as served:
        to = ("--endpoint", endpoint(served))
        for event in ('{"a": "ä"}', '"fail"'):
            await aioric("invoke", event, "--name", "f", *to)
        await aioric("invoke", "--stream", "--name", "s", *to)
        assert stat.S_IMODE(recording.stat().st_mode) == 0o600
        ignore = ("--ignore", "meta.id", "--ignore", "requestId", "--ignore", "not.there")
        same = await aioric("replay", str(recording), *to, *ignore)
    # The replay itself was recorded too: a recording is what happened.
    lines = recording.read_text().splitlines()
    assert len(lines) == 6
    recording.write_text("\n".join(lines[:3]))
    assert same.returncode == 0, same.stdout
    assert same.stdout.decode().splitlines() == [
        "invocation 3, s: not compared",
        "  its answer was streamed, and not recorded",
        "2 same, 0 different, 1 not compared",
    ]
    app.write_text(CODE.replace("ANSWER", "2"))
    async with Served(tmp_path, *words) as served:
        to = ("--endpoint", endpoint(served))
        changed = await aioric("replay", str(recording), "--name", "f", *to, *ignore)
    assert changed.returncode == 1
    shown = changed.stdout.decode().splitlines()
    assert shown[0] == "invocation 1, f: different"
    assert '  -  "answer": 1,' in shown
    assert '  +  "answer": 2,' in shown
    assert shown[-1] == "1 same, 1 different, 0 not compared"


WHOLE = {
    "function": "f",
    "event": "1",
    "answer": "1",
    "is_error": False,
    "is_stream": False,
    "client_context": "",
    "tenant_id": "",
}


@pytest.mark.parametrize(
    "record",
    [{}, [], WHOLE | {"event": 1}, WHOLE | {"is_error": "no"}, WHOLE | {"event": "\ud800"}],
    ids=repr,
)
def test_a_line_that_is_no_invocation_is_named(tmp_path: Path, record: object) -> None:
    """What is missing, of another type, or no text that can be sent."""
    file = tmp_path / "file"
    file.write_text(f"{json.dumps(WHOLE)}\n{json.dumps(record)}\n")
    with pytest.raises(RecordingError, match="line 2: no invocation as `aioric dev --record` writes it"):
        read_recording(file)


async def test_a_mistake_is_told(tmp_path: Path) -> None:
    """A file that is no recording, nobody there, a function that is gone."""
    file = tmp_path / "file"
    file.write_text("{}\n")
    done = await aioric("replay", str(file))
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"line 1: no invocation as `aioric dev --record` writes it" in done.stderr
    done = await aioric("dev", "a.b", "--record", str(tmp_path / "no" / "such"))
    assert done.returncode == 1
    assert b"No such file or directory" in done.stderr
    assert b"Traceback" not in done.stderr


async def test_functions_are_served_where_nothing_can_be_recorded(tmp_path: Path) -> None:
    """On a full disk the log says so, once, and every call is answered."""
    (tmp_path / "app.py").write_text(CODE.replace("ANSWER", "1"))
    async with Served(tmp_path, "app.handler", "--no-reload", "--record", "/dev/full") as served:
        answers = [await served.invoke("function", "1") for _ in range(3)]
        await until(lambda: served.log.count("REPORT") == 3)
        log = served.log
    assert [each["answer"] for each in answers] == [1, 1, 1]
    assert log.count("Nothing more is recorded in /dev/full: No space left on device") == 1
    assert "Traceback" not in log
    assert log.count("INIT_START") == 1


def test_what_is_recorded_stays_whole(tmp_path: Path) -> None:
    """An invocation for which there is no room leaves no half of a line."""
    path, told = tmp_path / "calls.jsonl", list[str]()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    call = Invocation("id-1", b"1", 3.0, Caller())
    with Recorder(path, told.append) as recorder:
        recorder.answered("f", call, Outcome(b"2"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, limits[1]))
        try:
            recorder.answered("f", call, Outcome(b"3"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        recorder.answered("f", call, Outcome(b"4"))
    assert [each.answer for each in read_recording(path)] == ["2"]
    assert told == [f"Nothing more is recorded in {path}: File too large"]
