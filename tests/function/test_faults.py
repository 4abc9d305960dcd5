"""What the caller, the log and X-Ray are told of a failure is what awslambdaric tells them."""

from __future__ import annotations

import json
import os
import pathlib
import resource
import subprocess
import sys
import traceback
from typing import NoReturn

import pytest
from awslambdaric.bootstrap import extract_traceback, make_error, make_xray_fault
from awslambdaric.lambda_runtime_marshaller import to_json

from aioric.errors import ImportModuleError, MarshalError
from aioric.function.faults import describe, explain_exit
from aioric.function.payload import Codec

CODEC = Codec(ascii_json=True)
RUNTIME = pathlib.Path(__file__).parents[2] / "runtime"


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Word(str):
    __slots__ = ()


class Chatty(Exception):
    def __str__(self) -> str:
        return Word("a word")


def fail(error: BaseException) -> NoReturn:
    """Raise `error`."""
    raise error


def caught(error: BaseException) -> BaseException:
    """`error` with a traceback."""
    try:
        fail(error)
    except BaseException as same:  # noqa: BLE001 - it is the test's own
        return same


def official(error: BaseException, request_id: str) -> tuple[bytes, bytes]:
    """The body and the cause that the official client sends."""
    tuples = extract_traceback(error.__traceback__)
    body = make_error(str(error), type(error).__name__, traceback.format_list(tuples), request_id)
    cause = make_xray_fault(type(error).__name__, str(error), os.getcwd(), tuples)  # noqa: PTH109 - as it does
    return to_json(body).encode(), to_json(cause).encode()


ERRORS = [
    ValueError("bad é thing"),
    KeyError("missing"),
    Exception(),
    OSError(2, "No such file"),
    ExceptionGroup("several", [ValueError(1), KeyError(2)]),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    Chatty(),
    SyntaxError("odd", ("f.py", 1, 1, "text")),
]


@pytest.mark.parametrize("error", ERRORS, ids=[type(error).__name__ for error in ERRORS])
def test_an_exception_is_described_as_by_the_official_client(error: Exception) -> None:
    """The error object and the X-Ray cause are the official client's bytes."""
    raised = caught(error)
    failed = describe(raised, "rid").failed(CODEC)

    assert official(raised, "rid") == (failed.body, failed.xray_cause)
    assert type(error).__name__ == failed.error_type


def test_non_ascii_text_stays_readable_where_the_environment_asks_for_it() -> None:
    """The error object follows the JSON of results; the X-Ray header is ASCII all the same."""
    failed = describe(ValueError("é\ud800"), "").failed(Codec(ascii_json=False))

    assert "é\\ud800".encode() in failed.body
    assert failed.xray_cause is not None
    assert failed.xray_cause.isascii()


def test_a_fault_of_the_function_keeps_its_name_and_trace() -> None:
    """Our own exceptions carry AWS's error type; X-Ray knows them all by one name."""
    fault = describe(caught(ImportModuleError("Unable to import", ["  File x"])), "")
    failed = fault.failed(CODEC)

    assert json.loads(failed.body) == {
        "errorMessage": "Unable to import",
        "errorType": "Runtime.ImportModuleError",
        "requestId": "",
        "stackTrace": ["  File x"],
    }
    expected = make_xray_fault("LambdaValidationError", "Unable to import", os.getcwd(), [])  # noqa: PTH109
    assert to_json(expected).encode() == failed.xray_cause


def test_an_exception_without_words_is_still_reported() -> None:
    """Where `str(exception)` fails, the message says so as the interpreter would."""
    assert describe(Unprintable(), "").message == "<unprintable Unprintable object>"


def deep(depth: int) -> NoReturn:
    """Fail with a long message at the bottom of a deep stack."""
    if depth:
        deep(depth - 1)
    raise ValueError("bottom " * 4_000)


def endless() -> NoReturn:
    """Call itself until the interpreter has had enough."""
    endless()


def test_a_large_xray_cause_loses_its_middle() -> None:
    """A cause keeps within 64 KiB: both ends of the stack and the message's beginning survive."""
    with pytest.raises(ValueError, match="bottom") as error:
        deep(900)
    cause = describe(error.value, "").xray_cause()
    stack = json.loads(cause)["exceptions"][0]["stack"]

    assert len(cause) <= 65_536
    assert json.loads(cause)["exceptions"][0]["message"].startswith("bottom bottom")
    assert stack[0]["label"] == "test_a_large_xray_cause_loses_its_middle"
    assert stack[-1]["line"] == stack[-2]["line"] + 1
    assert len(stack) > 100


def test_a_large_message_alone_is_cut() -> None:
    """A message that is all of the cause is shortened, also where escapes make it long."""
    cause = describe(MarshalError("é" * 100_000), "").xray_cause()

    assert 8_000 < len(cause) <= 65_536
    assert json.loads(cause)["exceptions"][0]["message"].startswith("éé")


def test_endless_recursion_is_described() -> None:
    """A stack as deep as it gets is folded for the caller and cut for X-Ray."""
    with pytest.raises(RecursionError) as error:
        endless()
    fault = describe(error.value, "")

    assert fault.error_type == "RecursionError"
    assert "more times]" in fault.stack_trace[-1]
    assert len(fault.xray_cause()) <= 65_536


def test_a_failure_is_described_when_no_file_can_be_opened(tmp_path: pathlib.Path) -> None:
    """A function that ran out of descriptors is told so, without source lines."""
    script = (
        "import resource, os\n"
        "from aioric.function.faults import describe; from aioric.function.payload import Codec\n"
        "def fail():\n    while True: os.dup(0)\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))\n"
        "try: fail()\n"
        "except OSError as error: print(describe(error, 'r').failed(Codec(ascii_json=True)).body.decode())\n"
    )
    path = tmp_path / "exhausted.py"
    path.write_text(script)
    ran = subprocess.run(
        [sys.executable, path], env={"PYTHONPATH": str(RUNTIME)}, capture_output=True, text=True, check=True
    )
    body = json.loads(ran.stdout)

    assert body["errorMessage"] == f"[Errno 24] {os.strerror(24)}"
    assert body["stackTrace"][1] == f'  File "{path}", line 4, in fail\n'
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 20


def test_a_class_whose_name_cannot_be_had_is_described() -> None:
    """A metaclass may keep its classes' names to itself, or raise; the failure is reported all the same."""

    class Nameless(type):
        @property
        def __name__(cls) -> str:  # type: ignore[override]
            raise RuntimeError("no name")

    class Odd(Exception, metaclass=Nameless):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    fault = describe(Odd(), "")

    assert (fault.error_type, fault.message) == ("Exception", "<unprintable Exception object>")


def test_a_removed_working_directory_is_left_out(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the process stands in a folder that is gone, X-Ray hears of none."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert json.loads(describe(ValueError(), "").xray_cause())["working_directory"] == ""


def test_an_exit_during_init_is_explained() -> None:
    """A function that calls `sys.exit` while it is imported is told that it did, and with what."""
    fault = describe(explain_exit(SystemExit("no key")))

    assert fault.error_type == "Runtime.ExitError"
    assert fault.message == "The function ended the process while it was imported: sys.exit('no key')"


def test_describing_imports_nothing() -> None:
    """Reporting a failure needs no module that was not there before."""
    script = (
        "import sys; from aioric.function.faults import describe; from aioric.function.payload import Codec\n"
        "before = set(sys.modules)\n"
        "try: 1 / 0\n"
        "except ZeroDivisionError as error: describe(error, 'r').failed(Codec(ascii_json=True))\n"
        "print(set(sys.modules) - before)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(RUNTIME)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout == "set()\n"
