"""A function's layers: folders, or zip files, that on Lambda lie in `/opt`, the later over the earlier.

There is no `/opt` of a function's own here, so its processes find the folders on the variables that name
`/opt` there. https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aioric_emulator.commands import is_own

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aioric_emulator.configuration import FunctionConfiguration

__all__ = ["MAX_LAYERS", "OPT", "LayerError", "add_layers", "open_layers", "tell_layers"]

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_LAYERS = 5
# What Lambda looks for in a layer, as far as Python and programs go.
PLACES = ("python", "bin", "lib", "extensions")
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
OPT = "/opt/"


class LayerError(ValueError):
    """What cannot be a layer; the message names it."""


def open_layers(paths: Sequence[object], folder: Path) -> tuple[Path, ...]:
    """Give the folders of layers, those of zip files unpacked; paths are relative to `folder`.

    Raises `LayerError`.
    """
    if len(paths) > MAX_LAYERS:
        raise LayerError(f"layers: a function has at most {MAX_LAYERS}, not {len(paths)}")
    opened = tuple(open_layer(path, folder) for path in paths)
    if twice := next((layer for layer in opened if opened.count(layer) > 1), None):
        raise LayerError(f"layers: {twice} is named twice")
    return opened


def open_layer(path: object, folder: Path) -> Path:
    """Give the folder of one layer. Raises `LayerError`."""
    if not isinstance(path, str | Path) or not str(path) or "\0" in str(path):
        raise LayerError(f"layers: each is a folder or a zip file, not {path!r}")
    if str(path).startswith("arn:"):
        raise LayerError(
            f"layers: {path} is not here: download and unpack it, and name the folder "
            "(aws lambda get-layer-version-by-arn says where it is)"
        )
    try:
        place = (folder / path).resolve()
        is_folder, is_file = place.is_dir(), place.is_file()
    except (OSError, RuntimeError) as error:  # the latter is of links that lead to themselves
        raise LayerError(f"layers: {error}") from None
    if os.pathsep in str(place):
        raise LayerError(f"layers: {place} cannot be on PATH, with a {os.pathsep} in its name")
    if is_folder:
        return place
    if not is_file:
        raise LayerError(f"layers: there is no folder or zip file {place}")
    from aioric_emulator.layer_archive import unpack  # noqa: PLC0415 - most layers are folders

    return unpack(place)


def add_layers(configuration: FunctionConfiguration, variables: Mapping[str, str]) -> dict[str, str]:
    """Give a process's variables with the function's layers on them, in the platform's order.

    What the function's owner sets stays as it is, as there: with a `PYTHONPATH` of its own a function does
    not find `/opt/python`. A wrapper in `/opt` is looked for in the layers.
    """
    layers = configuration.layers[::-1]  # so that the first that is found is the one that lies on top
    added = {
        "PATH": joined(variables.get("PATH", os.defpath), *(each / "bin" for each in layers)),
        "LD_LIBRARY_PATH": joined(variables.get("LD_LIBRARY_PATH", ""), *(each / "lib" for each in layers)),
    }
    if "PYTHONPATH" in configuration.variables:
        pass
    elif is_own(configuration.command):
        added["AIORIC_LAYERS"] = joined(*layers)
    else:
        # Any other Python: its path begins with these, below what it puts first itself.
        packages = [each / "python" / "lib" / PYTHON / "site-packages" for each in layers]
        folders = [each / "python" for each in layers]
        added["PYTHONPATH"] = joined(*packages, *folders, variables.get("PYTHONPATH", ""))
    given = {name: value for name, value in added.items() if name not in configuration.variables}
    wrapper = variables.get("AWS_LAMBDA_EXEC_WRAPPER", "")
    if wrapper.startswith(OPT):
        found = (each / wrapper.removeprefix(OPT) for each in layers)
        given["AWS_LAMBDA_EXEC_WRAPPER"] = str(next((each for each in found if each.is_file()), wrapper))
    return {**variables, **given}


def joined(*places: str | Path) -> str:
    """Give places as a variable names them, without those that are nothing."""
    return os.pathsep.join(text for text in map(str, places) if text)


def tell_layers(configuration: FunctionConfiguration) -> Iterator[str]:
    """Say of a function's layers what would be looked for at three in the morning."""
    seen: dict[str, Path] = {}
    for layer in configuration.layers:
        said = f"aioric: {configuration.name}: the layer {layer}"
        if not any((layer / place).is_dir() for place in PLACES):
            yield f"{said} has none of {', '.join(PLACES)}: Python packages of a layer are in python/"
        others = sorted(each.name for each in layer.glob("python/lib/python3.*"))
        if others and PYTHON not in others:
            yield f"{said} has packages of {', '.join(others)}, which {PYTHON} does not find"
        for package in sorted(find_packages(layer)):
            if package in seen:
                yield f"{said} alone has {package}; on Lambda its files lie over those of {seen[package]}"
            seen[package] = layer


def find_packages(layer: Path) -> set[str]:
    """Give where in a layer there are packages that have an `__init__.py`."""
    folders = (layer / "python" / "lib" / PYTHON / "site-packages", layer / "python")
    found = (path.parent.relative_to(layer) for each in folders for path in each.glob("*/__init__.py"))
    return {path.as_posix() for path in found}
