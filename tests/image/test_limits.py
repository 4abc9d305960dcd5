"""How it ends: too much memory, SIGTERM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.image.engine import TASK, start
from tests.image.runtime_api import platform

if TYPE_CHECKING:
    from tests.image.engine import Container

SMALL = ["--memory=128m", "--memory-swap=128m"]
GRACE = 10


def test_out_of_memory(image: str, containers: list[Container]) -> None:
    """A function that takes too much is killed; its caller is told, and the next call is served."""
    container = start(image, "app.eat", task=TASK, options=SMALL)
    containers.append(container)
    killed = container.invoke({"megabytes": 400})
    after = container.invoke({"megabytes": 1})

    assert killed.json()["errorType"] == "Runtime.ExitError"
    assert "signal: killed" in killed.json()["errorMessage"]
    assert after.json() == 2**20


def test_out_of_memory_in_lambda(image: str, containers: list[Container]) -> None:
    """Without an emulator around it, the container ends as the kernel ended its process."""
    with platform({"megabytes": 400}) as told:
        environment = {"AWS_LAMBDA_RUNTIME_API": told.address}
        container = start(image, "app.eat", task=TASK, options=SMALL, network="host", env=environment)
        containers.append(container)

        assert container.wait() == 128 + 9


def test_sigterm_reaches_the_function(image: str, containers: list[Container]) -> None:
    """The runtime is the process that SIGTERM is sent to, and the function's own handler for it runs."""
    with platform({}) as told:
        environment = {"AWS_LAMBDA_RUNTIME_API": told.address}
        container = start(image, "app.told", task=TASK, network="host", env=environment)
        containers.append(container)
        told.wait_for_post()

        assert container.stop(GRACE) == 7
    assert "goodbye" in container.logs


def test_sigterm_ends_the_emulator(image: str, containers: list[Container]) -> None:
    """`docker stop` ends a container that serves through our emulator, without a kill."""
    container = start(image, "app.who", task=TASK)
    containers.append(container)
    container.invoke({})

    assert container.stop(GRACE) == 0
