"""What copies of a snapshot share: each fault in a function of its own, and functions without one."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from aioric_emulator import Emulator
from aioric_emulator.snapshot.uniqueness import Shared, compare

if TYPE_CHECKING:
    from pathlib import Path

HANDLER = "\ndef handler(event, context):\n    return None\n"
FAULTS = {
    "app.RNG": ("random state", "import random\nRNG = random.Random()\n"),
    "app.CLIENT.jitter['draw']": (
        "random state",
        "import random\nclass Client: pass\nCLIENT = Client()\nCLIENT.jitter = {'draw': random.Random(4)}\n",
    ),
    "app.SESSION": ("uuid", "import uuid\nSESSION = str(uuid.uuid4())\n"),
    "app.Settings.instance": (
        "uuid",
        "import uuid\nclass Settings:\n    instance = uuid.uuid4()\n",
    ),
    "app.TOKEN": ("token", "import secrets\nTOKEN = secrets.token_hex(16)\n"),
    "app.STARTED": ("time of the import", "import time\nSTARTED = time.time()\n"),
    "app.WHEN": ("time of the import", "import datetime\nWHEN = datetime.datetime.now(datetime.UTC)\n"),
    "app.TICKS": ("time of the import", "import time\nTICKS = time.monotonic_ns()\n"),
    "app.FOLDER": ("name of a temporary file", "import tempfile\nFOLDER = tempfile.mkdtemp()\n"),
    "app.LOG": ("open file", "import os\nLOG = open(os.environ['MY_LOG'], 'a')\n"),
    "app.PEER": (
        "open socket",
        """
import os, socket
_, PORT = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
PEER = socket.create_connection(("127.0.0.1", int(PORT)))
""",
    ),
    "lib.core.POOL[0]": ("random state", "import lib.core\n"),
}


@pytest.mark.parametrize("where", FAULTS)
async def test_what_is_shared_is_named(where: str, tmp_path: Path) -> None:
    """The module and the attribute, and what it is."""
    what, source = FAULTS[where]
    (tmp_path / "app.py").write_text(source + HANDLER)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "core.py").write_text("import random\nPOOL = [random.Random()]\n")
    variables = {"MY_LOG": str(tmp_path / "log")}
    async with Emulator("app.handler", task_root=tmp_path, snapstart=True, env=variables) as fn:
        report = await fn.uniqueness()

    assert report.shared == (Shared(where, what),)
    assert f"{where}: {what}: " in str(report)


@pytest.mark.skipif(find_spec("numpy") is None, reason="NumPy is not installed")
async def test_numpys_generators_are_named(tmp_path: Path) -> None:
    """The one of its module, and those that a function has made."""
    source = "import numpy\nMADE = numpy.random.default_rng()\nOLD = numpy.random.RandomState()\n"
    (tmp_path / "app.py").write_text(source + HANDLER)
    async with Emulator("app.handler", task_root=tmp_path, snapstart=True) as fn:
        report = await fn.uniqueness()
    assert {each.where for each in report.shared} >= {"app.MADE", "app.OLD", "numpy.random"}
    assert {each.what for each in report.shared} == {"random state"}


async def test_a_socket_without_a_name_is_named_by_its_number(tmp_path: Path) -> None:
    """What no module's attribute leads to is told as a descriptor."""
    (tmp_path / "app.py").write_text("import socket\nsocket.socketpair()[0].detach()\n" + HANDLER)
    async with Emulator("app.handler", task_root=tmp_path, snapstart=True) as fn:
        (shared,) = (await fn.uniqueness()).shared
    assert shared.where.startswith("descriptor ")
    assert shared.what == "open socket"


CLEAN = """
import random, secrets, tempfile, threading, time, uuid
import aioric

NAMESPACE = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
DIGEST = "d41d8cd98f00b204e9800998ecf8427e"
SYSTEM = random.SystemRandom()
TIMEOUT = 30.0
session = str(uuid.uuid4())
rng = random.Random()
tempfile.mkdtemp()
random.random()

@aioric.after_restore
def renew():
    global session, rng
    session = str(uuid.uuid4())
    rng.seed()
"""


async def test_a_clean_function_shares_nothing(tmp_path: Path) -> None:
    """Constants are the same on purpose; what a hook or the runtime renews is no longer shared."""
    (tmp_path / "app.py").write_text(CLEAN + HANDLER)
    async with Emulator("app.handler", task_root=tmp_path, snapstart=True) as fn:
        report = await fn.uniqueness(3)
        assert report.is_clean
        assert str(report) == "SnapStart: 3 copies of the snapshot share nothing that should be unique"
        assert (await fn.invoke({})).payload is None


async def test_values_are_not_told(tmp_path: Path) -> None:
    """They may be secrets."""
    source = "import secrets\nTOKEN = secrets.token_hex(16)\nprint(TOKEN, flush=True)"
    (tmp_path / "app.py").write_text(source + HANDLER)
    async with Emulator("app.handler", task_root=tmp_path, snapstart=True) as fn:
        report = str(await fn.uniqueness())
        token = next(line for line in fn.logs if len(line) == 32)
    assert "app.TOKEN" in report
    assert token not in report


async def test_threads_that_are_not_copied_are_told(tmp_path: Path) -> None:
    """A fork has one thread only; the platform's copies have all."""
    source = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    (tmp_path / "app.py").write_text(source + HANDLER)
    async with Emulator("app.handler", task_root=tmp_path, snapstart=True) as fn:
        report = await fn.uniqueness()
    assert report.is_clean
    assert "1 thread of the snapshot is not in these copies" in str(report)


def test_what_only_one_copy_has_is_its_own() -> None:
    """Equal places are shared where the checksums are equal, in two copies of three as well."""
    one, two = ("a.B", "uuid", "1"), ("a.B", "uuid", "2")
    assert compare([{"facts": [one], "threads": 1}, {"facts": [two], "threads": 1}]).is_clean
    three = [{"facts": [each], "threads": 3} for each in (one, two, two)]
    report = compare(three)
    assert report.shared == (Shared("a.B", "uuid"),)
    assert report.notes[0].startswith("2 threads of the snapshot are not")
