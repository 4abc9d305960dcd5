"""From exec to the first answer inside a container: our images beside python:slim with awslambdaric.

Run by `BENCH=1 make image-test`, which builds the images, all from one base; `python -m bench.readme` puts
the newest table into docs/deploy.md. A container of each is kept waiting. A start then is a fork of this
process that enters the container's file system, becomes Lambda's user, takes the time and executes the
image's entry point; it ends when the answer to the first event arrives at the Runtime API, which is this
process too. So the engine's own work is not measured, and the image's files, links and path are.

Warm: everything was read before. Cold: before each start the pages of all the image's files are dropped from
the page cache (the C library stays, the waiting containers use it); directories stay known. The contestants
take turns; the table holds medians, of times as of each round's ratios, and the middle half of those.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import json
import os
import statistics
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.image_starts import TASK, Container, Start, count_files, forget_files, opened, start
from bench.report import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS = Path(__file__).parent / "results"
ENGINE = os.environ.get("ENGINE", "podman")


@dataclass(frozen=True)
class Contestant:
    """An image, and the handler that it serves."""

    title: str
    image: str
    handler: str


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--cold-rounds", type=int, default=15)
    arguments = parser.parse_args()
    name, base = os.environ["AIORIC_IMAGES"], os.environ["AIORIC_BASE"]
    contestants = [
        Contestant("awslambdaric, `def`", f"{name}-awslambdaric", "app.trivial"),
        Contestant("aioric base, `def`", f"{name}-base", "app.trivial"),
        Contestant("aioric slim, `def`", f"{name}-slim", "app.trivial"),
        Contestant("aioric base, `async def`", f"{name}-base", "app.trivial_async"),
    ]
    with ExitStack() as stack:
        waiting = [stack.enter_context(container(each)) for each in contestants]
        measure(waiting, arguments.rounds, arguments.cold_rounds)
        bare = int(json.loads(engine("image", "inspect", base))[0]["Size"])
        report(
            waiting,
            bare,
            name.rpartition(":")[2],
            {"rounds": arguments.rounds, "cold": arguments.cold_rounds},
        )


def engine(*arguments: str) -> str:
    """Run a command of the engine, and give what it prints."""
    return subprocess.run([ENGINE, *arguments], check=True, capture_output=True, text=True).stdout


@contextmanager
def container(contestant: Contestant) -> Iterator[Container]:
    """Keep a container of an image, set up as Lambda does; its only process waits at a terminal."""
    options = [
        "--read-only",
        "--tmpfs=/tmp",
        "--cap-drop=ALL",
        "--network=host",
        f"--volume={TASK}:/var/task:ro",
    ]
    waits = ["--tty", "--entrypoint=/bin/sh", contestant.image, "-c", "read line"]
    started = engine("run", "--detach", *options, *waits).strip()
    try:
        config = json.loads(engine("image", "inspect", contestant.image))[0]
        environment = dict(each.split("=", 1) for each in config["Config"]["Env"])
        environment |= {"AWS_LAMBDA_FUNCTION_NAME": "bench", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512"}
        environment |= {"_HANDLER": contestant.handler, "LAMBDA_TASK_ROOT": "/var/task"}
        pid = int(engine("inspect", "--format", "{{.State.Pid}}", started))
        command = [*config["Config"]["Entrypoint"], contestant.handler]
        yield Container(contestant.title, pid, command, environment, int(config["Size"]))
    finally:
        engine("rm", "--force", "--time", "0", started)


def measure(waiting: list[Container], rounds: int, cold_rounds: int) -> None:
    """Let the contestants take turns, first with everything read before, then with nothing."""
    for each in waiting:
        start(each)
    for _ in range(rounds):
        for each in waiting:
            each.warm.append(start(each))
    for _ in range(cold_rounds):
        for each in waiting:
            forget_files(each)
            each.cold.append(start(each))


def ratio(starts: list[Start], rival: list[Start], of: str = "milliseconds") -> dict[str, float]:
    """Give the median of the rounds' ratios to the rival, and the middle half around it."""
    pairs = zip(starts, rival, strict=True)
    quartiles = statistics.quantiles(
        (getattr(start, of) / getattr(other, of) for start, other in pairs), method="inclusive"
    )
    return dict(zip(("low", "median", "high"), quartiles, strict=True))


def report(waiting: list[Container], bare: int, python: str, rounds: dict[str, int]) -> None:
    """Print the table, and keep it with the raw figures."""
    rival = waiting[0]
    rows: list[dict[str, Any]] = []
    for each in waiting:
        files = opened(each)
        rows.append(
            {
                "contestant": each.title,
                "image_bytes": each.size,
                "added_bytes": each.size - bare,
                "files": count_files(each),
                "opened": files and files[0],
                "missed": files and files[1],
                "cold_bytes": statistics.median(start.disk_bytes for start in each.cold),
                "cpu_ratio": ratio(each.warm, rival.warm, "cpu_milliseconds"),
                "wall_ratio": ratio(each.warm, rival.warm),
                "cold_ratio": ratio(each.cold, rival.cold),
                "warm": [dataclasses.asdict(start) for start in each.warm],
                "cold": [dataclasses.asdict(start) for start in each.cold],
            }
        )
    now = dt.datetime.now(dt.UTC)
    command = f"BENCH=1 make image-test PYTHONS={python} ARGS='--rounds {{rounds}} --cold-rounds {{cold}}'"
    facts = {**environment(), "python": python, "command": command.format(**rounds), "date": now.isoformat()}
    document = {**facts, **rounds, "base_bytes": bare, "rows": rows}
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / f"image-{now:%Y%m%dT%H%M%SZ}.json"
    target.write_text(json.dumps(document, indent=1) + "\n")
    text = table(rows, document)
    target.with_suffix(".md").write_text(text)
    print(text)


def table(rows: list[dict[str, Any]], document: dict[str, Any]) -> str:
    """Give the results as Markdown."""
    machine = f"{document['processor']}, {os.cpu_count()} cores, Linux {document['kernel']}"
    rounds = f"{document['rounds']} warm and {document['cold']} cold starts, taking turns"
    heads = ["image", "MB", "added", "files", "opened", "looked for in vain", "read cold, MB"]
    heads += ["warm, ms", "cold, ms", "CPU ratio", "warm ratio", "cold ratio"]
    lines = [
        "| " + " | ".join(heads) + " |",
        "|---|" + "---:|" * (len(heads) - 1),
    ]
    for row in rows:
        cells = [
            row["contestant"],
            f"{row['image_bytes'] / 1e6:.0f}",
            f"{row['added_bytes'] / 1e6:+.1f}",
            f"{row['files']:,}",
            row["opened"],
            row["missed"],
            f"{row['cold_bytes'] / 1e6:.1f}",
            *(
                f"{statistics.median(start['milliseconds'] for start in row[of]):.1f}"
                for of in ("warm", "cold")
            ),
            *(spread(row[of]) for of in ("cpu_ratio", "wall_ratio", "cold_ratio")),
        ]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    words = [
        f"From exec to the first answer; medians of {rounds}; ratios to awslambdaric in the same round,",
        f"with their middle half. Python {document['python']}, {machine}.",
        f"The bare base is {document['base_bytes'] / 1e6:.0f} MB.",
    ]
    lines += ["", " ".join(words)]
    return "\n".join(lines) + "\n"


def spread(found: dict[str, float]) -> str:
    """Give a median, and the middle half around it."""
    return f"{found['median']:.2f} ({found['low']:.2f}-{found['high']:.2f})"


if __name__ == "__main__":
    main()
