"""Which invocation the running code belongs to."""

from __future__ import annotations

import asyncio
import threading

from aioric.identity import Identity
from aioric.messages import Invocation

FIRST, SECOND = Invocation("first", b""), Invocation("second", b"")


def in_a_thread(identity: Identity) -> list[Invocation | None]:
    """What another thread believes to be the current invocation."""
    seen: list[Invocation | None] = []
    thread = threading.Thread(target=lambda: seen.append(identity.current()))
    thread.start()
    thread.join()
    return seen


def test_nothing_is_current_before_the_first_invocation() -> None:
    """Code that runs while the function is imported belongs to no invocation."""
    assert Identity(alone=True).current() is None
    assert Identity(alone=False).current() is None


def test_alone_the_latest_invocation_is_everybodys() -> None:
    """One invocation at a time: every thread, however old, belongs to the latest one."""
    identity = Identity(alone=True)
    identity.enter(FIRST)
    assert in_a_thread(identity) == [FIRST]
    identity.enter(SECOND)
    assert identity.current() is SECOND
    assert in_a_thread(identity) == [SECOND]


async def test_among_several_each_task_has_its_own() -> None:
    """Several invocations at once: each task knows its own, also after it has waited."""
    identity = Identity(alone=False)
    both = asyncio.Barrier(2)

    async def serve(invocation: Invocation) -> tuple[Invocation | None, Invocation | None]:
        identity.enter(invocation)
        await both.wait()
        return identity.current(), await asyncio.to_thread(identity.current)

    served = await asyncio.gather(serve(FIRST), serve(SECOND))
    assert list(served) == [(FIRST, FIRST), (SECOND, SECOND)]
    assert identity.current() is None
