"""Environments that come up, and the calls that wait for them: what is ready first, serves first. No I/O.

A call that finds nobody idle has a new environment started. If another becomes available before that is up,
the call goes there, and the new one waits for the next call, initialised in advance. So does Lambda: what
it calls pre-initialized, it uses while a new environment is being initialized for an invocation.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

    from aioric_emulator.messages import Invocation
    from aioric_emulator.phases import ExecutionEnvironment

__all__ = ["Reservations", "reserve"]


def reserve(environment: ExecutionEnvironment, invocation: Invocation) -> None:
    """Have an environment serve a call as soon as it is ready."""
    environment.reserved = invocation
    environment.tenant_id = invocation.tenant_id


class Reservations(list["ExecutionEnvironment"]):
    """The classic environments that come up, in the order of their launch. Of SnapStart there are none."""

    def add(self, environment: ExecutionEnvironment, invocation: Invocation) -> None:
        """Take note of a new environment, and of the call that it was started for."""
        reserve(environment, invocation)
        self.append(environment)

    def claim(self, invocation: Invocation, outdated: Container[ExecutionEnvironment]) -> bool:
        """Have a call wait for an environment that comes up for nobody; give whether there is one."""
        for environment in self:
            if environment.reserved is None and environment not in outdated:
                reserve(environment, invocation)
                return True
        return False

    def pass_on(self, available: ExecutionEnvironment) -> Invocation | None:
        """Give the first call that an environment can serve in place of the one that comes up for it."""
        for environment in self:
            invocation = environment.reserved
            if invocation is None or invocation.wants_cold:
                continue
            if available.tenant_id in {None, invocation.tenant_id}:
                # It has not met the tenant, and is anybody's.
                environment.reserved = environment.tenant_id = None
                available.tenant_id = invocation.tenant_id
                return invocation
        return None

    def forget(self, environment: ExecutionEnvironment) -> None:
        """Take note that an environment has come up, or will not."""
        if environment in self:
            self.remove(environment)
