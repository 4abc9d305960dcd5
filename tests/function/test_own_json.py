"""A function may bring its own JSON, and is told plainly when that JSON misbehaves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest

import aioric
from aioric.errors import MarshalError, UnmarshalError
from aioric.function.own_json import CHOSEN, OwnJson
from aioric.function.payload import Codec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aioric_emulator import Emulator

JSON = "application/json"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """What a test chooses ends with it."""
    yield
    CHOSEN.loads = CHOSEN.dumps = None


def refuse(value: object) -> str:
    """A codec that accepts nothing."""
    raise ValueError(f"no {value!r}")


def test_a_chosen_codec_is_used_at_once() -> None:
    """`set_json_codec` also reaches a codec that was made before."""
    codec = Codec(ascii_json=True)
    aioric.set_json_codec(loads=lambda payload: payload.decode().upper(), dumps=str)

    assert codec.decode(b"x", JSON) == "X"
    assert codec.encode({"é": 1}).body == "{'é': 1}".encode()
    assert codec.encode({"é": 1}).content_type == JSON


def test_the_usual_libraries_fit() -> None:
    """Orjson takes bytes and gives bytes; the standard library takes bytes and gives text."""
    codec = Codec(ascii_json=True)
    for loads, dumps in ((orjson.loads, orjson.dumps), (json.loads, json.dumps)):
        aioric.set_json_codec(loads, dumps)

        assert codec.decode('{"é": 1}'.encode(), JSON) == {"é": 1}
        assert json.loads(codec.encode({"é": [1]}).body) == {"é": [1]}


def test_each_half_may_be_left_to_us() -> None:
    """`None` means ours, for one of the two or for both."""
    codec = Codec(ascii_json=True)
    aioric.set_json_codec(dumps=lambda _result: b"mine")
    assert (codec.decode(b"[1]", JSON), codec.encode([1]).body) == ([1], b"mine")
    aioric.set_json_codec(loads=lambda _payload: "mine")
    assert (codec.decode(b"[1]", JSON), codec.encode([1]).body) == ("mine", b"[1]")
    aioric.set_json_codec()

    assert (codec.decode(b"[1]", JSON), codec.encode([1]).body) == ([1], b"[1]")


def test_only_json_passes_through_it() -> None:
    """Events of other types and results that are bytes are none of the codec's business."""
    codec = Codec(ascii_json=True, own=OwnJson(refuse, refuse))

    assert codec.decode(b"raw", "text/plain") == b"raw"
    assert codec.encode(b"raw").body == b"raw"


def test_its_failures_are_named_as_ours() -> None:
    """What a function's own codec raises becomes the usual fault."""
    codec = Codec(ascii_json=True, own=OwnJson(refuse, refuse))

    with pytest.raises(UnmarshalError, match=r"Unable to unmarshal input: no b'x'"):
        codec.decode(b"x", JSON)
    with pytest.raises(MarshalError, match="Unable to marshal response: no 1"):
        codec.encode(1)


def test_an_encoder_that_returns_something_else_is_named() -> None:
    """Only text and bytes can be sent."""
    odd: Any = lambda _result: 7  # noqa: E731 - a codec as users write it

    with pytest.raises(MarshalError, match="dumps must return str or bytes, not int"):
        Codec(ascii_json=True, own=OwnJson(dumps=odd)).encode(1)


@pytest.mark.parametrize("arguments", [{"loads": 7}, {"dumps": "orjson"}])
def test_what_cannot_be_called_is_refused_at_once(arguments: dict[str, Any]) -> None:
    """A mistake is found while the function is imported, not when it is invoked."""
    with pytest.raises(TypeError, match="must be callable or None"):
        aioric.set_json_codec(**arguments)

    assert CHOSEN.loads is CHOSEN.dumps is None


@pytest.mark.parametrize("keyword", ["def", "async def"])
async def test_a_function_chooses_while_it_is_imported(
    aioric_function: type[Emulator], tmp_path: Path, keyword: str
) -> None:
    """Both drivers use the codec; errors are reported in ours."""
    (tmp_path / "app.py").write_text(
        "import aioric, json\n"
        "aioric.set_json_codec(lambda body: json.loads(body)['inner'], lambda result: json.dumps([result]))\n"
        f"{keyword} handler(event, context):\n"
        "    if event == 'fail': raise ValueError('as ever')\n"
        "    return event\n"
    )
    async with aioric_function("app.handler", task_root=tmp_path) as fn:
        assert (await fn.invoke({"inner": {"a": 1}})).payload == [{"a": 1}]
        assert (await fn.invoke({"inner": "fail"})).payload["errorMessage"] == "as ever"
        assert (await fn.invoke({})).payload["errorMessage"] == "Unable to unmarshal input: 'inner'"
