"""From the handler's name to the callable, and what kind of callable that is."""

from __future__ import annotations

import sys

from aioric.errors import (
    BuiltInModuleConflict,
    HandlerNotCallable,
    HandlerNotFound,
    ImportModuleError,
    MalformedHandlerName,
    UserCodeSyntaxError,
)
from aioric.function.aside import import_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

SYNC = "sync"
ASYNC = "async"
GENERATOR = "generator"
ASYNC_GENERATOR = "async generator"

# Code flags: https://docs.python.org/3/library/inspect.html#code-objects-bit-flags
_GENERATOR = 0x20
_COROUTINE = 0x80
_ITERABLE_COROUTINE = 0x100
_ASYNC_GENERATOR = 0x200


def load(handler: str) -> Callable[..., Any]:
    """Import what `handler` names.

    Args:
        handler: `module.function`; slashes separate folders as dots do (`folder/module.function`).
            Attributes may follow attributes (`module.Service.handle`), and a colon may end the
            module's part (`package.module:Service.handle`).

    Raises:
        FunctionFault: Name, module or attribute is wrong; the texts are those of awslambdaric.
        Exception: Whatever else the function's module raises while it is imported.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
    """
    module_name, attributes = _split(handler)
    try:
        found = _find_attribute(_import(module_name), module_name, attributes)
    except ImportModuleError as error:
        cause = error.__cause__
        found = _find_in_parent(module_name, attributes, cause) if ":" not in handler else None
        if found is None:
            raise
    if not callable(found):
        raise HandlerNotCallable(_uncallable(handler, found))
    return found


def kind(handler: Callable[..., Any]) -> str:
    """Which of `SYNC`, `ASYNC`, `GENERATOR` and `ASYNC_GENERATOR` calling `handler` amounts to.

    The outermost callable decides: a plain function that wraps an `async def` is `SYNC`.
    """
    function: Any = handler
    functools: Any = sys.modules.get("_functools")  # imported by whoever has made a partial
    while True:
        if _marked_async(function):
            return ASYNC
        if functools is not None and isinstance(function, functools.partial):
            function = function.func
        elif inner := _wrapped_by_the_interpreter(function):
            function = inner
        else:
            break
    flags = _code_flags(function)
    if flags is None:
        # An object is called through its class; a class is called by `type`, which is no `def`.
        call = type(function).__call__
        flags = _code_flags(call)
        if _marked_async(call):
            return ASYNC
    return _kind_of(flags or 0)


def _split(handler: str) -> tuple[str, str]:
    if ":" in handler:
        module_name, _, attributes = handler.partition(":")
        return module_name, attributes
    module_name, dot, attributes = handler.rpartition(".")
    if not dot:
        reason = "not enough values to unpack (expected 2, got 1)"
        if not handler:
            reason = "no handler is configured; give the function one such as 'app.handler'"
        raise MalformedHandlerName(f"Bad handler '{handler}': {reason}")
    return module_name, attributes


def _import(module_name: str) -> ModuleType:
    if module_name.split(".", 1)[0] in sys.builtin_module_names:
        raise BuiltInModuleConflict(f"Cannot use built-in module {module_name} as a handler module")
    name = module_name.replace("/", ".")
    if name.startswith("."):
        raise TypeError(f"the 'package' argument is required to perform a relative import for {name!r}")
    try:
        # Not importlib: the interpreter takes its own frames out of tracebacks, importlib does not.
        __import__(name)
    except ImportError as error:
        remark = import_own("aioric.function.foreign").explain(error)
        raise ImportModuleError(f"Unable to import module '{module_name}': {error}{remark}") from error
    except SyntaxError as error:
        trace = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        raise UserCodeSyntaxError(f"Syntax error in module '{module_name}': {error}", [trace]) from error
    return sys.modules[name]


def _find_attribute(module: ModuleType, module_name: str, attributes: str) -> object:
    found: object = module
    for attribute in attributes.split("."):
        try:
            found = getattr(found, attribute)
        except AttributeError as error:
            raise HandlerNotFound(f"Handler '{attributes}' missing on module '{module_name}'") from error
    return found


def _find_in_parent(module_name: str, attribute: str, cause: BaseException | None) -> Any:
    """`module.Service.handle`: what looked like a module may be an attribute of its parent."""
    name = module_name.replace("/", ".")
    missing = cause.name if isinstance(cause, ModuleNotFoundError) else None
    if missing is None or not f"{name}.".startswith(f"{missing}."):
        return None
    parent_name = missing.rpartition(".")[0]
    found: Any = sys.modules.get(parent_name)
    rest = f"{name}.{attribute}"[len(parent_name) + 1 :]
    for part in rest.split("."):
        found = getattr(found, part, None)
    return found


def _uncallable(handler: str, found: object) -> str:
    if isinstance(found, type(sys)):
        return f"Handler '{handler}' is a module; name a function in it, such as '{handler}.handler'"
    return (
        f"Handler '{handler}' is of type {type(found).__name__} and cannot be called; "
        "name a function, or an object with a __call__ method"
    )


def _wrapped_by_the_interpreter(function: Any) -> Any:
    """The function within a bound method, `staticmethod` or the like; `functools.wraps` is not such."""
    return getattr(function, "__func__", None) if type(function).__module__ in ("builtins", "types") else None


def _marked_async(function: Any) -> bool:
    """Whether `inspect.markcoroutinefunction` or asyncio's older marker was put on it.

    A mark is an object of the module that puts it on, so where that module was never imported
    there can be no mark.
    """
    for module_name, mark_name, attribute in (
        ("inspect", "_is_coroutine_mark", "_is_coroutine_marker"),
        ("asyncio.coroutines", "_is_coroutine", "_is_coroutine"),
    ):
        mark = getattr(sys.modules.get(module_name), mark_name, None)
        if mark is not None and getattr(function, attribute, None) is mark:
            return True
    return False


def _code_flags(function: Any) -> int | None:
    flags = getattr(getattr(function, "__code__", None), "co_flags", None)
    return flags if isinstance(flags, int) else None


def _kind_of(flags: int) -> str:
    if flags & (_COROUTINE | _ITERABLE_COROUTINE):
        return ASYNC
    if flags & _ASYNC_GENERATOR:
        return ASYNC_GENERATOR
    return GENERATOR if flags & _GENERATOR else SYNC
