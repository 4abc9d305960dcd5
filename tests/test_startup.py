"""From the command line to the report of a failed start, within this process."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aioric import modules, startup
from aioric.bytecode import WORTH_A_WORD
from aioric.drivers.around import Around
from aioric.function.aside import PATCHABLE, import_own
from aioric.heap import Heap
from aioric.identity import Identity
from aioric.messages import Buffered
from aioric.startup import Runtime, main, prepare_path
from tests.lifecycle.journals import Lines, an_invocation, config, journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

REFUSED = "The platform did not accept the report"


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a start changes in this process is put back."""
    thresholds, environ, loaded = gc.get_threshold(), os.environ.copy(), sys.modules.copy()
    root, converter = logging.getLogger(), logging.Formatter.converter
    handlers = root.handlers.copy()
    for name in ("path", "meta_path"):
        monkeypatch.setattr(sys, name, getattr(sys, name).copy())
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, getattr(sys, name))
    yield
    gc.set_threshold(*thresholds)
    os.environ.clear()
    os.environ.update(environ)
    root.handlers[:], logging.Formatter.converter = handlers, converter
    for name in sys.modules.keys() - loaded.keys():
        if name == PATCHABLE or name.startswith("started_"):
            del sys.modules[name]


@pytest.fixture
def task_root(tmp_path: Path) -> Path:
    """The function's folder, on the path."""
    sys.path.insert(0, str(tmp_path))
    return tmp_path


def runtime(lines: Lines, **variables: str) -> Runtime:
    """A runtime whose platform is not there, unless the variables say so."""
    return Runtime(config(**variables), Identity(alone=True), journal(lines), Heap())


def test_outside_of_lambda_there_is_a_word_on_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a platform the process ends with status 1, and the message names the local one."""
    monkeypatch.delenv("AWS_LAMBDA_RUNTIME_API", raising=False)
    with pytest.raises(SystemExit) as end:
        main(["aioric"], [], Heap(), managed=False)

    assert end.value.code == 1
    assert "aioric: AWS_LAMBDA_RUNTIME_API must be host:port" in capsys.readouterr().err


def test_the_working_folder_is_first_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `python -m` had put first on the path is there again when the function is imported."""
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")
    with pytest.raises(SystemExit) as end:
        main(["aioric", "started_nowhere.handler"], ["/the/beginning"], Heap(), managed=False)

    assert end.value.code == 1
    assert sys.path[0] == "/the/beginning"


def test_a_path_of_the_users_is_not_added_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """With `PYTHONPATH` set, layers are its business; without a folder for the function, none is added."""
    monkeypatch.setenv("PYTHONPATH", "/mine")
    monkeypatch.setattr(sys, "path", ["/runtime", "/mine"])
    prepare_path(None)

    assert sys.path == ["/mine", "/runtime"]
    assert os.environ["PYTHONPATH"] == "/mine"


def test_folders_may_stand_for_layers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where there is no `/opt` they are named, the top one first, whatever path the user has; `.pth` too."""
    (tmp_path / "a/python").mkdir(parents=True)
    (tmp_path / "a/python/more.pth").write_text("..\n")
    monkeypatch.setenv("PYTHONPATH", "/mine")
    monkeypatch.setenv("AIORIC_LAYERS", os.pathsep.join(f"{tmp_path}/{name}" for name in "ab"))
    monkeypatch.setattr(sys, "path", ["/runtime", "/mine", "/own/site-packages"])
    prepare_path(None)

    packages = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    layers = [f"{tmp_path}/{name}/python/{packages}" for name in "ab"]
    layers += [f"{tmp_path}/{name}/python" for name in "ab"]
    own = ["/own/site-packages", "/mine", "/own/site-packages", "/runtime"]
    assert sys.path[: len(layers + own)] == layers + own
    assert f"{tmp_path}/a" in sys.path


def test_no_folder_stands_for_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that says nothing changes nothing: the root of the file system is no layer."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("AIORIC_LAYERS", "")
    monkeypatch.setattr(sys, "path", ["/runtime"])
    prepare_path(None)

    assert sys.path[1:3] == ["/opt/python", "/runtime"]
    assert sys.path[0].startswith("/opt/python/lib/")


def test_an_import_may_end_the_process(task_root: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An exit while the function is imported is reported; that the report is lost stands in the log."""
    (task_root / "started_leaving.py").write_text("raise SystemExit(3)\n")
    lines = Lines()
    with pytest.raises(SystemExit) as end:
        runtime(lines, _HANDLER="started_leaving.handler").serve()

    assert end.value.code == 3
    assert "Runtime.ExitError" in lines.lines[0]
    assert REFUSED in caplog.text


def test_a_broken_pack_is_not_used(task_root: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What `aioric optimize` left is skipped with a warning if it cannot be read."""
    (task_root / startup.PACK).parent.mkdir()
    (task_root / startup.PACK).write_bytes(b"nonsense")
    lines = Lines()
    status = runtime(lines, _HANDLER="started_nowhere.handler", LAMBDA_TASK_ROOT=str(task_root)).serve()

    assert status == 1
    assert f"{Path(startup.PACK).name} is not used" in caplog.text
    assert "Runtime.ImportModuleError" in lines.lines[0]


def test_bytecode_that_each_start_lacks_is_told(
    task_root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Once the function is loaded the log hears of what had to be compiled, before the platform is asked."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (task_root / "started_large.py").write_text(f"def handler(*_): ...\n{'#' * WORTH_A_WORD}\n")
    modules.install()
    status = runtime(Lines(), _HANDLER="started_large.handler", LAMBDA_TASK_ROOT=str(task_root)).serve()

    assert status == 1
    assert "1 module has no valid bytecode" in caplog.text


def test_tools_are_told_that_the_function_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """A monitoring tool that has asked for the official client's parts hears of a failed start."""
    tools = _tools()
    told: list[dict[str, object]] = []
    monkeypatch.setattr(
        tools.LambdaRuntimeClient, "post_init_error", lambda _self, report: told.append(report)
    )
    assert runtime(Lines(), _HANDLER="started_nowhere.handler").serve() == 1

    assert [report["errorType"] for report in told] == ["Runtime.ImportModuleError"]


def test_tools_stand_around_the_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    """A monitoring tool that has asked for them is called around the handler."""
    client, told = _tools().LambdaRuntimeClient, []
    monkeypatch.setattr(client, "post_invocation_result", lambda _self, identifier: told.append(identifier))
    started = runtime(Lines())
    around = Around(started.config, started.journal, asyncio.run)
    function = started._function(lambda event, _context: event, around)  # noqa: SLF001 - what is served
    invocation = an_invocation()
    answer = function.run(invocation)

    assert isinstance(answer, Buffered)
    assert answer.body == b"{}"
    assert told == [invocation.request_id]


@pytest.mark.parametrize("package", ["", "aioric"], ids=["by its path", "as a module"])
def test_the_first_module_has_what_tools_look_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], package: str
) -> None:
    """Run in either way, it finds our modules, and gives tools the part `bootstrap`, and nothing else."""
    monkeypatch.delenv("AWS_LAMBDA_RUNTIME_API", raising=False)
    monkeypatch.setattr(sys, "argv", ["aioric"])
    sys.path.insert(0, "/the/beginning")
    first = _first_module(package)
    assert first.__spec__ is not None
    assert first.__spec__.loader is not None
    with pytest.raises(SystemExit):
        first.__spec__.loader.exec_module(first)

    assert "must be host:port" in capsys.readouterr().err
    assert ("/the/beginning" in sys.path) is (not package)
    assert first.bootstrap.__name__ == PATCHABLE
    with pytest.raises(AttributeError, match="has no attribute 'something'"):
        _ = first.something


def test_a_python_that_is_too_old_is_told_so() -> None:
    """It does not come as far as what it does not know, and names itself."""
    script = (
        "import runpy, sys; sys.version_info = (3, 10, 13, 'final', 0)\n"
        "runpy.run_module('aioric', run_name='__main__')"
    )
    environment = {"PYTHONPATH": str(Path(startup.__file__).parents[1])}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=False)

    assert ran.returncode == 1
    assert ran.stderr.startswith(b"aioric needs Python 3.11 or newer, and " + sys.executable.encode())


def _tools() -> ModuleType:
    return import_own(PATCHABLE)


def _first_module(package: str) -> ModuleType:
    spec = spec_from_file_location("aioric.__main__", Path(startup.__file__).with_name("__main__.py"))
    assert spec is not None
    module = module_from_spec(spec)
    module.__package__ = package
    return module
