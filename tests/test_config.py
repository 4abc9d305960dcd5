"""The environment, read once."""

from __future__ import annotations

from typing import Any

import pytest

from aioric.config import Config
from aioric.errors import InvalidConfiguration, NotInLambda

API = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"}


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("127.0.0.1:9001", "127.0.0.1", 9001),
        ("localhost:1", "localhost", 1),
        ("[::1]:65535", "::1", 65535),
    ],
)
def test_the_address_is_host_and_port(address: str, host: str, port: int) -> None:
    """The Runtime API's address is taken apart, and kept as it was written."""
    config = Config({"AWS_LAMBDA_RUNTIME_API": address})
    assert (config.runtime_api, config.host, config.port) == (address, host, port)


@pytest.mark.parametrize(
    "address", [None, "", "host", "host:", ":9001", "host:x", "host:0", "host:65536", "host:²"]
)
def test_without_an_address_this_is_not_lambda(address: str | None) -> None:
    """A missing or impossible address is told apart from every fault of the function's, with advice."""
    with pytest.raises(NotInLambda, match=r"must be host:port, not .* use `aioric dev HANDLER`"):
        Config({} if address is None else {"AWS_LAMBDA_RUNTIME_API": address})


def test_what_nobody_set_has_a_default() -> None:
    """With nothing but the address, everything else is unknown, off, or the best there is."""
    config = Config(API)
    config.check()
    wanted = {
        "handler": "",
        "task_root": None,
        "function_name": None,
        "function_version": None,
        "memory_limit_in_mb": None,
        "log_group_name": None,
        "log_stream_name": None,
        "region": "",
        "execution_env": "",
        "ascii_json": True,
        "json_logs": False,
        "log_level": "",
        "log_fd": None,
        "log_socket": None,
        "max_concurrency": None,
        "snap_start": False,
        "loop": "",
        "pipeline": True,
    }
    assert {name: getattr(config, name) for name in wanted} == wanted


def test_the_platforms_facts_are_taken_as_they_are() -> None:
    """What the platform says of the function is kept verbatim."""
    config = Config(
        {
            **API,
            "LAMBDA_TASK_ROOT": "/var/task",
            "AWS_LAMBDA_FUNCTION_NAME": "f",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "0128",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
            "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
            "AWS_REGION": "eu-west-1",
        }
    )
    assert (config.task_root, config.region) == ("/var/task", "eu-west-1")
    assert (config.function_name, config.function_version, config.memory_limit_in_mb) == (
        "f",
        "$LATEST",
        "0128",
    )
    assert (config.log_group_name, config.log_stream_name) == ("/aws/lambda/f", "stream")


@pytest.mark.parametrize(
    ("environ", "argument", "handler"),
    [
        ({"_HANDLER": "a.b"}, None, "a.b"),
        ({"_HANDLER": "a.b"}, "c.d", "c.d"),
        ({}, "c.d", "c.d"),
        ({}, "", ""),
    ],
)
def test_the_command_line_goes_before_the_environment(
    environ: dict[str, str], argument: str | None, handler: str
) -> None:
    """A handler that is given as an argument wins over `_HANDLER`."""
    assert Config({**API, **environ}, argument).handler == handler


@pytest.mark.parametrize(
    ("name", "text", "attribute", "value"),
    [
        ("AWS_EXECUTION_ENV", "AWS_Lambda_python3.11", "ascii_json", True),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_python3.12", "ascii_json", False),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_python3.14", "ascii_json", False),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON", "json_logs", True),
        ("AWS_LAMBDA_LOG_FORMAT", "json", "json_logs", True),
        ("AWS_LAMBDA_LOG_FORMAT", "Text", "json_logs", False),
        ("AWS_LAMBDA_LOG_LEVEL", "TRACE", "log_level", "DEBUG"),
        ("AWS_LAMBDA_LOG_LEVEL", "WARN", "log_level", "WARN"),
        ("_LAMBDA_TELEMETRY_LOG_FD", "62", "log_fd", 62),
        ("_LAMBDA_TELEMETRY_LOG_FD", "0", "log_fd", 0),
        ("_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET", "/run/s", "log_socket", "/run/s"),
        ("_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET", "", "log_socket", None),
        ("AWS_LAMBDA_MAX_CONCURRENCY", "1", "max_concurrency", 1),
        ("AWS_LAMBDA_MAX_CONCURRENCY", "64", "max_concurrency", 64),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start", "snap_start", True),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand", "snap_start", False),
        ("AIORIC_LOOP", "asyncio", "loop", "asyncio"),
        ("AIORIC_LOOP", "uvloop", "loop", "uvloop"),
        ("AIORIC_PIPELINE", "0", "pipeline", False),
        ("AIORIC_PIPELINE", "1", "pipeline", True),
    ],
)
def test_a_setting_is_understood(name: str, text: str, attribute: str, value: Any) -> None:
    """Each variable means what the documentation says."""
    config = Config({**API, name: text})
    config.check()
    assert getattr(config, attribute) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("AWS_LAMBDA_MAX_CONCURRENCY", "0"),
        ("AWS_LAMBDA_MAX_CONCURRENCY", "-1"),
        ("AWS_LAMBDA_MAX_CONCURRENCY", "1.5"),
        ("AWS_LAMBDA_MAX_CONCURRENCY", ""),
        ("AWS_LAMBDA_MAX_CONCURRENCY", "²"),
        ("_LAMBDA_TELEMETRY_LOG_FD", "-1"),
        ("_LAMBDA_TELEMETRY_LOG_FD", "two"),
        ("AIORIC_LOOP", "trio"),
        ("AIORIC_PIPELINE", "yes"),
    ],
)
def test_what_cannot_be_obeyed_is_said_when_asked(name: str, text: str) -> None:
    """A setting that makes no sense is no reason not to read the rest, and the first is reported."""
    config = Config({"_HANDLER": "a.b", **API, name: text, "AIORIC_WORKERS": "none"})
    assert config.handler == "a.b"
    with pytest.raises(InvalidConfiguration, match=rf"^{name} must be .*, not {text!r}$") as caught:
        config.check()
    assert caught.value.error_type == "Runtime.InvalidConfiguration"


def test_a_number_of_any_length_is_understood_or_refused() -> None:
    """One that the interpreter itself would not read is refused by name, and not shown in full."""
    config = Config({**API, "AIORIC_WORKERS": "9" * 5000})

    with pytest.raises(InvalidConfiguration, match=r"^AIORIC_WORKERS must be .*, not '9{80}'$"):
        config.check()


def test_an_empty_setting_is_none() -> None:
    """Templates that cannot leave a variable out leave it empty."""
    names = ("LOOP", "PIPELINE", "WORKERS", "SYNC", "PRELOAD", "DEADLINE_MARGIN_MS", "SHUTDOWN_MS", "GC")
    emptied, unset = Config({**API, **{f"AIORIC_{name}": "" for name in names}}), Config(API)
    emptied.check()

    assert [getattr(emptied, slot) for slot in Config.__slots__] == [
        getattr(unset, slot) for slot in Config.__slots__
    ]
