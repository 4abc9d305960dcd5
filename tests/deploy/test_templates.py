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


def lint(template: Path) -> subprocess.CompletedProcess[str]:
    """Run the linter of this environment."""
    command = [str(Path(sys.executable).with_name("cfn-lint")), *STRICT, "--template", str(template)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


@pytest.mark.parametrize("template", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_template(template: Path) -> None:
    """cfn-lint, which knows AWS's own schemas and SAM's, finds nothing wrong."""
    done = lint(template)

    assert json.loads(done.stdout or "[]") == []
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["MaxVCpuCount", "InvokeMode", "PerExecutionEnvironmentMaxConcurrency"])
def test_linter_sees(name: str, tmp_path: Path) -> None:
    """A property that does not exist is found: the linter does look at what the template is about."""
    text = (EXAMPLES / "template.yaml").read_text()
    assert name in text
    (tmp_path / "wrong.yaml").write_text(text.replace(name, "NoSuchProperty"))
    done = lint(tmp_path / "wrong.yaml")

    assert "NoSuchProperty" in done.stdout
    assert done.returncode != 0
