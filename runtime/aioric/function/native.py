"""JSON by the interpreter's C code, through the door that the standard library's `json` uses itself.

`json` would bring `re` and `enum` along, which cost more than all of this runtime. Where an
interpreter has shut that door or moved it, the slower public way gives the same.
"""

from __future__ import annotations

from _json import make_encoder, make_scanner

from aioric.function.aside import import_stdlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def scanner(make: Callable[[Any], Any] = make_scanner) -> Callable[[str, int], tuple[Any, int]]:
    """A function that takes a text and a position, and returns the value there and where it ends.

    It raises anything at all on a fault, `NaN` and `Infinity` included.
    """
    try:
        scan: Callable[[str, int], tuple[Any, int]] = make(_ScannerSettings())
    except (AttributeError, TypeError):
        decoder = import_stdlib("json.decoder").JSONDecoder(parse_constant=_ScannerSettings.parse_constant)
        scan = decoder.scan_once
    return scan


def encoder(
    default: Callable[[Any], str], quote: Callable[[str], str], make: Callable[..., Any] = make_encoder
) -> Callable[[Any], str]:
    """A function that turns a value into JSON text; where there is none, one that refuses every value.

    Args:
        default: Gives the string for a value that JSON lacks, or raises.
        quote: Turns a `str` into a JSON string.
        make: The interpreter's maker of encoders.
    """
    try:
        # No markers for circular references: they cost 15 %, and a circle ends in an error anyway.
        encode: Callable[[Any, int], tuple[str, ...]] = make(
            None, default, quote, None, ": ", ", ", False, False, True
        )
    except TypeError:
        return _refuse
    return lambda value: "".join(encode(value, 0))


class _ScannerSettings:
    """What the interpreter's scanner asks for. Its constants are those that simplejson rejects."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    array_hook = None
    parse_float = float
    parse_int = int

    def __init__(self) -> None:
        self.memo: dict[str, str] = {}

    @staticmethod
    def parse_constant(name: str) -> None:
        # Not a ValueError: the examiner takes those for complaints about too many digits.
        raise LookupError(name)


def _refuse(_value: Any) -> str:
    raise TypeError
