"""Service models of botocore from a pack: what the file says, as long as the file is the same."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import botocore
import pytest

if TYPE_CHECKING:
    from tests.packed.conftest import Task

APP = (
    "import os\nfrom botocore.loaders import JSONFileLoader\n\n"
    "def load(name, folder=os.path.dirname(__file__)):\n"
    "    return JSONFileLoader().load_file(f'{folder}/{name}')\n\n"
    "MODEL = load('model')\nNONE = load('none')\n\ndef handler(event, context):\n    return MODEL\n"
)
MODEL = '{"b": [1, {"z": null}], "a": "ü"}'
# Read from the pack: a plain dict. From the file: botocore's ordered one.
QUESTION = (
    "import app\nother = app.load('other', '/tmp') is None\n"
    "answer = [app.MODEL, list(app.MODEL), type(app.MODEL) is dict, app.NONE, other]\n"
    "answer.append(app.load('model') is app.MODEL)"
)


@pytest.fixture
def service(task: Task) -> Task:
    """A function with botocore and a model of its own, optimized."""
    here = Path(botocore.__file__).parent
    shutil.copytree(here, task.folder / "botocore", ignore=shutil.ignore_patterns("data", "__pycache__"))
    task.write("app.py", APP)
    task.write("model.json", MODEL)
    assert task.optimize().returncode == 0
    return task


def test_a_model_comes_from_the_pack(service: Task) -> None:
    """A model is what its file says, in the file's order, and each who asks gets one of its own."""
    said, answer = service.ask(QUESTION)

    assert said == []
    assert answer == [{"b": [1, {"z": None}], "a": "ü"}, ["b", "a"], True, None, True, False]


def test_a_model_that_changed(service: Task) -> None:
    """A model that is not the packed one is read from its file."""
    file = service.folder / "model.json"
    file.write_text(MODEL.replace("1", "2"))
    later = file.stat().st_mtime + 10
    os.utime(file, (later, later))
    _, answer = service.ask(QUESTION)

    assert answer[0]["b"][0] == 2
    assert answer[2] is False
