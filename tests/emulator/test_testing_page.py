"""The page on testing: what it shows is run as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_what_the_page_shows_works(tmp_path: Path) -> None:
    """Each of its tests passes, with nothing configured but the plugin."""
    blocks = BLOCK.findall((ROOT / "docs" / "testing.md").read_text())
    for name, text in blocks:
        (tmp_path / name).write_text(text)
    path = os.pathsep.join([str(ROOT / "emulator"), str(ROOT / "runtime")])
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir", "."]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "9 passed" in done.stdout, done.stdout + done.stderr
