"""`aioric-rie` beside `aws-lambda-rie`: the same words, variables and calls give the same.

What differs on purpose is in docs/aioric-rie.md, and asserted here.
"""

from __future__ import annotations

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.official.emulator import BINARY, ROOT, Answer, OfficialEmulator, official_emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

TASK = Path(__file__).parent / "task"
OURS = (sys.executable, "-m", "aioric_emulator.rie_command")
OFFICIAL_CLIENT = (sys.executable, "-m", "awslambdaric", "$_HANDLER")
SOURCES = os.pathsep.join([str(ROOT / "emulator"), str(ROOT / "runtime")])
PATH = "/2015-03-31/functions/function/invocations"
CALLER = {
    "X-Amzn-RequestId": "my-id",
    "X-Amz-Client-Context": "eyJjdXN0b20iOnsiYSI6MX19",
    "X-Amz-Cognito-Identity": '{"cognitoIdentityId":"c","cognitoIdentityPoolId":"p"}',
}

pytestmark = pytest.mark.official


@pytest.fixture(params=[None, 2], ids=["classic", "managed-instances"])
def engines(
    request: pytest.FixtureRequest,
) -> Iterator[tuple[OfficialEmulator, OfficialEmulator]]:
    """Theirs and ours, around the same runtime and the same function."""
    concurrency: int | None = request.param
    request.getfixturevalue("classic" if concurrency is None else "managed_instances")
    variables = {"AWS_LAMBDA_FUNCTION_TIMEOUT": "2", "AWS_LAMBDA_FUNCTION_NAME": "named", "MINE": "1"}
    ours = variables | {"PYTHONPATH": SOURCES}
    with (
        official_emulator(
            OFFICIAL_CLIENT, "rie.handler", task=TASK, concurrency=concurrency, environment=variables
        ) as their_engine,
        official_emulator(
            OFFICIAL_CLIENT, "rie.handler", task=TASK, concurrency=concurrency, environment=ours, program=OURS
        ) as our_engine,
    ):
        for engine in (their_engine, our_engine):
            # Managed Instances come up beside the first calls.
            engine.invoke_when_free({})
        yield their_engine, our_engine


def call(engine: OfficialEmulator, event: object, headers: dict[str, str] | None = None) -> Answer:
    """Call the function with headers of one's own."""
    response = engine.client.post(PATH, json=event, headers=headers)
    return Answer(response.status_code, response.headers, response.content)


def without_ids(value: Any) -> Any:
    """Give a decoded error without what is another each time."""
    return {name: each for name, each in value.items() if name not in {"requestId", "stackTrace"}}


def test_answers_and_facts_are_the_same(engines: tuple[OfficialEmulator, OfficialEmulator]) -> None:
    """Results, errors, and all that a caller may say: request id, client context, identity."""
    theirs, ours = engines
    events: tuple[object, ...] = ({}, {"a": [1, 2.5, None]}, "ä", [], 0)
    for event in events:
        assert ours.invoke_when_free(event).result == theirs.invoke_when_free(event).result == event
    context = [call(engine, {"do": "context"}, CALLER).result for engine in (theirs, ours)]
    assert context[1] == context[0]
    assert (context[1]["id"], context[1]["name"]) == ("my-id", "named")
    errors = [engine.invoke_when_free({"do": "fail"}) for engine in (theirs, ours)]
    assert without_ids(errors[1].result) == without_ids(errors[0].result)
    assert [each.status for each in errors] == [200, 200]


def test_variables_are_the_same(engines: tuple[OfficialEmulator, OfficialEmulator]) -> None:
    """The function sees what the emulator was given; what a machine or an engine makes differs."""
    theirs, ours = (engine.invoke_when_free({"do": "variables"}).result for engine in engines)
    own = r"AWS_LAMBDA_(RUNTIME_API|METADATA_\w+)|PWD|OLDPWD|LAMBDA_TASK_ROOT|LD_LIBRARY_PATH|COVERAGE_\w+"
    # Theirs sets empty credentials over those of a role or profile, and an X-Ray address that is none.
    own += r"|AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)|_?AWS_XRAY_DAEMON_\w+|AWS_LAMBDA_LOG_FORMAT"
    common = {name: each for name, each in theirs.items() if not re.fullmatch(own, name)}
    common.pop("AWS_ACCOUNT_ID", None)
    assert {name: ours.get(name) for name in common} == common
    assert common["MINE"] == "1"


def test_what_differs_is_theirs_to_mend(engines: tuple[OfficialEmulator, OfficialEmulator]) -> None:
    """A failed call says so in a header, a timeout is an error object, what is no JSON is refused."""
    theirs, ours = engines
    failed = [engine.invoke_when_free({"do": "fail"}).headers for engine in (theirs, ours)]
    assert [each.get("X-Amz-Function-Error") for each in failed] == [None, "Unhandled"]
    late = ours.invoke_when_free({"do": "sleep"})
    assert late.result["errorType"] == "Sandbox.Timedout"
    assert late.result["errorMessage"].endswith("Task timed out after 2.00 seconds")
    refused = ours.client.post(PATH, content=b"no JSON")
    assert (refused.status_code, refused.headers["x-amzn-ErrorType"]) == (
        400,
        "InvalidRequestContentException",
    )
    queued = call(ours, {}, {"X-Amz-Invocation-Type": "Event"})
    assert (queued.status, queued.body) == (202, b"")
    for target in ("/2015-03-31/functions/other/invocations", "/"):
        assert [engine.client.post(target).status_code for engine in (theirs, ours)] == [404, 404]


@pytest.mark.usefixtures("classic")
def test_parallel_calls_are_served() -> None:
    """Theirs refuses a second call with 400; ours starts another environment, whose address is another."""
    variables = {"PYTHONPATH": SOURCES}
    with (
        official_emulator(
            OFFICIAL_CLIENT, "rie.handler", task=TASK, environment=variables, program=OURS
        ) as ours,
        ThreadPoolExecutor(2) as callers,
    ):
        naps = list(callers.map(ours.invoke, [{"do": "meet", "seconds": 1}] * 2))
    assert [nap.status for nap in naps] == [200, 200]
    assert len({nap.result for nap in naps}) == 2


@pytest.mark.usefixtures("classic")
def test_the_binary_knows_our_flags() -> None:
    """Each flag of ours is one of theirs."""
    text = BINARY.read_bytes()
    for flag in (
        "log-level",
        "enable-init-caching",
        "runtime-api-address",
        "runtime-interface-emulator-address",
    ):
        assert f'long:"{flag}"'.encode() in text
