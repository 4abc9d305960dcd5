"""Which socket is at the other end of a loopback connection: its inode, asked of the kernel.

https://man7.org/linux/man-pages/man7/sock_diag.7.html
"""

from __future__ import annotations

import socket
import struct

from aioric_emulator.memory import PROC

__all__ = ["find_socket"]

LOOPBACK = socket.inet_aton("127.0.0.1") + bytes(12)
NETLINK = 16
SOCK_DIAG = 4
BY_FAMILY = 20
REQUEST = 1
HEADER = struct.Struct("=IHHII")
# Of the answer, behind the header: four bytes, the identity of 48, and four numbers before the inode.
INODE = struct.Struct("=68xI")
ANY = 0xFFFFFFFF
# A table that changes while it is read may lack a line.
ATTEMPTS = 3


def find_socket(port: int, peer_port: int) -> str:
    """Give what a descriptor of the connection between two ports leads to; nothing where it has ended."""
    try:
        inode = ask_kernel(port, peer_port)
    except OSError:
        inode = read_table(port, peer_port)
    return f"socket:[{inode}]" if inode else ""


def ask_kernel(port: int, peer_port: int) -> int:
    """Look one connection up; 0 where there is none. Raises `OSError` where the kernel cannot be asked."""
    identity = struct.pack(">HH", port, peer_port) + LOOPBACK + LOOPBACK + struct.pack("=III", 0, ANY, ANY)
    request = struct.pack("=BBBBI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, ANY) + identity
    head = HEADER.pack(HEADER.size + len(request), BY_FAMILY, REQUEST, 1, 0)
    with socket.socket(NETLINK, socket.SOCK_RAW, SOCK_DIAG) as kernel:
        kernel.sendto(head + request, (0, 0))
        answer = kernel.recv(4096)
    if HEADER.unpack_from(answer)[1] == BY_FAMILY:
        inode: int = INODE.unpack_from(answer, HEADER.size)[0]
        return inode
    # Also where there is no such connection; the table then says so too.
    return read_table(port, peer_port)


def read_table(port: int, peer_port: int) -> int:
    """Look one connection up where the kernel lists all of them."""
    near, far = f":{port:04X}", f":{peer_port:04X}"
    for _ in range(ATTEMPTS):
        for line in (PROC / "net" / "tcp").read_text().splitlines()[1:]:
            words = line.split()
            if words[1].endswith(near) and words[2].endswith(far):
                return int(words[9])
    return 0
