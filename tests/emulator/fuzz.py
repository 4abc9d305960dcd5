"""Fuzz the emulator for as long as you like: `python -m tests.emulator.fuzz {service,wire} [--seconds 1800]`.

`service`: hypothesis's state machines of test_service over the model, on and on with fresh seeds. `wire`:
bytes on the sockets of a real `aioric dev`, classic and Managed Instances in turns; corpus: wire_corpus.
A failure says which seed and which cases it takes to repeat it; what hypothesis finds is also in .hypothesis.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.emulator.test_service import AnyOrder, AnyOrderManaged
from tests.emulator.wire_fuzz import UnwellError, make_case, serving

CHECK_EVERY = 250
BATCH = 20_000
EXAMPLES = 200
STEPS = 60


def main() -> None:
    """Fuzz until the time is up or something is found."""
    parser = argparse.ArgumentParser(prog="python -m tests.emulator.fuzz", description="fuzz the emulator")
    parser.add_argument("what", choices=["service", "wire"])
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--first", type=int, default=0, help="the number of the first case, to repeat a failure"
    )
    options = parser.parse_args()
    deadline = time.monotonic() + options.seconds
    fuzz = fuzz_service if options.what == "service" else fuzz_wire
    fuzz(deadline, options.seed, options.first)


def fuzz_service(deadline: float, first_seed: int, _first: int) -> None:
    """Run the model's state machines with one seed after the other."""
    plan = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.reuse, Phase.generate, Phase.shrink],
    )
    number = first_seed
    while time.monotonic() < deadline:
        for machine in (AnyOrder, AnyOrderManaged):
            run_state_machine_as_test(seed(number)(machine), settings=plan)
        number += 1
        report(f"service: {(number - first_seed) * 2 * EXAMPLES} runs of up to {STEPS} steps, seed {number}")


def fuzz_wire(deadline: float, chosen: int, first: int) -> None:
    """Send cases, in batches that take turns between a classic function and one of Managed Instances."""
    number = first
    while time.monotonic() < deadline:
        lanes = 4 if number // BATCH % 2 else None
        with tempfile.TemporaryDirectory() as folder, serving(Path(folder), lanes) as target:
            while time.monotonic() < deadline:
                try:
                    for case in range(number, number + CHECK_EVERY):
                        target.run(make_case(chosen, case))
                    target.check()
                except UnwellError as error:
                    sys.exit(f"cases {number} to {number + CHECK_EVERY}, --seed {chosen}: {error}")
                number += CHECK_EVERY
                if number % (CHECK_EVERY * 20) == 0:
                    report(f"wire: {number - first} cases, lanes {lanes}, seed {chosen}: {target.figures}")
                if number % BATCH == 0:
                    break


def report(line: str) -> None:
    """Tell how far it is."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
