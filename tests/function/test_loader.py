"""A handler's name leads to what awslambdaric finds, or to the error that it reports."""

from __future__ import annotations

import asyncio
import functools
import inspect
import pathlib
import sys
from typing import TYPE_CHECKING, Any

import pytest
from awslambdaric.bootstrap import _get_handler
from awslambdaric.lambda_runtime_exception import FaultException

from aioric.errors import (
    BuiltInModuleConflict,
    FunctionFault,
    HandlerNotCallable,
    HandlerNotFound,
    ImportModuleError,
    MalformedHandlerName,
)
from aioric.function.loader import ASYNC, ASYNC_GENERATOR, GENERATOR, SYNC, kind, load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

IMPORTER = pathlib.Path(__file__).parent / "importer"


@pytest.fixture(autouse=True)
def _importer(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> Iterator[None]:
    """The fixtures can be imported, and are forgotten afterwards."""
    # Not on disk, because every tool that reads the tests would stumble over it.
    (tmp_path / "broken.py").write_text("def handle(event, context)\n    return event\n")
    (tmp_path / "imports_broken.py").write_text("from broken import handle\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(IMPORTER)
    before = set(sys.modules)
    yield
    forget(before)


def forget(before: set[str]) -> None:
    """Take the fixtures imported since `before` out of `sys.modules`."""
    for name in set(sys.modules) - before:
        origin = getattr(sys.modules[name], "__file__", None) or ""
        if origin.startswith(str(IMPORTER)) or name.startswith("shop") or "broken" in name:
            del sys.modules[name]


def outcome(find: Callable[[str], object], name: str) -> tuple[object, ...]:
    """What `find` finds by that name, or how it fails, in a form that can be compared."""
    before = set(sys.modules)
    try:
        found = find(name)
    except FaultException as error:
        return (error.exception_type, error.msg, error.trace or [])
    except FunctionFault as error:
        return (error.error_type, error.message, error.stack_trace)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - compared, whatever it is
        return (type(error), str(error))
    finally:
        forget(before)
    return (getattr(found, "__module__", None), getattr(found, "__qualname__", None))


NAMES = [
    "plain.handle",
    "plain.service",
    "shop/till.Till",
    "shop/cart/app.handle",
    "shop.cart.app.handle",
    "replaced.handle",
    "nodot",
    "sys.exit",
    "sys/path.handle",
    "builtins.print.handle",
    "nomod.handle",
    "no/mod.handle",
    "plain.nothing",
    "plain.",
    ".handle",
    "./plain.handle",
    "/plain.handle",
    "plain..handle",
    "shop.nothing.handle",
    "plain.nothing.handle",
    "plain.Service.nothing.handle",
    "incomplete.handle",
    "incomplete.Service.handle",
    "raises.handle",
    "broken.handle",
    "imports_broken.handle",
    "circle_a.handle",
    "exits.handle",
    "refuses.handle",
]


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("name", NAMES)
def test_names_lead_where_the_official_client_finds_them(name: str) -> None:
    """The same handler is found, or the same type, message and trace are reported."""
    assert outcome(_get_handler, name) == outcome(load, name)


def test_no_handler_at_all_is_explained() -> None:
    """An empty name is malformed, as officially, and the message says what is missing."""
    with pytest.raises(MalformedHandlerName, match="Bad handler '': no handler is configured"):
        load("")


@pytest.mark.parametrize(
    "name",
    [
        "plain.Service.handle",
        "plain.Service.Inner.handle",
        "plain:Service.handle",
        "plain:Service.Inner.handle",
        "plain:handle",
        "shop.till.Till.handle",
        "shop/till.Till.handle",
        "shop.till:Till.handle",
        "shop/till:Till.handle",
    ],
)
def test_a_name_may_lead_to_an_attribute_of_an_attribute(name: str) -> None:
    """Methods of classes are found with dots and with a colon, which awslambdaric cannot do."""
    assert load(name).__name__ == "handle"


@pytest.mark.parametrize(
    ("name", "fault", "message"),
    [
        ("plain:nothing", HandlerNotFound, "Handler 'nothing' missing on module 'plain'"),
        ("plain:Service.nothing", HandlerNotFound, "Handler 'Service.nothing' missing on module 'plain'"),
        ("plain:", HandlerNotFound, "Handler '' missing on module 'plain'"),
        ("nomod:handle", ImportModuleError, "Unable to import module 'nomod': No module named 'nomod'"),
        ("sys:exit", BuiltInModuleConflict, "Cannot use built-in module sys as a handler module"),
    ],
)
def test_a_name_with_a_colon_is_reported_by_its_parts(
    name: str, fault: type[FunctionFault], message: str
) -> None:
    """What is before the colon is the module, and what is after it is missing there."""
    with pytest.raises(fault) as caught:
        load(name)

    assert message == caught.value.message


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("shop.till", "Handler 'shop.till' is a module; name a function in it, such as 'shop.till.handler'"),
        ("plain.number", "Handler 'plain.number' is of type int and cannot be called"),
        ("plain.mapping", "Handler 'plain.mapping' is of type dict and cannot be called"),
    ],
)
def test_what_cannot_be_called_is_refused_at_once(name: str, message: str) -> None:
    """The message says what was found and what would do."""
    load("shop.till.Till")

    with pytest.raises(HandlerNotCallable, match=message):
        load(name)


def test_a_failing_import_shows_the_functions_frames_only() -> None:
    """The import system's own frames say nothing to the function's author."""
    with pytest.raises(ValueError, match="not today") as caught:
        load("raises.handle")

    files = [entry.path for entry in caught.traceback]
    assert pathlib.Path(files[-1]) == IMPORTER / "raises.py"
    assert not any("importlib" in str(file) for file in files)


def plain(event: Any, context: Any) -> Any:
    """A plain function."""
    return event, context


async def coroutine(event: Any, context: Any) -> Any:
    """A coroutine function."""
    return event, context


def generator(event: Any, context: Any) -> Iterator[Any]:
    """A generator function."""
    yield event, context


async def async_generator(event: Any, context: Any) -> AsyncIterator[Any]:
    """An asynchronous generator function."""
    yield event, context


@functools.wraps(coroutine)
def wrapper(event: Any, context: Any) -> Any:
    """A plain function that claims to be a coroutine function."""
    return coroutine(event, context)


class CallableObject:
    async def __call__(self, event: Any, context: Any) -> Any:
        return event, context


class Marked:
    _is_coroutine = asyncio.coroutines._is_coroutine  # type: ignore[attr-defined]  # noqa: SLF001

    def __call__(self, event: Any, context: Any) -> Any:
        return event, context


class Remarked:
    """Marked as `inspect.markcoroutinefunction` does, which Python 3.11 lacks."""

    def __init__(self, mark: object) -> None:
        self._is_coroutine_marker = mark

    def __call__(self, event: Any, context: Any) -> Any:
        return event, context


class MarkedCall:
    def __call__(self, event: Any, context: Any) -> Any:
        return event, context

    __call__._is_coroutine = asyncio.coroutines._is_coroutine  # type: ignore[attr-defined]  # noqa: SLF001


class Methods:
    async def bound(self, event: Any, context: Any) -> Any:
        return event, context

    @classmethod
    async def of_class(cls, event: Any, context: Any) -> Any:
        return event, context

    @staticmethod
    def static(event: Any, context: Any) -> Iterator[Any]:
        yield event, context

    def __call__(self, event: Any, context: Any) -> Iterator[Any]:
        yield event, context


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (plain, SYNC),
        (coroutine, ASYNC),
        (generator, GENERATOR),
        (async_generator, ASYNC_GENERATOR),
        (wrapper, SYNC),
        (functools.partial(coroutine, context=None), ASYNC),
        (functools.partial(functools.partial(generator), context=None), GENERATOR),
        (functools.partial(Methods().bound), ASYNC),
        (CallableObject(), ASYNC),
        (functools.partial(CallableObject()), ASYNC),
        (CallableObject, SYNC),
        (Marked(), ASYNC),
        (MarkedCall(), ASYNC),
        (Methods().bound, ASYNC),
        (Methods.of_class, ASYNC),
        (Methods.static, GENERATOR),
        (staticmethod(coroutine), ASYNC),
        (Methods(), GENERATOR),
        (print, SYNC),
        (functools.lru_cache(coroutine), SYNC),
    ],
)
def test_the_kind_of_a_handler_is_known_before_it_is_called(
    handler: Callable[..., Any], expected: str
) -> None:
    """The outermost callable decides, seen through partials, bindings and marks."""
    assert expected == kind(handler)


def test_the_mark_of_inspect_makes_a_handler_async(monkeypatch: pytest.MonkeyPatch) -> None:
    """`inspect.markcoroutinefunction` is obeyed where Python has it."""
    mark = object()
    monkeypatch.setattr(inspect, "_is_coroutine_mark", mark, raising=False)

    assert kind(Remarked(mark)) == ASYNC
    assert kind(Remarked(object())) == SYNC
