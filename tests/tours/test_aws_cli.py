"""The tour of AWS CLI v1 (`awscli` from PyPI), which has no command for streams."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.tours.conftest import Stop, tool, wait_for

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.tours, pytest.mark.timeout(120)]


async def invoke(stop: Stop, folder: Path, name: str, payload: str, *options: str) -> tuple[Any, str, str]:
    """Give what `aws lambda invoke` prints, writes to its file, and says of an error."""
    answer = folder / "answer"
    words = ("lambda", "invoke", "--function-name", name, "--payload", payload, *options, str(answer))
    done = await stop.run(tool("bin/aws"), *words)
    said = json.loads(done.stdout) if done.stdout else None
    return said, answer.read_text() if answer.exists() else "", done.stderr.decode()


async def test_answers(stop: Stop, tmp_path: Path) -> None:
    """An answer, a function's error, an event, a dry run, and the log's tail."""
    said, answer, _ = await invoke(stop, tmp_path, "echo", '{"name": "Ada"}')
    assert (said["StatusCode"], json.loads(answer)) == (200, {"hello": "Ada"})
    said, answer, _ = await invoke(stop, tmp_path, "echo", '{"do": "fail"}')
    assert (said["FunctionError"], json.loads(answer)["errorType"]) == ("Unhandled", "ValueError")
    note = '{"do": "note", "text": "noted"}'
    said, _, _ = await invoke(stop, tmp_path, "echo", note, "--invocation-type", "DryRun")
    assert (said["StatusCode"], stop.notes.exists()) == (204, False)
    said, _, _ = await invoke(stop, tmp_path, "echo", note, "--invocation-type", "Event")
    assert said["StatusCode"] == 202
    await wait_for(stop.notes)
    said, _, _ = await invoke(stop, tmp_path, "echo", "{}", "--log-type", "Tail")
    assert said["LogResult"]


async def test_refusals(stop: Stop, tmp_path: Path) -> None:
    """The exception of the service model by name: 404, 413, 429."""
    _, _, error = await invoke(stop, tmp_path, "nobody", "{}")
    assert (
        "(ResourceNotFoundException) when calling the Invoke operation: Function not found: arn:aws" in error
    )
    large = tmp_path / "large.json"
    large.write_text('"' + "x" * 7_000_000 + '"')
    _, _, error = await invoke(stop, tmp_path, "echo", f"file://{large}")
    assert "(RequestTooLargeException) when calling the Invoke operation: " in error
    with stop.busy():
        await wait_for(stop.started)
        _, _, error = await invoke(stop, tmp_path, "busy", "{}")
    assert "(TooManyRequestsException) when calling the Invoke operation" in error
    assert "Rate Exceeded." in error
