"""Files beside the pack that a start reads: announced to the kernel, whatever has become of them."""

from __future__ import annotations

import json
import mmap
import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from tests.page_cache import arrives, evict

if TYPE_CHECKING:
    from tests.packed.conftest import Task

HUGE = 3 << 30

APP = (
    "import os\nimport tempfile\nfrom pathlib import Path\n\nimport _ssl\nimport shop.till\n\n"
    "with open(Path(__file__).with_name('prices.json')) as file:\n    PRICES = file.read()\n"
    "with tempfile.TemporaryFile() as file:\n    file.write(b'x')\n"
    "with open('/proc/self/stat') as file:\n    file.read()\n"
    "def handler(event, context):\n    return 1\n"
)

# How many descriptors are open, how many threads there are, and whether a fork is served after it.
LIVING = (
    "import os\nfrom aioric.drivers.leftovers import found\n"
    "answer = [len(os.listdir('/proc/self/fd')), found()]\n"
    "child = os.fork()\nif child == 0:\n    import app\n    os._exit(app.handler({}, None))\n"
    "answer.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
)
ANNOUNCED = (
    "import marshal\nfrom aioric.packed.pack import FORMAT, LENGTH_DIGITS, interpreter\n"
    "data = open('.aioric/start.pack', 'rb').read()\n"
    "answer = marshal.loads(data[len(FORMAT + interpreter()) + LENGTH_DIGITS:])['ahead']"
)


@pytest.fixture
def reader(task: Task) -> Task:
    """A function whose import reads a file of its own, beside modules and extension modules; optimized."""
    task.write("prices.json", "[" + " " * 2 * mmap.PAGESIZE + "]")
    task.write("app.py", APP)
    told = task.optimize()
    assert told.returncode == 0
    assert "read ahead" in told.stderr
    return task


def test_what_is_announced(reader: Task) -> None:
    """Data, extension modules and their libraries, each once; not what the pack holds, nor what is gone."""
    _, answer = reader.ask(ANNOUNCED)
    files = [file for _, file in answer]

    assert [0, "prices.json"] in answer
    assert any("_ssl" in file for file in files) or "_ssl" in sys.builtin_module_names
    assert len(files) == len(set(files))
    assert not [file for file in files if "till" in file or file.startswith(("/proc", "/sys", "/dev"))]


def test_the_kernel_reads_it(reader: Task) -> None:
    """A file that had left the page cache is back, though nobody has read it."""
    file = reader.folder / "prices.json"
    evict(file)
    reader.ask("answer = None")

    assert arrives(file)


@pytest.mark.parametrize("fate", ["there", "gone", "folder", "pipe", "huge", "forbidden"])
def test_what_has_become_of_a_file(fate: str, reader: Task) -> None:
    """Whatever is in a file's place: no word, no descriptor, no thread, and a fork that works."""
    file = reader.folder / "prices.json"
    undisturbed = reader.ask(LIVING)
    if fate != "there":
        file.unlink()
    if fate == "folder":
        file.mkdir()
    elif fate == "pipe":
        os.mkfifo(file)
    elif fate == "huge":
        with file.open("wb") as grown:
            grown.truncate(HUGE)
    elif fate == "forbidden":
        file.touch(mode=0)
    reader.write("app.py", "def handler(event, context):\n    return 1\n")  # it would read the file itself
    said, answer = reader.ask(LIVING)

    assert said == []
    assert answer == undisturbed[1]
    assert answer[1:] == [[], 1]


def test_a_folder_that_moved(reader: Task) -> None:
    """The function's files are where the function is."""
    moved = reader.folder.with_name("var")
    shutil.copytree(reader.folder, moved)
    before = reader.ask(ANNOUNCED)
    shutil.rmtree(reader.folder)
    reader.folder = moved
    assert json.dumps(reader.ask(ANNOUNCED)) == json.dumps(before)
