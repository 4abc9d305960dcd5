"""A function's facts, and the environment that its runtime is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aioric_emulator.configuration import FunctionConfiguration, is_reserved


def variables(inherited: dict[str, str] | None = None, **facts: Any) -> dict[str, str]:
    """Give a runtime's environment."""
    configuration = FunctionConfiguration("a.b", ("run",), Path("/task"), **facts)
    return configuration.runtime_environment(inherited or {}, "127.0.0.1:9", "stream", {})


def test_reserved_names_are_the_platforms() -> None:
    """All of them, for a classic function with a text log."""
    found = variables()
    expected = {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": "Text",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/function",
        "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9",
        "LAMBDA_TASK_ROOT": "/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "_HANDLER": "a.b",
    }
    assert expected.items() <= found.items()
    assert "AWS_LAMBDA_MAX_CONCURRENCY" not in found
    assert "AWS_LAMBDA_LOG_LEVEL" not in found


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        ({"log_level": "DEBUG"}, None),
        ({"log_level": "DEBUG", "log_format": "JSON"}, "DEBUG"),
        ({"log_level": "DEBUG", "concurrency": 2}, "DEBUG"),
        ({"log_format": "JSON"}, None),
    ],
    ids=["text", "JSON", "managed", "none chosen"],
)
def test_a_log_level_goes_with_the_json_format(facts: dict[str, Any], level: str | None) -> None:
    """And only where one was chosen."""
    assert variables(**facts).get("AWS_LAMBDA_LOG_LEVEL") == level


def test_ranks() -> None:
    """Inherited, unreserved, the owner's, reserved."""
    inherited = {
        "TZ": "x",
        "MINE": "x",
        "HOME": "/h",
        "LD_LIBRARY_PATH": "/l",
        "AWS_LAMBDA_X": "x",
        "_A": "x",
    }
    found = variables(inherited, variables={"MINE": "y", "LANG": "C", "AWS_REGION": "no", "_B": "no"})
    assert (found["TZ"], found["MINE"], found["HOME"], found["LANG"]) == (":UTC", "y", "/h", "C")
    assert found["LD_LIBRARY_PATH"] == "/l:/task:/task/lib"
    assert found["AWS_REGION"] == "us-east-1"
    assert {"AWS_LAMBDA_X", "_A", "_B"}.isdisjoint(found)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_HANDLER", True),
        ("_X_AMZN_TRACE_ID", True),
        ("_AWS_XRAY_DAEMON_ADDRESS", False),
        ("AWS_LAMBDA_RUNTIME_API", True),
        ("AWS_LAMBDA_EXEC_WRAPPER", False),
        ("LAMBDA_TASK_ROOT", True),
        ("AWS_PROFILE", False),
    ],
)
def test_what_is_reserved(name: str, expected: bool) -> None:  # noqa: FBT001 - the case
    """The platform's own names, and those that begin like them."""
    assert is_reserved(name) is expected
