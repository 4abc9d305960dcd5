"""What became of a case, in words that two runtimes can be compared by."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from tests.parity.recorder import PREFIX, Served
from tests.parity.runtimes import TASK_ROOT

if TYPE_CHECKING:
    from pathlib import Path

# Every reading of the clock or of the machine has its shape compared, and not its value.
_READINGS = (
    (re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), b"<time.ms>"),
    (re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), b"<time>"),
    (re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"), b"<time,ms>"),
    (re.compile(rb" at 0x[0-9a-f]{6,}"), b" at <address>"),
    # Since 3.14 recursion ends where the stack does; how full it was before depends on the environment.
    (re.compile(rb"\(used \d+ kB\)"), b"(used <kB>)"),
)
# Frames of the official client and of the import system, in a body, in a log line and in an X-Ray stack.
_THEIRS = r"(?:[^\"\\]*/awslambdaric/[^\"\\]*|[^\"\\]*/importlib/__init__\.py|<frozen importlib[^\"\\]*>)"
_THEIR_ENTRY = re.compile(rb'"  File \\"' + _THEIRS.encode() + rb'\\"(?:[^"\\]|\\.)*"(?:, )?')
_THEIR_LINES = re.compile(
    '[\r\n]\xa0\xa0File "' + _THEIRS + '", line [0-9]+, in [^\r\n]+(?:[\r\n]\xa0{4}[^\r\n]*)?'
)
_THEIR_PATH = re.compile(_THEIRS)
_FRAME_HEAD = 16  # bytes: type, length, time


class Post(NamedTuple):
    """One answer or report."""

    path: str
    content_type: str | None
    invocation_id: str | None
    error_type: str | None
    body: bytes
    cause: Any = None


class Outcome(NamedTuple):
    """Everything that anybody outside can see of a case.

    Attributes:
        posts: What was posted, in order.
        stdout: Text, times replaced.
        frames: Type and text of each framed record.
        status: The exit status, if the process ended.
    """

    posts: tuple[Post, ...]
    stdout: str
    frames: tuple[tuple[str, str], ...]
    status: int | None

    def differences(self, other: Outcome) -> set[str]:
        """The names of the fields in which the two differ."""
        return {name for name in self._fields if getattr(self, name) != getattr(other, name)}

    def without_their_frames(self) -> Outcome:
        """The same, with tracebacks that begin where the function's own code does."""
        return Outcome(
            tuple(_without_frames(post) for post in self.posts),
            _without_lines(self.stdout),
            tuple((kind, _without_lines(text)) for kind, text in self.frames),
            self.status,
        )


def outcome_of(served: Served, request_id: str | None, root: Path) -> Outcome:
    """Put what was recorded into comparable words; `root` becomes `TASK_ROOT`."""

    def neutral(data: bytes) -> bytes:
        data = data.replace(str(root).encode(), TASK_ROOT.encode())
        for pattern, replacement in _READINGS:
            data = pattern.sub(replacement, data)
        return data

    posts = []
    for request in served.requests:
        cause = request.headers.get("lambda-runtime-function-xray-error-cause")
        path = f"{request.method} {request.path.removeprefix(PREFIX)}"
        if request_id is not None:
            path = path.replace(f"/{request_id}/", "/{id}/")
        is_result = request.path.endswith("/response")
        posts.append(
            Post(
                path,
                # The official client sends none with init/error and restore/error.
                request.headers.get("content-type") if request_id is not None else None,
                request.headers.get("lambda-runtime-invocation-id"),
                request.headers.get("lambda-runtime-function-error-type"),
                _short(request.body.replace(str(root).encode(), TASK_ROOT.encode()))
                if is_result
                else neutral(request.body),
                None if cause is None else _cause(json.loads(neutral(cause.encode()))),
            )
        )
    return Outcome(
        tuple(posts),
        neutral(served.outputs["stdout"]).decode("utf-8", "backslashreplace"),
        tuple((kind, neutral(text).decode("utf-8", "backslashreplace")) for kind, text in _frames(served)),
        served.status,
    )


def joined(phases: list[Outcome]) -> Outcome:
    """The phases of a process as one outcome, a poll between each two."""
    posts: list[Post] = []
    for number, phase in enumerate(phases):
        posts += [Post("GET /invocation/next", None, None, None, b"")] if number else []
        posts += phase.posts
    return Outcome(
        tuple(posts),
        "".join(phase.stdout for phase in phases),
        tuple(frame for phase in phases for frame in phase.frames),
        phases[-1].status,
    )


def _without_frames(post: Post) -> Post:
    body = _THEIR_ENTRY.sub(b"", post.body).replace(b'", ]', b'"]')
    cause = post.cause
    if cause is not None:
        exceptions = [
            {**each, "stack": [frame for frame in each["stack"] if not _THEIR_PATH.fullmatch(frame["path"])]}
            for each in cause["exceptions"]
        ]
        paths = [path for path in cause["paths"] if not _THEIR_PATH.fullmatch(path)]
        cause = {**cause, "exceptions": exceptions, "paths": paths}
    return post._replace(body=body, cause=cause)


def _without_lines(text: str) -> str:
    # As JSON in the log, an entry looks as it does in a body.
    text = _THEIR_ENTRY.sub(b"", text.encode()).replace(b'", ]', b'"]').decode()
    return _THEIR_LINES.sub("", text)


def _short(body: bytes) -> bytes:
    """A large answer would fill the screen when it differs: its ends and a checksum say as much."""
    if len(body) < 100_000:
        return body
    return b"%b...%b (%d bytes, checksum %08x)" % (body[:50], body[-50:], len(body), crc32(body))


def _cause(cause: dict[str, Any]) -> dict[str, Any]:
    # The official client takes the paths from a set.
    return {**cause, "paths": sorted(cause["paths"])}


def _frames(served: Served) -> list[tuple[str, bytes]]:
    data = served.outputs["frames"]
    frames = []
    while data:
        length = int.from_bytes(data[4:8], "big")
        frames.append((data[:4].hex(), data[_FRAME_HEAD : _FRAME_HEAD + length]))
        data = data[_FRAME_HEAD + length :]
    return frames
