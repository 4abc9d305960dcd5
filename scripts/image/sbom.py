"""Write the image's bill of materials, CycloneDX 1.6: interpreter, system packages, and what we add.

Runs in the Dockerfile's build stage. The same input gives the same bytes: no time, no random number.
https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

import json
import platform
import sys
import uuid
from importlib.metadata import Distribution, distributions
from pathlib import Path
from urllib.parse import quote

NAME = "usr/share/sbom/aioric.cdx.json"
FOLDERS = ("var/runtime", "usr/local/lib/aioric-emulator")


def main() -> None:
    """List what is in the image, in the folder of what we add; the second argument lists the base's part."""
    out = Path(sys.argv[1])
    components = [own_component(out), interpreter()]
    for folder in FOLDERS:
        found = sorted(distributions(path=[str(out / folder)]), key=lambda each: each.name)
        components += [python_package(each, folder) for each in found]
    components += system_packages(Path(sys.argv[2]))
    components = list({component["bom-ref"]: component for component in components}.values())
    text = json.dumps(components, sort_keys=True)
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, text)}",
        "version": 1,
        "metadata": {"component": {"type": "container", "name": "aioric", "bom-ref": "image"}},
        "components": components,
    }
    target = out / NAME
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document, indent=1) + "\n")


def component(kind: str, name: str, version: str, purl: str, **more: object) -> dict[str, object]:
    """Give an entry of the list; its package URL names it for the scanners."""
    return {"type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl, **more}


def own_component(out: Path) -> dict[str, object]:
    """Give the runtime's own entry."""
    names: dict[str, str] = {}
    exec((out / "var/runtime/aioric/version.py").read_text(), names)  # noqa: S102 - our own file
    version = names["__version__"]
    licence = [{"license": {"id": "Apache-2.0"}}]
    return component("framework", "aioric", version, f"pkg:pypi/aioric@{version}", licenses=licence)


def interpreter() -> dict[str, object]:
    """Give the interpreter's entry, which no package may stand for where it was built from source."""
    version = platform.python_version()
    return component("platform", "cpython", version, f"pkg:generic/python@{version}")


def python_package(package: Distribution, folder: str) -> dict[str, object]:
    """Give the entry of a package that was installed from a wheel."""
    name = package.name.lower().replace("_", "-")
    purl = f"pkg:pypi/{name}@{package.version}"
    where = [{"name": "folder", "value": f"/{folder}"}]
    return component("library", name, package.version, purl, properties=where)


def system_packages(listing: Path) -> list[dict[str, object]]:
    """Give an entry for each package that the base image's package manager listed, if it has dpkg."""
    if not listing.stat().st_size:
        return []
    release = platform.freedesktop_os_release()
    system, codename = release["ID"], release.get("VERSION_CODENAME", "unstable")
    qualifiers = f"?arch={{}}&distro={system}-{codename}"
    found = []
    for line in sorted(listing.read_text().splitlines()):
        state, name, version, architecture = line.split("\t")
        if state.startswith("i"):
            purl = f"pkg:deb/{system}/{quote(name)}@{quote(version)}{qualifiers.format(architecture)}"
            found.append(component("library", name, version, purl))
    return found


if __name__ == "__main__":
    main()
