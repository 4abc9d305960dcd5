"""Settings of the property tests."""

from __future__ import annotations

from hypothesis import settings

# A busy machine makes a single example slow; the tests' own timeout is limit enough.
settings.register_profile("protocol", deadline=None)
settings.load_profile("protocol")
