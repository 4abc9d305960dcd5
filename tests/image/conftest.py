"""Containers of the images that `make image-test` has built; without those, nothing here is collected."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.image.engine import Images

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.image.engine import Container

# Not a skip: what these tests are about does not exist before that verb has made it.
if "AIORIC_IMAGES" not in os.environ:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def images() -> Images:
    """The images of one version of Python."""
    return Images(os.environ["AIORIC_IMAGES"], os.environ["AIORIC_BASE"])


@pytest.fixture(params=["base", "slim"])
def image(images: Images, request: pytest.FixtureRequest) -> str:
    """Each of the images that functions are deployed with."""
    return images.of(request.param)


@pytest.fixture
def containers() -> Iterator[list[Container]]:
    """Containers to be removed after the test."""
    started: list[Container] = []
    yield started
    for container in started:
        container.remove()


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """An empty folder of a function, which anybody may read, wherever pytest puts it."""
    return tmp_path
