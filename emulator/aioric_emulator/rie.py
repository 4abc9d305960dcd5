"""What `aioric-rie` is told: the words and variables of `aws-lambda-rie`, to a function's configuration.

https://github.com/aws/aws-lambda-runtime-interface-emulator
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aioric_emulator.configuration import FunctionConfiguration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ALIAS", "RieError", "read_address", "read_configuration"]

# The name in the one path that AWS's emulator knows, whatever the function is called.
ALIAS = "function"
# Looked for without words, in this order; the first is in the folder that the emulator is started in.
BOOTSTRAPS = ("bootstrap", "/var/runtime/bootstrap", "/var/task/bootstrap", "/opt/bootstrap")
EXTENSIONS = Path("/opt/extensions")
CLASSIC_ACCOUNT = "012345678912"
MANAGED_ACCOUNT = "123456789012"
# What the function is told as the emulator itself was told it, and what it is told by default.
PLATFORM_NAMES = ("AWS_DEFAULT_REGION", "AWS_REGION", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR")
DEFAULTS = {
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/Functions",
    "AWS_LAMBDA_LOG_STREAM_NAME": "$LATEST",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
}
# What the emulator decides all the same.
OWN = frozenset(
    {
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_FORMAT",
        "AWS_LAMBDA_LOG_LEVEL",
        "AWS_LAMBDA_MAX_CONCURRENCY",
        "AWS_LAMBDA_RUNTIME_API",
    }
)


class RieError(ValueError):
    """A word or variable that cannot be; the message names it and says what could."""


def read_configuration(
    words: Sequence[str], environment: Mapping[str, str], folder: Path, api_address: tuple[str, int]
) -> FunctionConfiguration:
    """Give the function that some words and variables stand for.

    `folder` is the current one. Raises `RieError`.
    """
    concurrency = None
    if "AWS_LAMBDA_MAX_CONCURRENCY" in environment:
        concurrency = read_number(environment, "AWS_LAMBDA_MAX_CONCURRENCY", 1, 1, 1600)
    timeout = read_number(environment, "AWS_LAMBDA_FUNCTION_TIMEOUT", 300, 1, 5400)
    account = MANAGED_ACCOUNT if concurrency else CLASSIC_ACCOUNT
    log_format = environment.get("AWS_LAMBDA_LOG_FORMAT") or "Text"
    if log_format.upper() not in {"TEXT", "JSON"}:
        raise RieError(f"AWS_LAMBDA_LOG_FORMAT is Text or JSON, not {log_format}")
    return FunctionConfiguration(
        handler=find_handler(words, environment, is_managed=concurrency is not None),
        command=tuple(words) or (find_bootstrap(folder),),
        task_root=folder,
        name=environment.get("AWS_LAMBDA_FUNCTION_NAME") or "test_function",
        variables=dict(environment),
        timeout=float(timeout),
        memory=read_number(environment, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 3008, 1, 1_000_000),
        concurrency=concurrency,
        # Theirs gives an init of Managed Instances the time of an invocation.
        init_limit=float(timeout) if concurrency else None,
        region=environment.get("AWS_REGION") or "us-east-1",
        account_id=(environment.get("AWS_ACCOUNT_ID") if concurrency else "") or account,
        log_format=log_format,
        log_level=environment.get("AWS_LAMBDA_LOG_LEVEL", ""),
        platform_variables=find_platform_variables(environment),
        api_address=api_address,
        extensions=EXTENSIONS,
        takes_caller_facts=True,
    )


def find_handler(words: Sequence[str], environment: Mapping[str, str], *, is_managed: bool) -> str:
    """Give the handler's name: the last of several words, or a variable's.

    The classic engine asks the words first, the one of Managed Instances the variables.
    """
    word = words[-1] if len(words) > 1 else ""
    variable = environment.get("AWS_LAMBDA_FUNCTION_HANDLER") or environment.get("_HANDLER", "")
    return variable or word if is_managed else word or variable


def find_bootstrap(folder: Path) -> str:
    """Give the runtime to start where no word names one. Raises `RieError`."""
    candidates = [str(folder / each) for each in BOOTSTRAPS]
    for candidate in candidates:
        if Path(candidate).is_file():
            return candidate
    raise RieError(f"No runtime is named, and there is none at {', '.join(candidates)}")


def find_platform_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the platform's variables as the emulator was given them."""
    given = {
        name: value
        for name, value in environment.items()
        if name in PLATFORM_NAMES or (name.startswith("AWS_LAMBDA_") and name not in OWN)
    }
    return DEFAULTS | given


def read_number(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """Give a variable's whole number. Raises `RieError`."""
    text = environment.get(name, "")
    if not text:
        return default
    try:
        number = int(text)
    except ValueError:
        raise RieError(f"{name} is a whole number, not {text}") from None
    if not least <= number <= most:
        raise RieError(f"{name} is between {least} and {most}, not {number}")
    return number


def read_address(text: str, flag: str) -> tuple[str, int]:
    """Give the host and port of `host:port`; without a host it is every interface. Raises `RieError`."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004 - the last port
        raise RieError(f"{flag} is HOST:PORT, not {text}")
    return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104 - what an empty host means to AWS's emulator
