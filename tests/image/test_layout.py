"""What is in the image, and where users of AWS's image look for it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.image.engine import TASK, run, start

if TYPE_CHECKING:
    from pathlib import Path

    from tests.image.engine import Container, Images

OCI = "org.opencontainers.image."
CONTRACT = ("PATH=", "LD_LIBRARY_PATH=", "LANG=", "TZ=", "LAMBDA_")
OUR_LIMIT = 25_000_000
# Run by the image's own interpreter: the slim image has no other tools.
FIND_CLOSED = """
import os, sys
for folder in sys.argv[1:]:
    for where, _, names in os.walk(folder):
        for path in [where, *(os.path.join(where, name) for name in names)]:
            mode = os.stat(path).st_mode
            if mode & 0o022 or not mode & 0o004:
                print(path)
"""
LIST_PROGRAMS = """
import os
folders = [folder for folder in os.environ["PATH"].split(":") if os.path.isdir(folder)]
found = {os.path.realpath(os.path.join(each, name)) for each in folders for name in os.listdir(each)}
for path in sorted(found):
    print(path)
"""
LIST_CHECKED = """
import sys
sys.path.append("/var/runtime")
import aioric.startup
for module in list(sys.modules.values()):
    cached = getattr(module, "__cached__", None) or getattr(getattr(module, "__spec__", None), "cached", None)
    if cached:
        with open(cached, "rb") as file:
            print(file.read(8)[4:] == bytes([1, 0, 0, 0]), module.__name__)
"""


def run_python(image: str, script: str, *arguments: str) -> list[str]:
    """Give the lines that a script prints in a container."""
    done = run(image, "-c", script, *arguments, options=["--entrypoint=python3"])
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_configuration(image: str, images: Images) -> None:
    """Variables, working folder, entry point and the SnapStart label are what Lambda and users expect."""
    config = images.inspect(image)["Config"]
    variables = dict(each.split("=", 1) for each in config["Env"])

    assert config["Entrypoint"] == ["/lambda-entrypoint.sh"]
    assert "/var/task" == config["WorkingDir"] == variables["LAMBDA_TASK_ROOT"]
    assert variables["LAMBDA_RUNTIME_DIR"] == "/var/runtime"
    assert variables["PATH"].endswith(":/opt/bin")
    assert variables["LD_LIBRARY_PATH"].endswith(":/var/task:/var/task/lib:/opt/lib")
    assert config["Labels"]["com.amazonaws.lambda.feature.snapstart"] == "Allow"
    assert config["Labels"][OCI + "licenses"] == "Apache-2.0 AND Python-2.0"
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", config["Labels"][OCI + "version"])
    assert re.fullmatch(r"[0-9a-f]{40}", config["Labels"][OCI + "revision"])


def test_same_configuration(images: Images) -> None:
    """The two images say the same of themselves, but for their names and what they stand on."""
    base, slim = (images.inspect(images.of(name))["Config"] for name in ("base", "slim"))

    assert base["Labels"].pop(OCI + "base.name") == images.base
    for name in "title", "description":
        assert base["Labels"].pop(OCI + name) != slim["Labels"].pop(OCI + name)
    # What the base's own interpreter was built from is the base's to say.
    base["Env"] = [each for each in base["Env"] if each in slim["Env"] or each.startswith(CONTRACT)]
    for part in "Env", "Labels", "Entrypoint", "WorkingDir":
        assert sorted(base[part]) == sorted(slim[part])
    assert base["Labels"] == slim["Labels"]
    assert "User" not in base


def test_readable_by_all_writable_by_none(image: str) -> None:
    """The user that Lambda chooses may read all of the runtime, and nobody but root may change it."""
    assert not run_python(image, FIND_CLOSED, "/var/runtime", "/usr/local/lib/aioric-emulator")


def test_ours_is_small(images: Images) -> None:
    """What we put on top of the interpreter is at most 25 MB."""
    ours = images.inspect(images.of("base"))["Size"] - images.inspect(images.base)["Size"]

    assert 0 < ours < OUR_LIMIT


def test_reproducible(images: Images) -> None:
    """Built twice from the same source, the slim image, which holds all that we make, has the same layers."""
    once, again = (images.inspect(images.of(name))["RootFS"]["Layers"] for name in ("slim", "again"))

    assert once == again


def test_slim_has_no_tools(images: Images) -> None:
    """The slim image holds a shell and the interpreter, and no other program."""
    shell, interpreter = run_python(images.of("slim"), LIST_PROGRAMS)

    assert shell.endswith("/dash")
    assert interpreter.endswith(f"/python{images.python}")


def test_libraries_that_nobody_links(image: str) -> None:
    """What wheels may count on, and what the C library loads when a thread ends, is there."""
    script = "import ctypes; [ctypes.CDLL(name) for name in ('libgcc_s.so.1', 'libstdc++.so.6', 'libz.so.1')]"

    assert not run_python(image, script)


def test_no_leftovers(image: str) -> None:
    """No package manager's cache, no secret and no file of the build is left in the images."""
    places = ["/build", "/out", "/rootfs", "/etc/pip.conf", "/run/secrets/ca.crt", "/*/.cache"]
    script = (
        "import glob, os, sys\n"
        "print([found for each in sys.argv[1:] for found in glob.glob(each)] + os.listdir('/tmp'))"
    )
    # As the superuser, whose home nobody else may look into.
    done = run(image, "-c", script, *places, options=["--entrypoint=python3", "--user=0:0"])

    assert done.stdout.strip() == "[]", done.stderr


def test_bill_of_materials(image: str) -> None:
    """The image says what it is made of: us, the interpreter, packages of Python and of the system."""
    text = run_python(image, "print(open('/usr/share/sbom/aioric.cdx.json').read())")
    document = json.loads("".join(text))
    names = {each["purl"].partition("@")[0] for each in document["components"]}

    assert document["bomFormat"] == "CycloneDX"
    assert {"pkg:pypi/aioric", "pkg:pypi/uvloop", "pkg:pypi/httptools", "pkg:generic/python"} <= names
    assert {"pkg:deb/debian/ca-certificates", "pkg:deb/debian/tzdata"} <= names
    assert not {name for name in names if "binutils" in name}


def test_bytecode_is_never_checked(image: str) -> None:
    """Every module that a cold start reads has bytecode which holds without a look at its source."""
    listed = run_python(image, LIST_CHECKED)

    assert len(listed) > 20
    assert not [line for line in listed if not line.startswith("True ")]


@pytest.mark.parametrize(
    ("name", "source", "other", "loop"),
    [
        ("orjson", "", "uvloop", "uvloop"),
        ("uvloop", "from asyncio import new_event_loop\n", "orjson", "asyncio.unix_events"),
    ],
)
def test_users_own_version_wins(
    image: str, containers: list[Container], tmp_path: Path, name: str, source: str, other: str, loop: str
) -> None:
    """A function's own copy of a package that we bring along is the one it gets."""
    tmp_path.chmod(0o755)
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text(source)
    (tmp_path / "app.py").write_text((TASK / "app.py").read_text())
    container = start(image, "app.loop", task=tmp_path, env={"AIORIC_LOOP": "uvloop"})
    containers.append(container)
    answer = container.invoke({}).json()

    assert answer["loop"] == loop
    assert answer.pop(name) == f"/var/task/{name}/__init__.py"
    assert set(answer.values()) <= {loop, f"/var/runtime/{other}/__init__.py", None}


def test_layers_are_on_the_path(image: str, containers: list[Container], tmp_path: Path) -> None:
    """A layer's packages are found in /opt/python, after the function's own folder."""
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "from_layer.py").write_text("def handler(event, context):\n    return __file__\n")
    for path in (tmp_path, tmp_path / "python"):
        path.chmod(0o755)
    container = start(image, "from_layer.handler", options=[f"--volume={tmp_path}:/opt:ro"])
    containers.append(container)

    assert container.invoke({}).json() == "/opt/python/from_layer.py"
