"""Modules that a list names are loaded when something in them is first asked for, and then are as ever."""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from aioric.function.aside import _at_once
from aioric.packed.lazy import LazyModule, Postponed, load
from aioric_emulator.optimize.unused import read, unused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packed.conftest import Task

PACK = ".aioric/start.pack"
SERVED = pytest.mark.timeout(240)  # starts several runtimes, one after the other
PARTS = "import late\nimport shop.far\nfrom shop import near\nimport late\n"
HANDLER = "def handler(event, context):\n    return [late.VALUE, shop.far.VALUE, near.VALUE]\n"
LAZY = (
    "def lazy(name):\n    return type(sys.modules[name]).__name__ == 'LazyModule'\n"
    "names = ['late', 'shop.far', 'shop.near']\nimport app\n"
)


@pytest.fixture
def lazy(task: Task) -> Task:
    """A function with three modules that its import does not use; optimized with a list of them."""
    for name in ("late.py", "shop/far.py", "shop/near.py"):
        task.write(
            name, f"VALUE = {name!r}\nLOADED = __import__('os').environ.setdefault({name!r}, 'x') + 'y'\n"
        )
    task.write("app.py", f"import shop\n{PARTS}\n{HANDLER}")
    _optimize(task)
    return task


def _optimize(task: Task, names: str = "late  # 1.0 ms\nshop.far\nshop.near\n# shop\n") -> None:
    told = task.optimize("--lazy", str(task.write("lazy.txt", names)))
    assert told.returncode == 0, told.stderr


def test_loaded_when_asked(lazy: Task) -> None:
    """However a module was imported: the first look has its code run, once, and it stays the same object."""
    question = (
        LAZY + "import os\nbefore = [sys.modules[name] for name in names]\n"
        "answer = [list(map(lazy, names)), 'late.py' in os.environ, app.handler({}, None)]\n"
        "answer += [list(map(lazy, names)), before == [sys.modules[name] for name in names]]\n"
        "kinds = {type(each).__name__ for each in before}\n"
        "answer += [packed('late'), kinds == {'module'}, os.environ['late.py']]"
    )
    values = ["late.py", "shop/far.py", "shop/near.py"]

    assert lazy.ask(question) == (
        [],
        [[True] * 3, False, values, [False] * 3, True, True, True, "x"],
    )


def test_a_look(lazy: Task) -> None:
    """Whatever needs what is in a module has it loaded."""
    looks = ["from late import VALUE", "from late import *", "vars(app.late)", "dir(app.late)"]
    for look in [*looks, "hasattr(app.late, 'x')"]:
        question = f"{LAZY}before = lazy('late')\n{look}\nanswer = [before, lazy('late')]"
        assert lazy.ask(question) == ([], [True, False]), look


def test_no_look(lazy: Task) -> None:
    """What the import system has set, and what tells modules from other things, is known without its code."""
    looks = ["import late", "app.late.__spec__, app.late.__file__", "isinstance(app.late, type(sys))"]
    question = "\n".join([LAZY, *looks, "repr(app.late)", "answer = lazy('late')"])
    assert lazy.ask(question) == ([], True)


def test_what_is_set_stays(lazy: Task) -> None:
    """What is patched into a module before anybody has looked at it is not undone; nor is a deletion."""
    question = (
        LAZY + "app.late.VALUE = 'patched'\ndel app.near.VALUE\n"
        "answer = [app.late.VALUE, hasattr(app.near, 'VALUE'), app.late.LOADED]"
    )
    assert lazy.ask(question) == ([], ["patched", False, "xy"])


def test_a_submodule_loads_its_package(lazy: Task) -> None:
    """The code of a package runs before that of what is in it, as ever."""
    lazy.write("box/__init__.py", "ORDER = ['box']\n")
    lazy.write("box/lid.py", "import box\nbox.ORDER.append('lid')\n")
    lazy.write(
        "app.py", "import box\n\ndef handler(event, context):\n    import box.lid\n    return box.ORDER\n"
    )
    _optimize(lazy, "box\n")
    question = LAZY + "answer = [lazy('box'), app.handler({}, None), lazy('box')]"

    assert lazy.ask(question) == ([], [True, ["box", "lid"], False])


def test_threads(lazy: Task) -> None:
    """Threads that look while the code runs wait for it, and see the whole module; the code ran once."""
    lazy.write(
        "late.py",
        "import builtins\nthere = builtins.__dict__.get('there', [1] * 8)\nthere.append('code')\n"
        "while len(there) < 9:\n    pass\nVALUE = there.count('code')\n",
    )
    _optimize(lazy)
    question = (
        LAZY + "import builtins, threading\nbuiltins.there, found = [], []\n"
        "def look():\n    there.append('thread')\n    found.append(getattr(app.late, 'VALUE', None))\n"
        "threads = [threading.Thread(target=look) for _ in range(8)]\n"
        "[each.start() for each in threads]\n[each.join() for each in threads]\nanswer = found"
    )
    assert lazy.ask(question) == ([], [1] * 8)


def test_two_that_wait_for_each_other(lazy: Task) -> None:
    """Two threads that load two modules which look at one another both come to an end."""
    for one, other in (("late", "shop.far"), ("shop.far", "late")):
        meet = "import builtins, sys\nif hasattr(builtins, 'gate'):\n    gate.wait()\n"
        look = f"SEEN = hasattr(sys.modules.get({other!r}), 'NONE')\nVALUE = 1\n"
        lazy.write(f"{one.replace('.', '/')}.py", meet + look)
    _optimize(lazy)
    question = (
        LAZY + "import builtins, threading\nbuiltins.gate, found = threading.Barrier(2), []\n"
        "def look(module):\n    found.append(module.VALUE)\n"
        "threads = [threading.Thread(target=look, args=(each,)) for each in (app.late, app.shop.far)]\n"
        "[each.start() for each in threads]\n[each.join() for each in threads]\nanswer = found"
    )
    assert lazy.ask(question) == ([], [1, 1])


def test_code_that_fails(lazy: Task) -> None:
    """The look raises what the code raises, each time; an attribute that it lacks is not taken for ours."""
    lazy.write("late.py", "import os\nif 'late' in os.environ:\n    raise LookupError('broken')\nVALUE = 1\n")
    lazy.write("shop/far.py", "import os\nif 'late' in os.environ:\n    os.nothing\nVALUE = 2\n")
    _optimize(lazy)
    question = (
        LAZY + "import os\nos.environ['late'] = '1'\nanswer = []\n"
        "for look in (app.late, app.late, app.shop.far):\n    try:\n        getattr(look, 'VALUE', 0)\n"
        "    except Exception as error:\n        answer.append([type(error).__name__, str(error)])\n"
        "del os.environ['late']\nanswer.append([app.late.VALUE, app.shop.far.VALUE])"
    )
    said, answer = lazy.ask(question)

    assert said == []
    assert answer[:2] == [["LookupError", "broken"]] * 2
    assert answer[2] == ["ImportError", "shop.far cannot be loaded: module 'os' has no attribute 'nothing'"]
    assert answer[3] == [1, 2]


def test_loaded_again(lazy: Task) -> None:
    """`importlib.reload` runs the code, whether or not it has run."""
    question = (
        LAZY + "import importlib\nanswer = [importlib.reload(app.late) is app.late]\n"
        "answer += [app.late.LOADED, lazy('late')]\n"
        "app.late.VALUE = 0\nimportlib.reload(app.late)\nanswer.append(app.late.VALUE)"
    )
    assert lazy.ask(question) == ([], [True, "xy", False, "late.py"])


def test_a_module_that_gives_itself_a_class(lazy: Task) -> None:
    """A module may change its own class, as some do; nobody takes that back."""
    lazy.write(
        "late.py", "import sys\nclass Odd(type(sys)):\n    VALUE = 5\nsys.modules[__name__].__class__ = Odd\n"
    )
    _optimize(lazy)

    assert lazy.ask(LAZY + "answer = [app.late.VALUE, type(app.late).__name__]") == ([], [5, "Odd"])


@pytest.mark.usefixtures("unmeasured")
def test_what_the_runtime_imports(lazy: Task) -> None:
    """What the runtime imports itself, aside from the function, is loaded at once."""
    lazy.write("app.py", "import textwrap, shlex\n\ndef handler(event, context):\n    return 1\n")
    _optimize(lazy, "shlex\ntextwrap\n")
    question = (
        "from aioric.function.aside import import_stdlib\n"
        "answer = [type(import_stdlib('shlex')).__name__]\nimport app\n"
        "answer.append(type(app.textwrap).__name__)"
    )
    assert lazy.ask(question) == ([], ["module", "LazyModule"])


class Late(Postponed, SourceFileLoader):  # type: ignore[misc]  # as typeshed has its bases
    """A loader of a file, as the pack's is one of bytecode."""


def test_at_once(tmp_path: Path) -> None:
    """A module that the runtime asks for has run when it is imported, and is no lazy one."""
    path = tmp_path / "late.py"
    path.write_text("VALUE = 1\n")
    spec = spec_from_loader("late", Late("late", str(path)))
    assert spec is not None
    module = module_from_spec(_at_once(spec))
    assert isinstance(spec.loader, Late)
    spec.loader.exec_module(module)

    assert (type(module), vars(module)["VALUE"]) == (ModuleType, 1)


def test_what_another_loader_made_is_left_alone() -> None:
    """A module whose loader somebody has replaced is never run by us."""
    module = LazyModule("late")
    load(module)

    with pytest.raises(AttributeError, match="VALUE"):
        module.VALUE  # noqa: B018 - the look is the test


def test_a_list_that_is_none(lazy: Task) -> None:
    """A line that is no module's name ends the build; a module that is not packed is named."""
    refused = lazy.optimize("--lazy", str(lazy.write("lazy.txt", "late\nimport shop\n")))
    assert refused.returncode == 1
    assert "'import shop' is not the name of a module" in refused.stderr

    told = lazy.optimize("--lazy", str(lazy.write("lazy.txt", "late\nnothing.at_all\n")))
    assert "1 modules are loaded when something in them is asked for" in told.stderr
    assert "not packed, so not lazy: nothing.at_all" in told.stderr


def test_options_that_mean_nothing(lazy: Task) -> None:
    """What needs something else to make sense says so."""
    names = str(lazy.write("lazy.txt", "late\n"))
    assert "needs an --event" in lazy.optimize("--find-lazy", names).stderr
    assert "--event is for --find-lazy" in lazy.optimize("--event", names).stderr
    assert "--lazy is for a pack" in lazy.optimize("--lazy", names, "--no-pack").stderr


@SERVED
@pytest.mark.usefixtures("unmeasured")
def test_found(task: Task) -> None:
    """What events show to be unused is listed: the standard library's, and in comments what is not of it."""
    task.write("late.py", "import colorsys\nVALUE = 1\n")
    task.write("plugin.py", "import shop\nshop.PLUGINS.append(lambda: 3)\n")
    task.write("shop/__init__.py", "PLUGINS = []\n")
    task.write(
        "app.py",
        "import colorsys, fractions, shlex, textwrap\nimport late, shop, plugin\n\n"
        "def handler(event, context):\n"
        "    if event.get('quote'):\n        return shlex.quote(event['quote'])\n"
        "    return [each() for each in shop.PLUGINS]\n",
    )
    first, second = task.write("a.json", '{"quote": "a b"}'), task.write("b.json", "{}")
    target = task.folder / "lazy.txt"
    told = task.optimize("--find-lazy", str(target), "--event", str(first), "--event", str(second))
    assert told.returncode == 0, told.stderr
    lines = target.read_text().splitlines()
    commented = [line.split()[1] for line in lines if line.startswith("# ") and " ms, " in line]

    assert not (task.folder / PACK).exists()
    assert {"fractions", "textwrap", "colorsys"} <= set(read(target))
    assert not {"shlex", "late", "plugin", "shop"} & set(read(target))
    # `plugin` is not asked for by name, but the function that it has left somewhere is called.
    assert commented == ["late"]


@SERVED
def test_an_event_that_fails(task: Task) -> None:
    """An event that the function cannot serve shows nothing, and ends the search with what it raised."""
    task.write("app.py", "def handler(event, context):\n    raise ValueError('not today')\n")
    event = task.write("a.json", "{}")
    told = task.optimize("--find-lazy", str(task.folder / "lazy.txt"), "--event", str(event))

    assert told.returncode == 1
    assert "a.json fails" in told.stderr
    assert "not today" in told.stderr
    assert not (task.folder / "lazy.txt").exists()


@SERVED
def test_an_answer_that_changes(task: Task) -> None:
    """An answer that is not the same each time proves nothing, and is shown."""
    task.write("app.py", "import colorsys, time\n\ndef handler(event, context):\n    return time.time_ns()\n")
    event = task.write("a.json", "{}")
    told = task.optimize("--find-lazy", str(task.folder / "lazy.txt"), "--event", str(event))

    assert told.returncode == 1
    assert "is answered differently" in told.stderr


def test_what_counts_as_used() -> None:
    """What is reached from the handler's module, or from outside, is used; what comes along is not listed."""
    imported = {
        name: {"importer": importer, "ms": 1.0, "modules": 1, "odd": name == "odd"}
        for name, importer in [
            ("app", "x"),
            ("a", "app"),
            ("b", "app"),
            ("c", "b"),
            ("odd", "app"),
            ("d", "a"),
        ]
    }
    seen = [["app", "a"], ["b", "c"], ["outside", "d"]]
    found = unused({"seen": seen, "imported": imported}, "app.handler")

    assert [each.name for each in found] == ["b"]


def test_a_list_is_read(tmp_path: Path) -> None:
    """Comments and empty lines say nothing."""
    file = tmp_path / "lazy.txt"
    file.write_text("# a\n\n  b.c   # 3 ms\nd\n")
    assert read(file) == ["b.c", "d"]
