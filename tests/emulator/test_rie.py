"""The words and variables of `aws-lambda-rie`, as a function's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aioric_emulator.rie import RieError, read_address, read_configuration

if TYPE_CHECKING:
    from pathlib import Path

API = ("127.0.0.1", 9001)


def test_the_defaults_are_theirs(tmp_path: Path) -> None:
    """Names, limits and the place of the Runtime API, where nobody says anything."""
    found = read_configuration(["./bootstrap", "app.handler"], {}, tmp_path, API)
    assert (found.handler, found.command) == ("app.handler", ("./bootstrap", "app.handler"))
    assert (found.timeout, found.memory, found.concurrency) == (300.0, 3008, None)
    assert found.arn == "arn:aws:lambda:us-east-1:012345678912:function:test_function"
    assert found.api_address == API
    assert str(found.extensions) == "/opt/extensions"
    variables = found.runtime_environment({}, "127.0.0.1:9001", "stream", {})
    assert variables["AWS_LAMBDA_LOG_GROUP_NAME"] == "/aws/lambda/Functions"
    assert variables["AWS_LAMBDA_LOG_STREAM_NAME"] == "$LATEST"


def test_variables_describe_the_function(tmp_path: Path) -> None:
    """Those of the platform are handed on as they are, but for what the emulator decides."""
    environment = {
        "AWS_LAMBDA_FUNCTION_NAME": "named",
        "AWS_LAMBDA_FUNCTION_VERSION": "7",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "5",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_MAX_CONCURRENCY": "4",
        "AWS_LAMBDA_RUNTIME_API": "elsewhere",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCOUNT_ID": "111111111111",
        "LANG": "de_DE",
        "_HANDLER": "app.other",
    }
    found = read_configuration(["./bootstrap", "app.handler"], environment, tmp_path, API)
    assert (found.timeout, found.memory, found.concurrency) == (5.0, 512, 4)
    assert found.arn == "arn:aws:lambda:eu-west-1:111111111111:function:named"
    # The engine of Managed Instances asks the variables first.
    assert found.handler == "app.other"
    variables = found.runtime_environment(environment, "here", "stream", {})
    assert variables["AWS_LAMBDA_FUNCTION_VERSION"] == "7"
    assert (variables["AWS_LAMBDA_RUNTIME_API"], variables["LANG"]) == ("here", "de_DE")


def test_a_runtime_is_looked_for(tmp_path: Path) -> None:
    """Without words it is the folder's own bootstrap, and the handler is a variable's."""
    with pytest.raises(RieError, match="No runtime is named"):
        read_configuration([], {}, tmp_path, API)
    (tmp_path / "bootstrap").write_text("")
    found = read_configuration([], {"_HANDLER": "a.b"}, tmp_path, API)
    assert (found.handler, found.command) == ("a.b", (str(tmp_path / "bootstrap"),))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("AWS_LAMBDA_FUNCTION_TIMEOUT", "soon", "AWS_LAMBDA_FUNCTION_TIMEOUT is a whole number, not soon"),
        ("AWS_LAMBDA_FUNCTION_TIMEOUT", "0", "AWS_LAMBDA_FUNCTION_TIMEOUT is between 1 and 5400, not 0"),
        ("AWS_LAMBDA_MAX_CONCURRENCY", "0", "AWS_LAMBDA_MAX_CONCURRENCY is between 1 and 1600"),
        ("AWS_LAMBDA_LOG_FORMAT", "XML", "AWS_LAMBDA_LOG_FORMAT is Text or JSON, not XML"),
    ],
)
def test_a_mistake_is_named(name: str, value: str, message: str, tmp_path: Path) -> None:
    """Where theirs panics, or goes on with something else."""
    with pytest.raises(RieError, match=message):
        read_configuration(["b", "a.b"], {name: value}, tmp_path, API)


def test_addresses_are_read() -> None:
    """Also those without a host, and of IPv6."""
    assert read_address("0.0.0.0:8080", "--x") == ("0.0.0.0", 8080)  # noqa: S104 - theirs
    assert read_address(":8080", "--x") == ("0.0.0.0", 8080)  # noqa: S104 - theirs
    assert read_address("[::1]:1", "--x") == ("::1", 1)
    for text in ("8080", "host:", "host:port", "host:70000"):
        with pytest.raises(RieError, match=f"--x is HOST:PORT, not {text}"):
            read_address(text, "--x")
