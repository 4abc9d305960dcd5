"""Where control groups can be made, on machines of all kinds, and what one does on this one."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from aioric_emulator.memory_group import NoGroupError, Place, find_place, look_for_place

if TYPE_CHECKING:
    from pathlib import Path

MIB = 2**20


def version_2(top: Path, handed_down: dict[str, str]) -> str:
    """Make a tree of control groups, by what each hands down; give the mount that it is."""
    for path, controllers in handed_down.items():
        (top / path).mkdir(parents=True, exist_ok=True)
        (top / path / "cgroup.subtree_control").write_text(f"{controllers}\n")
        (top / path / "cgroup.procs").write_text("")
    return f"30 23 0:26 / {top} rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"


def test_the_nearest_group_that_hands_limits_down(tmp_path: Path) -> None:
    """A process is beside what is made for it: a group with processes hands nothing down."""
    mount = version_2(
        tmp_path, {"": "cpu memory", "app": "cpu memory pids", "app/term": "", "app/term/x": ""}
    )
    assert look_for_place("0::/app/term/x\n", mount) == Place(tmp_path / "app", 2)
    assert look_for_place("0::/app\n", mount) == Place(tmp_path / "app", 2)


def test_nobody_hands_limits_down(tmp_path: Path) -> None:
    """Nothing is turned on for it: the machine's owner decides."""
    mount = version_2(tmp_path, {"": "cpu", "app": ""})
    with pytest.raises(NoGroupError, match="no control group above this process hands memory limits down"):
        look_for_place("0::/app\n", mount)


@pytest.mark.parametrize("readonly", ["", "cgroup.procs"])
def test_a_group_of_somebody_elses(readonly: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither groups can be made there, nor processes be moved."""
    mount = version_2(tmp_path, {"": "memory", "app": ""})
    barred = tmp_path / readonly
    # Root may write anything, and tests are run by root, too.
    monkeypatch.setattr(os, "access", lambda path, _mode: path != barred)
    with pytest.raises(NoGroupError, match="is not this user's to write to"):
        look_for_place("0::/app\n", mount)


def test_version_1_beside_version_2(tmp_path: Path) -> None:
    """Memory is the older version's as long as that has it; a container sees its own part only."""
    (tmp_path / "box").mkdir()
    mounts = (
        f"31 23 0:27 / {tmp_path}/unified rw - cgroup2 cgroup2 rw\n"
        f"32 23 0:28 /docker/1 {tmp_path}/cpu rw - cgroup cgroup rw,cpu\n"
        f"33 23 0:29 /docker/1 {tmp_path} rw shared:9 - cgroup cgroup rw,memory\n"
    )
    memberships = "4:cpu,cpuacct:/docker/1\n3:memory:/docker/1/box\n0::/init\n"
    assert look_for_place(memberships, mounts) == Place(tmp_path / "box", 1)
    with pytest.raises(NoGroupError, match="control group /elsewhere is not mounted here"):
        look_for_place("3:memory:/elsewhere\n", mounts)


@pytest.mark.parametrize(
    ("memberships", "message"),
    [
        ("", "this process is in no control group"),
        ("3:cpu:/\n", "this process is in no control group"),
        ("0::/\n", "no control groups for memory are mounted"),
    ],
)
def test_there_are_none(memberships: str, message: str, tmp_path: Path) -> None:
    """The reason is said, also where there is no Linux."""
    (tmp_path / "cgroup").write_text(memberships)
    (tmp_path / "mountinfo").write_text("22 1 254:0 / / rw - ext4 /dev/root rw\n")
    with pytest.raises(NoGroupError, match=message):
        find_place(tmp_path)
    with pytest.raises(NoGroupError, match="No such file or directory"):
        find_place(tmp_path / "none")


def test_a_place_is_tried(tmp_path: Path) -> None:
    """What only looks like one, is none: a folder that is no control group has no limits."""
    (tmp_path / "cgroup").write_text("0::/\n")
    (tmp_path / "mountinfo").write_text(version_2(tmp_path / "top", {"": "memory"}))
    (tmp_path / "top" / "aioric-0").write_text("")
    with pytest.raises(NoGroupError):
        find_place(tmp_path)


def test_the_kernel_ends_what_needs_more() -> None:
    """At once: it does not get as far as having the memory. Beneath its limit a process goes on."""
    try:
        place = find_place()
    except NoGroupError as reason:
        assert str(reason)  # noqa: PT017 - where there are none, that is what there is to hold
        return
    group = place.make(64 * MIB)
    grow = "input(); held = b'x' * (int(input()) * 2**20); print('held', flush=True); input()"
    command = [sys.executable, "-c", grow]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    try:
        modest, greedy = processes
        for process, size in ((modest, 8), (greedy, 200)):
            assert process.stdin is not None
            group.add(process.pid)
            assert not group.has_killed
            process.stdin.write(f"\n{size}\n")
            process.stdin.flush()
            assert process.stdout is not None
            assert process.stdout.readline() == ("held\n" if process is modest else "")
        assert greedy.wait(10) == -9
        assert group.has_killed
        group.add(greedy.pid)
        assert group.remove() == (place.version == 2)
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert group.remove()
    assert group.remove()
