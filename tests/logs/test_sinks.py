"""Bytes reach the platform at once, whole, and in its framing."""

from __future__ import annotations

import io
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import redirect_stdout

import pytest
from awslambdaric.lambda_runtime_log_utils import _JSON_FRAME_TYPES, _TEXT_FRAME_TYPES

from aioric.logs.sinks import (
    JSON_FRAMES,
    TEXT_FRAMES,
    FramedSink,
    StandardSink,
    Unbuffered,
    redirect_to_provider,
)

RUNTIME = pathlib.Path(__file__).parents[2] / "runtime"


def python(script: str) -> subprocess.CompletedProcess[bytes]:
    """Run a script in a process of its own; its coverage counts."""
    return subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(RUNTIME), "LANG": "C.UTF-8"},
        capture_output=True,
        check=True,
    )


def frames(data: bytes) -> list[tuple[bytes, bytes, int]]:
    """Type, message and time in microseconds of each frame."""
    found = []
    while data:
        kind, length, stamp = struct.unpack(">4sIQ", data[:16])
        found.append((kind, data[16 : 16 + length], stamp))
        data = data[16 + length :]
    return found


def test_frame_types_are_the_official_ones() -> None:
    """Each level has the frame type that the platform knows it by."""
    assert (_TEXT_FRAME_TYPES, _JSON_FRAME_TYPES) == (TEXT_FRAMES, JSON_FRAMES)


def test_a_frame_has_type_length_time_and_message() -> None:
    """A message goes out as one frame, its length counted in bytes."""
    reader, writer = os.pipe()
    before = time.time_ns() // 1000
    FramedSink(writer, TEXT_FRAMES[40]).log("é\ud800")
    FramedSink(writer, TEXT_FRAMES[40]).log("x", TEXT_FRAMES[20])
    os.close(writer)
    first, second = frames(os.read(reader, 1000))
    os.close(reader)

    assert first[:2] == (b"\xa5\x5a\x00\x03", "é".encode() + b"\\ud800")
    assert second[:2] == (b"\xa5\x5a\x00\x0f", b"x")
    assert before <= first[2] <= second[2] <= time.time_ns() // 1000


def test_an_uncaught_error_is_one_frame() -> None:
    """Lines of an error are joined by newlines in a frame of level ERROR."""
    reader, writer = os.pipe()
    FramedSink(writer, JSON_FRAMES[40]).log_error(["[ERROR] x", "Traceback"])
    os.close(writer)

    assert frames(os.read(reader, 1000))[0][:2] == (b"\xa5\x5a\x00\x16", b"[ERROR] x\nTraceback")
    os.close(reader)


def test_the_descriptor_is_not_inherited() -> None:
    """Child processes of the function cannot write between frames."""
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    FramedSink(writer, TEXT_FRAMES[40])

    assert not os.get_inheritable(writer)
    os.close(reader)
    os.close(writer)


def test_frames_of_several_threads_stay_whole() -> None:
    """A frame larger than the pipe takes at once is not mixed with others, blocking or not."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    sink = FramedSink(writer, TEXT_FRAMES[40])
    messages = [str(number) * 200_000 for number in range(4)]
    received: list[bytes] = []

    def drain() -> None:
        while data := os.read(reader, 65_536):
            received.append(data)

    draining = threading.Thread(target=drain)
    draining.start()
    writing = [threading.Thread(target=sink.log, args=(message,)) for message in messages]
    for thread in writing:
        thread.start()
    for thread in writing:
        thread.join()
    os.close(writer)
    draining.join()
    os.close(reader)

    assert sorted(message.decode() for _, message, _ in frames(b"".join(received))) == messages


# From Python 3.15 on the warning of a fork beside threads is raised here; such a fork is the point.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_can_log() -> None:
    """A child that is forked while the sink is in use does not wait for a thread it does not have."""
    reader, writer = os.pipe()
    sink = FramedSink(writer, TEXT_FRAMES[40])
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with sink._lock:  # noqa: SLF001 - held as by a thread in the middle of a write
            locked.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait()
    child = os.fork()
    if not child:
        signal.alarm(10)
        sink.log("child")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    done.set()
    thread.join()

    assert frames(os.read(reader, 1000))[0][1] == b"child"
    os.close(reader)
    os.close(writer)


def test_a_lock_of_a_forgotten_thread_is_free() -> None:
    """What happens in the forked child: the lock that another thread holds is replaced."""
    reader, writer = os.pipe()
    sink = FramedSink(writer, TEXT_FRAMES[40])
    held = sink._lock  # noqa: SLF001 - what a fork replaces
    sink._forget_threads()  # noqa: SLF001 - as the interpreter calls it

    assert held is not sink._lock  # noqa: SLF001 - likewise
    os.close(reader)
    os.close(writer)


def test_an_error_for_a_closed_descriptor_goes_to_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    """The report of an error is not lost with the way it should have taken."""
    reader, writer = os.pipe()
    sink = FramedSink(writer, TEXT_FRAMES[40])
    os.close(reader)
    os.close(writer)
    sink.log_error(["one", "two"])

    assert capfd.readouterr().out == "one\rtwo\n"


def test_standard_output_takes_text_as_it_is() -> None:
    """Records go to whatever `sys.stdout` is at that moment; an error's lines are one event."""
    with redirect_stdout(io.StringIO()) as output:
        StandardSink().log("text", TEXT_FRAMES[40])
        StandardSink().log_error(["one", "two"])

    assert output.getvalue() == "textone\rtwo\n"


@pytest.mark.parametrize(
    "spoil", ["sys.stdout.close()", "sys.stdout = None", "sys.stdout.reconfigure(encoding='ascii')"]
)
def test_an_error_reaches_the_log_whatever_standard_output_is(spoil: str) -> None:
    """A closed, missing or narrow `sys.stdout` does not keep an error out of the log."""
    closing = "import os; os.dup2(os.dup(1), 9);" if "close" in spoil else ""
    ran = python(
        f"import sys; from aioric.logs.sinks import StandardSink; {closing} {spoil}\n"
        f"{'os.dup2(9, 1)' if closing else ''}\n"
        "StandardSink().log_error(['\\ud800é'])"
    )

    assert "\\ud800é\n".encode() == ran.stdout


@pytest.mark.parametrize("sink", ["StandardSink()", "FramedSink(9, b'\\xa5\\x5a\\x00\\x17')"])
def test_an_error_that_nobody_can_hear_is_no_other_error(sink: str) -> None:
    """A function that has closed every way to the log still gets its failure answered."""
    ran = python(
        "import os, sys; from aioric.logs.sinks import FramedSink, StandardSink; os.dup2(1, 9)\n"
        f"sink = {sink}; os.close(9); os.close(1); sink.log_error(['lost'])\n"
        "os.write(2, b'goes on'); os._exit(0)"
    )

    assert (ran.stdout, ran.stderr) == (b"", b"goes on")


def test_every_write_is_passed_on_at_once() -> None:
    """Text is out before the process dies, also text without a newline."""
    ran = python(
        "import os, sys; from aioric.logs.sinks import Unbuffered\n"
        "sys.stdout = Unbuffered(sys.stdout)\n"
        "assert sys.stdout.write('one ') == 4\n"
        "sys.stdout.writelines(['two ', 'three ']); print('four'); print('five', end='')\n"
        "os._exit(0)"
    )

    assert ran.stdout == b"one two three four\nfive"


def test_a_write_flushes_once() -> None:
    """One flush follows each write, however many lines it has."""

    class Flushed(io.StringIO):
        flushes = 0

        def flush(self) -> None:
            self.flushes += 1

    stream = Unbuffered(inner := Flushed())
    stream.write("a")
    stream.writelines(["b", "c"])

    assert (inner.getvalue(), inner.flushes) == ("abc", 2)


def test_the_wrapped_stream_is_a_stream() -> None:
    """Everything else is the stream's own: attributes, iteration, use in a `with`."""
    stream = Unbuffered(io.StringIO("a\nb\n"))

    with stream as same:
        assert same is stream
    assert list(stream) == ["a\n", "b\n"]
    assert not stream.closed
    assert stream.seekable()


@pytest.mark.parametrize("closed", [(), (1,), (2,), (0, 1, 2)])
def test_output_is_redirected_to_the_provider(tmp_path: pathlib.Path, closed: tuple[int, ...]) -> None:
    """Standard output and error, closed or not, become connections of their own to the platform's socket."""
    path = tmp_path / "provider"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(2)
        with subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"""import os, sys; from aioric.logs.sinks import redirect_to_provider
list(map(os.close, {closed!r}))
redirect_to_provider({str(path)!r})
os.system('echo child'); print('out'); print('err', file=sys.stderr)""",
            ],
            env=os.environ | {"PYTHONPATH": str(RUNTIME)},
        ) as process:
            connections = [listener.accept()[0] for _ in range(2)]
            process.wait(30)
        received = [connection.makefile("rb").read() for connection in connections]
        for connection in connections:
            connection.close()

    assert received == [b"child\nout\n", b"err\n"]


def test_a_missing_provider_is_an_error(tmp_path: pathlib.Path) -> None:
    """Where nobody listens the caller hears of it, and the streams stay."""
    with pytest.raises(FileNotFoundError):
        redirect_to_provider(str(tmp_path / "nobody"))
