"""Descriptors to lines, by callbacks and on demand."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

from aioric_emulator.log_lines import LineReader
from aioric_emulator.log_pipe import MAX_READS, READ_SIZE, LogPipe, LogSocket
from tests.emulator.polling import until


async def test_lines_come_by_themselves() -> None:
    """As they are written, until the writer is gone."""
    lines: list[str] = []
    reader, writer = os.pipe()
    pipe = LogPipe(reader, LineReader(), lines.append)
    os.write(writer, b"a\nb")
    await until(lambda: lines == ["a"])
    os.close(writer)
    await until(lambda: lines == ["a", "b"])
    assert not pipe.is_open
    pipe.close()


async def test_lines_come_on_demand() -> None:
    """Without a turn of the event loop."""
    lines: list[str] = []
    reader, writer = os.pipe()
    pipe = LogPipe(reader, LineReader(), lines.append)
    pipe.drain()
    os.write(writer, b"a\n" * (READ_SIZE // 2))
    pipe.drain()
    assert len(lines) == READ_SIZE // 2
    os.write(writer, b"rest")
    pipe.close()
    os.close(writer)
    assert lines[-1] == "rest"


async def test_a_torrent_is_read_in_portions() -> None:
    """So that the rest of the emulator has its turn."""
    lines: list[str] = []
    with tempfile.TemporaryFile() as endless:
        endless.write(b"x" * (READ_SIZE - 1) + b"\n")
        endless.seek(0)
        near, far = socket.socketpair()
        far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * READ_SIZE)
        pipe = LogPipe(near.detach(), LineReader(), lines.append)
        for _ in range(MAX_READS):
            far.send(b"a\n")
        pipe.drain()
        assert len(lines) == MAX_READS
        pipe.close()
        far.close()


async def test_a_stream_that_breaks_is_over() -> None:
    """A reset connection logs no more."""
    lines: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        writer = socket.create_connection(server.getsockname())
        pipe = LogPipe(server.accept()[0].detach(), LineReader(), lines.append)
    writer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.close()
    await until(lambda: not pipe.is_open)
    assert lines == []


async def test_every_connection_to_the_socket_is_a_stream() -> None:
    """Each with lines of its own; those that ended are forgotten."""
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "s")
        log = LogSocket(path, lambda descriptor: LogPipe(descriptor, LineReader(), lines.append))
        writers = [socket.socket(socket.AF_UNIX) for _ in range(2)]
        for writer in writers:
            writer.connect(path)
        writers[0].send(b"a")
        writers[1].send(b"b\n")
        log.drain()
        assert lines == ["b"]
        writers[0].close()
        await until(lambda: lines == ["b", "a"])
        with socket.socket(socket.AF_UNIX) as late:
            late.connect(path)
            late.send(b"c\n")
            log.close()
        writers[1].close()
    assert lines == ["b", "a", "c"]
