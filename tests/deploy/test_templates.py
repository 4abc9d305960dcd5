"""The deployment files are such as AWS takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "deploy"
TEMPLATES = sorted(EXAMPLES.glob("*.yaml"))
# Every mistake and every warning; not the linter's wishes for what a template might have in addition.
STRICT = ["--non-zero-exit-code", "warning", "--format", "json", "--regions", "us-east-1", "eu-west-1"]
# Without bytecode yet, as in a new environment, the linter takes 15 CPU-seconds.
pytestmark = pytest.mark.timeout(240)
NAMES = ["MaxVCpuCount", "InvokeMode", "PerExecutionEnvironmentMaxConcurrency"]


def misspelled(name: str, folder: Path) -> Path:
    """Write our template with a property that does not exist in place of one that does."""
    text = (EXAMPLES / "template.yaml").read_text()
    assert name in text
    path = folder / f"{name}.yaml"
    path.write_text(text.replace(name, "NoSuchProperty"))
    return path


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the linter says of each file; it takes seconds to start, so it gets them all at once."""
    folder = tmp_path_factory.mktemp("wrong")
    files = [str(path) for path in [*TEMPLATES, *(misspelled(name, folder) for name in NAMES)]]
    command = [str(Path(sys.executable).with_name("cfn-lint")), *STRICT, "--template", *files]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.stdout, done.stderr
    assert done.returncode != 0, "files with mistakes passed"
    found: dict[str, list[str]] = {Path(file).name: [] for file in files}
    for match in json.loads(done.stdout):
        found[Path(match["Filename"]).name].append(match["Message"])
    return found


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_template(template: Path, findings: dict[str, list[str]]) -> None:
    """cfn-lint, which knows AWS's own schemas and SAM's, finds nothing wrong."""
    assert findings[template.name] == []


@pytest.mark.parametrize("name", NAMES)
def test_linter_sees(name: str, findings: dict[str, list[str]]) -> None:
    """A property that does not exist is found: the linter does look at what the template is about."""
    assert any("NoSuchProperty" in message for message in findings[f"{name}.yaml"])
