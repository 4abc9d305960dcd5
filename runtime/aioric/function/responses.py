"""What a handler may return to stream: pieces with a status, headers and cookies before them.

Source: https://docs.aws.amazon.com/lambda/latest/dg/response-streaming-tutorial.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html
"""

from __future__ import annotations

from aioric.errors import InvalidStream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

__all__ = ["StreamingResponse"]

# With this content type the body begins with a prelude, which Function URLs and API Gateway take for
# status, headers and cookies.
HTTP = "application/vnd.awslambda.http-integration-response"
# What ends the prelude.
DELIMITER = b"\0" * 8
# Within the first so many bytes API Gateway looks for the delimiter.
MAX_PRELUDE = 16 * 1024

_STATUSES = range(100, 600)
# RFC 9110, section 5.6.2: what a header's name is made of.
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class StreamingResponse:
    """An HTTP answer whose body is streamed, for Function URLs and API Gateway.

    Args:
        content: Gives the body in pieces of `bytes` or `str`: a generator, an asynchronous one, any
            iterator, a file-like object, or the body itself.
        status_code: Of HTTP, 100 to 599.
        headers: Values by name; a list of values repeats the header (API Gateway only).
        cookies: Each becomes a `Set-Cookie` header.
        media_type: The `Content-Type`, unless `headers` has it; to `text/…` a charset is added.

    Raises:
        InvalidStream: A status, header or cookie that cannot be sent.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
    """

    __aioric_stream__ = True

    def __init__(
        self,
        content: Any,
        status_code: int = 200,
        headers: Mapping[str, str | Iterable[str]] | None = None,
        cookies: Iterable[str] | None = None,
        media_type: str | None = None,
    ) -> None:
        self.content = content
        self.status_code = status_code
        self.headers: dict[str, Any] = dict(headers or {})
        self.cookies = [cookies] if isinstance(cookies, str) else list(cookies or ())
        self.keep_alive: tuple[float, bytes] | None = None
        if not any(isinstance(name, str) and name.lower() == "content-type" for name in self.headers):
            self.headers["content-type"] = _with_charset(media_type or "application/octet-stream")
        self.metadata()

    def metadata(self) -> dict[str, Any]:
        """Status, headers and cookies, as the prelude and buffered answers have them.

        Raises:
            InvalidStream: One of them cannot be sent.
        """
        single: dict[str, str] = {}
        several: dict[str, list[str]] = {}
        for name, value in self.headers.items():
            check_header_name(name)
            if isinstance(value, list | tuple):
                several[name] = [check_text(each, f"The header {name!r}") for each in value]
            else:
                single[name] = check_text(value, f"The header {name!r}")
        metadata: dict[str, Any] = {"statusCode": check_status(self.status_code), "headers": single}
        if several:
            metadata["multiValueHeaders"] = several
        if self.cookies:
            named = enumerate(self.cookies, start=1)
            metadata["cookies"] = [check_text(cookie, f"Cookie {position}") for position, cookie in named]
        return metadata

    def begin(self, encode: Callable[[Any], str]) -> tuple[str, bytes]:
        """The content type of the whole, and its prelude with the delimiter.

        Raises:
            InvalidStream: A part of the prelude cannot be sent, or it is longer than API Gateway takes.
        """
        prelude = encode(self.metadata()).encode("utf-8", "backslashreplace") + DELIMITER
        if len(prelude) > MAX_PRELUDE:
            raise InvalidStream(
                f"Status, headers and cookies take {len(prelude)} bytes, and {MAX_PRELUDE} can be streamed"
            )
        return HTTP, prelude


def check_status(status: Any) -> int:
    """The status, if it is one.

    Raises:
        InvalidStream: It is not.
    """
    if isinstance(status, int) and not isinstance(status, bool) and status in _STATUSES:
        return int(status)
    raise InvalidStream(f"The status must be a whole number from 100 to 599, not {status!r}")


def check_header_name(name: Any) -> None:
    """Pass a header's name.

    Raises:
        InvalidStream: It is none.
    """
    if not isinstance(name, str) or not name or not _TOKEN.issuperset(name):
        raise InvalidStream(f"Not the name of a header: {name!r}")


def check_text(value: Any, what: str) -> str:
    """The value of a header or cookie, if it can be sent.

    Raises:
        InvalidStream: It is no text, or would end the line that it stands in; `what` it is, is named.
    """
    if not isinstance(value, str):
        raise InvalidStream(f"{what} must be a str, not {type(value).__name__}: {value!r}")
    if any(character in value for character in "\r\n\0"):
        raise InvalidStream(f"{what} must not contain a line break or a NUL: {value!r}")
    return value


def _with_charset(media_type: str) -> str:
    if media_type.startswith("text/") and "charset=" not in media_type:
        return f"{media_type}; charset=utf-8"
    return media_type
