"""What repeats to the instruction, held to a budget: `python -m bench.budget [--update]`.

Valgrind counts the instructions that a process executes in user space. They hardly depend on the machine,
but they do on the interpreter's version and build: the budget of a start is in units of a bare interpreter's
start, and there is one budget for each version of Python. A change that costs more raises it on purpose.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from bench.launch import COUNTED, VALGRIND, Launcher
from bench.starts import prepare

FILE = Path(__file__).with_name("budget.json")
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
TOLERANCE = 0.04  # of the figure: builds of one version differ by so much
FEW, MANY = 100, 1100
STARTS = {"def": "start of a def function", "async def": "start of an async def function"}


def measure() -> dict[str, float]:
    """All figures; starts in starts of a bare interpreter, invocations in thousands of instructions."""
    bare = _bare()
    figures: dict[str, float] = {}
    with Launcher(count=True) as launcher:
        for name, title in STARTS.items():
            start = prepare(name)[0]
            launcher.take(start, 0)  # so that bytecode is there
            few = launcher.take(start, 0).figure
            figures[title] = round(few / bare, 3)
            served = [launcher.take(start, 0, invocations=count).figure for count in (FEW, MANY)]
            each = (served[1] - served[0]) * 1000 / (MANY - FEW)
            figures[f"invocation of {title.partition(' of ')[2]}, thousand instructions"] = round(each, 1)
    return figures


def exceeded(figures: dict[str, float], budget: dict[str, float]) -> list[str]:
    """What costs more than it may."""
    return [
        f"{name}: {figures[name]}, and {allowed} are allowed"
        for name, allowed in budget.items()
        if figures[name] > allowed * (1 + TOLERANCE)
    ]


def budgets() -> dict[str, dict[str, float]]:
    """The file, by version of Python."""
    read: dict[str, dict[str, float]] = json.loads(FILE.read_text())
    return read


def main() -> None:
    """Compare, or write the budget anew."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.budget", description="hold what repeats to a budget"
    )
    parser.add_argument("--update", action="store_true", help="write today's figures down as the budget")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("No valgrind here: nothing was counted. (Debian: apt-get install valgrind)")
        return
    figures = measure()
    known = budgets()
    print(json.dumps(figures, indent=1))
    if options.update:
        FILE.write_text(json.dumps(dict(sorted((known | {PYTHON: figures}).items())), indent=1) + "\n")
    elif PYTHON not in known:
        print(f"There is no budget for Python {PYTHON} yet: python -m bench.budget --update")
    elif wrong := exceeded(figures, known[PYTHON]):
        raise SystemExit("\n".join(["Over the budget of bench/budget.json:", *wrong]))


def _bare() -> float:
    """Millions of instructions of an interpreter that starts, does nothing and ends."""
    command = [*VALGRIND, sys.executable, "-P", "-c", "pass"]
    told = subprocess.run(
        command, check=True, capture_output=True, env={"PYTHONHASHSEED": "0", "LANG": "C.UTF-8"}
    )
    counted = re.findall(COUNTED, told.stderr)
    return int(counted[-1].replace(b",", b"")) / 1e6


if __name__ == "__main__":
    main()
