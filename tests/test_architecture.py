"""The house's rules, held by a test: which way imports point, and how large a room may grow."""

from __future__ import annotations

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
RUNTIME = ROOT / "runtime" / "aioric"

# Who may import whom, by the first folder or file below `aioric`. See ARCHITECTURE.md.
ALLOWED = {
    "version": set(),
    "messages": set(),
    "errors": set(),
    "identity": {"messages"},
    "config": {"errors"},
    "heap": set(),
    "ahead": {"modules"},  # to name a type
    "bytecode": {"ahead"},
    "modules": {"ahead", "bytecode"},
    "packed": {"ahead", "bytecode", "modules", "packed"},
    "protocol": {"messages", "errors", "protocol"},
    "function": {"messages", "errors", "config", "identity", "modules", "logs", "function"},
    "logs": {"messages", "errors", "config", "identity", "function", "logs"},
    "drivers": {"messages", "errors", "config", "identity", "protocol", "function", "logs", "drivers"},
    "managed": {"config", "drivers", "logs"},
    "startup": {
        "version",
        "messages",
        "errors",
        "config",
        "identity",
        "heap",
        "managed",
        "modules",
        "packed",
        "protocol",
        "function",
        "logs",
        "drivers",
    },
    "__main__": {"ahead", "startup", "function", "heap", "modules"},
    "__init__": {
        "version",
        "errors",
        "function",
        "drivers",
    },  # the rooms of public names, imported when one is asked for
}

# What the protocol must not know: sockets, clocks, tasks, the environment, the log.
OUTSIDE_WORLD = {"_socket", "asyncio", "logging", "os", "select", "selectors", "signal", "socket", "time"}


def modules() -> list[pathlib.Path]:
    """Every shipped file."""
    return sorted(RUNTIME.rglob("*.py"))


def name_of(path: pathlib.Path) -> str:
    """The file as the tests' ids show it."""
    return path.relative_to(RUNTIME).as_posix()


def room(path: pathlib.Path) -> str:
    """The folder or file below `aioric` that it belongs to."""
    return path.relative_to(RUNTIME).with_suffix("").parts[0]


def imports(path: pathlib.Path) -> set[str]:
    """Every module that the file imports, also inside functions and for type checking."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            found.add(str(node.module))
    return found


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_point_down(path: pathlib.Path) -> None:
    """A module imports only from the rooms that its own room stands on."""
    rooms = {name.split(".")[1] for name in imports(path) if name.startswith("aioric.")}

    assert rooms <= ALLOWED[room(path)]


@pytest.mark.parametrize("path", sorted((RUNTIME / "protocol").glob("*.py")), ids=name_of)
def test_the_protocol_knows_no_outside_world(path: pathlib.Path) -> None:
    """The protocol turns bytes into messages and back, and nothing else."""
    assert not {name.split(".")[0] for name in imports(path)} & OUTSIDE_WORLD


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_the_runtime_does_not_know_the_emulator(path: pathlib.Path) -> None:
    """What ships in a function does not depend on what simulates the platform."""
    assert not any(name.startswith("aioric_emulator") for name in imports(path))


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_is_small_enough_to_be_one_thing(path: pathlib.Path) -> None:
    """No shipped file is longer than 300 lines."""
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_says_what_lives_in_it(path: pathlib.Path) -> None:
    """Every shipped file begins with a docstring."""
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_only_a_few_files_touch_the_environment() -> None:
    """The environment is read in one place, and changed only where the contract asks for it."""
    touching = {
        name_of(path)
        for path in modules()
        if any(
            isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "putenv")
            for node in ast.walk(ast.parse(path.read_text()))
        )
    }

    assert touching <= {"startup.py", "function/tracing.py", "logs/setup.py"}


EMULATOR = ROOT / "emulator" / "aioric_emulator"

# The emulator's model of the platform: told what happened, it says what follows. `calls` and
# `platform_lines` make ids and time stamps, and need a clock for that.
MODEL = (
    "answers",
    "asynchronous",
    "classic",
    "decisions",
    "extension_calls",
    "extensions",
    "failures",
    "managed",
    "messages",
    "phases",
    "publication",
    "reservations",
    "service",
    "snapstart",
    "fronts/alb",
    "fronts/alb_actions",
    "fronts/alb_rules",
    "fronts/bodies",
    "fronts/cors",
    "fronts/front",
    "fronts/function_url",
    "fronts/http_api",
    "fronts/payloads",
    "fronts/prelude",
    "fronts/proxy_answer",
    "fronts/request",
    "fronts/rest_api",
    "fronts/routes",
    "fronts/settings",
    "subscriptions",
    "telemetry",
    "telemetry_records",
    "telemetry_schemas",
)


@pytest.mark.parametrize("name", MODEL)
def test_the_model_of_the_platform_knows_no_outside_world(name: str) -> None:
    """The platform's rules can be tested as tables, since they touch neither sockets nor clocks."""
    found = {module.split(".")[0] for module in imports(EMULATOR / f"{name}.py")}

    # `signal` is there for the names of signals only.
    assert not found & (OUTSIDE_WORLD - {"signal"} | {"anyio", "httptools", "httpx", "subprocess"})


@pytest.mark.parametrize("path", sorted(EMULATOR.rglob("*.py")), ids=lambda path: path.stem)
def test_a_module_of_the_emulator_is_small_enough_to_be_one_thing(path: pathlib.Path) -> None:
    """No file of the emulator is longer than 300 lines."""
    assert len(path.read_text().splitlines()) <= 300
