"""Events and results mean what they mean to awslambdaric, which is asked each time."""

from __future__ import annotations

import collections
import decimal
import enum
import math
import pathlib
import subprocess
import sys
import types
import uuid
from typing import Any, NamedTuple

import pytest
import simplejson
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller
from hypothesis import given
from hypothesis import strategies as st

from aioric.errors import MarshalError, UnmarshalError
from aioric.function.payload import Codec

JSON = "application/json"
RUNTIME = pathlib.Path(__file__).parents[2] / "runtime"


class Point(NamedTuple):
    x: object
    y: object


class Colour(enum.IntEnum):
    RED = 1


class Word(enum.StrEnum):
    YES = "yes"


class Shout(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "LOUD"


class Whole(int):
    __slots__ = ()

    def __repr__(self) -> str:
        return "whole"


class Real(float):
    __slots__ = ()

    def __repr__(self) -> str:
        return "real"


class Rows(list[Any]):
    __slots__ = ()


class Described:
    def __init__(self, fields: object) -> None:
        self.fields = fields

    def _asdict(self) -> object:
        if isinstance(self.fields, Exception):
            raise self.fields
        return self.fields


class ForJson:
    def for_json(self) -> str:
        return "never asked"


CIRCLE: list[object] = []
CIRCLE.append(CIRCLE)
ROUND: dict[str, object] = {}
ROUND["self"] = [Point(1, ROUND)]
SHARED = [1]


def nested(depth: int) -> list[Any]:
    """Lists in lists."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


RESULTS = {
    "none": None,
    "true": True,
    "text": 'é\x7f\u2028\U0001f600"\\\n\x00/',
    "numbers": [0, -1, 2**70, 1.5, -0.0, 1e16, 1e-7, 1e400, -1e400, math.nan],
    "empty": [{}, [], (), ""],
    "order": {"b": 1, "a": {"d": 2, "c": 3}},
    "keys": {"a": 1, 2: 2, 1.5: 3, True: 4, None: 5, math.nan: 6, b"b": 7, Word.YES: 8},
    "subclass keys": {Colour.RED: 1, Shout("quiet"): 2, Whole(3): 3, Real(4.5): 4},
    "bytes within": [b"abc", {"k": "é".encode()}],
    "bytes that are no text": [b"\xff"],
    "key that is no text": {b"\xff": 1},
    "tuple key": {(1, 2): 3},
    "decimal key": {decimal.Decimal(1): 1},
    "decimal": decimal.Decimal("1.10"),
    "decimals": [decimal.Decimal(x) for x in ("1E+3", "NaN", "-NaN", "sNaN", "Infinity", "-Infinity", "-0")],
    "dynamodb": [
        {"id": decimal.Decimal(1), "é": [b"x", (None, True, "y")], "price": decimal.Decimal("-0.10")}
    ],
    "decimal in a circle": [decimal.Decimal(1), CIRCLE],
    "decimal and what is no text": [decimal.Decimal(1), b"\xff"],
    "decimal in a named tuple": Point(1, decimal.Decimal("2.0")),
    "deep decimal": [nested(400), decimal.Decimal(1)],
    "named tuple": Point(1, Point(2, [Point(3, None)])),
    "enums": [Colour.RED, Word.YES],
    "subclasses": [Shout("quiet"), Whole(7), Real(7.5), Rows([1])],
    "ordered": collections.OrderedDict(b=1, a=2),
    "counter": collections.Counter("aab"),
    "proxy": types.MappingProxyType({"a": 1}),
    "set": {1},
    "complex": 1j,
    "ellipsis": ...,
    "code": (lambda: None).__code__,
    "bytearray": bytearray(b"a"),
    "memoryview": memoryview(b"a"),
    "uuid": uuid.UUID(int=1),
    "function": [nested],
    "iterator": iter([1]),
    "class": Point,
    "exception": ValueError("x"),
    "described": Described({"a": Described({"b": 1})}),
    "described as no dict": Described([1]),
    "described as none": Described(None),
    "description fails": Described(ValueError("oh")),
    "description does not apply": Described(TypeError("oh")),
    "for_json": ForJson(),
    "raw json": [simplejson.RawJSON("{ }")],
    "circle": CIRCLE,
    "circle through a named tuple": ROUND,
    "shared": [SHARED, SHARED, Point(SHARED, SHARED)],
    "lone digits": int("1" * 4000),
    "too many digits": [10**5000],
    "deep": nested(500),
    "deep and odd": [Point(1, nested(900))],
    "raw": b"\x00\xff",
}

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=30,
)
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary(max_size=3)
    | st.decimals()
    | st.sampled_from([Colour.RED, Word.YES, Shout("s"), Whole(1), Real(2.5), 1j, {1}, object]),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.text()
            | st.integers()
            | st.floats()
            | st.booleans()
            | st.none()
            | st.binary(max_size=3)
            | st.tuples(),
            inner,
        )
        | st.tuples(inner, inner)
        | st.builds(Point, st.integers(), inner)
    ),
    max_leaves=20,
)
# JSON, and JSON with a few characters knocked out of place.
DOCUMENTS = PLAIN.map(lambda value: simplejson.dumps(value, allow_nan=True))
SPACED = PLAIN.map(lambda value: simplejson.dumps(value, allow_nan=True, indent=1))


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """JSON with a few characters knocked out of place."""
    text: str = draw(DOCUMENTS | SPACED)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 2))
        filler = draw(
            st.text(st.sampled_from('{}[],:"\\u0123eE+-.tfnNI \n\t\r\x01\ufeff\ud800é'), max_size=3)
        )
        text = text[:at] + filler + text[at + length :]
    return text


def marshaller(monkeypatch: pytest.MonkeyPatch, *, ascii_json: bool) -> LambdaMarshaller:
    """The official codec for an environment with or without ASCII escapes."""
    environment = "" if ascii_json else "AWS_Lambda_python3.12"
    monkeypatch.setenv("AWS_EXECUTION_ENV", environment)
    return LambdaMarshaller()


OFFICIAL = LambdaMarshaller()


def official_decode(payload: bytes) -> object:
    """The official event, or what is said about it."""
    try:
        return OFFICIAL.unmarshal_request(payload, JSON)
    except Exception as error:  # noqa: BLE001 - its FaultException keeps the message apart
        return getattr(error, "msg", error)


def decode(payload: bytes) -> object:
    """Our event, or what is said about it."""
    try:
        return Codec(ascii_json=True).decode(payload, JSON)
    except UnmarshalError as error:
        return error.message


def official_encode(official: LambdaMarshaller, result: object) -> object:
    """The official answer, or what is said about it."""
    try:
        body, content_type = official.marshal_response(result)
    except Exception as error:  # noqa: BLE001 - its FaultException keeps the message apart
        return getattr(error, "msg", error)
    return (body if isinstance(body, bytes) else body.encode(), content_type)


def encode(codec: Codec, result: object) -> object:
    """Our answer, or what is said about it."""
    try:
        answer = codec.encode(result)
    except MarshalError as error:
        return error.message
    return (answer.body, answer.content_type)


@pytest.mark.parametrize("ascii_json", [True, False], ids=["ascii", "utf-8"])
@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS.keys())
def test_results_are_encoded_as_by_the_official_client(
    monkeypatch: pytest.MonkeyPatch, result: object, *, ascii_json: bool
) -> None:
    """Every kind of result gives the official client's bytes, or its error."""
    official = marshaller(monkeypatch, ascii_json=ascii_json)

    assert official_encode(official, result) == encode(Codec(ascii_json=ascii_json), result)


def test_depth_is_limited_as_by_the_official_client() -> None:
    """What is nested endlessly is refused; what the official client can write, so can we."""
    limit = "Unable to marshal response: maximum recursion depth exceeded"
    # Since 3.14 theirs ends where the stack does, and says so.
    theirs = limit if sys.version_info < (3, 14) else "Unable to marshal response: Stack overflow"
    possible = 9_900 if sys.version_info < (3, 14) else 34_700

    assert str(official_encode(OFFICIAL, nested(100_000))).startswith(theirs)
    assert str(encode(Codec(ascii_json=True), nested(100_000))).startswith(limit)
    assert len(Codec(ascii_json=True).encode(nested(possible)).body) == 2 * (possible + 1)


@given(PLAIN)
def test_plain_results_are_encoded_as_by_the_official_client(result: object) -> None:
    """Built-in types of any shape give the official client's bytes."""
    assert official_encode(OFFICIAL, result) == encode(Codec(ascii_json=True), result)


@given(
    st.recursive(
        st.decimals() | st.text() | st.none() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    )
)
def test_decimals_are_encoded_as_by_the_official_client(result: object) -> None:
    """What DynamoDB's tables give, in any shape, makes the official client's bytes."""
    assert official_encode(OFFICIAL, result) == encode(Codec(ascii_json=True), result)


@given(ODD)
def test_odd_results_are_encoded_as_by_the_official_client(result: object) -> None:
    """Mixtures of supported and unsupported types give the official client's bytes, or its error."""
    assert official_encode(OFFICIAL, result) == encode(Codec(ascii_json=True), result)


@pytest.mark.parametrize("result", ["\ud800", {"\udfff": ["a\\\ud800"]}, Point(1, "\udc80")])
def test_lone_surrogates_are_escaped(result: object) -> None:
    """What UTF-8 cannot carry leaves as an escape, where the official client dies."""
    body = Codec(ascii_json=False).encode(result).body

    assert (simplejson.loads(body)) == simplejson.loads(simplejson.dumps(result))


@given(damaged())
def test_events_are_decoded_as_by_the_official_client(text: str) -> None:
    """Sound and unsound documents give the official client's event, or its error."""
    payload = text.encode("utf-8", "surrogatepass")

    assert repr(official_decode(payload)) == repr(decode(payload))


@given(st.text(st.sampled_from('{}[],:"\\u0123eE+-.truefalsnNaIity \n\x01'), max_size=12))
def test_noise_is_refused_as_by_the_official_client(text: str) -> None:
    """Text that is hardly JSON gives the official client's error."""
    payload = text.encode()

    assert repr(official_decode(payload)) == repr(decode(payload))


@given(st.binary(max_size=20))
def test_bytes_are_refused_as_by_the_official_client(payload: bytes) -> None:
    """Bytes that are no text give the official client's error."""
    assert repr(official_decode(payload)) == repr(decode(payload))


EVENTS = {
    "empty": "",
    "space": " \n",
    "object": ' {"a": [1, 2.5, "x", null, true, false]}\r\n',
    "byte order mark": "\ufeff{}",
    "byte order mark, decoded twice": "\xef\xbb\xbf[1]",
    "two byte order marks": "\ufeff\ufeff1",
    "duplicate keys": '{"a": 1, "a": 2}',
    "big": "[18446744073709551616, 1e400, -1e400, -0, -0.0]",
    "too many digits": "[" + "1" * 5000 + "]",
    "nan": "[NaN]",
    "infinity": '{"a": -Infinity}',
    "surrogates": '["\\ud83d\\ude00", "\\ud83d", "\\ude00"]',
    "half an escape": '"\\ud83d\\u12"',
    "escape at the end": '"\\',
    "bad escape": '{"a": "\\x"}',
    "control character": '["\x01"]',
    "comma at the end of an object": '{"a": 1, }',
    "comma at the end of an array": "[1 , ]",
    "no colon": '{"a" 1}',
    "no comma": '{"a": 1 "b": 2}',
    "no value": "[",
    "no name": '{"a": 1, b}',
    "deep": "[" * 500 + "]" * 500,
    "too deep": "[" * 100_000,
    "too deep within objects": '{"a":' * 100_000,
    "fault on line 3": '{\n"a": 1,\n"b": [1 2]}',
    "second value": "{} {}",
}


@pytest.mark.parametrize("text", EVENTS.values(), ids=EVENTS.keys())
def test_corner_cases_are_decoded_as_by_the_official_client(text: str) -> None:
    """Each corner of JSON gives the official client's event, or its error."""
    assert repr(official_decode(text.encode())) == repr(decode(text.encode()))


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "text/plain", "", "Application/JSON"]
)
def test_other_content_types_are_left_as_bytes(content_type: str) -> None:
    """Only `application/json`, spelt exactly so, is parsed."""
    assert Codec(ascii_json=True).decode(b"{}", content_type) == b"{}"


def test_a_missing_content_type_means_json() -> None:
    """An event without a type is parsed, where the official client dies."""
    assert Codec(ascii_json=True).decode(b"[1]", None) == [1]


def test_a_fault_is_found_without_the_interpreters_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `json` was never imported, events and faults are the same."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "json"]:
        monkeypatch.delitem(sys.modules, name)

    assert decode(b'{"a": [1]}') == {"a": [1]}
    assert (
        decode(b"[1 2]")
        == "Unable to unmarshal input: Expecting ',' delimiter or ']': line 1 column 4 (char 3)"
    )


def test_a_fault_in_an_event_runs_no_code_of_the_function(tmp_path: pathlib.Path) -> None:
    """The interpreter's scanner imports `json.decoder` to complain; a function's `json.py` is not it."""
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    script = (
        "import sys; from aioric.function.payload import Codec; from aioric.errors import UnmarshalError\n"
        "from aioric.function.preloaded import Preloaded, preloaded\n"
        "sys.meta_path.insert(0, Preloaded(preloaded(threaded=False), {}))\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "try: Codec(ascii_json=True).decode(b'[1 2]', None)\n"
        "except UnmarshalError as error: print(error.message)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(RUNTIME)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert (
        ran.stdout == "Unable to unmarshal input: Expecting ',' delimiter or ']': line 1 column 4 (char 3)\n"
    )
