"""Whose socket is at the other end: asked of the kernel, and read from its table where it cannot be asked."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aioric_emulator.snapshot.peers import ask_kernel, find_socket, read_table

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("look_up", [ask_kernel, read_table])
def test_a_connection_is_found_by_its_ports(look_up: Callable[[int, int], int]) -> None:
    """The inode is the one that its descriptor leads to; one that was closed by both has none."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as peer:
            own = peer.getsockname()[1]
            link = str(Path(f"/proc/self/fd/{peer.fileno()}").readlink())
            assert f"socket:[{look_up(own, port)}]" == link == find_socket(own, port)
    assert find_socket(1, 2) == ""
