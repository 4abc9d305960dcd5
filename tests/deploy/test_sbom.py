"""The image's bill of materials is CycloneDX, by CycloneDX's own schema."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parents[2]
PACKAGES = "ii \tlibc6\t2.41-12\tamd64\nrc \tgone\t1\tall\nii \tlibstdc++6\t14.2.0-19~1\tamd64\n"


@pytest.fixture
def text(tmp_path: Path) -> str:
    """What the build writes of a runtime, a package beside it, and a base with packages of the system."""
    out = tmp_path / "out"
    shutil.copytree(ROOT / "runtime" / "aioric", out / "var/runtime/aioric")
    package = out / "var/runtime/fast_one-1.2.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: Fast_One\nVersion: 1.2\n")
    (tmp_path / "packages").write_text(PACKAGES)
    script = ROOT / "scripts" / "image" / "sbom.py"
    subprocess.run([sys.executable, str(script), str(out), str(tmp_path / "packages")], check=True)
    return (out / "usr/share/sbom/aioric.cdx.json").read_text()


def faults(text: str) -> object:
    """What the schema has against it."""
    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)


def test_schema(text: str) -> None:
    """The strict schema of the version that it names finds nothing wrong."""
    assert json.loads(text)["specVersion"] == "1.6"
    assert faults(text) is None


def test_schema_sees(text: str) -> None:
    """A component without a name, and a field that does not exist, are found."""
    document = json.loads(text)
    assert faults(json.dumps(document | {"made": "up"}))
    del document["components"][0]["name"]
    assert faults(json.dumps(document))


def test_names(text: str) -> None:
    """Package URLs name the runtime, the interpreter, and the packages that are installed."""
    urls = {each["purl"].partition("?")[0] for each in json.loads(text)["components"]}

    assert {url.partition("@")[0] for url in urls} == {
        "pkg:pypi/aioric",
        "pkg:generic/python",
        "pkg:pypi/fast-one",
        f"pkg:deb/{system()}/libc6",
        f"pkg:deb/{system()}/libstdc%2B%2B6",
    }
    assert f"pkg:deb/{system()}/libstdc%2B%2B6@14.2.0-19~1" in urls


def system() -> str:
    """Which system this is, in its own words."""
    lines = Path("/etc/os-release").read_text().splitlines()
    return next(line.partition("=")[2].strip('"') for line in lines if line.startswith("ID="))
