"""The trace id in the environment: of the process while alone, of whoever asks otherwise."""

from __future__ import annotations

import contextvars
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from aioric.function.tracing import VARIABLE, TraceId, children_environment
from aioric.identity import Identity
from aioric.messages import Invocation

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = f"import os; print(os.environ.get('{VARIABLE}'))"


@pytest.fixture
def identity() -> Iterator[Identity]:
    """Knows several invocations at once, in an environment that is put back afterwards."""
    environ: Any = os.environ
    data, begin = environ._data, subprocess.Popen.__init__  # noqa: SLF001 - what is replaced
    identity = Identity(alone=False)
    TraceId(identity)
    yield identity
    environ._data = os.environb._data = data  # type: ignore[attr-defined]  # noqa: SLF001
    subprocess.Popen.__init__ = begin  # type: ignore[method-assign]


def during(identity: Identity, trace_id: str | None, look: Any) -> Any:
    """What `look` sees while an invocation with this trace id is served."""

    def serve() -> Any:
        identity.enter(Invocation("id", b"", trace_id=trace_id))
        TraceId(identity).enter(trace_id)
        return look()

    return contextvars.copy_context().run(serve)


def test_alone_it_is_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """One invocation at a time: set for each, taken away where there is none."""
    monkeypatch.delenv(VARIABLE, raising=False)
    trace_id = TraceId(Identity(alone=True))
    trace_id.enter("Root=1")
    assert os.environ[VARIABLE] == "Root=1"
    trace_id.enter(None)
    trace_id.enter(None)
    assert VARIABLE not in os.environ


@pytest.mark.parametrize("trace_id", ["Root=1", None])
def test_every_way_of_asking_has_the_same_answer(identity: Identity, trace_id: str | None) -> None:
    """`get`, `in`, `getenv`, iteration, copies, length and bytes agree."""

    def look() -> None:
        assert os.environ.get(VARIABLE) == os.getenv(VARIABLE) == trace_id
        assert os.environ.copy().get(VARIABLE) == trace_id
        assert os.environb.get(VARIABLE.encode()) == (None if trace_id is None else trace_id.encode())
        assert (VARIABLE in os.environ) is (VARIABLE in list(os.environ)) is (trace_id is not None)
        assert len(os.environ) == len(list(os.environ))

    during(identity, trace_id, look)


def test_other_variables_are_what_they_were(identity: Identity) -> None:  # noqa: ARG001 - replaces the mapping
    """Any other name can be read, set and deleted as ever, and is unknown if it is unknown."""
    os.environ["AIORIC_TEST"] = "1"
    assert os.environ["AIORIC_TEST"] == "1"
    del os.environ["AIORIC_TEST"]
    with pytest.raises(KeyError, match="AIORIC_TEST"):
        os.environ["AIORIC_TEST"]


def test_a_change_ends_with_the_invocation(identity: Identity) -> None:
    """What a function sets or deletes holds for that invocation, in that context."""

    def change() -> Any:
        os.environ[VARIABLE] = "mine"
        seen = [os.environ[VARIABLE]]
        del os.environ[VARIABLE]
        with pytest.raises(KeyError):
            del os.environ[VARIABLE]
        os.environ[VARIABLE] = "mine again"
        return [*seen, os.environ[VARIABLE], during(identity, "Root=2", lambda: os.environ[VARIABLE])]

    assert during(identity, "Root=1", change) == ["mine", "mine again", "Root=2"]
    assert VARIABLE not in os.environ


@pytest.mark.parametrize("env", [(), (None,)], ids=["nothing said", "none said"])
def test_a_child_process_learns_it(identity: Identity, env: tuple[None, ...]) -> None:
    """A child that is given no environment gets the invocation's; one that is given another gets that."""
    command = [sys.executable, "-S", "-c", CODE]
    keywords: dict[str, Any] = {"env": env[0]} if env else {}

    def start() -> Any:
        return subprocess.run(command, capture_output=True, check=True, text=True, **keywords).stdout.strip()

    assert during(identity, "Root=1", start) == "Root=1"
    assert during(identity, None, start) == "None"
    keywords = {"env": {VARIABLE: "given"}}
    assert during(identity, "Root=1", start) == "given"


def test_an_environment_by_position_is_left_alone(identity: Identity) -> None:
    """`Popen` takes the environment by position, too."""

    def start() -> Any:
        popen: Any = subprocess.Popen
        arguments = [-1, None, None, subprocess.PIPE, None, None, True, False, None]
        with popen(["/bin/sh", "-c", f"echo ${VARIABLE}"], *arguments, {VARIABLE: "given"}) as child:
            return child.communicate()[0]

    assert during(identity, "Root=1", start) == b"given\n"


def test_what_an_event_loop_hands_to_children(identity: Identity) -> None:
    """All of the environment where there is a trace id, and nothing special elsewhere."""
    assert during(identity, None, children_environment) is None
    assert during(identity, "Root=1", children_environment)[VARIABLE] == "Root=1"
