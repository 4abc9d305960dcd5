"""Who is compared: each runtime as its users start it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bench.server import compiled

ROOT = Path(__file__).parents[1]
TASK = Path(__file__).parent / "task"


@dataclass(frozen=True)
class Contestant:
    """A runtime command, the form of the handler that it serves, and what its environment adds."""

    name: str
    command: tuple[str, ...]
    suffix: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def argv(self, handler: str) -> list[str]:
        """The command line for a handler's plain name."""
        return [*self.command, f"app.{handler}{self.suffix}"]

    def variables(self, port: int, lanes: int) -> dict[str, str]:
        """The environment of the runtime, as the platform would make it: nothing leaks in from ours."""
        variables = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
            "LAMBDA_TASK_ROOT": str(TASK),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath]),
            "LANG": "C.UTF-8",
        }
        if lanes > 1:
            variables["AWS_LAMBDA_MAX_CONCURRENCY"] = str(lanes)
        return variables | self.environment


OFFICIAL = (sys.executable, "-m", "awslambdaric")
OURS = (str(ROOT / "bootstrap"),)

# What every ratio is to: the official client the way it costs least.
BASELINE = "awslambdaric"

# It knows one connection and one answer.
FLOOR = "floor-c"

CONTESTANTS = (
    Contestant("aioric-def", OURS),
    Contestant("aioric-async", OURS, "_async"),
    Contestant(BASELINE, OFFICIAL),
    # From Python 3.12 on, AWS's image makes it poll in a new thread per invocation.
    Contestant("awslambdaric-threaded", OFFICIAL, environment={"AWS_EXECUTION_ENV": "AWS_Lambda_python3.12"}),
)


def floor() -> Contestant | None:
    """What any client must spend: a few lines of C that decode nothing; None without a compiler."""
    binary = compiled("floor.c")
    return Contestant(FLOOR, (str(binary),)) if binary else None
