"""What an import may have left, looked for in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHOW = "from aioric.drivers.leftovers import found; print(*found(), sep='\\n')"

CONNECTION = """
import socket
server = socket.create_server(("127.0.0.1", 0))
mine = socket.create_connection(server.getsockname())
"""
INHERITED = """
import socket
pair = socket.socketpair()
for end in pair: end.set_inheritable(True)
"""
THREAD = """
import threading
held = threading.Lock()
held.acquire()
threading.Thread(target=held.acquire, name="t", daemon=True).start()
"""
BARE_THREADS = """
import _thread
held, begun = _thread.allocate_lock(), []
held.acquire()
def run():
    begun.append(1)
    held.acquire()
for _ in range(2): _thread.start_new_thread(run, ())
while len(begun) < 2: pass
"""
HARMLESS = """
import os, socket
file, pipe, server = open("/dev/null"), os.pipe(), socket.create_server(("127.0.0.1", 0))
"""
INSIDE = "a connection to another part of this process"

LEFT: dict[str, tuple[str, list[str]]] = {
    "nothing": ("", []),
    "a file, a pipe and a listener": (HARMLESS, []),
    "a connection": (CONNECTION, ["a connection to 127.0.0.1"]),
    "a connection that was inherited": (INHERITED, []),
    "an event loop": (
        "import asyncio; loop = asyncio.new_event_loop()",
        ["an event loop or gRPC channel", INSIDE, INSIDE],
    ),
    "a thread": (THREAD, ["1 thread (t)"]),
    "threads without `threading`": (BARE_THREADS, ["2 threads (unnamed)"]),
}


@pytest.mark.parametrize("left", LEFT)
def test_what_is_left_is_found(left: str) -> None:
    """Threads, connections and loops are; what may cross a fork is not."""
    code, expected = LEFT[left]
    script = f"import sys, os; sys.path.insert(0, {str(ROOT / 'runtime')!r})\n{code}\n{SHOW}"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    lines = shown.strip().splitlines()
    assert [line.rpartition(":")[0] if "127.0.0.1" in line else line for line in lines] == expected
