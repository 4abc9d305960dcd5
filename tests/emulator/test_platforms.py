"""No module of the emulator needs Linux, or POSIX, to be imported: what is only there is asked for there."""

from __future__ import annotations

import subprocess
import sys

# As on a machine that has none of it. What others import is imported before.
ELSEWHERE = """
import asyncio, importlib, multiprocessing, os, pkgutil, selectors, signal, socket, subprocess, sys, tempfile
import anyio, click, httpx, psutil, yaml
import aioric_emulator

for module in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[module] = None
MISSING = {
    os: "eventfd fork getpgid killpg memfd_create pidfd_open sched_getaffinity setsid splice waitid",
    signal: "SIGCHLD SIGCONT SIGHUP SIGKILL SIGRTMIN SIGSTOP SIGUSR1 pthread_sigmask setitimer",
    socket: "AF_UNIX MSG_DONTWAIT SCM_RIGHTS SO_PEERCRED SO_REUSEPORT",
}
for module, names in MISSING.items():
    for name in names.split():
        vars(module).pop(name, None)
for module in pkgutil.walk_packages(aioric_emulator.__path__, "aioric_emulator."):
    # Functions that are served, and what runs in a snapshot's own process.
    if ".functions." not in module.name and ".carried" not in module.name:
        importlib.import_module(module.name)
print(len([name for name in sys.modules if name.startswith("aioric_emulator.")]))
"""


def test_all_modules_are_imported_elsewhere() -> None:
    """On macOS and Windows at least the words of the command line are there."""
    path = f"import sys; sys.path[:0] = {sys.path!r}\n"
    done = subprocess.run(
        [sys.executable, "-c", path + ELSEWHERE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
