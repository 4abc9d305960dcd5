"""What is announced to the kernel before it is read: what a module's body imports, if storage is slow."""

from __future__ import annotations

import json
import mmap
import os
import py_compile
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from aioric.ahead import CACHED, EXTENSIONS, Ahead, announce, has_waited, is_cached
from aioric.modules import ModuleFinder
from tests.page_cache import arrives, evict, in_memory

RUNTIME = Path(__file__).parents[1] / "runtime"

# The kernel begins to read what it is asked about; who loses the processor meanwhile may find it has arrived.
TRIES = 20

FILES = (
    *("shop/__init__.py", "shop/till.py", "shop/prices.py", "shop/back/__init__.py", "shop/back/room.py"),
    *(f"shop/fast{EXTENSIONS[0]}", "alone.py", "shop/alone.py", "name.space/file.py", "loose/file.py"),
)

# Imports in a body, and what of the above is announced for each: in a module of `shop.back`.
BODIES = {
    "import alone": ["alone.py", "shop/alone.py"],
    "import shop.till": ["shop/__init__.py", "shop/till.py"],
    "import shop.back.room as room": ["shop/__init__.py", "shop/back/__init__.py", "shop/back/room.py"],
    "from shop import till, prices": ["shop/__init__.py", "shop/till.py", "shop/prices.py"],
    "from .room import chair": ["shop/back/room.py"],
    "from . import room": ["shop/back/room.py"],
    "from ..back.room import chair": ["shop/back/__init__.py", "shop/back/room.py"],
    "from .. import fast": [f"shop/fast{EXTENSIONS[0]}"],
    "try:\n    import shop.till\nexcept ImportError:\n    import alone": [
        *("shop/__init__.py", "shop/till.py", "alone.py", "shop/alone.py"),
    ],
    "def later():\n    import shop.till": [],
    "import sys, os, shop.nothing, loose, nowhere": ["shop/__init__.py"],
    "x = 1": [],
}

# A start that prints nothing: the finder in place, and the function imported.
START = (
    "import sys\nsys.path[:0] = [{folder!r}, {runtime!r}]\n"
    "from aioric import modules\nmodules.install()\nimport app\n"
)

opened: list[str] = []
watching = False


def watch(event: str, arguments: tuple[object, ...]) -> None:
    """Remember which files are opened, while a test wants to know."""
    if watching and event == "open":
        opened.append(str(arguments[0]))


sys.addaudithook(watch)  # there is no way to take it away again


def put(folder: Path, files: tuple[str, ...] = FILES) -> None:
    """Make files, which import nothing."""
    for name in files:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")


def announced(folder: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which modules are announced when this is the body of `shop.back.office`."""
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    ahead = Ahead(ModuleFinder()._look)  # noqa: SLF001 - as the finder makes it
    opened.clear()
    monkeypatch.setattr(sys.modules[__name__], "watching", True)
    ahead.follow(compile(body, "office.py", "exec"), f"{folder}/shop/back/office.py")
    monkeypatch.setattr(sys.modules[__name__], "watching", False)
    below = [name.removeprefix(f"{folder}/") for name in opened if name.startswith(f"{folder}/")]
    assert len(below) == len(set(below))
    return [name.replace("__pycache__/", "").replace(CACHED, ".py") for name in below]


@pytest.mark.parametrize("body", BODIES)
def test_what_a_body_imports(body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The modules that a body names are announced, each once: its package's, those around it, the path's."""
    put(tmp_path)
    assert sorted(announced(tmp_path, body, monkeypatch)) == sorted(BODIES[body])


def test_what_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of the path that is loaded already is not announced."""
    put(tmp_path, ("decimal.py", "loaded_already.py"))
    monkeypatch.setitem(sys.modules, "loaded_already", sys)
    assert announced(tmp_path, "import loaded_already", monkeypatch) == []


def test_the_first_place_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two folders on the path, the first that has the module is the one that is asked."""
    put(tmp_path / "one", ("alone.py",))
    put(tmp_path / "two", ("alone.py", "other.py"))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "one"), str(tmp_path / "two")])
    found = announced(tmp_path, "import alone, other", monkeypatch)

    assert sorted(found) == ["one/alone.py", "two/other.py"]


def test_a_path_that_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that a function puts on the path is looked in from then on."""
    put(tmp_path / "grown", ("alone.py",))
    ahead = Ahead(ModuleFinder()._look)  # noqa: SLF001 - as the finder makes it
    ahead.follow(compile("import sys", "app.py", "exec"), f"{tmp_path}/app.py")
    monkeypatch.setattr(sys, "path", [*sys.path, f"{tmp_path}/grown"])
    opened.clear()
    monkeypatch.setattr(sys.modules[__name__], "watching", True)
    ahead.follow(compile("import alone", "app.py", "exec"), f"{tmp_path}/app.py")
    assert opened == [f"{tmp_path}/grown/__pycache__/alone{CACHED}"]


def test_a_path_with_anything_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no folder, or not even text, is passed over, as the interpreter does."""
    put(tmp_path, ("alone.py",))
    odd = ["", "relative", f"{tmp_path}/nowhere", f"{tmp_path}/alone.py", tmp_path, b"bytes", None, ["list"]]
    monkeypatch.setattr(sys, "path", odd)

    assert announced(tmp_path, "import alone, other", monkeypatch) == ["alone.py"]


def compiled(file: Path) -> Path:
    """A module's bytecode."""
    made = py_compile.compile(str(file), doraise=True)
    assert made is not None
    return Path(made)


def known(file: Path) -> bool | None:
    """What we find out about a file."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        return is_cached(descriptor)
    finally:
        os.close(descriptor)


def test_whether_a_file_is_cached(tmp_path: Path) -> None:
    """A file that was just written is; one that was evicted is not, until it is announced."""
    file = tmp_path / "file"
    file.write_bytes(b"x" * mmap.PAGESIZE)
    assert known(file)

    def known_when_evicted() -> bool | None:
        evict(file)
        return known(file)

    assert not all(known_when_evicted() for _ in range(TRIES))
    evict(file)
    announce(str(file))
    assert arrives(file)
    assert known(file)


@pytest.mark.parametrize("waited", [False, True])
def test_a_file_system_that_cannot_say(waited: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter
    """Where the kernel cannot tell, files are announced if the process had to wait for its own pages."""
    status = Path("/proc/self/stat")
    assert known(status) is None
    if waited:
        file = tmp_path / "program"
        file.write_bytes(b"x" * mmap.PAGESIZE)
        evict(file)
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as pages:
            assert pages[0] == ord("x")
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_majflt
    ahead = Ahead(ModuleFinder()._look)  # noqa: SLF001 - as the finder makes it
    with status.open("rb") as opened:
        ahead.notice(str(status), opened.fileno())

    assert faults > 0 or not waited
    assert ahead.needed == has_waited() == (faults > 0)
    assert ahead.questions == 0


def test_a_pipe_that_is_announced(tmp_path: Path) -> None:
    """What is no file, or not there, is passed over, and leaves no descriptor behind."""
    os.mkfifo(tmp_path / "pipe")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for name in ("pipe", "nothing", "."):
        announce(str(tmp_path / name))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.fixture
def function(tmp_path: Path) -> dict[str, Path]:
    """A function whose second module names a third that it does not import; bytecode by name."""
    (tmp_path / "app.py").write_text("import second\n")
    (tmp_path / "second.py").write_text("if len('') > 0:\n    import third\n")
    (tmp_path / "third.py").write_text("VALUE = 1\n")
    return {name: compiled(tmp_path / f"{name}.py") for name in ("app", "second", "third")}


def start(function: dict[str, Path]) -> None:
    """Import the function in a process of its own."""
    folder = function["app"].parents[1]
    program = START.format(folder=str(folder), runtime=str(RUNTIME))
    subprocess.run([sys.executable, "-P", "-c", program], check=True)


def test_a_start_from_slow_storage(function: dict[str, Path]) -> None:
    """When two modules in a row were not cached, what the second one names is read before it is asked for."""
    for _ in range(TRIES):
        for file in function.values():
            evict(file)
        start(function)
        if in_memory(function["third"]):
            break
    assert arrives(function["third"])


def test_a_start_from_the_page_cache(function: dict[str, Path]) -> None:
    """When one module was not cached, or none, nothing is read that is not asked for."""
    start(function)

    def is_read(*evicted: str) -> bool:
        for name in (*evicted, "third"):
            evict(function[name])
        start(function)
        return in_memory(function["third"])

    assert not all(is_read() for _ in range(TRIES))
    assert not all(is_read("app") for _ in range(TRIES))


def test_our_own(tmp_path: Path) -> None:
    """Our own modules are announced when the first of them is not cached, else only that is opened."""
    home = tmp_path / "aioric"
    home.mkdir()
    program = (
        f"import json, sys\nsys.path.insert(0, {str(tmp_path)!r})\nfrom aioric import ahead\nopened = []\n"
        "sys.addaudithook(lambda event, words: opened.append(words[0]) if event == 'open' else None)\n"
        "ahead.announce_own()\nsys.stdout.write(json.dumps(opened))"
    )
    (home / "__init__.py").write_text("")
    for name in ("ahead", "modules", "bytecode"):
        source = RUNTIME / "aioric" / f"{name}.py"
        (home / source.name).write_bytes(source.read_bytes())
        compiled(home / source.name)

    def told() -> list[str]:
        command = [sys.executable, "-P", "-c", program]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        return [Path(each).name.partition(".")[0] for each in json.loads(run.stdout)]

    assert any(told() == ["modules"] for _ in range(TRIES))

    def told_when_evicted() -> list[str]:
        evict(home / "__pycache__" / f"modules{CACHED}")
        return told()[:3]

    assert any(told_when_evicted() == ["modules", "modules", "bytecode"] for _ in range(TRIES))
