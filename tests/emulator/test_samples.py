"""Sample events: every one is JSON, a copy of one's own, and can be changed by a path."""

from __future__ import annotations

import json

import pytest

from aioric_emulator.samples import SampleError, names, sample


@pytest.mark.parametrize("name", names())
def test_a_sample_is_json(name: str) -> None:
    """An object, as events of these sources are."""
    assert isinstance(json.loads(json.dumps(sample(name))), dict)


def test_fields_can_be_set() -> None:
    """By a path, in a copy."""
    event = sample("sqs", Records__0__body="other", extra=1)
    assert event["Records"][0]["body"] == "other"
    assert event["extra"] == 1
    assert sample("sqs")["Records"][0]["body"] == '{"hello": "world"}'
    assert sample("sqs", Records__0=None)["Records"] == [None]


@pytest.mark.parametrize("path", ["Records__1__body", "Records__x", "Nothing__there", "Records__0__body__0"])
def test_a_path_has_to_lead_somewhere(path: str) -> None:
    """A wrong one is told."""
    with pytest.raises(SampleError, match="the sample sqs has no "):
        sample("sqs", **{path: 1})


def test_an_unknown_sample() -> None:
    """Says which there are."""
    with pytest.raises(SampleError, match="there is no sample s4; there are alb, "):
        sample("s4")
