"""A start from a pack: the same modules as ever, or none at all."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from aioric.packed.pack import FORMAT

if TYPE_CHECKING:
    from tests.packed.conftest import Task

YEAR_SECONDS = 365 * 86400
PACK = ".aioric/start.pack"
IMPORT = "import app\n"
WHENCE = IMPORT + "answer = [packed('app'), packed('shop'), packed('shop.till')]"


def _touch(path: os.PathLike[str], seconds: float) -> None:
    made = os.stat(path).st_mtime + seconds  # noqa: PTH116 - takes what the caller has
    os.utime(path, (made, made))


def test_modules_come_from_the_pack(task: Task) -> None:
    """What the handler imports is loaded from the pack, and works."""
    assert task.optimize().returncode == 0
    said, answer = task.ask(WHENCE + "\nanswer.append(app.handler({}, None))")

    assert said == []
    assert answer == [True, True, True, 2]


def test_a_packed_module_looks_like_any_other(task: Task) -> None:
    """Files, sources, documentation, resources and the way to reload are where they always are."""
    task.optimize()
    question = (
        IMPORT + "import importlib, importlib.resources, inspect, pkgutil, shop, shop.till as till\n"
        "answer = [till.__file__, till.__cached__, till.__spec__.origin, shop.__path__,"
        " inspect.getsource(till.price), till.price.__doc__, till.price.__code__.co_filename,"
        " importlib.resources.files('shop').joinpath('prices.txt').read_text(),"
        " [each.name for each in pkgutil.iter_modules(shop.__path__)],"
        " importlib.reload(till) is till, importlib.invalidate_caches()]"
    )
    said, answer = task.ask(question)
    folder = str(task.folder)

    assert said == []
    assert answer[0] == answer[2] == answer[6] == f"{folder}/shop/till.py"
    assert answer[1].startswith(f"{folder}/shop/__pycache__/till.")
    assert answer[3] == [f"{folder}/shop"]
    assert answer[4].startswith("def price(n):")
    assert answer[5] == "Tell the price."
    assert answer[7:] == ["7\n", ["till"], True, None]


def test_a_traceback_shows_the_functions_frames_only(task: Task) -> None:
    """An import that fails has the frames that it always has."""
    task.write(
        "shop/till.py", "import os\nif 'BROKEN' in os.environ:\n    raise ValueError('broken')\nprice = int\n"
    )
    task.optimize()
    question = (
        "import os, traceback\nos.environ['BROKEN'] = '1'\n"
        "try:\n    import app\nexcept ValueError as error:\n"
        "    frames = traceback.extract_tb(error.__traceback__)\n"
        "    answer = [frame.filename.rpartition('/')[2] for frame in frames"
        " if not frame.filename.startswith('<')]"
    )
    assert task.ask(question) == ([], ["app.py", "__init__.py", "till.py"])


def test_a_folder_that_moved(task: Task) -> None:
    """A function that is copied elsewhere after it was packed starts from the pack there."""
    task.optimize()
    moved = task.folder.with_name("var")
    shutil.copytree(task.folder, moved)
    shutil.rmtree(task.folder)
    task.folder = moved
    said, answer = task.ask(WHENCE + "\nanswer.append(app.handler.__code__.co_filename)")

    assert said == []
    assert answer == [True, True, True, f"{moved}/app.py"]


@pytest.mark.parametrize("change", ["longer", "younger", "gone"])
def test_a_file_that_changed(change: str, task: Task) -> None:
    """A file that is not the packed one ends the use of the pack, with one warning that names it."""
    task.optimize()
    file = task.folder / "shop" / "till.py"
    if change == "longer":
        file.write_text("RATE = 10\n\ndef price(n):\n    return n * RATE\n")
    elif change == "younger":
        file.write_text(file.read_text().replace("1", "9"))
        _touch(file, 10)
    else:
        file.unlink()
        (task.folder / "shop" / "till").mkdir()
        (task.folder / "shop" / "till" / "__init__.py").write_text("price = lambda n: n * 5\n")
    said, answer = task.ask(IMPORT + "answer = app.handler({}, None)")

    assert answer == 1 + {"longer": 10, "younger": 9, "gone": 5}[change]
    assert len(said) == 1
    assert f"{file} has changed since" in said[0]


def test_a_name_found_earlier_on_the_path_wins(task: Task) -> None:
    """A folder before the one that was packed is asked first, as ever; so is one whose content changes."""
    task.optimize()
    task.write("first/shop/__init__.py", "")
    task.write("first/shop/till.py", "def price(n):\n    return 40\n")
    question = (
        f"import os\nfirst = {str(task.folder / 'first')!r}\n"
        "sys.path[:0] = ['/nowhere', os.__file__, first]\n" + IMPORT + "import shop\n"
        "answer = [app.handler({}, None), packed('app'), isinstance(shop.__loader__, PackedLoader)]"
    )
    assert task.ask(question) == ([], [41, True, False])


def test_a_file_outside_the_function_that_changed(task: Task) -> None:
    """Another machine may have another build of a library: what is there is used, and nobody is bothered."""
    library = task.write("../lib/extra.py", "RATE = 1\n")
    text = (task.folder / "app.py").read_text()
    task.write(
        "app.py", f"import sys\nsys.path.append({str(library.resolve().parent)!r})\nimport extra\n" + text
    )
    task.optimize()
    question = IMPORT + "import extra\nanswer = [packed('app'), packed('extra')]"
    assert task.ask(question) == ([], [True, True])
    _touch(library, -10)

    assert task.ask(question) == ([], [True, False])


def test_a_module_that_gives_itself_a_path(task: Task) -> None:
    """A module that poses as a package, as six does, is packed as the file that it is."""
    task.write("six.py", "__path__ = []\nVALUE = 6\n")
    task.write("app.py", "import six\n\ndef handler(event, context):\n    return six.VALUE\n")
    task.optimize()
    question = IMPORT + "answer = [packed('six'), app.handler({}, None)]"

    assert task.ask(question) == ([], [True, 6])


def test_a_function_without_such_work(task: Task) -> None:
    """A pack need not hold any memo."""
    task.write("app.py", "def handler(event, context):\n    return 3\n")
    task.optimize()

    assert task.ask(IMPORT + "answer = [packed('app'), app.handler({}, None)]") == ([], [True, 3])


def test_a_folder_that_is_not_on_the_path(task: Task) -> None:
    """A pack makes nothing importable that would not be."""
    task.optimize()
    question = (
        "sys.path.pop(0)\ntry:\n    import app\nexcept ModuleNotFoundError as error:\n    answer = str(error)"
    )
    assert task.ask(question) == ([], "No module named 'app'")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (
            lambda data: data.replace(b"cpython", b"jpython", 1),
            "it was made for another interpreter (jpython",
        ),
        (lambda data: data.replace(FORMAT, FORMAT[:-2] + b"1\n", 1), "another version of aioric made it"),
        (lambda data: data[:-100], "it is damaged"),
        (lambda data: data[:40], "it is damaged"),
        (lambda data: data[:9], "it is damaged"),
        (lambda _: b"", "it is damaged"),
    ],
    ids=["interpreter", "format", "truncated", "head only", "less", "empty"],
)
def test_a_pack_of_no_use(damage: object, reason: str, task: Task) -> None:
    """A pack for another interpreter or by another aioric, or half of one, is not used, and it says why."""
    task.optimize()
    pack = task.folder / PACK
    assert callable(damage)
    pack.write_bytes(damage(pack.read_bytes()))
    said, answer = task.ask(IMPORT + "answer = [packed('app'), app.handler({}, None)]")

    assert len(said) == 1
    assert said[0].startswith(f"{PACK} is not used: {reason}")
    assert answer == [False, 2]


def test_memos(task: Task) -> None:
    """What was worked out when the pack was made is not worked out again, and comes to the same."""
    task.optimize()
    question = (
        IMPORT + "import dataclasses, re\n"
        "again = re._compiler.compile(r'(?P<whole>[0-9]+)[.](x|y)', re.I)\n"
        "n, item = app.NUMBER, app.Item('y')\n"
        "answer = [n.match('12.Y').groupdict(), n == again, n.flags == again.flags,"
        " bool(app.BYTES.match(b'aa')), repr(item), item == app.Item('y', 1),"
        " app.Item.__init__.__code__.co_filename, re._compiler.compile.__module__,"
        " dataclasses.exec.__module__, dataclasses.make_dataclass('New', ['z'])(3).z,"
        " bool(re._compiler.compile(re._parser.parse('b')).match('b'))]"
    )
    said, answer = task.ask(question)

    assert said == []
    assert answer[:7] == [{"whole": "12"}, True, True, True, "Item(name='y', price=1)", True, "<string>"]
    assert answer[7:] == ["aioric.packed.memos", "aioric.packed.memos", 3, True]
