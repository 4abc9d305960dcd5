"""The exception tree: by whose fault, under which name."""

from __future__ import annotations

import inspect
import re

import pytest

from aioric import errors
from aioric.errors import AioricError, FunctionFault, PlatformFault, PlatformRefused

CLASSES = inspect.getmembers(errors, inspect.isclass)
ALL = [error for _, error in CLASSES if error.__module__ == "aioric.errors"]
FAULTS = [error for error in ALL if issubclass(error, FunctionFault)]


@pytest.mark.parametrize("error", ALL)
def test_the_tree_on_top_of_the_file_is_complete(error: type[BaseException]) -> None:
    """The picture that opens the module names every exception of the module."""
    assert errors.__doc__ is not None
    assert re.search(rf"\b{error.__name__}\b", errors.__doc__)


@pytest.mark.parametrize("error", [error for error in ALL if issubclass(error, Exception)])
def test_every_error_is_somebodys_fault(error: type[Exception]) -> None:
    """An error of ours is the platform's fault or the function's, and never both."""
    assert issubclass(error, AioricError)
    if error is not AioricError:
        assert issubclass(error, PlatformFault) is not issubclass(error, FunctionFault)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faults_name_has_the_platforms_form(fault: type[FunctionFault]) -> None:
    """What the caller sees as `errorType` is spelled as AWS spells its own."""
    assert re.fullmatch(r"Runtime\.[A-Z]\w+", fault.error_type)


def test_a_fault_carries_its_message_and_trace() -> None:
    """A fault says what is wrong, and where if it knows."""
    fault = FunctionFault("no")
    assert (fault.message, fault.stack_trace, str(fault)) == ("no", [], "no")
    assert FunctionFault("no", ["  File x\n"]).stack_trace == ["  File x\n"]


def test_a_refusal_carries_its_status() -> None:
    """The platform's last word has a status."""
    refusal = PlatformRefused("no more", 403)
    assert (str(refusal), refusal.status) == ("no more", 403)
