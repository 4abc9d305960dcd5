"""`aioric-rie` as it is started; what it does then is compared in tests/official/test_rie.py."""

from __future__ import annotations

import os
import sys

import anyio
import pytest

from tests.emulator.test_cli import SOURCES


async def run(*words: str, **variables: str) -> tuple[int, str]:
    """Give the exit status and the output of a start that fails."""
    environment = os.environ | {"PYTHONPATH": SOURCES} | variables
    command = [sys.executable, "-m", "aioric_emulator.rie_command", *words]
    done = await anyio.run_process(command, check=False, env=environment)
    return done.returncode, (done.stdout + done.stderr).decode()


@pytest.mark.parametrize(
    ("words", "variables", "message"),
    [
        (("--log-level", "loud", "b"), {}, "'loud' is not one of"),
        (("b",), {"LOG_LEVEL": "loud"}, "'loud' is not one of"),
        (("b", "--runtime-api-address", "9001"), {}, "--runtime-api-address is HOST:PORT, not 9001"),
        (("b",), {"AWS_LAMBDA_FUNCTION_TIMEOUT": "x"}, "AWS_LAMBDA_FUNCTION_TIMEOUT is a whole number"),
        (("b", "--runtime-interface-emulator-address", "256.0.0.1:1"), {}, "Error: "),
    ],
)
async def test_a_mistake_is_told(words: tuple[str, ...], variables: dict[str, str], message: str) -> None:
    """In words, without a trace; flags may stand behind the runtime, as theirs may."""
    status, output = await run(*words, **variables)
    assert status != 0
    assert message in output
    assert "Traceback" not in output


async def test_help_names_the_flags() -> None:
    """Where theirs takes --help for a runtime."""
    status, output = await run("--help")
    assert status == 0
    assert "--runtime-interface-emulator-address HOST:PORT" in output
