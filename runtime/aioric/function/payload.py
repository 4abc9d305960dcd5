"""Events in, results out: JSON with the meaning that awslambdaric gives it, at the interpreter's C speed.

awslambdaric uses simplejson. The interpreter's own scanner and encoder (`_json`) are a few per
cent of the cost to import, but differ from it in a few answers: `NaN` in events, named tuples,
`bytes` and `Decimal` in results, and the words of most errors. So they (`native`) do the work where
both agree, and `malformed`, `substitutes` and `results` do the rest.
"""

from __future__ import annotations

from _json import encode_basestring, encode_basestring_ascii
from marshal import dumps as _accept_plain

from aioric.errors import MarshalError, UnmarshalError
from aioric.function.malformed import Examiner, skip_space
from aioric.function.native import encoder, scanner
from aioric.function.own_json import CHOSEN, OwnJson
from aioric.function.results import Encoder
from aioric.function.substitutes import SubstitutingEncoder
from aioric.messages import Buffered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BYTE_ORDER_MARKS = ("\ufeff", "\xef\xbb\xbf")  # the second is the first, decoded as Latin-1 once


class Codec:
    """Decodes events and encodes results.

    Args:
        ascii_json: Whether results escape everything outside ASCII.
        own: The function's own decoder and encoder, if it has any.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html#python-handler-return
    """

    __slots__ = (
        "_encode_plain",
        "_encode_rest",
        "_encode_substitutes",
        "_own",
        "_scan",
    )

    def __init__(self, *, ascii_json: bool, own: OwnJson = CHOSEN) -> None:
        quote = encode_basestring_ascii if ascii_json else encode_basestring
        self._own = own
        self._scan = scanner()
        # What is asked about values that JSON lacks: of those only `bytes` has a text.
        self._encode_plain = encoder(bytes.decode, quote)
        self._encode_substitutes = SubstitutingEncoder(encoder, quote).encode
        self._encode_rest = Encoder(quote).encode

    def decode(self, payload: bytes, content_type: str | None) -> Any:
        """The event: parsed if its type is exactly `application/json` or unknown, else the bytes.

        awslambdaric crashes when the type is missing. Events are JSON unless the platform says
        otherwise, so they are taken for that.

        Raises:
            UnmarshalError: The payload is not JSON.
        """
        if content_type != "application/json" and content_type is not None:
            return payload
        try:
            if self._own.loads is not None:
                return self._own.loads(payload)
            return self._parse(payload.decode())
        except Exception as error:
            reason = str(error).replace(" from a unicode string", " from a string")
            raise UnmarshalError(f"Unable to unmarshal input: {reason}") from error

    def encode(self, result: Any) -> Buffered:
        """The answer with `result`: `bytes` as they are, everything else as JSON.

        Raises:
            MarshalError: `result` cannot be turned into JSON.
        """
        if isinstance(result, bytes):
            return Buffered(result, "application/unknown")
        try:
            dumps = self._own.dumps
            body = encode_utf8(self.encode_text(result)) if dumps is None else _encoded(dumps(result))
        except Exception as error:
            raise MarshalError(f"Unable to marshal response: {error}") from error
        return Buffered(body, "application/json")

    def encode_text(self, result: Any) -> str:
        """`result` as JSON text.

        Raises:
            Exception: It cannot be turned into JSON; the type says what is wrong.
        """
        try:
            # Only exact built-in types pass, so that a named tuple cannot slip through as a tuple.
            _accept_plain(result)
            return self._encode_plain(result)
        except Exception:  # noqa: BLE001, S110 - the careful encoders accept more, and find their own words
            pass
        try:
            return self._encode_substitutes(result)
        except Exception:  # noqa: BLE001 - likewise
            return self._encode_rest(result)

    def _parse(self, text: str) -> Any:
        start = 0 if text[:1] in ("{", "[") else _start(text)
        try:
            # On a fault the scanner imports `json.decoder`: the interpreter's, see `preloaded`.
            value, end = self._scan(text, start)
            if end == len(text):
                return value
        except RecursionError:
            raise
        except Exception:  # noqa: BLE001, S110 - whatever the scanner said, the examiner says it better
            pass
        return Examiner(text, self._scan).examine(start)


def _start(text: str) -> int:
    """Where JSON begins: after a byte order mark and white space."""
    start = next((len(mark) for mark in _BYTE_ORDER_MARKS if text.startswith(mark)), 0)
    return skip_space(text, start)


def _encoded(text: object) -> bytes:
    if isinstance(text, str):
        return encode_utf8(text)
    if isinstance(text, bytes):
        return text
    raise TypeError(f"dumps must return str or bytes, not {type(text).__name__}")


def encode_utf8(text: str) -> bytes:
    """JSON text as UTF-8; lone surrogates, which UTF-8 cannot carry, as their JSON escapes."""
    return text.encode("utf-8", "backslashreplace")
