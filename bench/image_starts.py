"""A start in a waiting container: enter its files, become Lambda's user, execute, see it answer."""

from __future__ import annotations

import ctypes
import os
import re
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

TASK = Path(__file__).parent / "task"
UID, GID = 993, 990
PATIENCE_SECONDS = 30.0
EVENT = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b"Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n"
    b"Lambda-Runtime-Deadline-Ms: 4102444800000\r\n"
    b"Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:012345678912:function:bench\r\n"
    b"Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n"
    b"Content-Length: 2\r\n\r\n{}"
)
LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass
class Container:
    """A waiting container: its first process, and how the image says it is to be started."""

    title: str
    pid: int
    command: list[str]
    environment: dict[str, str]
    size: int
    warm: list[Start] = field(default_factory=list)
    cold: list[Start] = field(default_factory=list)


@dataclass(frozen=True)
class Start:
    """One start: the time until the first answer, and what was read and computed meanwhile."""

    milliseconds: float
    disk_bytes: int
    cpu_milliseconds: float


def forget_files(waiting: Container) -> None:
    """Drop the pages of all files that the container can see from the page cache."""
    root = f"/proc/{waiting.pid}/root"
    device = os.stat(root + "/usr").st_dev  # noqa: PTH116 - a Path would resolve the link
    for folder in ("usr", "var", "etc", "opt", "lambda-entrypoint.sh"):
        for where, _, names in os.walk(f"{root}/{folder}") if folder in os.listdir(root) else ():  # noqa: PTH208
            if os.lstat(where).st_dev != device:
                continue
            for name in names:
                forget_file(f"{where}/{name}")
    for path in TASK.rglob("*.py*"):
        forget_file(str(path))


def forget_file(path: str) -> None:
    """Drop the pages of one file, if it is one."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def start(waiting: Container) -> Start:
    """Start the image's command in its container, and see it through to its first answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        environment = {
            **waiting.environment,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{listener.getsockname()[1]}",
        }
        told, tell = os.pipe()
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            become(waiting, environment, tell)
        os.close(tell)
        try:
            ended = serve(listener)
            disk_bytes = read_bytes(pid)
        finally:
            os.kill(pid, signal.SIGKILL)
            _, _, used = os.wait4(pid, 0)
        with os.fdopen(told, "rb") as pipe:
            began = int(pipe.read())
        return Start((ended - began) / 1e6, disk_bytes, (used.ru_utime + used.ru_stime) * 1e3)


def become(waiting: Container, environment: dict[str, str], tell: int) -> None:
    """In the child: enter the container, become Lambda's user, tell the time, execute. Never returns."""
    try:
        root = f"/proc/{waiting.pid}/root"
        space = os.open(f"/proc/{waiting.pid}/ns/mnt", os.O_RDONLY)
        folder = os.open(root, os.O_RDONLY)
        if LIBC.setns(space, 0):
            raise OSError(ctypes.get_errno(), "setns")
        os.fchdir(folder)
        os.chroot(".")
        os.chdir("/var/task")
        os.setgroups([])
        os.setgid(GID)
        os.setuid(UID)
        quiet = os.open("/dev/null", os.O_RDWR)
        for descriptor in range(3):
            os.dup2(quiet, descriptor)
        os.set_inheritable(tell, False)
        os.write(tell, str(time.monotonic_ns()).encode())
        os.execve(waiting.command[0], waiting.command, environment)  # noqa: S606 - the image's own words
    finally:
        os._exit(127)


def serve(listener: socket.socket) -> int:
    """Hand out one event, and give the time at which its answer began to arrive."""
    listener.settimeout(PATIENCE_SECONDS)
    connections: list[socket.socket] = []
    try:
        while True:
            ready, _, _ = select.select([listener, *connections], [], [], PATIENCE_SECONDS)
            if not ready:
                raise TimeoutError("no answer")
            for each in ready:
                if each is listener:
                    connections.append(listener.accept()[0])
                    continue
                data = each.recv(65536)
                if data.startswith(b"GET "):
                    each.sendall(EVENT)
                elif data.startswith(b"POST ") and b"/response" in data[:200]:
                    return time.monotonic_ns()
                elif data:
                    raise ValueError(f"no answer, but {data!r}")
                else:
                    connections.remove(each)
    finally:
        for each in connections:
            each.close()


def read_bytes(pid: int) -> int:
    """Give how much a process has had read from the disk."""
    found = re.search(r"^read_bytes: (\d+)", Path(f"/proc/{pid}/io").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


def opened(waiting: Container) -> tuple[int, int] | None:
    """Give how many files a start opens, and how many it looks for in vain; None without strace(1)."""
    if shutil.which("strace") is None:
        return None
    with tempfile.NamedTemporaryFile() as log, socket.create_server(("127.0.0.1", 0)) as listener:
        environment = {
            **waiting.environment,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{listener.getsockname()[1]}",
        }
        pid = os.fork()
        if pid == 0:
            gate, key = os.pipe()
            tracer = [
                "strace",
                "--quiet=attach",
                "-f",
                "-e",
                "trace=open,openat,stat,newfstatat,access,readlink",
                "-o",
                log.name,
            ]
            victim = os.getpid()
            if os.fork() == 0:
                os.close(key)
                os.execvp("strace", [*tracer, "-p", str(victim)])  # noqa: S606 - a list of our own
            os.close(gate)
            wait_for_tracer(victim)
            become(waiting, environment, os.open("/dev/null", os.O_WRONLY))
        try:
            serve(listener)
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        lines = wait_for_end(Path(log.name)).splitlines()
    first = next((number for number, line in enumerate(lines) if "/etc/ld.so" in line), 0)
    found = sum(bool(re.search(r"open(?:at)?\(.*\) = \d+", line)) for line in lines[first:])
    return found, sum("ENOENT" in line for line in lines[first:])


def wait_for_tracer(pid: int) -> None:
    """Wait until somebody traces a process."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "TracerPid:\t0" in Path(f"/proc/{pid}/status").read_text():
        if time.monotonic() > deadline:
            raise TimeoutError("strace did not start")


def wait_for_end(log: Path) -> str:
    """Wait until the tracer has written its last line, and give all of them."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "killed by SIGKILL" not in (text := log.read_text()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return text


def count_files(waiting: Container) -> int:
    """Give how many files the image has."""
    root = f"/proc/{waiting.pid}/root"
    device = os.stat(root + "/usr").st_dev  # noqa: PTH116 - a Path would resolve the link
    return sum(len(names) for where, _, names in os.walk(root) if os.lstat(where).st_dev == device)
