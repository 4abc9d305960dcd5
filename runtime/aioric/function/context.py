"""The second argument of every handler: facts about the invocation and its function.

The class names are those of awslambdaric, because `repr(context)` shows them.
Source: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
"""

from __future__ import annotations

import sys
from time import time

from aioric.errors import LambdaContextUnmarshalError
from aioric.function.aside import import_stdlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from aioric.config import Config
    from aioric.messages import Invocation

# The members of the client context's `w3c` object that `context.w3c()` shows.
_W3C_FIELDS = ("traceparent", "tracestate", "baggage")


class LambdaContext:
    """What the platform says about one invocation.

    Args:
        invocation: The event that is being handled.
        config: The facts that are the same for every invocation.
        write: Where `log` writes to when `logging` was never set up.

    Attributes:
        aws_request_id: Identifies the invocation.
        function_name: And `function_version`, `memory_limit_in_mb` (a string), `log_group_name`,
            `log_stream_name`: from the environment, or `None`.
        invoked_function_arn: The ARN that was invoked, `""` if unknown.
        tenant_id: The tenant of a tenant-isolated function, or `None`.
        client_context: What a mobile SDK sent, or `None`.
        identity: The Cognito identity; its attributes are `None` when there is none.

    Raises:
        LambdaContextUnmarshalError: The platform sent JSON that is none.
    """

    def __init__(
        self, invocation: Invocation, config: Config, write: Callable[[str], object] | None = None
    ) -> None:
        self.aws_request_id = invocation.request_id
        self.log_group_name = config.log_group_name
        self.log_stream_name = config.log_stream_name
        self.function_name = config.function_name
        self.memory_limit_in_mb = config.memory_limit_in_mb
        self.function_version = config.function_version
        self.invoked_function_arn = invocation.function_arn or ""
        self.tenant_id = invocation.tenant_id
        self._w3c_fields: dict[str, str] = {}
        self.client_context: ClientContext | None = None
        if invocation.client_context:
            parsed = _parse_json(invocation.client_context, "Client Context")
            self._w3c_fields = _take_w3c(parsed)
            self.client_context = None if parsed is None else ClientContext(parsed)
        self.identity = CognitoIdentity()
        if invocation.cognito_identity:
            parsed = _parse_json(invocation.cognito_identity, "Cognito Identity")
            if parsed is not None:
                self.identity.cognito_identity_id = parsed.get("cognitoIdentityId")
                self.identity.cognito_identity_pool_id = parsed.get("cognitoIdentityPoolId")
        self._epoch_deadline_time_in_ms = invocation.deadline_ms
        self._invocation = invocation
        self._write = write

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation times out; 0 when that is past or unknown."""
        remaining = self._epoch_deadline_time_in_ms - int(time() * 1000)
        return max(remaining, 0)

    def w3c(self) -> dict[str, str]:
        """The W3C trace context of the invocation: `traceparent`, `tracestate`, `baggage`, if sent."""
        return dict(self._w3c_fields)

    @property
    def state(self) -> Any:
        """What the function's lifespan yielded, or `None`; see `aioric.lifespan`."""
        hooks: Any = sys.modules.get("aioric.function.hooks")  # loaded by who registers something
        return None if hooks is None else hooks.state()

    def background(self, work: Any, /, *args: Any, **kwargs: Any) -> None:
        """Do something after the answer: the caller does not wait for it, the next event does.

        It is done also if the handler fails, and cut shortly before the invocation's deadline.

        Args:
            work: A function, or a coroutine.
            *args: What to call it with,
            **kwargs: likewise.

        Raises:
            TypeError: `work` is neither.
        """
        if not callable(work) and not hasattr(work, "__await__"):
            raise TypeError(f"background work is a function or a coroutine, not {type(work).__name__}")
        from aioric.function.background import Work  # noqa: PLC0415 - most functions leave no work

        if self._invocation.background is None:
            self._invocation.background = []
        self._invocation.background.append(Work(work, args, kwargs))

    def log(self, msg: object) -> None:
        """Write `str(msg)` to the log as it is: no level, no time, no newline."""
        logging: Any = sys.modules.get("logging")
        if logging is not None:
            for handler in logging.getLogger().handlers:
                if hasattr(handler, "log_sink"):
                    handler.log_sink.log(str(msg))
                    return
        elif self._write is not None:
            self._write(str(msg))
            return
        sys.stdout.write(str(msg))

    def __repr__(self) -> str:
        return _represent(
            self,
            "aws_request_id",
            "log_group_name",
            "log_stream_name",
            "function_name",
            "memory_limit_in_mb",
            "function_version",
            "invoked_function_arn",
            "client_context",
            "identity",
            "tenant_id",
        )


class CognitoIdentity:
    """The identity that authorised the request: its id and its pool's id, or `None` for both."""

    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")

    def __init__(self) -> None:
        self.cognito_identity_id: str | None = None
        self.cognito_identity_pool_id: str | None = None

    def __repr__(self) -> str:
        return _represent(self, *self.__slots__)


class ClientContext:
    """What a mobile SDK says about its application: `custom` and `env` as sent, and `client`."""

    __slots__ = ("client", "custom", "env")

    def __init__(self, sent: Any) -> None:
        self.custom = sent.get("custom")
        self.env = sent.get("env")
        client = sent.get("client")
        self.client = None if client is None else Client(client)

    def __repr__(self) -> str:
        return _represent(self, "custom", "env", "client")


class Client:
    """The application on the mobile device."""

    __slots__ = ("app_package_name", "app_title", "app_version_code", "app_version_name", "installation_id")

    def __init__(self, sent: Any) -> None:
        self.installation_id = sent.get("installation_id")
        self.app_title = sent.get("app_title")
        self.app_version_name = sent.get("app_version_name")
        self.app_version_code = sent.get("app_version_code")
        self.app_package_name = sent.get("app_package_name")

    def __repr__(self) -> str:
        return _represent(
            self, "installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"
        )


def _represent(instance: object, *names: str) -> str:
    fields = ",".join(f"{name}={getattr(instance, name)}" for name in names)
    return f"{type(instance).__name__}([{fields}])"


def _parse_json(header: str, name: str) -> Any:
    try:
        return import_stdlib("json").loads(header)
    except Exception as error:
        raise LambdaContextUnmarshalError(f"Unable to parse {name} JSON: {error}") from error


def _take_w3c(client_context: Any) -> dict[str, str]:
    """Move the W3C fields out of the client context, where functions are not meant to see them."""
    if not isinstance(client_context, dict):
        return {}
    sent = client_context.pop("w3c", None)
    if not isinstance(sent, dict):
        return {}
    return {field: sent[field] for field in _W3C_FIELDS if isinstance(sent.get(field), str)}
