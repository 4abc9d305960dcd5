"""The response reader, case by case; `test_http11_judged` compares it with independent parsers."""

from __future__ import annotations

import pytest

from aioric.errors import ConnectionLost, LimitExceeded, MalformedResponse
from aioric.protocol import heads, http11
from aioric.protocol.http11 import ResponseReader
from tests.protocol.delivery import WAYS, deliver, read_all

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """How the bytes arrive."""
    return str(request.param)


@pytest.mark.parametrize(
    ("wire", "status", "body"),
    [
        pytest.param(OK + b"Content-Length: 7\r\n\r\n" + b'{"a":1}', 200, b'{"a":1}', id="sized"),
        pytest.param(OK + b"Content-Length: 0\r\n\r\n", 200, b"", id="sized, empty"),
        pytest.param(OK + b"Content-Length: 002\r\n\r\nok", 200, b"ok", id="length with leading zeros"),
        pytest.param(
            OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", id="length said twice"
        ),
        pytest.param(OK + b"CONTENT-LENGTH: 2\r\n\r\nok", 200, b"ok", id="upper-case header"),
        pytest.param(OK + b"content-length:2\r\n\r\nok", 200, b"ok", id="no space after the colon"),
        pytest.param(OK + b"content-length: \t 2\t \r\n\r\nok", 200, b"ok", id="white space around a value"),
        pytest.param(b"HTTP/1.1 202\r\nContent-Length: 2\r\n\r\nok", 202, b"ok", id="no reason, no space"),
        pytest.param(b"HTTP/1.1 202 \r\nContent-Length: 2\r\n\r\nok", 202, b"ok", id="no reason"),
        pytest.param(
            b"HTTP/1.1 413 Too Large, Far\r\nContent-Length: 0\r\n\r\n", 413, b"", id="reason of words"
        ),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", id="204 without length"),
        pytest.param(
            b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, b"", id="304 with length"
        ),
        pytest.param(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
            + OK
            + b"Content-Length: 2\r\n\r\nok",
            200,
            b"ok",
            id="informational first",
        ),
        pytest.param(CHUNKED + b"0\r\n\r\n", 200, b"", id="chunked, empty"),
        pytest.param(CHUNKED + b"2\r\nok\r\n0\r\n\r\n", 200, b"ok", id="one chunk"),
        pytest.param(CHUNKED + b"1\r\no\r\n1\r\nk\r\n0\r\n\r\n", 200, b"ok", id="two chunks"),
        pytest.param(
            CHUNKED + b"A\r\n0123456789\r\na\r\n0123456789\r\n00\r\n\r\n", 200, b"0123456789" * 2, id="hex"
        ),
        pytest.param(
            CHUNKED + b"4\r\n\r\n\r\n\r\n0\r\n\r\n", 200, b"\r\n\r\n", id="a chunk that looks like framing"
        ),
        pytest.param(CHUNKED + b'2;name=value;n="v"\r\nok\r\n0;x\r\n\r\n', 200, b"ok", id="chunk extensions"),
        pytest.param(
            CHUNKED + b"2 \t;x\r\nok\r\n0 \r\n\r\n", 200, b"ok", id="white space after a chunk size"
        ),
        pytest.param(CHUNKED + b"2\r\nok\r\n0\r\nError-Type: x\r\nB: y\r\n\r\n", 200, b"ok", id="trailers"),
        pytest.param(
            OK + b"Transfer-Encoding: ChunKed\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, b"ok", id="coding, any case"
        ),
    ],
)
def test_a_response_is_read(way: str, wire: bytes, status: int, body: bytes) -> None:
    """A valid response yields its status and body, however it arrives, and leaves what follows alone."""
    (response,) = deliver(way, wire)
    assert (response.status, response.body) == (status, body)


def test_headers_are_read_by_lower_case_name(way: str) -> None:
    """Header names are lower-cased, values are kept as they are, and of repeated ones the last counts."""
    wire = (
        OK
        + b"X-A: 1\r\nx-a: two  words\r\nEMPTY:\r\nUrl: http://a:1/\r\n"
        + b"Name: \xc3\xa4\xff\r\nContent-Length: 0\r\n\r\n"
    )
    (response,) = deliver(way, wire)
    assert response.headers == {
        "x-a": "two  words",
        "empty": "",
        "url": "http://a:1/",
        "name": "ä\udcff",
        "content-length": "0",
    }


def test_pipelined_responses_come_in_order(way: str) -> None:
    """Responses that arrive together are told apart and come in order."""
    wire = b"".join(
        OK + b"Content-Length: 1\r\n\r\n%d" % number + CHUNKED + b"1\r\nc\r\n0\r\n\r\n" for number in range(3)
    )
    assert [response.body for response in deliver(way, wire)] == [b"0", b"c", b"1", b"c", b"2", b"c"]


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (b"HTTP/1.1 200 OK\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n", False),
        (b"HTTP/1.1 200 OK\r\nConnection: Close\r\n", False),
        (b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: upgrade, close\r\n", False),
        (b"HTTP/1.0 200 OK\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", True),
    ],
)
def test_whether_the_connection_stays_usable(way: str, line: bytes, *, kept: bool) -> None:
    """`Connection: close` and HTTP/1.0 end a connection, unless the latter says otherwise."""
    (response,) = deliver(way, line + b"Content-Length: 0\r\n\r\n")
    assert response.keep_alive is kept


def test_acknowledgements_that_repeat_are_read_alike(way: str) -> None:
    """A head that comes again to the letter, as acknowledgements do, means what it meant before."""
    kept = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n"
    last = b"HTTP/1.1 202 Accepted\r\nContent-Length: 1\r\nConnection: close\r\n\r\n"
    responses = deliver(
        way, kept + b"ab" + kept + b"cd" + OK + b"Content-Length: 0\r\n\r\n" + last + b"e" + last + b"f"
    )
    assert [(response.status, response.body, response.keep_alive) for response in responses] == [
        (202, b"ab", True),
        (202, b"cd", True),
        (200, b"", True),
        (202, b"e", False),
        (202, b"f", False),
    ]


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_a_body_without_length_ends_with_the_connection(step: int) -> None:
    """A body of unknown length is whole once the peer has closed, and then the connection is spent."""
    wire = OK + b"Content-Type: text/plain\r\n\r\nall\r\n\r\nof it"
    reader = ResponseReader()
    for at in range(0, len(wire), step):
        reader.feed(wire[at : at + step])
        assert reader.read() is None
    response = reader.end()
    assert response is not None
    assert (response.body, response.keep_alive) == (b"all\r\n\r\nof it", False)
    assert reader.end() is None


def test_a_body_without_length_may_be_empty() -> None:
    """A head without a length, and then the end of the stream, is a response with an empty body."""
    reader = ResponseReader()
    reader.feed(OK + b"\r\n")
    assert reader.read() is None
    response = reader.end()
    assert response is not None
    assert response.body == b""


def test_the_end_between_responses_is_no_error() -> None:
    """A peer that closes while no response has begun has done nothing wrong."""
    reader = ResponseReader()
    assert reader.end() is None
    reader.feed(OK + b"Content-Length: 0\r\n\r\n")
    assert reader.read() is not None
    assert reader.idle
    assert reader.end() is None


@pytest.mark.parametrize(
    "wire",
    [
        pytest.param(OK[:4], id="in the status line"),
        pytest.param(OK + b"Content-Len", id="in a header"),
        pytest.param(OK + b"Content-Length: 9\r\n\r\nhalf", id="in a sized body"),
        pytest.param(OK + b"Content-Length: 9\r\n\r\n", id="before a sized body"),
        pytest.param(CHUNKED, id="before a chunk"),
        pytest.param(CHUNKED + b"2", id="in a chunk size"),
        pytest.param(CHUNKED + b"2\r\no", id="in a chunk"),
        pytest.param(CHUNKED + b"2\r\nok", id="after a chunk"),
        pytest.param(CHUNKED + b"0\r\nX: y\r\n", id="in the trailers"),
    ],
)
def test_the_end_within_a_response_is_a_loss(wire: bytes) -> None:
    """A peer that closes within a response has lost it, which is not the same as a malformed one."""
    reader = ResponseReader()
    reader.feed(wire)
    assert reader.read() is None
    assert not reader.idle
    with pytest.raises(ConnectionLost, match="in the middle of a response"):
        reader.end()


@pytest.mark.parametrize(
    "wire",
    [
        pytest.param(b"\r\n\r\n", id="nothing"),
        pytest.param(b"HTTP/2 200 OK\r\n\r\n", id="HTTP/2"),
        pytest.param(b"HTTP/1.2 200 OK\r\n\r\n", id="HTTP/1.2"),
        pytest.param(b"http/1.1 200 OK\r\n\r\n", id="lower-case version"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="a request"),
        pytest.param(b"HTTP/1.1\r\n\r\n", id="no status"),
        pytest.param(b"HTTP/1.1 20 OK\r\n\r\n", id="two digits"),
        pytest.param(b"HTTP/1.1 2000 OK\r\n\r\n", id="four digits"),
        pytest.param(b"HTTP/1.1 099 OK\r\n\r\n", id="below 100"),
        pytest.param(b"HTTP/1.1  200 OK\r\n\r\n", id="two spaces"),
        pytest.param(b"HTTP/1.1 2x0 OK\r\n\r\n", id="a letter for a digit"),
        pytest.param(b"HTTP/1.1 \xef\xbc\x9200 OK\r\n\r\n", id="a digit that is not ASCII"),
        pytest.param("HTTP/1.1 ²00 OK\r\n\r\n".encode(), id="a superscript for a digit"),
        pytest.param(OK + b"no colon\r\n\r\n", id="a header without colon"),
        pytest.param(OK + b": value\r\n\r\n", id="a header without name"),
        pytest.param(OK + b"A : b\r\n\r\n", id="space before the colon"),
        pytest.param(OK + b"A\t: b\r\n\r\n", id="tab before the colon"),
        pytest.param(OK + b"A: b\r\n c: d\r\n\r\n", id="folded with a space"),
        pytest.param(OK + b"A: b\r\n\tc\r\n\r\n", id="folded with a tab"),
        pytest.param(OK + b"A: b\nC: d\r\n\r\n", id="bare LF"),
        pytest.param(OK + b"A: b\rC: d\r\n\r\n", id="bare CR"),
        pytest.param(OK + b"A: b\r\r\nC: d\n\r\n\r\n", id="bare CR and bare LF"),
        pytest.param(OK + b"A: b\0\r\n\r\n", id="NUL"),
        pytest.param(OK + b"Content-Length: \r\n\r\n", id="empty length"),
        pytest.param(OK + b"Content-Length: -1\r\n\r\n", id="negative length"),
        pytest.param(OK + b"Content-Length: +1\r\n\r\n", id="length with a sign"),
        pytest.param(OK + b"Content-Length: 0x1\r\n\r\n", id="hexadecimal length"),
        pytest.param(OK + b"Content-Length: 1_0\r\n\r\n", id="length with an underscore"),
        pytest.param(OK + b"Content-Length: 1, 1\r\n\r\n", id="list of lengths"),
        pytest.param(OK + "Content-Length: ٣\r\n\r\n".encode(), id="length in digits that are not ASCII"),
        pytest.param(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", id="two lengths"),
        pytest.param(OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", id="length and coding"),
        pytest.param(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", id="another coding"),
        pytest.param(OK + b"Transfer-Encoding: identity\r\n\r\n", id="identity"),
        pytest.param(
            OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", id="two codings"
        ),
        pytest.param(CHUNKED + b"\r\n", id="no chunk size"),
        pytest.param(CHUNKED + b";x\r\n", id="an extension without size"),
        pytest.param(CHUNKED + b" 1\r\n", id="space before a chunk size"),
        pytest.param(CHUNKED + b"-1\r\n", id="negative chunk size"),
        pytest.param(CHUNKED + b"0x1\r\n", id="chunk size with a prefix"),
        pytest.param(CHUNKED + b"1_0\r\n", id="chunk size with an underscore"),
        pytest.param(CHUNKED + b"g\r\n", id="not hexadecimal"),
        pytest.param(CHUNKED + b"1;a\nb\r\n", id="bare LF in an extension"),
        pytest.param(CHUNKED + b"1;a\rb\r\n", id="bare CR in an extension"),
        pytest.param(CHUNKED + b"1\r\nok\r\n", id="a chunk longer than announced"),
        pytest.param(CHUNKED + b"0\r\nA: b\nC: d\r\n", id="bare LF in a trailer"),
    ],
)
@pytest.mark.parametrize("way", WAYS)
def test_a_malformed_response_is_refused(way: str, wire: bytes) -> None:
    """What is not valid HTTP/1.1, or could be read in two ways, is an error and never a response."""
    with pytest.raises(MalformedResponse) as caught:
        deliver(way, wire)
    assert type(caught.value) is MalformedResponse


def test_the_longest_head_is_accepted(way: str) -> None:
    """A head of exactly the limit is read."""
    start = OK + b"Content-Length: 0\r\nX: "
    wire = start + b"x" * (http11.MAX_HEAD - len(start)) + b"\r\n\r\n"
    assert len(deliver(way, wire)) == 1


def test_a_longer_head_is_refused(way: str) -> None:
    """A head of one byte more than the limit is an error that names the limit."""
    start = OK + b"Content-Length: 0\r\nX: "
    wire = start + b"x" * (http11.MAX_HEAD - len(start) + 1) + b"\r\n\r\n"
    with pytest.raises(LimitExceeded, match=rf"head .* {http11.MAX_HEAD} bytes"):
        deliver(way, wire)


def test_a_head_without_end_is_refused() -> None:
    """A peer that never ends its head is stopped at the limit, before it has ended."""
    reader = ResponseReader()
    reader.feed(OK + b"X: " + b"x" * http11.MAX_HEAD)
    with pytest.raises(LimitExceeded, match="head"):
        reader.read()


@pytest.mark.parametrize("way", WAYS)
def test_the_number_of_headers_is_limited(way: str) -> None:
    """As many headers as the limit are read; one more is an error that names the limit."""
    most = OK + b"Content-Length: 0\r\n" + b"X: y\r\n" * (heads.MAX_HEADERS - 1)
    assert len(deliver(way, most + b"\r\n")) == 1
    with pytest.raises(LimitExceeded, match=f"more than {heads.MAX_HEADERS} headers"):
        deliver(way, most + b"X: y\r\n\r\n")


def test_the_announced_body_is_limited() -> None:
    """A body of the limit may be announced; one byte more is an error before a byte of it arrives."""
    assert read_all([OK + b"Content-Length: %d\r\n\r\n" % http11.MAX_BODY]) == []
    for length in (b"%d" % (http11.MAX_BODY + 1), b"9" * 5000):
        with pytest.raises(LimitExceeded, match=f"{http11.MAX_BODY} are accepted"):
            read_all([OK + b"Content-Length: " + length + b"\r\n\r\n"])


def test_a_chunked_body_is_limited() -> None:
    """Chunks may add up to the limit; one byte more is an error that names the limit."""
    half = b"%x\r\n" % (http11.MAX_BODY // 2) + bytes(http11.MAX_BODY // 2) + b"\r\n"
    (response,) = read_all([CHUNKED, half, half, b"0\r\n\r\n"])
    assert len(response.body) == http11.MAX_BODY
    with pytest.raises(LimitExceeded, match=f"longer than {http11.MAX_BODY} bytes"):
        read_all([CHUNKED, half, half, b"1\r\nx"])


def test_a_body_until_the_end_is_limited() -> None:
    """A body of unknown length is stopped at the limit."""
    with pytest.raises(LimitExceeded, match=f"longer than {http11.MAX_BODY} bytes"):
        read_all([OK + b"\r\n", bytes(http11.MAX_BODY), b"x"])


@pytest.mark.parametrize("way", WAYS)
def test_the_digits_of_a_chunk_size_are_limited(way: str) -> None:
    """A chunk size of more digits than any allowed body needs is an error that names the limit."""
    assert (
        deliver(way, CHUNKED + b"0" * (http11.MAX_CHUNK_DIGITS - 1) + b"2\r\nok\r\n0\r\n\r\n")[0].body
        == b"ok"
    )
    with pytest.raises(LimitExceeded, match=f"more than {http11.MAX_CHUNK_DIGITS} digits"):
        deliver(way, CHUNKED + b"0" * http11.MAX_CHUNK_DIGITS + b"2\r\nok\r\n0\r\n\r\n")


@pytest.mark.parametrize("way", WAYS)
def test_the_line_of_a_chunk_size_is_limited(way: str) -> None:
    """Extensions up to the limit are skipped; longer ones are an error that names the limit."""
    longest = b"2;" + b"x" * (http11.MAX_CHUNK_LINE - 2)
    assert deliver(way, CHUNKED + longest + b"\r\nok\r\n0\r\n\r\n")[0].body == b"ok"
    with pytest.raises(LimitExceeded, match=f"longer than {http11.MAX_CHUNK_LINE} bytes"):
        deliver(way, CHUNKED + longest + b"x\r\nok\r\n0\r\n\r\n")


def test_a_chunk_line_without_end_is_refused() -> None:
    """A peer that never ends a chunk's size line is stopped at the limit."""
    with pytest.raises(LimitExceeded, match=f"longer than {http11.MAX_CHUNK_LINE} bytes"):
        read_all([CHUNKED + b"2;", b"x" * http11.MAX_CHUNK_LINE])


def test_trailers_are_limited() -> None:
    """A trailer longer than a head, and trailers longer than a body, are errors that name the limit."""
    with pytest.raises(LimitExceeded, match=f"longer than {http11.MAX_HEAD} bytes"):
        read_all([CHUNKED + b"0\r\nX: " + b"x" * http11.MAX_HEAD + b"\r\n"])
    line = b"X: " + b"x" * (http11.MAX_HEAD - 3) + b"\r\n"
    with pytest.raises(LimitExceeded, match=f"trailers are longer than {http11.MAX_BODY} bytes"):
        read_all([CHUNKED, b"0\r\n", *[line] * (http11.MAX_BODY // http11.MAX_HEAD + 1)])


def test_the_appetite_follows_the_body() -> None:
    """A reader asks for little before a body is known, for much of a large one, and never for too much."""
    reader = ResponseReader()
    assert reader.appetite == http11.USUAL_READ
    reader.feed(OK + b"Content-Length: %d\r\n\r\n" % (http11.LARGEST_READ + 100_000))
    assert reader.read() is None
    assert reader.appetite == http11.LARGEST_READ
    reader.feed(bytes(http11.LARGEST_READ))
    assert reader.read() is None
    assert reader.appetite == 100_000
    reader.feed(bytes(90_000))
    assert reader.read() is None
    assert reader.appetite == http11.USUAL_READ
    reader.feed(bytes(10_000))
    assert reader.read() is not None


def test_a_large_body_is_not_copied() -> None:
    """A sized body that arrives in one piece is that piece."""
    body = bytes(1_000_000)
    reader = ResponseReader()
    reader.feed(OK + b"Content-Length: 1000000\r\n\r\n")
    assert reader.read() is None
    reader.feed(body)
    response = reader.read()
    assert response is not None
    assert response.body is body
