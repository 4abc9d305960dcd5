"""A function's own JSON: what decodes its events and encodes its results instead of ours."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class OwnJson:
    """A decoder and an encoder, each `None` while ours does the work.

    Attributes:
        loads: Takes an event's bytes, returns the event.
        dumps: Takes a result, returns its JSON as `str` or `bytes`.
    """

    __slots__ = ("dumps", "loads")

    def __init__(
        self,
        loads: Callable[[bytes], Any] | None = None,
        dumps: Callable[[Any], str | bytes] | None = None,
    ) -> None:
        self.loads = loads
        self.dumps = dumps


# The one place of module-level state: a function chooses while it is imported, from its own module,
# where nothing of the runtime is at hand but this name.
CHOSEN = OwnJson()


def set_json_codec(
    loads: Callable[[bytes], Any] | None = None, dumps: Callable[[Any], str | bytes] | None = None
) -> None:
    """Decode events and encode results with these from now on, e.g. `orjson.loads` and `orjson.dumps`.

    Call it where the handler is defined. Reports of errors and log records keep the runtime's own JSON.

    Args:
        loads: Takes the `bytes` of an event whose type is `application/json` and returns the event.
            Whatever it raises fails the invocation as `Runtime.UnmarshalError`. `None` means ours.
        dumps: Takes a result that is not `bytes` and returns its JSON as `str` or `bytes`. Whatever it
            raises fails the invocation as `Runtime.MarshalError`. `None` means ours.

    Raises:
        TypeError: One of them cannot be called.
    """
    for name, function in (("loads", loads), ("dumps", dumps)):
        if function is not None and not callable(function):
            raise TypeError(f"{name} must be callable or None, not {type(function).__name__}")
    CHOSEN.loads = loads
    CHOSEN.dumps = dumps
