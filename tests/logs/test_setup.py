"""The logging contract stands before the function's code runs, and is free until `logging` is imported."""

from __future__ import annotations

import json
import logging
import os
import pathlib
import struct
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from aioric.config import Config
from aioric.function.preloaded import Preloaded
from aioric.identity import Identity
from aioric.logs.setup import install
from aioric.logs.sinks import FramedSink, StandardSink, Unbuffered

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNTIME = pathlib.Path(__file__).parents[2] / "runtime"
PRELUDE = """
import os, sys
from aioric.config import Config
from aioric.identity import Identity
from aioric.logs.setup import install
from aioric.messages import Invocation
identity = Identity(alone=True)
journal = install(Config(os.environ), identity)
identity.enter(Invocation("rid", b""))
sys.path.insert(0, os.environ["TASK_ROOT"])
"""


def run(script: str, task_root: pathlib.Path | str = "/nowhere", **environment: str) -> bytes:
    """What a function's code writes to standard output once we are installed, in a process of its own."""
    variables = {
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "PYTHONPATH": str(RUNTIME),
        "TASK_ROOT": str(task_root),
        "LANG": "C.UTF-8",
        **environment,
    }
    descriptors = (
        [int(environment["_LAMBDA_TELEMETRY_LOG_FD"])] if "_LAMBDA_TELEMETRY_LOG_FD" in environment else []
    )
    ran = subprocess.run(
        [sys.executable, "-c", PRELUDE + script],
        env=variables,
        capture_output=True,
        check=False,
        pass_fds=descriptors,
    )
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout


def test_a_function_that_does_not_log_does_not_pay() -> None:
    """`logging` and what it imports stay out of the process."""
    assert (
        run("print(sorted({'logging', 're', 'traceback', 'json', 'threading'} & set(sys.modules)))")
        == b"[]\n"
    )


def test_the_first_import_of_logging_installs_the_handler() -> None:
    """Whoever imports `logging` finds the platform's handler on the root logger, once."""
    output = run(
        "import logging.handlers\n"
        "print([type(handler).__name__ for handler in logging.getLogger().handlers])\n"
        "logging.getLogger('x').warning('hello'); logging.info('not shown')\n"
    )

    assert output.startswith(b"['LambdaLoggerHandler']\n[WARNING]\t")
    assert output.endswith(b"Z\trid\thello\n")


@pytest.mark.parametrize(
    "script",
    [
        "import logging.config",
        "from logging import getLogger",
        "__import__('logging')",
        "import importlib; importlib.import_module('logging.handlers')",
        "import asyncio",
    ],
)
def test_every_way_of_importing_logging_counts(script: str) -> None:
    """Submodules, names, and the interpreter's own modules bring the handler too."""
    assert run(script + "\nimport logging; print(len(logging.getLogger().handlers))") == b"1\n"


def test_the_hook_leaves_no_trace() -> None:
    """After the import the module looks as if nobody had helped."""
    output = run(
        "import logging, importlib.machinery\n"
        "loaders = {type(logging.__loader__), type(logging.__spec__.loader)}\n"
        "print(loaders == {importlib.machinery.SourceFileLoader})\n"
    )

    assert output == b"True\n"


def test_looking_for_logging_does_not_load_it() -> None:
    """`find_spec` finds the interpreter's module, whose loader can be asked, and the hook stays in place."""
    output = run(
        "import importlib.util\n"
        "spec = importlib.util.find_spec('logging')\n"
        "print('logging' in sys.modules, 'class Logger' in spec.loader.get_source('logging'))\n"
        "copy = importlib.util.module_from_spec(spec); spec.loader.exec_module(copy)\n"
        "print('logging' in sys.modules, copy.getLogger().handlers)\n"
        "import logging; print(len(logging.getLogger().handlers))\n"
    )

    assert output == b"False True\nFalse []\n1\n"


def test_logging_can_be_reloaded() -> None:
    """A reload gives a fresh module without handlers, as under awslambdaric."""
    output = run("import logging, importlib; importlib.reload(logging); print(logging.getLogger().handlers)")

    assert output == b"[]\n"


def test_files_of_the_function_do_not_stand_in_for_the_interpreters(tmp_path: pathlib.Path) -> None:
    """A task root full of files named like the standard library changes nothing about the log."""
    for name in (
        "logging",
        "re",
        "string",
        "traceback",
        "weakref",
        "json",
        "threading",
        "collections",
        "copyreg",
    ):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong one')")
    (tmp_path / "calendar.py").write_text("mine = True")
    output = run(
        "import string, calendar, logging\n"
        "try: 1 / 0\n"
        "except ZeroDivisionError: logging.exception('oh')\n"
        "print(calendar.mine, hasattr(string, 'ascii_letters'))",
        tmp_path,
        AWS_LAMBDA_LOG_FORMAT="JSON",
    ).splitlines()

    record = json.loads(output[0])
    assert (record["errorType"], record["requestId"]) == ("ZeroDivisionError", "rid")
    assert output[1] == b"True True"


def test_threads_that_import_at_the_same_time_share_one_handler() -> None:
    """However many threads import `logging` first, it is set up once and before any of them sees it."""
    output = run(
        "import _thread\n"
        "locks = [_thread.allocate_lock() for _ in range(8)]\n"
        "seen = []\n"
        "def go(lock):\n"
        "    import logging\n"
        "    seen.append(len(logging.getLogger().handlers)); lock.release()\n"
        "for lock in locks: lock.acquire()\n"
        "for lock in locks: _thread.start_new_thread(go, (lock,))\n"
        "for lock in locks: lock.acquire()\n"
        "print(seen)"
    )

    assert output == b"[1, 1, 1, 1, 1, 1, 1, 1]\n"


@pytest.mark.parametrize(("disable", "lines"), [("", 1), ("1", 0)])
def test_the_warning_about_previews_can_be_disabled(disable: str, lines: int) -> None:
    """`LAMBDA_DISABLE_PREVIEW_WARN` is obeyed."""
    output = run(
        "journal.warn_preview(Config(os.environ))",
        AWS_EXECUTION_ENV="AWS_Lambda_python3.15",
        LAMBDA_DISABLE_PREVIEW_WARN=disable,
    )

    assert lines == output.count(b"LAMBDA_WARNING: This is a preview runtime version")


def test_frames_go_to_the_platforms_descriptor() -> None:
    """Records, notes and errors are framed; prints are not; children do not learn of the descriptor."""
    reader, writer = os.pipe()
    output = run(
        "import logging; logging.error('oh'); journal.write('raw'); print('printed')\n"
        "print('_LAMBDA_TELEMETRY_LOG_FD' in os.environ)",
        _LAMBDA_TELEMETRY_LOG_FD=str(writer),
        AWS_LAMBDA_LOG_LEVEL="INFO",
    )
    os.close(writer)
    data = os.read(reader, 10_000)
    os.close(reader)
    kind, length = struct.unpack(">4sI", data[:8])

    assert output == b"printed\nFalse\n"
    assert kind == b"\xa5\x5a\x00\x17"
    assert data[16 : 16 + length].endswith(b"Z\trid\toh\n")
    assert data[16 + length :][:8] == b"\xa5\x5a\x00\x03\x00\x00\x00\x03"


def test_a_descriptor_that_is_not_open_is_done_without() -> None:
    """Logs go to standard output where the platform's descriptor is unusable."""
    assert run("journal.write('text')", AWS_LAMBDA_RUNTIME_API="h:1") == b"text"

    script = "import os; os.environ['_LAMBDA_TELEMETRY_LOG_FD'] = '999'\n" + PRELUDE + "journal.write('text')"
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={"AWS_LAMBDA_RUNTIME_API": "h:1", "PYTHONPATH": str(RUNTIME), "TASK_ROOT": "/nowhere"},
        capture_output=True,
        check=True,
    )
    assert ran.stdout == b"text"


@pytest.fixture
def _restored() -> Iterator[None]:
    """What `install` changes in this process is put back."""
    root, converter, finders = logging.getLogger(), logging.Formatter.converter, sys.meta_path
    handlers, streams, module = root.handlers.copy(), (sys.stdout, sys.stderr), sys.modules["logging"]
    yield
    root.handlers[:], logging.Formatter.converter, sys.meta_path = handlers, converter, finders
    sys.stdout, sys.stderr = streams
    sys.modules["logging"] = module


def config(**environment: str) -> Config:
    """A configuration from these variables."""
    return Config({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001", **environment})


def sink_of(root: logging.Logger) -> object:
    """Where the handler that was attached last writes to."""
    return getattr(root.handlers[-1], "log_sink", None)


@pytest.mark.usefixtures("_restored")
def test_logging_that_is_loaded_already_gets_its_handler_at_once() -> None:
    """A `.pth` file may have imported `logging` before us."""
    before = len(logging.getLogger().handlers)
    install(config(), Identity(alone=True))
    install(config(), Identity(alone=True))

    assert len(logging.getLogger().handlers) == before + 2
    assert isinstance(sink_of(logging.getLogger()), StandardSink)
    assert isinstance(sys.stdout, Unbuffered)
    assert not isinstance(sys.stdout.stream, Unbuffered)


@pytest.mark.usefixtures("_restored")
def test_a_process_without_standard_streams_can_be_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no standard output there is nothing to wrap."""
    monkeypatch.setattr(sys, "stderr", None)
    install(config(), Identity(alone=True))

    assert sys.stderr is None


@pytest.mark.usefixtures("_restored")
def test_the_sink_is_chosen_by_the_environment() -> None:
    """A descriptor means frames, and one that is not open means standard output."""
    reader, writer = os.pipe()
    install(config(_LAMBDA_TELEMETRY_LOG_FD=str(writer)), Identity(alone=True))
    assert isinstance(sink_of(logging.getLogger()), FramedSink)
    os.close(reader)
    os.close(writer)
    install(config(_LAMBDA_TELEMETRY_LOG_FD=str(writer), AWS_LAMBDA_LOG_FORMAT="JSON"), Identity(alone=True))

    assert isinstance(sink_of(logging.getLogger()), StandardSink)


@pytest.mark.usefixtures("_restored")
def test_nothing_is_attached_before_logging_is_imported() -> None:
    """Where `logging` is not loaded a finder waits for it; then its root logger has the handler."""
    del sys.modules["logging"]
    install(config(), Identity(alone=True))
    assert isinstance(sys.meta_path[0], Preloaded)
    thread = threading.Thread(target=__import__, args=("logging",))
    thread.start()
    thread.join()

    handlers = sys.modules["logging"].getLogger().handlers
    assert [type(handler).__name__ for handler in handlers] == ["LambdaLoggerHandler"]
