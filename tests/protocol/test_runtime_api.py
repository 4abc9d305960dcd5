"""The endpoints: what we write, as independent servers parse it, and what we make of the answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioric.errors import MalformedResponse, PlatformRefused
from aioric.messages import Buffered, Failed, Invocation
from aioric.protocol.heads import Response
from aioric.protocol.runtime_api import RuntimeApi, read_invocation, read_refusal
from tests.protocol.judges import Verdict, h11_requests, httptools_requests

API = RuntimeApi("127.0.0.1:9001", "aioric/1.2.3-python3.11.7")
COMMON = {b"host": b"127.0.0.1:9001", b"user-agent": b"aioric/1.2.3-python3.11.7"}
BASE = b"/2018-06-01/runtime/"

# From the platform's headers, in which whatever is not UTF-8 becomes surrogates of one half only.
HOSTILE = [
    pytest.param("a\r\nX-Evil: 1", id="CR LF"),
    pytest.param("a\r\n\r\nGET /evil HTTP/1.1\r\n\r\n", id="a whole request"),
    pytest.param("a\nX-Evil: 1", id="LF"),
    pytest.param("a\rb", id="CR"),
    pytest.param("a\0b", id="NUL"),
    pytest.param("a b", id="space"),
    pytest.param("a\tb", id="tab"),
    pytest.param("a\x1b\x7fb", id="control characters"),
    pytest.param("ä€😀", id="not ASCII"),
    pytest.param("a\udcffb", id="a byte that is not UTF-8"),
    pytest.param("a\u2028b\x85c", id="other line ends"),
    pytest.param("../../x?y#z%41", id="a path's own characters"),
]
# From the function, which can make any string.
HOSTILE_OF_FUNCTION = [*HOSTILE, pytest.param("a\ud800b", id="a lone surrogate")]


def judged(wire: bytes) -> Verdict:
    """The one request in `wire`, about which both judges agree."""
    (request,) = h11_requests(wire)
    assert [request] == httptools_requests(wire)
    return request


def an_invocation(request_id: str = "id-1", invocation_id: str | None = None) -> Invocation:
    """An event without a payload."""
    return Invocation(request_id, b"", invocation_id=invocation_id)


@pytest.mark.parametrize(
    ("request_", "target"),
    [(API.next_invocation, b"invocation/next"), (API.restore_next, b"restore/next")],
)
def test_a_poll_is_a_bare_get(request_: bytes, target: bytes) -> None:
    """A poll names its endpoint, host and user agent, and has no body."""
    assert judged(request_) == Verdict((b"GET", BASE + target), COMMON, b"")


def test_a_response_is_posted_with_its_content_type() -> None:
    """A successful answer is posted to its invocation with length and content type."""
    head = API.response(an_invocation(), Buffered(b'{"ok":true}', "application/json"))
    assert judged(head + b'{"ok":true}') == Verdict(
        (b"POST", BASE + b"invocation/id-1/response"),
        {**COMMON, b"content-type": b"application/json", b"content-length": b"11"},
        b'{"ok":true}',
    )


def test_an_error_is_posted_as_json() -> None:
    """A failure is posted to its invocation's error endpoint."""
    head = API.error(an_invocation(), Failed(b"{}", "ValueError"))
    assert judged(head + b"{}") == Verdict(
        (b"POST", BASE + b"invocation/id-1/error"),
        {**COMMON, b"content-type": b"application/json", b"content-length": b"2"},
        b"{}",
    )


def test_an_error_carries_its_cause_for_xray() -> None:
    """The X-Ray cause travels in its header, as it is."""
    cause = b'{"working_directory": "/var/task", "exceptions": []}'
    request = judged(API.error(an_invocation(), Failed(b"", "E", cause)))
    assert request.headers[b"lambda-runtime-function-xray-error-cause"] == cause


@pytest.mark.parametrize("echoed", [None, "0f7c", "ä\udcff"])
def test_the_attempt_is_echoed_if_it_was_named(echoed: str | None) -> None:
    """The invocation id goes back verbatim on response and error, if the event carried one."""
    invocation = an_invocation(invocation_id=echoed)
    expected = None if echoed is None else echoed.encode("utf-8", "surrogateescape")
    for wire in (API.response(invocation, Buffered(b"", "a/b")), API.error(invocation, Failed(b"", "E"))):
        assert judged(wire).headers.get(b"lambda-runtime-invocation-id") == expected


@pytest.mark.parametrize(
    ("request_", "target"),
    [
        (API.init_error(Failed(b"{}", "Runtime.X")), b"init/error"),
        (API.restore_error(Failed(b"{}", "Runtime.X")), b"restore/error"),
    ],
)
def test_a_failed_start_is_reported_with_its_type(request_: bytes, target: bytes) -> None:
    """A report on init or restore is complete and names the kind of failure in a header."""
    assert judged(request_) == Verdict(
        (b"POST", BASE + target),
        {
            **COMMON,
            b"content-type": b"application/json",
            b"lambda-runtime-function-error-type": b"Runtime.X",
            b"content-length": b"2",
        },
        b"{}",
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_a_request_id_stays_one_segment_of_the_path(text: str) -> None:
    """Whatever a caller chose as request id, it is one percent-encoded segment of the path."""
    for wire, end in (
        (API.response(an_invocation(text), Buffered(b"", "a/b")), b"response"),
        (API.error(an_invocation(text), Failed(b"", "E")), b"error"),
    ):
        method, target = judged(wire).start
        assert method == b"POST"
        assert isinstance(target, bytes)
        *before, segment, last = target.split(b"/")
        assert (b"/".join(before), last) == (BASE + b"invocation", end)
        assert segment.isascii()
        assert not set(segment) & set(b"?# \t")


@pytest.mark.parametrize("text", HOSTILE_OF_FUNCTION)
def test_a_content_type_stays_one_header(text: str) -> None:
    """Whatever a function chose as content type, it ends neither its header nor the head."""
    request = judged(API.response(an_invocation(), Buffered(b"body", text)) + b"body")
    assert request.body == b"body"
    assert request.headers.keys() == {b"host", b"user-agent", b"content-type", b"content-length"}


@pytest.mark.parametrize("text", HOSTILE_OF_FUNCTION)
def test_an_error_type_stays_one_header(text: str) -> None:
    """Whatever the class of an exception is called, it ends neither its header nor the head."""
    request = judged(API.init_error(Failed(b"body", text)))
    assert request.body == b"body"
    assert request.headers.keys() == {
        *(b"host", b"user-agent", b"content-type", b"content-length"),
        b"lambda-runtime-function-error-type",
    }


PRINTABLE = st.text([chr(code) for code in range(33, 127)], min_size=1, max_size=20)


@given(st.text(max_size=20).filter(bool), st.none() | PRINTABLE, st.text(max_size=20), st.binary(max_size=30))
def test_any_request_is_one_request(
    request_id: str, invocation_id: str | None, kind: str, body: bytes
) -> None:
    """Two answers and a poll in one write are three requests to both judges, with the bodies given."""
    invocation = an_invocation(request_id, invocation_id)
    wire = API.response(invocation, Buffered(body, kind)) + body
    wire += API.error(invocation, Failed(body, kind)) + body + API.next_invocation
    requests = h11_requests(wire)
    assert requests == httptools_requests(wire)
    assert [request.body for request in requests] == [body, body, b""]
    assert [request.start[0] for request in requests] == [b"POST", b"POST", b"GET"]


def a_response(headers: dict[str, str], status: int = 200, body: bytes = b"") -> Response:
    """A response as the reader yields it."""
    response = Response(status, headers, keep_alive=True)
    response.body = body
    return response


def facts(invocation: Invocation) -> dict[str, object]:
    """Everything that an invocation says; `background` is the function's and `lane` a driver's."""
    ours = ("background", "lane")
    return {name: getattr(invocation, name) for name in Invocation.__slots__ if name not in ours}


def test_an_event_is_read_completely() -> None:
    """Every header of an event finds its place, and the body is the payload."""
    headers = {
        "content-type": "application/json",
        "lambda-runtime-aws-request-id": "id-1",
        "lambda-runtime-deadline-ms": "1542409706888",
        "lambda-runtime-invoked-function-arn": "arn:aws:lambda:us-east-2:123456789012:function:f",
        "lambda-runtime-trace-id": "Root=1-5bef4de7;Sampled=1",
        "lambda-runtime-invocation-id": "0f7c",
        "lambda-runtime-client-context": '{"client":{}}',
        "lambda-runtime-cognito-identity": '{"cognitoIdentityId":"i"}',
        "lambda-runtime-aws-tenant-id": "blue",
    }
    response = a_response(headers, body=b'{"a":1}')
    assert facts(read_invocation(response)) == {
        "request_id": "id-1",
        "payload": b'{"a":1}',
        "content_type": "application/json",
        "deadline_ms": 1542409706888,
        "function_arn": "arn:aws:lambda:us-east-2:123456789012:function:f",
        "trace_id": "Root=1-5bef4de7;Sampled=1",
        "invocation_id": "0f7c",
        "client_context": '{"client":{}}',
        "cognito_identity": '{"cognitoIdentityId":"i"}',
        "tenant_id": "blue",
    }


OPTIONAL_HEADERS = (
    "content-type",
    "lambda-runtime-deadline-ms",
    "lambda-runtime-invoked-function-arn",
    "lambda-runtime-trace-id",
    "lambda-runtime-invocation-id",
    "lambda-runtime-client-context",
    "lambda-runtime-cognito-identity",
    "lambda-runtime-aws-tenant-id",
)


@pytest.mark.parametrize("value", [None, ""])
def test_empty_headers_count_as_absent(value: str | None) -> None:
    """An empty header, as the Managed Instances engine sends it, is the same as none."""
    headers = {} if value is None else dict.fromkeys(OPTIONAL_HEADERS, value)
    invocation = read_invocation(a_response({"lambda-runtime-aws-request-id": "id-1", **headers}))
    assert facts(invocation) == facts(Invocation("id-1", b""))


@pytest.mark.parametrize(
    ("text", "deadline"),
    [
        ("0", 0),
        ("1542409706888", 1542409706888),
        ("9" * 19, int("9" * 19)),
        ("9" * 20, 0),
        ("9" * 5000, 0),
        ("-5", 0),
        ("1.5e12", 0),
        ("-9223372036854775808", 0),
        ("soon", 0),
        ("１", 0),  # noqa: RUF001 - a digit that is not ASCII
        ("²", 0),
    ],
)
def test_an_absurd_deadline_is_no_deadline(text: str, deadline: int) -> None:
    """A deadline is whole milliseconds in at most 64 bits; anything else counts as unknown."""
    headers = {"lambda-runtime-aws-request-id": "i", "lambda-runtime-deadline-ms": text}
    response = a_response(headers)
    assert read_invocation(response).deadline_ms == deadline


@pytest.mark.parametrize("headers", [{}, {"lambda-runtime-aws-request-id": ""}])
def test_an_event_without_request_id_is_malformed(headers: dict[str, str]) -> None:
    """Without a request id there is nothing that could be answered."""
    with pytest.raises(MalformedResponse, match="Lambda-Runtime-Aws-Request-Id"):
        read_invocation(a_response(headers))


@pytest.mark.parametrize("status", [202, 204, 302, 403, 404, 500, 503])
def test_a_refused_poll_ends_the_process(status: int) -> None:
    """A poll that is not answered 200 never will be."""
    with pytest.raises(PlatformRefused, match=f"{status} no more") as caught:
        read_invocation(a_response({}, status, b" no more\n"))
    assert caught.value.status == status


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_accepted_answer_is_no_refusal(status: int) -> None:
    """Any 2xx accepts an answer."""
    assert read_refusal(a_response({}, status, b'{"status":"OK"}\n')) is None


@pytest.mark.parametrize("status", [302, 400, 403, 404, 410, 413])
def test_a_refused_answer_is_explained(status: int) -> None:
    """A refusal below 500 is a text for the log: the status and the platform's words, shortened."""
    refusal = read_refusal(a_response({}, status, b"why\xff" + b"x" * 1000))
    assert refusal is not None
    assert refusal.startswith(f"{status} why\N{REPLACEMENT CHARACTER}x")
    assert len(refusal) == len("400 ") + 500


@pytest.mark.parametrize("status", [500, 503])
def test_a_broken_platform_ends_the_process(status: int) -> None:
    """A 5xx is not recoverable."""
    with pytest.raises(PlatformRefused, match=f"{status} broken") as caught:
        read_refusal(a_response({}, status, b"broken"))
    assert caught.value.status == status
