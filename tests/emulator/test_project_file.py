"""`aioric.toml`: what it may say, and what is said of it when it is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aioric_emulator.declaration import EVENT_SETTINGS, SETTINGS, DeclarationError
from aioric_emulator.project_file import TABLES, read_project_file

PAGE = Path(__file__).parents[2] / "docs" / "project-file.md"

WHOLE = """
[defaults]
timeout = 5
env = { A = "default", B = "default" }

[functions.greet]
handler = "app.handler"
task_root = "src"
memory = 256
env = { B = "own", N = 1, T = true }
env_file = "vars.env"
max_environments = 3
max_age = 60.5
log_format = "JSON"
log_level = "DEBUG"

[functions.greet.events]
max_retries = 1
retry_delay = 0
on_failure = "failed.jsonl"

[functions.lanes]
handler = "app.many"
concurrency = 4
command = ["./bootstrap", "x"]
extensions = "src"

[functions.snap]
handler = "app.handler"
snapstart = true
"""


def write(folder: Path, text: str) -> Path:
    """Give a project file of this text."""
    path = folder / "aioric.toml"
    path.write_text(text)
    return path


def test_a_whole_file(tmp_path: Path) -> None:
    """Settings, the common ones below each function's own, and paths relative to the file."""
    (tmp_path / "src").mkdir()
    (tmp_path / "vars.env").write_text("A=file\nC=file\n")
    greet, lanes, snap = read_project_file(write(tmp_path, WHOLE)).functions
    assert (greet.name, greet.handler, greet.timeout, greet.memory) == ("greet", "app.handler", 5.0, 256)
    assert greet.task_root == tmp_path / "src"
    assert greet.variables == {"A": "default", "B": "own", "C": "file", "N": "1", "T": "true"}
    assert (greet.max_environments, greet.max_age) == (3, 60.5)
    assert (greet.log_format, greet.log_level) == ("JSON", "DEBUG")
    assert (greet.events.max_retries, greet.events.max_age, greet.events.retry_delay) == (1, 21600.0, 0.0)
    assert greet.destinations.on_failure == tmp_path / "failed.jsonl"
    assert greet.destinations.on_success is None
    assert (lanes.concurrency, lanes.command) == (4, ("./bootstrap", "x"))
    assert (lanes.task_root, lanes.extensions, greet.extensions) == (tmp_path, tmp_path / "src", None)
    assert snap.initialization_type == "snap-start"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "aioric.toml: "),
        ("", "no function; declare one as [functions.NAME]"),
        ("functions = 1", "no function"),
        ("[functions]\na = 1", "no function"),
        ("defaults = 1\n[functions.f]\nhandler='a.b'", "defaults is a table"),
        ("[function.f]\nhandler='a.b'", "no table function"),
        ("[functions.f]", "f: a function needs a handler"),
        ("[functions.f]\nhandler = 'app'", "f: the handler app names no function; app.handler would"),
        ("[functions.f]\nhandlr='a.b'", "f: there is no setting handlr; did you mean handler?"),
        ("[functions.f]\nxyz='a.b'", "f: there is no setting xyz; there are handler, "),
        ("[functions.f]\nhandler=1", "f: handler is text, not 1"),
        ("[functions.f]\nhandler='a.b'\nmemory=64", "f: memory is between 128 and 10240, not 64"),
        ("[functions.f]\nhandler='a.b'\nmemory=1.5", "f: memory is a whole number, not 1.5"),
        (
            f"[functions.f]\nhandler='a.b'\ntimeout={10**400}",
            "f: timeout is between 0.001 and 5400, not 1e+18",
        ),
        ("[functions.f]\nhandler='a.b'\ntask_root=\"\\u0000\"", "f: task_root holds a NUL: '\\x00'"),
        ("[functions.f]\nhandler='a.b'\nlayers=[\"\\u0000\"]", "f: layers: each is a folder or a zip file"),
        ("[functions.f]\nhandler='a.b'\ntimeout=true", "f: timeout is a number, not True"),
        ("[functions.f]\nhandler='a.b'\nenv='A=1'", "f: env is a table, not 'A=1'"),
        ("[functions.f]\nhandler='a.b'\nenv={A=[]}", "f: the variable A is text, not []"),
        ("[functions.f]\nhandler='a.b'\nenv_file='no'", "f: [Errno 2]"),
        ("[functions.f]\nhandler='a.b'\ntask_root='no'", "f: there is no folder"),
        ("[functions.f]\nhandler='a.b'\nextensions='no'", "/no of extensions"),
        ("[functions.f]\nhandler='a.b'\nlog_format='xml'", "f: log_format is Text or JSON"),
        ("[functions.f]\nhandler='a.b'\nlog_level='DEBUG'", "f: log_level is of the log_format JSON"),
        ("[functions.f]\nhandler='a.b'\nlog_format='JSON'\nlog_level='DEBG'", "FATAL, not DEBG"),
        ("[functions.'a b']\nhandler='a.b'", "a b: a function's name is 1 to 64 letters"),
        ("[functions.f]\nhandler='a.b'\nevents={max_retries=3}", "f: events: max_retries is between 0 and 2"),
        (
            "[functions.f]\nhandler='a.b'\nsnapstart=true\nconcurrency=1",
            "f: Managed Instances (concurrency) know no snapstart",
        ),
    ],
)
def test_a_wrong_file_is_told_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    """The function, the setting, and what it could be."""
    with pytest.raises(DeclarationError, match=re.escape(message)):
        read_project_file(write(tmp_path, text))


def test_a_log_format_is_one_in_any_case(tmp_path: Path) -> None:
    """The function is told it as the platform writes it."""
    text = "[functions.f]\nhandler='a.b'\nlog_format='json'\nlog_level='ERROR'"
    (function,) = read_project_file(write(tmp_path, text)).functions
    assert function.log_format == "JSON"


def test_managed_instances_have_a_level_without_a_format(tmp_path: Path) -> None:
    """Their log is in JSON whatever is said."""
    text = "[functions.f]\nhandler='a.b'\nconcurrency=2\nlog_level='ERROR'"
    (function,) = read_project_file(write(tmp_path, text)).functions
    assert (function.is_json_log, function.log_level) == (True, "ERROR")


@pytest.mark.parametrize("name", sorted({*SETTINGS, *EVENT_SETTINGS, *TABLES}))
def test_every_setting_is_described(name: str) -> None:
    """The page of the documentation knows all that a file may say."""
    assert re.search(rf"[`\[.]{name}[`.\]]|^{name} =", PAGE.read_text("utf-8"), re.MULTILINE)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The system's own error."""
    with pytest.raises(FileNotFoundError):
        read_project_file(tmp_path / "aioric.toml")
