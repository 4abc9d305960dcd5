"""What handlers return."""

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import math
import pathlib
import types
import uuid
from typing import NamedTuple

import simplejson


class Point(NamedTuple):
    x: object
    y: object


OldPoint = collections.namedtuple("OldPoint", "x y")


class Colour(enum.Enum):
    RED = 1


class Number(enum.IntEnum):
    ONE = 1


class Word(enum.StrEnum):
    YES = "yes"


class Flags(enum.IntFlag):
    A = 1
    B = 2


class Shout(str):
    def __str__(self):
        return "LOUD"

    __repr__ = __str__


class Whole(int):
    def __repr__(self):
        return "whole"

    __str__ = __repr__


class Real(float):
    def __repr__(self):
        return "real"


class Rows(list):
    def __iter__(self):
        return iter(["from iter"])


class Table(dict):
    def items(self):
        return [("from", "items")]


class Raw(bytes):
    pass


class Money(decimal.Decimal):
    def __str__(self):
        return "42"


class Described:
    def __init__(self, description):
        self.description = description

    def _asdict(self):
        if isinstance(self.description, Exception):
            raise self.description
        return self.description


class ForJson:
    def for_json(self):
        return "never asked"


class JsonMethods:
    def __json__(self):
        return "never asked"

    def toJSON(self):  # noqa: N802 - as users spell it
        return "never asked"


@dataclasses.dataclass
class Item:
    name: str


class Closed(dict):
    def __len__(self):
        raise ValueError("no length")


def circle():
    value = []
    value.append(value)
    return value


def round_dict():
    value = {}
    value["self"] = [value]
    return value


def round_tuple():
    value = {}
    value["self"] = Point(1, value)
    return value


def shared():
    value = [1]
    return [value, value, {"again": value}]


def nested(depth, wrap=lambda inner: [inner]):
    value = wrap(0)
    for _ in range(depth):
        value = wrap(value)
    return value


async def coroutine_function():
    return 1


def generator():
    yield "a"
    yield b"b"


D = decimal.Decimal

# What each case returns. "died" in the table of differences means: the official client did.
VALUES = {
    "none": lambda: None,
    "true": lambda: True,
    "false": lambda: False,
    "zero": lambda: 0,
    "negative": lambda: -1,
    "64-bit-edges": lambda: [2**63 - 1, -(2**63), 2**63, 2**64 - 1, 2**64],
    "big-integer": lambda: 10**300,
    "53-bit-edges": lambda: [2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1],
    "integer-of-4301-digits": lambda: 10**4300,
    "float": lambda: 1.5,
    "float-forms": lambda: [
        0.0,
        -0.0,
        1.0,
        0.1,
        1e16,
        1e15,
        1e-4,
        1e-5,
        1.7976931348623157e308,
        5e-324,
        1 / 3,
    ],
    "nan": lambda: math.nan,
    "infinities": lambda: [math.inf, -math.inf],
    "overflow": lambda: [1e400, -1e400],
    "complex": lambda: 1j,
    "fraction": lambda: fractions.Fraction(1, 3),
    "string": lambda: "hello",
    "empty-string": lambda: "",
    "json-text": lambda: '{"already": "json"}',
    "unicode": lambda: "é ✓ 日本語 \U0001f600 \u2028\u2029",
    "control-characters": lambda: "".join(map(chr, range(33))) + "\x7f\x80\x9f",
    "escapes": lambda: '"\\/\b\f\n\r\t</script>',
    "surrogate-pair-as-two": lambda: "\ud83d\ude00",
    "lone-high-surrogate": lambda: "\ud83d",
    "lone-low-surrogate": lambda: ["a\udc80b"],
    "lone-surrogate-as-key": lambda: {"\ud800": 1},
    "long-string": lambda: "é" * 100_000,
    "empty-list": lambda: [],
    "empty-dict": lambda: {},
    "empty-tuple": lambda: (),
    "nested-empties": lambda: [[], {}, (), [[]], {"a": {}}, {"a": []}],
    "list": lambda: [1, "two", 3.0, None, True],
    "tuple": lambda: (1, (2, (3,))),
    "namedtuple": lambda: Point(1, 2),
    "collections-namedtuple": lambda: OldPoint(1, [OldPoint(2, 3)]),
    "namedtuple-in-list": lambda: [Point(1, Point(2, None))],
    "namedtuple-as-key": lambda: {Point(1, 2): 1},
    "structseq": lambda: __import__("time").gmtime(0),
    "dict-order": lambda: {"z": 1, "a": 2, "m": {"y": 1, "b": 2}},
    "api-gateway": lambda: {
        "statusCode": 200,
        "headers": {"A": "b"},
        "body": '{"x": 1}',
        "isBase64Encoded": False,
    },
    "string-keys": lambda: {"": 1, "é": 2, "a b": 3, '"': 4},
    "integer-keys": lambda: {1: "a", -2: "b", 2**70: "c"},
    "float-keys": lambda: {1.5: "a", 1e16: "b", -0.0: "c"},
    "nan-key": lambda: {math.nan: 1},
    "infinity-key": lambda: {math.inf: 1, -math.inf: 2},
    "bool-keys": lambda: {True: 1, False: 2},
    "none-key": lambda: {None: 1},
    "mixed-keys-that-collide": lambda: {1: "integer", "1": "string", None: "none", "null": "text"},
    "bytes-keys": lambda: {b"k": 1, "é".encode(): 2},
    "bytes-key-no-text": lambda: {b"\xff": 1},
    "tuple-key": lambda: {(1, 2): 3},
    "frozenset-key": lambda: {frozenset([1]): 3},
    "decimal-key": lambda: {D("1.5"): 1},
    "enum-key": lambda: {Colour.RED: 1},
    "int-enum-key": lambda: {Number.ONE: 1},
    "str-enum-key": lambda: {Word.YES: 1},
    "subclass-keys": lambda: {Shout("quiet"): 1, Whole(2): 2, Real(2.5): 3},
    "date-key": lambda: {datetime.date(2026, 1, 1): 1},
    "str-subclass": lambda: Shout("quiet"),
    "int-subclass": lambda: [Whole(7)],
    "float-subclass": lambda: [Real(7.5), Real("nan")],
    "list-subclass": lambda: Rows([1, 2]),
    "dict-subclass": lambda: Table(a=1),
    "dict-that-has-no-length": lambda: Closed(a=1),
    "bool-like": lambda: [Flags.A | Flags.B, Flags(0)],
    "ordered-dict": lambda: collections.OrderedDict([("b", 1), ("a", 2)]),
    "default-dict": lambda: collections.defaultdict(list, {"a": [1]}),
    "counter": lambda: collections.Counter("aab"),
    "chain-map": lambda: collections.ChainMap({"a": 1}),
    "user-dict": lambda: collections.UserDict(a=1),
    "mapping-proxy": lambda: types.MappingProxyType({"a": 1}),
    "simple-namespace": lambda: types.SimpleNamespace(a=1),
    "deque": lambda: collections.deque([1]),
    "range": lambda: range(3),
    "set": lambda: {1},
    "frozenset": lambda: frozenset([1]),
    "dict-keys": lambda: {"a": 1}.keys(),
    "set-inside": lambda: {"deep": [{"er": {1}}]},
    "enum": lambda: Colour.RED,
    "int-enum": lambda: Number.ONE,
    "str-enum": lambda: Word.YES,
    "decimal-integer": lambda: D(10),
    "decimal-keeps-zeros": lambda: {"price": D("1.10")},
    "decimal-exponents": lambda: [D("1E+3"), D("1E-10"), D("0E+3"), D("-0")],
    "decimal-of-many-digits": lambda: D("3.14159265358979323846264338327950288419716939937510"),
    "decimal-nan": lambda: [D("NaN"), D("-NaN"), D("sNaN"), D("NaN123")],
    "decimal-infinity": lambda: [D("Infinity"), D("-Infinity")],
    "decimal-subclass": lambda: Money("1.5"),
    "bytes": lambda: b"raw",
    "bytes-empty": lambda: b"",
    "bytes-binary": lambda: bytes(range(256)),
    "bytes-subclass": lambda: Raw(b"raw"),
    "bytes-inside": lambda: {"a": b"text", "b": ["é".encode()]},
    "bytes-inside-no-text": lambda: [b"\xff\xfe"],
    "bytearray": lambda: bytearray(b"raw"),
    "bytearray-inside": lambda: [bytearray(b"raw")],
    "memoryview": lambda: memoryview(b"raw"),
    "datetime": lambda: datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
    "date": lambda: [datetime.date(2026, 1, 2)],
    "timedelta": lambda: datetime.timedelta(seconds=1),
    "uuid": lambda: uuid.UUID(int=1),
    "path": lambda: pathlib.PurePosixPath("/a"),
    "dataclass": lambda: Item("a"),
    "exception": lambda: ValueError("returned"),
    "class": lambda: Point,
    "function": lambda: nested,
    "module": lambda: math,
    "ellipsis": lambda: ...,
    "not-implemented": lambda: NotImplemented,
    "object": lambda: Described.__new__(Described),
    "generator": generator,
    "iterator": lambda: iter([1]),
    "generator-inside": lambda: {"rows": (row for row in [1])},
    "map": lambda: map(str, [1]),
    "asdict": lambda: Described({"a": Described({"b": 1})}),
    "asdict-no-dict": lambda: Described([1]),
    "asdict-raises": lambda: Described(ValueError("no description")),
    "asdict-type-error": lambda: Described(TypeError("no description")),
    "for-json": ForJson,
    "json-methods": JsonMethods,
    "raw-json": lambda: [simplejson.RawJSON("{ }")],
    "circle": circle,
    "circle-of-dicts": round_dict,
    "circle-through-namedtuple": round_tuple,
    "shared-not-circular": shared,
    "deep": lambda: nested(200),
    "deep-dicts": lambda: nested(200, lambda inner: {"a": inner}),
    "too-deep": lambda: nested(50_000),
    "too-deep-dicts": lambda: nested(50_000, lambda inner: {"a": inner}),
    "six-megabytes": lambda: "x" * 6_291_554,
    "six-megabytes-of-rows": lambda: [{"id": i, "name": "é"} for i in range(150_000)],
}


def _returning(make):
    return lambda event, context: make()


CASES = {name: _returning(make) for name, make in VALUES.items()}
