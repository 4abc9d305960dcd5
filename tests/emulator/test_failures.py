"""The platform's errors in a function's place."""

from __future__ import annotations

import base64
import json

import pytest

from aioric_emulator import failures
from aioric_emulator.messages import RuntimeAnswer


def answer(error_type: str, error_body: str) -> RuntimeAnswer:
    """Give a streamed response with trailers."""
    return RuntimeAnswer(b"abc", 3, "x/y", trailer_error_type=error_type, trailer_error_body=error_body)


def test_error_trailers_replace_the_streamed_bytes() -> None:
    """A buffered caller gets the error that the trailers carry."""
    body = b'{"errorMessage":"late","errorType":"ValueError"}'
    outcome = failures.read_outcome(answer("ValueError", base64.b64encode(body).decode()))
    assert outcome.is_error
    assert outcome.body == body


@pytest.mark.parametrize("body", ["", "not base64!", "é"])
def test_details_that_cannot_be_decoded_leave_the_type(body: str) -> None:
    """The type alone marks the failure."""
    outcome = failures.read_outcome(answer("ValueError", body))
    assert outcome.is_error
    assert json.loads(outcome.body) == {"errorType": "ValueError"}


def test_a_body_without_a_type_is_no_failure() -> None:
    """The trailer's body is ignored then."""
    outcome = failures.read_outcome(answer("", "e30="))
    assert (outcome.is_error, outcome.body, outcome.content_type) == (False, b"abc", "x/y")
