"""Layers: what stands for `/opt`, as the processes of a function find it."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from aioric_emulator import Emulator
from aioric_emulator.layers import LayerError, open_layers
from tests.emulator.polling import until
from tests.emulator.test_cli import Served

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PACKAGES = f"python/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"


@pytest.fixture
def layer(tmp_path: Path) -> Callable[..., Path]:
    """Give what makes a layer of files, by their places in `/opt`."""

    def make(name: str, files: dict[str, str]) -> Path:
        folder = tmp_path / "layers" / name
        folder.mkdir(parents=True, exist_ok=True)
        for place, text in files.items():
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)
        return folder

    return make


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """Give the folder of a function that tells where it found what."""
    folder = tmp_path / "task"
    folder.mkdir()
    (folder / "app.py").write_text(
        "import os, shutil, subprocess, sys\n"
        "import both\n"
        "def handler(event, context):\n"
        "    libraries = os.environ['LD_LIBRARY_PATH'].split(':')\n"
        "    return {'both': both.__file__, 'path': sys.path, 'tool': shutil.which('tool'),\n"
        "            'libraries': libraries, 'said': subprocess.check_output(['tool'], text=True)}\n"
    )
    return folder


def two(layer: Callable[..., Path]) -> tuple[Path, Path]:
    """Give two layers that have a module and a program in common."""
    lower = layer(
        "lower", {"python/both.py": "", "bin/tool": "#!/bin/sh\necho lower\n", "python/json.py": "nonsense("}
    )
    return lower, layer("upper", {f"{PACKAGES}/both.py": "", "bin/tool": "#!/bin/sh\necho upper\n"})


@pytest.mark.parametrize("snapstart", [False, True], ids=["on demand", "SnapStart"])
async def test_the_later_layer_lies_over_the_earlier(
    task: Path, layer: Callable[..., Path], *, snapstart: bool
) -> None:
    """Modules, programs and libraries are looked for as in one `/opt`, after the function's own folder."""
    lower, upper = two(layer)
    async with Emulator(
        "app.handler", task_root=task, layers=[lower, upper], snapstart=snapstart, timeout=10
    ) as fn:
        found = (await fn.invoke({})).payload

    assert found["path"][:5] == [
        str(task),
        *(f"{each}/{PACKAGES}" for each in (upper, lower)),
        *(f"{each}/python" for each in (upper, lower)),
    ]
    assert found["both"] == f"{upper}/{PACKAGES}/both.py"
    assert (found["tool"], found["said"]) == (f"{upper}/bin/tool", "upper\n")
    assert found["libraries"][-4:] == [str(task), f"{task}/lib", f"{upper}/lib", f"{lower}/lib"]


async def test_other_runtimes_find_layers(
    task: Path, layer: Callable[..., Path], official_command: Sequence[str]
) -> None:
    """By the variable that any Python knows, after the function's own folder."""
    lower, upper = two(layer)
    (lower / "python/json.py").unlink()
    async with Emulator(
        "app.handler", task_root=task, layers=[lower, upper], command=official_command, timeout=10
    ) as fn:
        found = (await fn.invoke({})).payload

    path = [entry for entry in found["path"] if entry]
    assert path.index(str(task)) < path.index(f"{upper}/{PACKAGES}") < path.index(f"{upper}/python")
    assert found["both"] == f"{upper}/{PACKAGES}/both.py"


async def test_a_path_of_the_functions_own_is_all_it_gets(task: Path, layer: Callable[..., Path]) -> None:
    """As on Lambda, a `PYTHONPATH` of the function's takes the place of the layers' folders."""
    async with Emulator("app.handler", task_root=task, layers=two(layer), env={"PYTHONPATH": "/mine"}) as fn:
        result = await fn.invoke({})

    assert "No module named 'both'" in result.payload["errorMessage"]


async def test_a_wrapper_in_opt_is_a_layers(layer: Callable[..., Path], task: Path) -> None:
    """`AWS_LAMBDA_EXEC_WRAPPER` names `/opt` on Lambda, so it is looked for in the layers here."""
    wrapper = '#!/bin/sh\nexport WRAPPED=yes\nexec "$@"\n'
    folder = layer("wrap", {"wrapper": wrapper, "python/found.py": ""})
    (task / "app.py").write_text(
        "import os, found\ndef handler(event, context):\n    return os.environ['WRAPPED']\n"
    )
    env = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"}
    async with Emulator("app.handler", task_root=task, layers=[folder], env=env) as fn:
        assert (await fn.invoke({})).payload == "yes"


async def test_extensions_of_layers_are_started(
    toy_command: Sequence[str], tmp_path: Path, extensions: Callable[..., Path], layer: Callable[..., Path]
) -> None:
    """Beside those of the folder of extensions, which lies over all layers."""
    source = extensions("agent", events=["INVOKE"])
    lower = layer("lower", {"extensions/agent": "#!/bin/sh\nexit 9\n"})
    upper = layer("upper", {"extensions/readme": "", "extensions/other": (source / "agent").read_text()})
    (upper / "extensions/.other.json").write_text('{"events": ["INVOKE"]}')
    (upper / "extensions/readme").chmod(0o644)
    async with Emulator(
        "toy.handler", command=toy_command, task_root=tmp_path, layers=[lower, upper], extensions=source
    ) as fn:
        result = await fn.invoke({"a": 1})
        logs = fn.logs

    assert result.payload == {"a": 1}
    ready = [line for line in logs if "State: Ready" in line]
    assert [name for name in ("agent", "other") if any(f"Name: {name}" in line for line in ready)] == [
        "agent",
        "other",
    ]
    assert any("the extension readme is not executable" in line for line in logs)


async def test_a_saved_file_of_a_layer_is_served(task: Path, layer: Callable[..., Path]) -> None:
    """Also by the functions of a project file, whose paths are relative to it."""
    folder = layer("shared", {"python/shared.py": "VALUE = 1\n", "extensions/.keep": ""})
    (task / "app.py").write_text("import shared\ndef handler(event, context):\n    return shared.VALUE\n")
    (task / "aioric.toml").write_text(
        '[functions.f]\nhandler = "app.handler"\nlayers = ["../layers/shared"]\n'
    )
    async with Served(task) as served:
        assert await served.invoke("f") == 1
        (folder / "python/shared.py").write_text("VALUE = 22\n")
        await until(lambda: "shared.py has changed: f starts anew" in served.log)
        assert await served.invoke("f") == 22


async def test_layers_are_named_on_the_command_line(task: Path, layer: Callable[..., Path]) -> None:
    """The last lies on top, and what one lacks is said."""
    lower, upper = two(layer)
    empty = layer("empty", {"my_module.py": ""})
    words = [word for each in (lower, empty, upper) for word in ("--layer", str(each))]
    async with Served(task, "app.handler", *words) as served:
        assert (await served.invoke("function"))["said"] == "upper\n"
    assert f"function: the layer {empty} has none of python, bin, lib, extensions" in served.log


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (["none"], "layers: there is no folder or zip file /"),
        ([".", "sub/.."], "is named twice"),
        (["a" * 300], "File name too long"),
        (["loop"], "loop"),
        (["a:b"], "a:b cannot be on PATH, with a : in its name"),
        (["arn:aws:lambda:us-east-1:1:layer:a:1"], "a:1 is not here: download and unpack it"),
        ([1], "layers: each is a folder or a zip file, not 1"),
        ([""], "layers: each is a folder or a zip file, not ''"),
        (["."] * 6, "layers: a function has at most 5, not 6"),
        (["text"], "text cannot be unpacked: File is not a zip file"),
    ],
)
def test_what_is_no_layer_is_told(layers: list[Any], message: str, tmp_path: Path) -> None:
    """Before anything runs, with what to do."""
    (tmp_path / "text").write_text("text")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(LayerError, match=re.escape(message)):
        open_layers(layers, tmp_path)
    if layers[0] not in ("text", "."):
        with pytest.raises(LayerError, match=re.escape(message)):
            Emulator("a.b", task_root=tmp_path, command=["true"], layers=layers)


async def test_what_differs_from_lambda_is_told(tmp_path: Path, layer: Callable[..., Path]) -> None:
    """Packages of another Python, and packages that there would be one of two layers' files: in the log."""
    lower = layer("lower", {"python/pkg/__init__.py": "", "python/lib/python3.2/site-packages/a.py": ""})
    upper = layer("upper", {"python/pkg/__init__.py": ""})
    async with Emulator("a.b", command=["true"], task_root=tmp_path, layers=[lower, upper]) as fn:
        others, package = fn.logs

    assert others.startswith(f"aioric: function: the layer {lower} has packages of python3.2, which python3")
    assert package.startswith(f"aioric: function: the layer {upper} alone has python/pkg; on Lambda")
