"""Optional packages of others that make us faster, such as uvloop, wherever they are installed.

Only real packages count: a task root may hold a module of that name that is something else. The
function's own copy wins over ours, since its folder comes first on `sys.path`.
"""

from __future__ import annotations

import sys
from _frozen_importlib import module_from_spec
from _frozen_importlib_external import PathFinder

from aioric.function.aside import Aside
from aioric.function.preloaded import stdlib_directories

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def import_package(name: str) -> ModuleType | None:
    """The installed package of this name, or `None` if there is none.

    Raises:
        Exception: It is installed and cannot be imported, e.g. built for another architecture.
    """
    loaded = sys.modules.get(name)
    if loaded is not None and hasattr(loaded, "__path__"):
        return loaded
    for folder in sys.path.copy():
        spec = PathFinder.find_spec(name, [folder])
        if spec is None or spec.loader is None or not (spec.origin and spec.submodule_search_locations):
            continue
        module = module_from_spec(spec)
        # What it imports from the standard library must be the standard library's.
        with Aside(stdlib_directories()):
            sys.modules[name] = module
            try:
                spec.loader.exec_module(module)
            except BaseException:
                del sys.modules[name]
                raise
        return module
    return None
