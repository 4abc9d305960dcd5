"""What the tests of snapshots share: the fixtures of the emulator's tests, and functions with faults."""

from __future__ import annotations

from tests.emulator.conftest import greeter, official_command, toy_command

__all__ = ["greeter", "official_command", "toy_command"]
