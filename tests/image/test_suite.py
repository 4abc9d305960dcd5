"""The project's own tests, in the image, against the files that ship."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.image.engine import AS_LAMBDA, ENGINE

if TYPE_CHECKING:
    from tests.image.engine import Images

# What runs functions through ./bootstrap on our emulator, and what cuts its connections.
SUITES = os.environ.get("AIORIC_IMAGE_SUITES", "tests/e2e tests/drivers").split()
# Run by QEMU, everything takes ten times as long.
SECONDS = 6000 if os.environ.get("ARCH") else 600


@pytest.mark.timeout(SECONDS)
def test_suite(images: Images) -> None:
    """End to end, the runtime that ships passes its tests, as Lambda's user on a read-only disk."""
    command = [ENGINE, "run", "--rm", "--network=none", *AS_LAMBDA, images.of("test"), "-q", *SUITES]
    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
