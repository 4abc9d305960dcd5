"""The Extensions API, as far as a runtime needs it: to be somebody whom the platform tells of its end.

The platform ends an environment without a word unless an extension is registered in it. One that
subscribes to nothing costs nothing per invocation, and is all that Managed Instances allow.
Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

from __future__ import annotations

from aioric.errors import MalformedResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from aioric.protocol.heads import Response

# As in the platform's own log lines about extensions.
NAME = b"aioric-shutdown"
_NO_EVENTS = b'{"events":[]}'


class ExtensionsApi:
    """Requests to one environment's Extensions API.

    Args:
        authority: `host:port` as the platform wrote it, for the `Host` header.
    """

    __slots__ = ("_host", "register")

    def __init__(self, authority: str) -> None:
        self._host = b"Host: %b\r\n" % authority.encode("latin-1")
        # POST /2020-01-01/extension/register
        self.register = (
            b"POST /2020-01-01/extension/register HTTP/1.1\r\n%b"
            b"Lambda-Extension-Name: %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (self._host, NAME, len(_NO_EVENTS), _NO_EVENTS)
        )

    def next_event(self, identifier: str) -> bytes:
        """GET /2020-01-01/extension/event/next: init is not over before it was asked for."""
        return (
            b"GET /2020-01-01/extension/event/next HTTP/1.1\r\n%bLambda-Extension-Identifier: %b\r\n\r\n"
            % (self._host, identifier.encode("latin-1"))
        )


def read_identifier(response: Response) -> str:
    """Who we are, in the answer to a registration.

    Raises:
        MalformedResponse: It was refused, or names nobody.
    """
    identifier = response.headers.get("lambda-extension-identifier")
    if response.status != 200 or not identifier:  # noqa: PLR2004 - OK
        said = response.body[:500].decode("utf-8", "replace").strip()
        raise MalformedResponse(f"the registration was answered {response.status} {said}")
    return identifier
