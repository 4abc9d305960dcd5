"""The context object is awslambdaric's, attribute for attribute."""

from __future__ import annotations

import io
import logging
import pathlib
import subprocess
import sys
import time
from contextlib import redirect_stdout

import pytest
from awslambdaric.bootstrap import create_lambda_context
from awslambdaric.lambda_runtime_exception import FaultException

from aioric.config import Config
from aioric.errors import LambdaContextUnmarshalError
from aioric.function.context import LambdaContext
from aioric.messages import Invocation

RUNTIME = pathlib.Path(__file__).parents[2] / "runtime"
ENVIRONMENT = {
    "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
    "AWS_LAMBDA_FUNCTION_NAME": "shop",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/shop",
    "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/23/[$LATEST]0",
}
CONFIG = Config(ENVIRONMENT)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def official(client: str | None, cognito: str | None) -> object:
    """What the official client shows of such a context, or says of its JSON."""
    try:
        context = create_lambda_context(client, cognito, 5, "rid", "arn:1", "tenant")
    except FaultException as error:
        return error.msg
    except AttributeError as error:
        return str(error)
    return (repr(context), context.w3c())


def ours(client: str | None, cognito: str | None) -> object:
    """The same, from us."""
    invocation = Invocation(
        "rid",
        b"",
        deadline_ms=5,
        function_arn="arn:1",
        tenant_id="tenant",
        client_context=client,
        cognito_identity=cognito,
    )
    try:
        context = LambdaContext(invocation, CONFIG)
    except LambdaContextUnmarshalError as error:
        return error.message
    except AttributeError as error:
        return str(error)
    return (repr(context), context.w3c())


@pytest.mark.parametrize(
    "client",
    [
        None,
        "",
        "null",
        "{}",
        '{"custom": {"a": 1}, "env": {"b": 2}, "client": {"installation_id": "i", "app_title": "t", "x": 1}}',
        '{"client": null, "other": 1}',
        '{"w3c": {"traceparent": "00-1", "tracestate": 5, "baggage": "b", "more": "m"}}',
        '{"w3c": "00-1"}',
        '{"custom": NaN}',
        "[]",
        '"text"',
        '{"client": "text"}',
        "{",
        "nonsense",
        '{"a": 1} x',
        "\ufeff{}",
        "[" * 100_000,
    ],
)
def test_the_client_context_is_the_official_one(client: str | None) -> None:
    """Whatever a mobile SDK sends is shown, or refused, as awslambdaric does it."""
    assert official(client, None) == ours(client, None)


@pytest.mark.parametrize(
    "cognito",
    [None, "", "null", "{}", '{"cognitoIdentityId": "i", "cognitoIdentityPoolId": "p"}', "[]", "{,}"],
)
def test_the_identity_is_the_official_one(cognito: str | None) -> None:
    """Whatever Cognito sends is shown, or refused, as awslambdaric does it."""
    assert official(None, cognito) == ours(None, cognito)


def test_attributes_are_the_official_ones() -> None:
    """Everything that the official object carries is there, and new attributes can be set."""
    context = LambdaContext(Invocation("rid", b""), CONFIG)
    context.note = "mine"  # type: ignore[attr-defined]  # functions do this

    missing = set(vars(create_lambda_context(None, None, 0, "rid", None, None))) - set(vars(context))
    assert not missing
    assert context.identity.cognito_identity_id is None
    assert context.memory_limit_in_mb == "128"


def test_the_remaining_time_counts_down_to_zero() -> None:
    """Milliseconds are left before the deadline, and none after it or when it is unknown."""
    later = int(time.time() * 1000) + 60_000

    assert (
        50_000
        < LambdaContext(Invocation("r", b"", deadline_ms=later), CONFIG).get_remaining_time_in_millis()
        <= 60_000
    )
    assert LambdaContext(Invocation("r", b""), CONFIG).get_remaining_time_in_millis() == 0


def test_w3c_fields_are_a_copy() -> None:
    """What a function does with the fields stays with the function."""
    context = LambdaContext(Invocation("r", b"", client_context='{"w3c": {"baggage": "b"}}'), CONFIG)
    context.w3c().clear()

    assert context.w3c() == {"baggage": "b"}


class Recorder:
    def __init__(self) -> None:
        self.written: list[str] = []

    def log(self, msg: str) -> None:
        self.written.append(msg)


def test_log_writes_through_the_handler_that_has_a_sink() -> None:
    """The first handler of the root logger with a `log_sink` gets the text as it is."""
    handler = logging.NullHandler()
    handler.log_sink = recorder = Recorder()  # type: ignore[attr-defined]  # as the platform's handler
    logging.getLogger().addHandler(handler)
    try:
        LambdaContext(Invocation("r", b""), CONFIG).log(5)
    finally:
        logging.getLogger().removeHandler(handler)

    assert recorder.written == ["5"]


def test_log_writes_to_standard_output_without_such_a_handler() -> None:
    """Where a function took the handler away, standard output is what is left."""
    with redirect_stdout(io.StringIO()) as output:
        LambdaContext(Invocation("r", b""), CONFIG).log("text")

    assert output.getvalue() == "text"


def test_log_writes_through_the_journal_without_logging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the function never imported `logging`, the text goes where its records would."""
    monkeypatch.delitem(sys.modules, "logging")
    written: list[str] = []
    LambdaContext(Invocation("r", b""), CONFIG, written.append).log("text")

    assert written == ["text"]

    with redirect_stdout(io.StringIO()) as output:
        LambdaContext(Invocation("r", b""), CONFIG).log("text")

    assert output.getvalue() == "text"


def test_a_plain_context_imports_nothing() -> None:
    """Without a client context there is no JSON to parse, and no log to look for."""
    script = (
        "import sys; from aioric.config import Config; from aioric.messages import Invocation\n"
        "from aioric.function.context import LambdaContext\n"
        "before = set(sys.modules)\n"
        f"LambdaContext(Invocation('r', b''), Config({ENVIRONMENT!r}), print).log('text')\n"
        "print(set(sys.modules) - before)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(RUNTIME)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout == "text\nset()\n"
