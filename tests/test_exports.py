"""What `import aioric` offers, and that it is cheap."""

from __future__ import annotations

import subprocess
import sys

import pytest

import aioric

PUBLIC = [
    "PeerGone",
    "ServerSentEvent",
    "ServerSentEvents",
    "StreamingResponse",
    "__version__",
    "after_fork",
    "after_response",
    "after_restore",
    "before_fork",
    "before_snapshot",
    "lifespan",
    "on_shutdown",
    "open_stream",
    "set_json_codec",
    "state",
    "stream_to_buffer",
]


def test_the_public_names_are_these() -> None:
    """The list of public names changes on purpose or not at all."""
    assert sorted({*aioric.__all__, *aioric._HOMES}) == sorted(PUBLIC)  # noqa: SLF001 - the table is what we pin


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_is_there(name: str) -> None:
    """Every public name can be had, and is listed by `dir`."""
    assert getattr(aioric, name) is not None
    assert name in dir(aioric)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A name that is not public is refused as Python does it."""
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        aioric.nothing  # noqa: B018 - the access is the test


def test_the_import_alone_brings_nothing_in() -> None:
    """`import aioric` loads the package, and none of the rooms."""
    code = "import aioric, sys; print(*sorted(n for n in sys.modules if n.startswith('aioric')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert loaded.split() == ["aioric"]
