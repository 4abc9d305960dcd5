"""The deployment files are such as AWS takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "deploy"
# Every mistake and every warning; not the linter's wishes for what a template might have in addition.
STRICT = ["--non-zero-exit-code", "warning", "--format", "json", "--regions", "us-east-1", "eu-west-1"]


@pytest.mark.parametrize("template", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_template(template: Path) -> None:
    """cfn-lint, which knows AWS's own schemas and SAM's, finds nothing wrong."""
    done = subprocess.run(
        [sys.executable, "-m", "cfnlint", *STRICT, "--template", str(template)],
        check=False,
        capture_output=True,
        text=True,
    )

    assert json.loads(done.stdout or "[]") == []
    assert done.returncode == 0, done.stderr


def test_linter_sees() -> None:
    """A property that does not exist is found: the linter does look at what is in the template."""
    text = (EXAMPLES / "template.yaml").read_text()
    assert "MaxVCpuCount" in text
    wrong = text.replace("MaxVCpuCount", "MaxVcpus")
    done = subprocess.run(
        [sys.executable, "-m", "cfnlint", *STRICT, "-"],
        check=False,
        capture_output=True,
        text=True,
        input=wrong,
    )

    assert "MaxVcpus" in done.stdout
    assert done.returncode != 0
