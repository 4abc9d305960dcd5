"""The image's files are for no architecture in particular: the same Dockerfile makes amd64's and arm64's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [
    ROOT / "Dockerfile",
    ROOT / "bootstrap",
    *sorted((ROOT / "image").rglob("*.*")),
    *sorted((ROOT / "scripts" / "image").glob("*.py")),
    *sorted((ROOT / "examples" / "container").iterdir()),
]
ARCHITECTURES = re.compile(r"x86.?64|amd64|aarch64|arm64|--platform", re.IGNORECASE)
ENTRY = re.compile(r"^\S+==\S+[^\n]*\\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n?)+", re.MULTILINE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_no_architecture(path: Path) -> None:
    """No code of the image's names a processor; what is said of them in remarks does no harm."""
    lines = path.read_text().splitlines()
    code = [line for line in lines if not line.lstrip().startswith("#")]

    assert not [line for line in code if ARCHITECTURES.search(line)]


@pytest.mark.parametrize("name", ["fast.txt", "emulator.txt"])
def test_pinned(name: str) -> None:
    """Each package is pinned, with the hashes of what may be installed, for whichever architecture."""
    text = (ROOT / "image" / "requirements" / name).read_text()
    entries = ENTRY.findall(text)
    requirements = [line for line in text.splitlines() if line and line[0] not in " #"]

    assert len(entries) == len(requirements) > 0
