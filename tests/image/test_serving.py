"""The image at work as Lambda runs it, on our emulator and on AWS's own."""

from __future__ import annotations

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.image.engine import OFFICIAL, PATH, PATIENCE_SECONDS, ROOT, TASK, start
from tests.image.runtime_api import platform

if TYPE_CHECKING:
    from pathlib import Path

    from tests.image.engine import Container, Images

LANES = 4
EXTENSION = ROOT / "examples" / "extension" / "extensions" / "figures"
AS_IN_AWS_IMAGES = f"--volume={OFFICIAL}:/usr/local/bin/aws-lambda-rie:ro"
# As AWS's documentation has it for images without an emulator.
AS_ENTRYPOINT = [
    f"--volume={OFFICIAL}:/aws-lambda/aws-lambda-rie:ro",
    "--entrypoint=/aws-lambda/aws-lambda-rie",
]


@pytest.fixture
def official() -> None:
    """AWS's emulator is there."""
    if not OFFICIAL.exists():
        reason = f"no official emulator: `make setup` puts it at {OFFICIAL}"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


def test_our_emulator(image: str, images: Images, containers: list[Container]) -> None:
    """`docker run -p 9000:8080 IMAGE app.handler` answers on the official path, as Lambda's user."""
    container = start(image, "app.who", task=TASK)
    containers.append(container)
    answer = container.invoke({"greeting": "grüße"}).json()

    assert answer["event"] == {"greeting": "grüße"}
    assert (answer["uid"], answer["known"]) == (993, False)
    assert answer["folder"] == "/var/task"
    assert answer["handler"] == "app.who"
    assert answer["python"] == images.python
    assert answer["executable"] == "/usr/local/bin/python3"
    assert "reload" not in container.logs
    assert answer["writable"] == ["/tmp"]  # noqa: S108 - the one folder that Lambda lets a function write to


def test_our_emulator_takes_what_theirs_takes(image: str, containers: list[Container]) -> None:
    """By any name, with its variables, its port of the Runtime API and its callers' headers."""
    env = {"AWS_LAMBDA_FUNCTION_NAME": "mine", "AWS_LAMBDA_FUNCTION_TIMEOUT": "7"}
    container = start(image, "app.platform", task=TASK, env=env)
    containers.append(container)
    container.invoke({})
    named = {"Host": "function.example:8080", "X-Amzn-RequestId": "my-own-id"}
    url = f"http://127.0.0.1:{container.ports[8080]}{PATH}"
    answer = httpx.post(url, json={}, headers=named, timeout=PATIENCE_SECONDS, trust_env=False).json()

    assert answer["name"] == "mine"
    assert answer["request_id"] == "my-own-id"
    assert answer["api"] == "127.0.0.1:9001"
    assert 6000 < answer["left"] < 7100
    assert answer["memory"] == "3008"


def test_emulator_is_out_of_reach(image: str, containers: list[Container]) -> None:
    """Nothing of the emulator is imported into the function's process, nor on its path."""
    container = start(image, "app.who", task=TASK)
    containers.append(container)
    modules = {name.partition(".")[0] for name in container.invoke({}).json()["modules"]}

    assert not modules & {"aioric_emulator", "anyio", "click", "httptools", "psutil"}


def test_async_function(image: str, containers: list[Container]) -> None:
    """An `async def` handler runs on the uvloop of the image where it is asked for."""
    container = start(image, "app.loop", task=TASK, env={"AIORIC_LOOP": "uvloop"})
    containers.append(container)

    assert container.invoke({}).json()["loop"] == "uvloop"


def test_surroundings(image: str, containers: list[Container]) -> None:
    """Certificates, time zones and a UTF-8 locale are there."""
    container = start(image, "app.surroundings", task=TASK)
    containers.append(container)
    answer = container.invoke({}).json()

    assert answer["authorities"] > 100
    assert answer["zone"] == "Europe/Vienna"
    assert (answer["encoding"].upper(), answer["stdout"].upper()) == ("UTF-8", "UTF-8")
    assert "grüße" in container.logs


def test_no_network(image: str, containers: list[Container]) -> None:
    """The Runtime API is all the network it takes."""
    container = start(image, "app.who", task=TASK, network="none")
    containers.append(container)
    call = (
        "import time, urllib.request as u\n"
        "for _ in range(300):\n"
        f"    try: print(u.urlopen('http://127.0.0.1:8080{PATH}', b'[1]').read().decode()); break\n"
        "    except OSError: time.sleep(0.1)"
    )

    assert json.loads(container.execute("python3", "-c", call))["event"] == [1]


def test_managed_instances(image: str, containers: list[Container]) -> None:
    """With AWS_LAMBDA_MAX_CONCURRENCY our emulator serves several calls at once in one environment."""
    container = start(image, "app.together", task=TASK, env={"AWS_LAMBDA_MAX_CONCURRENCY": str(LANES)})
    containers.append(container)
    with ThreadPoolExecutor(LANES) as callers:
        answers = list(callers.map(container.invoke, [{"lanes": LANES}] * LANES))

    assert [answer.json() for answer in answers] == [LANES] * LANES, container.logs


@pytest.mark.usefixtures("official")
@pytest.mark.parametrize("mounted", [[AS_IN_AWS_IMAGES], AS_ENTRYPOINT], ids=["beside", "as entry point"])
def test_official_emulator(image: str, mounted: list[str], containers: list[Container]) -> None:
    """AWS's emulator serves the image, where AWS's images have it and where AWS's guide mounts it."""
    command = ["app.who"] if len(mounted) == 1 else ["/var/runtime/bootstrap", "app.who"]
    container = start(image, *command, task=TASK, options=mounted)
    containers.append(container)
    answer = container.invoke({"turn": 1}).json()

    assert (answer["event"], answer["uid"]) == ({"turn": 1}, 993)


@pytest.mark.usefixtures("official")
def test_official_emulator_managed(image: str, containers: list[Container]) -> None:
    """AWS's emulator serves the image in its Managed Instances mode, which takes root to become uid 993."""
    options = [AS_IN_AWS_IMAGES, "--user=0:0", "--cap-add=SETUID,SETGID,SYS_NICE,KILL"]
    environment = {"AWS_LAMBDA_MAX_CONCURRENCY": str(LANES)}
    container = start(image, "app.together", task=TASK, options=options, env=environment)
    containers.append(container)

    def call_until_free(lanes: int) -> object:
        # This emulator queues nothing: a call is refused until enough lanes have polled.
        while b"Runtime.Unavailable" in (answer := container.invoke({"lanes": lanes})).content:
            continue
        return answer.json()

    with ThreadPoolExecutor(LANES) as callers:
        assert list(callers.map(call_until_free, [LANES] * LANES)) == [LANES] * LANES, container.logs


@pytest.mark.usefixtures("official")
@pytest.mark.parametrize(
    ("mounted", "line"),
    [
        ([], "figures: success in "),  # told by telemetry
        ([AS_IN_AWS_IMAGES], "External agent figures ("),
    ],
    ids=["ours", "official"],
)
def test_external_extension(
    image: str, mounted: list[str], line: str, containers: list[Container], tmp_path: Path
) -> None:
    """What is in /opt/extensions is started beside the function, registers, and on ours gets telemetry."""
    (tmp_path / "extensions").mkdir()
    _, _, program = EXTENSION.read_text().partition("\n")
    # The slim image has no env(1).
    (tmp_path / "extensions" / "figures").write_text(f"#!/usr/local/bin/python3\n{program}")
    for path in (tmp_path, tmp_path / "extensions", tmp_path / "extensions" / "figures"):
        path.chmod(0o755)
    options = [f"--volume={tmp_path}:/opt:ro", *mounted]
    container = start(image, "app.who", task=TASK, options=options)
    containers.append(container)

    answer = container.invoke([1]).json()
    assert answer.get("event") == [1], f"{answer}\n{container.logs}"
    assert container.comes_to_log(line), container.logs


def test_in_lambda(image: str, containers: list[Container]) -> None:
    """With a Runtime API in the environment the entry point becomes the runtime, the only process."""
    with platform({"turn": 1}) as told:
        container = start(
            image, "app.who", task=TASK, network="host", env={"AWS_LAMBDA_RUNTIME_API": told.address}
        )
        containers.append(container)
        path, answer = told.wait_for_post()
        command = container.execute("python3", "-c", "print(open('/proc/1/cmdline').read())")

    assert path.endswith("/response")
    assert answer["event"] == {"turn": 1}
    assert re.match(r"\S*python3?\0.*\0/var/runtime/aioric/\w+\.py\0", command)


def test_wrapper(image: str, containers: list[Container]) -> None:
    """AWS_LAMBDA_EXEC_WRAPPER names a program that is given the interpreter and its arguments."""
    container = start(image, "app.who", task=TASK, env={"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper"})
    containers.append(container)

    assert container.invoke({}).json()["uid"] == 993
    assert re.search(r"wrapped \S*python3? .*/var/runtime/\S+\.py", container.logs)


def test_users_image(images: Images, containers: list[Container]) -> None:
    """An image built on ours with pip, a dependency and a handler is served without further words."""
    container = start(images.of("example"))
    containers.append(container)

    assert container.invoke({"bytes": 3_000_000}).json()["size"] == "3.0 MB"
