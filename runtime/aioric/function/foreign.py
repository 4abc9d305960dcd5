"""Why an extension module that is there is not found, or not loaded: built for another Python or processor.

A wheel's `speedups.cpython-313-aarch64-linux-gnu.so` is invisible to any other interpreter, which says that
there is no such module; a `.abi3.so` of another processor is said not to exist by the C library. Both texts
send people looking for a file that is there. Imported when an import has failed, and never before.
"""

from __future__ import annotations

import os
import sys
from _imp import extension_suffixes

# e_machine in the file's header: two bytes, little-endian on both of Lambda's processors. See elf(5).
_ELF = b"\x7fELF"
_MACHINE = slice(18, 20)
_MACHINES = {b"\x3e\0": "x86_64", b"\xb7\0": "aarch64"}
_ADVICE = "install the function's packages for the Python and the processor that it runs on"


def explain(error: BaseException | None) -> str:
    """What to add to the text of a failed import: a remark in brackets, or nothing.

    Args:
        error: The exception; those that it was made of are looked at, too. Packages such as numpy catch the
            interpreter's and raise their own.
    """
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, ImportError):
            remark = _other_processor(error.path) or _other_name(_wanted(error))
            if remark:
                return f" ({remark}; {_ADVICE})"
        error = error.__cause__ or error.__context__
    return ""


def _wanted(error: ImportError) -> str:
    """The name of the module that was not found, or nothing."""
    if isinstance(error, ModuleNotFoundError):
        return error.name or ""
    # `from . import speedups`; Python 3.11 does not keep the name.
    attribute = getattr(error, "name_from", None)
    return f"{error.name}.{attribute}" if error.name and attribute else ""


def _other_processor(path: str | None) -> str:
    if not path or not path.endswith(".so"):
        return ""
    built, ours = _machine(path), _machine("/proc/self/exe")
    return f"{path} is for {built}, and this is {ours}" if built and ours and built != ours else ""


def _machine(path: str) -> str:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib costs more to import than this runtime
            head = file.read(_MACHINE.stop)
    except OSError:
        return ""
    if not head.startswith(_ELF) or len(head) < _MACHINE.stop:
        return ""
    return _MACHINES.get(head[_MACHINE], f"processor {head[_MACHINE].hex()}")


def _other_name(module: str) -> str:
    """Whether a file of the module's name is there that this interpreter does not look at."""
    parent, _, last = module.replace(".", "/").rpartition("/")
    suffixes = extension_suffixes()
    for folder in sys.path if last else ():
        where = os.path.join(folder, parent)  # noqa: PTH118 - likewise
        try:
            names = sorted(os.listdir(where))  # noqa: PTH208 - likewise
        except OSError:
            continue
        for name in names:
            if name.startswith(f"{last}.") and name.endswith(".so") and name[len(last) :] not in suffixes:
                return f"{where}/{name} is there, and this Python takes {last}{suffixes[0]}"
    return ""
