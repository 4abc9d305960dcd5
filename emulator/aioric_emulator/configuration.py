"""One function's configuration, and the environment variables that follow from it. No I/O."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from aioric_emulator.asynchronous import EventPolicy
from aioric_emulator.destinations import Destinations
from aioric_emulator.extensions import FunctionFacts
from aioric_emulator.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aioric_emulator.debug_relay import DebugRelay
    from aioric_emulator.disrupted_api import Disruptions
    from aioric_emulator.memory_group import Place

__all__ = ["FunctionConfiguration"]

# What the function's owner may not decide. A name that begins with an underscore is the platform's too,
# except for two. See
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
UNDERSCORED_BUT_FREE = frozenset({"_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT"})
# What extensions are not told.
RUNTIME_ONLY = frozenset(
    {
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)


@dataclass(frozen=True, slots=True)
class FunctionConfiguration:
    """What `CreateFunction` would be told. `timeout` is in seconds, `memory` in MB.

    `concurrency` is None for classic environments, or the number of lanes of a Managed Instances one.
    """

    handler: str
    command: tuple[str, ...]
    task_root: Path
    name: str = "function"
    variables: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 3.0
    memory: int = 128
    concurrency: int | None = None
    max_environments: int = 10
    init_limit: float | None = None
    region: str = "us-east-1"
    account_id: str = "123456789012"
    log_format: str = "Text"
    log_level: str = ""
    # The platform sends an attempt's id since July 2026, and refuses a wrong echo of it.
    sends_invocation_id: bool = True
    # Managed runtimes are given a descriptor for framed log messages; OS-only ones usually are not.
    has_framed_log: bool = False
    # SnapStart: init ends with a snapshot, and the first invocation restores it.
    has_snapshot: bool = False
    # How many copies of the snapshot `aioric dev` compares; 1 for none.
    copies: int = 2
    # The runtime's processes are stopped between invocations, as the platform freezes an environment.
    freezes: bool = False
    # An environment that uses more than `memory` is killed: by the kernel where `memory_place` says where
    # control groups can be made, and by looking in any case. Looking may see a short peak too late; the
    # kernel's own mark of it is not missed.
    enforces_memory: bool = False
    memory_place: Place | None = None
    # How long, in seconds, an environment is reused before another takes its place; None for ever.
    max_age: float | None = None
    # What stands for `/opt`, the later over the earlier; and a folder of external extensions over theirs.
    layers: tuple[Path, ...] = ()
    extensions: Path | None = None
    # Streams pass as slowly as on the platform: see `relay.Bandwidth`.
    has_real_bandwidth: bool = False
    # What `aws-lambda-rie` does, and the platform does not: variables of the platform's that the emulator was
    # given itself; where the Runtime API listens, while one environment is there; request ids of callers'.
    platform_variables: Mapping[str, str] = field(default_factory=dict)
    # On the loopback interface, whatever the front door listens on.
    api_address: tuple[str, int] = ("127.0.0.1", 0)
    takes_caller_facts: bool = False
    events: EventPolicy = field(default_factory=EventPolicy)
    destinations: Destinations = field(default_factory=Destinations)
    # What a test has planned for the Runtime API, or a debugger; None where there is neither.
    disruptions: Disruptions | None = None
    # While an editor is attached to it, the function's clock stands still.
    debugger: DebugRelay | None = None

    @property
    def arn(self) -> str:
        """The function's ARN, without a qualifier."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:function:{self.name}"

    @property
    def clock(self) -> Callable[[], float]:
        """What the function's durations and deadlines are taken by, in seconds."""
        return time.monotonic if self.debugger is None else self.debugger.clock

    @property
    def extension_folders(self) -> tuple[Path, ...]:
        """Where external extensions are: a file stands for those of its name in earlier folders."""
        of_layers = tuple(layer / "extensions" for layer in self.layers)
        return of_layers if self.extensions is None else (*of_layers, self.extensions)

    @property
    def facts(self) -> FunctionFacts:
        """What extensions are told."""
        return FunctionFacts(
            self.name,
            "$LATEST",
            self.handler,
            self.account_id,
            self.memory,
            self.initialization_type,
            Path(self.command[0]).name,
            self.is_json_log,
        )

    @property
    def limits(self) -> Limits:
        """What the service has to keep."""
        return Limits(
            self.timeout,
            self.max_environments,
            self.concurrency,
            self.init_limit,
            self.has_snapshot,
            self.max_age,
        )

    @property
    def is_json_log(self) -> bool:
        """Whether the log is in JSON, which Managed Instances always have."""
        return self.concurrency is not None or self.log_format.upper() == "JSON"

    @property
    def initialization_type(self) -> str:
        """The value of `AWS_LAMBDA_INITIALIZATION_TYPE`."""
        if self.concurrency is not None:
            return "lambda-managed-instances"
        return "snap-start" if self.has_snapshot else "on-demand"

    def runtime_environment(
        self, inherited: Mapping[str, str], api_address: str, log_stream: str, extra: Mapping[str, str]
    ) -> dict[str, str]:
        """Give a runtime's environment, by rank: inherited, unreserved, the owner's, reserved.

        Unlike on the platform, what the emulator's own environment holds is the lowest layer, so that
        credentials, proxies and virtual environments of the developer work. `extra` ranks highest.
        """
        variables = {name: value for name, value in inherited.items() if not is_reserved(name)}
        variables |= self._unreserved(inherited)
        variables |= {name: value for name, value in self.variables.items() if not is_reserved(name)}
        variables |= self._reserved(api_address, log_stream)
        if self.layers:
            from aioric_emulator.layers import add_layers  # noqa: PLC0415 - few functions have some

            variables = add_layers(self, variables)
        return {**variables, **extra}

    def extension_environment(self, inherited: Mapping[str, str], api_address: str) -> dict[str, str]:
        """Give an external extension's environment: a runtime's, without what only a runtime is told.

        So no name that begins with an underscore, nothing of X-Ray, of the log's place, or of the code's.
        """
        variables = self.runtime_environment(inherited, api_address, "", {})
        return {name: value for name, value in variables.items() if not is_for_runtime(name)}

    def _unreserved(self, inherited: Mapping[str, str]) -> dict[str, str]:
        root = str(self.task_root)
        paths = [inherited.get("LD_LIBRARY_PATH", ""), root, f"{root}/lib"]
        return {
            "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
            "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
            "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
            "_AWS_XRAY_DAEMON_PORT": "2000",
            "LANG": "en_US.UTF-8",
            "LD_LIBRARY_PATH": ":".join(path for path in paths if path),
            "TZ": ":UTC",
        }

    def _reserved(self, api_address: str, log_stream: str) -> dict[str, str]:
        variables = {
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory),
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": self.initialization_type,
            "AWS_LAMBDA_LOG_FORMAT": "JSON" if self.is_json_log else "Text",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
            "AWS_LAMBDA_RUNTIME_API": api_address,
            "LAMBDA_TASK_ROOT": str(self.task_root),
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "_HANDLER": self.handler,
            **self.platform_variables,
        }
        if self.has_snapshot:
            # One snapshot has many copies, and each of those a log stream of its own.
            del variables["AWS_LAMBDA_LOG_GROUP_NAME"], variables["AWS_LAMBDA_LOG_STREAM_NAME"]
        if self.log_level and self.is_json_log:
            variables["AWS_LAMBDA_LOG_LEVEL"] = self.log_level
        if self.concurrency is not None:
            variables["AWS_LAMBDA_MAX_CONCURRENCY"] = str(self.concurrency)
        return variables


def is_for_runtime(name: str) -> bool:
    """Whether a variable is kept from extensions."""
    return name.startswith(("_", "AWS_XRAY_")) or name in RUNTIME_ONLY


def is_reserved(name: str) -> bool:
    """Whether a variable is the platform's to set, or private to it."""
    if name.startswith("_"):
        return name not in UNDERSCORED_BUT_FREE
    if name == "AWS_LAMBDA_EXEC_WRAPPER":
        return False
    return name.startswith("AWS_LAMBDA_") or name in {"LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"}
