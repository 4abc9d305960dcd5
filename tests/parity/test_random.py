"""Random results through both encoders, random documents through both decoders: only listed differences.

The cases of the tables are chosen by people. These are not.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller
from hypothesis import given
from hypothesis import strategies as st

from aioric.errors import MarshalError, UnmarshalError
from aioric.function.payload import Codec
from tests.function.test_payload import ODD, PLAIN, damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON = "application/json"
TEXT = st.text(st.characters())
# Every kind of value, with text that includes lone surrogates, and whole numbers around every power of two.
RESULTS = st.one_of(
    ODD,
    PLAIN,
    TEXT,
    st.dictionaries(TEXT, ODD, max_size=3),
    st.integers(-(2**70), 2**70),
    st.binary(),
    st.lists(st.floats(), max_size=5),
    st.lists(st.decimals(), max_size=5),
)


@contextmanager
def environment(execution_env: str) -> Iterator[None]:
    """The official encoder asks the environment when it is made."""
    before = os.environ.get("AWS_EXECUTION_ENV")
    os.environ["AWS_EXECUTION_ENV"] = execution_env
    try:
        yield
    finally:
        if before is None:
            del os.environ["AWS_EXECUTION_ENV"]
        else:
            os.environ["AWS_EXECUTION_ENV"] = before


with environment(""):
    ESCAPING = LambdaMarshaller()
with environment("AWS_Lambda_python3.13"):
    UNESCAPING = LambdaMarshaller()


def official(marshaller: LambdaMarshaller, result: object) -> object:
    """Bytes and content type, or what is wrong. Lone surrogates as the listed difference has them."""
    try:
        body, content_type = marshaller.marshal_response(result)
    except Exception as error:  # noqa: BLE001 - its FaultException keeps the message apart
        return getattr(error, "msg", error)
    return body if isinstance(body, bytes) else body.encode("utf-8", "backslashreplace"), content_type


def ours(codec: Codec, result: object) -> object:
    """Bytes and content type, or the message of the failure."""
    try:
        answer = codec.encode(result)
    except MarshalError as error:
        return error.message
    return answer.body, answer.content_type


@pytest.mark.parametrize(
    ("marshaller", "ascii_json"), [(ESCAPING, True), (UNESCAPING, False)], ids=["escaped", "unescaped"]
)
@given(result=RESULTS)
def test_results(marshaller: LambdaMarshaller, result: object, *, ascii_json: bool) -> None:
    """Any value becomes the same bytes of the same type, or the same complaint."""
    assert ours(Codec(ascii_json=ascii_json), result) == official(marshaller, result)


@given(
    document=damaged() | TEXT,
    content_type=st.sampled_from([JSON, "text/plain", "application/json; charset=utf-8"]),
)
def test_events(document: str, content_type: str) -> None:
    """Any document becomes the same event, or the same complaint."""
    payload = document.encode("utf-8", "surrogatepass")
    try:
        expected = repr(ESCAPING.unmarshal_request(payload, content_type))
    except Exception as error:  # noqa: BLE001 - likewise
        expected = repr(getattr(error, "msg", error))
    try:
        event = repr(Codec(ascii_json=True).decode(payload, content_type))
    except UnmarshalError as error:
        event = repr(error.message)

    assert event == expected
