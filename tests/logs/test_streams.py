"""What is printed on Managed Instances becomes records, whole and one's own."""

from __future__ import annotations

import contextvars
import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from aioric.config import Config
from aioric.identity import Identity
from aioric.logs.journal import Journal
from aioric.logs.sinks import StandardSink
from aioric.logs.streams import MAX_PENDING, Lines, RecordStream, keep_records
from aioric.messages import Invocation

if TYPE_CHECKING:
    from collections.abc import Iterator


class Pipe:
    """A pipe in the place of standard output, and what has come out of it."""

    def __init__(self, *, several: bool = False) -> None:
        self.identity = Identity(alone=False)
        config = Config({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1", "AWS_LAMBDA_LOG_FORMAT": "JSON"}, "a.b")
        self.journal = Journal(config, self.identity, StandardSink())
        self._out, inside = os.pipe()
        os.set_blocking(self._out, False)
        self._file = os.fdopen(inside, "w")
        self.stream = RecordStream(self._file, self.identity, self._record, Lines(several=several))

    def _record(self, text: str, invocation: Invocation | None) -> str:
        return self.journal.json_line("stdout", 20, text, invocation)

    def writes(self) -> list[bytes]:
        """What came out; nothing is left in a buffer of ours."""
        try:
            return os.read(self._out, 1 << 20).splitlines(keepends=True)
        except BlockingIOError:
            return []

    def said(self) -> list[tuple[str, str]]:
        """The records' messages, with their request ids."""
        records = [json.loads(line) for line in self.writes()]
        return [(record["message"], record["requestId"]) for record in records]

    def close(self) -> None:
        """Close both ends."""
        self._file.close()
        os.close(self._out)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """Standard output."""
    pipe = Pipe()
    yield pipe
    pipe.close()


def test_a_line_is_a_record(pipe: Pipe) -> None:
    """What `print` writes in two calls is one record; what `write` gets in one call is one too."""
    print("hello", file=pipe.stream)
    pipe.stream.write("two\nlines\n")
    pipe.stream.writelines(["a", "b\n"])

    assert pipe.said() == [("hello", ""), ("two\nlines", ""), ("ab", "")]


def test_a_record_passes_as_it_is(pipe: Pipe) -> None:
    """JSON objects, one or several in a call, are not wrapped; what is none among them is."""
    pipe.stream.write('{"a": 1}\n')
    pipe.stream.write('{"a": 1}\n{"b": 2}\nplain\n')
    pipe.stream.write("{'a': 1}\n")
    pipe.stream.write('{"a": 1}\n{"b": 2}\n')
    writes = pipe.writes()

    assert writes[:3] == [b'{"a": 1}\n', b'{"a": 1}\n', b'{"b": 2}\n']
    assert writes[5:] == [b'{"a": 1}\n', b'{"b": 2}\n']
    assert [json.loads(line)["message"] for line in writes[3:5]] == ["plain", "{'a': 1}"]


def test_a_record_is_not_taken_for_the_end_of_a_line(pipe: Pipe) -> None:
    """What was printed without a newline is a record of its own when another comes, such as an error's."""
    pipe.stream.write("50 % ...")
    pipe.stream.write('{"level": "ERROR"}\n')
    pipe.stream.write('{"a": ')
    pipe.stream.write('{"b": 1}}\n')
    begun, *records = pipe.writes()

    assert json.loads(begun)["message"] == "50 % ..."
    assert records == [b'{"level": "ERROR"}\n', b'{"a": {"b": 1}}\n']


def test_bytes_written_past_the_stream_leave_with_a_flush(pipe: Pipe) -> None:
    """`sys.stdout.buffer` is a function's own to write to, and flushing what it belongs to flushes it."""
    pipe.stream.buffer.write(b"\xff\n")
    held = pipe.writes()
    pipe.stream.flush()

    assert (held, pipe.writes()) == ([], [b"\xff\n"])


def test_the_rest_of_a_line_waits(pipe: Pipe) -> None:
    """Text without a newline waits for it, unless it is flushed or grows too long."""
    pipe.stream.write("one\nbegun")
    assert pipe.said() == [("one", "")]
    pipe.stream.flush()
    assert pipe.said() == [("begun", "")]
    pipe.stream.flush()
    assert pipe.said() == []
    reader = threading.Thread(target=lambda: pipe.stream.write("x" * (MAX_PENDING + 1)))
    os.set_blocking(pipe.stream.fileno(), True)
    reader.start()
    received = 0
    while reader.is_alive() or received <= MAX_PENDING:
        received += sum(map(len, pipe.writes()))
    reader.join()


def test_invocations_do_not_end_each_others_lines(pipe: Pipe) -> None:
    """A line begun by one invocation is ended by it, or with it."""
    first, second = Invocation("id-1", b""), Invocation("id-2", b"")

    def serve() -> None:
        pipe.identity.enter(first)
        pipe.stream.write("from the first")
        pipe.identity.enter(second)
        pipe.stream.write("from the second\n")
        pipe.stream.write("more")

    contextvars.copy_context().run(serve)
    pipe.stream.settle(first)
    pipe.stream.settle(first)

    assert pipe.said() == [("from the second", "id-2"), ("from the first", "id-1")]


def test_only_text_can_be_written(pipe: Pipe) -> None:
    """Bytes are refused, as by any text stream."""
    wrong: Any = b"bytes"
    with pytest.raises(TypeError, match="must be str, not bytes"):
        pipe.stream.write(wrong)


def test_threads_do_not_mix() -> None:
    """Lines longer than a pipe takes at once stay whole, whoever else writes."""
    pipe = Pipe(several=True)
    os.set_blocking(pipe.stream.fileno(), True)
    texts = [letter * 6000 for letter in "abcd"]
    threads = [
        threading.Thread(target=lambda text=text: [pipe.stream.write(f"{text}\n") for _ in range(20)])
        for text in texts
    ]
    for thread in threads:
        thread.start()
    data = b""
    while any(thread.is_alive() for thread in threads) or data.count(b"\n") < 80:
        data += b"".join(pipe.writes())
    pipe.close()

    assert sorted({json.loads(line)["message"] for line in data.splitlines()}) == texts


# From Python 3.15 on the warning of a fork beside threads is raised here; such a fork is the point.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_can_write(pipe: Pipe) -> None:
    """A lock that another thread held at the fork does not stop the child."""
    worker = os.fork()
    if worker == 0:
        pipe.stream.write("from the child\n")
        os._exit(0)
    os.waitpid(worker, 0)

    assert pipe.said() == [("from the child", "")]


def test_both_streams_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Output is of level INFO and errors are WARNING; a stream that is closed stays so."""
    out, inside = os.pipe()
    with os.fdopen(inside, "w") as file:
        monkeypatch.setattr(sys, "stdout", None)
        monkeypatch.setattr(sys, "stderr", file)
        config = Config({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"}, "a.b")
        identity = Identity(alone=True)
        journal = Journal(config, identity, StandardSink())
        keep_records(config, identity, journal)
        sys.stderr.write("careful")
        assert journal.settle is not None
        journal.settle(Invocation("id-1", b""))
        sys.stderr.flush()
        record = json.loads(os.read(out, 1000))
    os.close(out)

    assert sys.stdout is None
    assert (record["level"], record["message"], record["logger"]) == ("WARNING", "careful", "stderr")
