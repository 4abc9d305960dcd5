"""`aioric invoke --remote`: the same calls to AWS, by boto3 with its own settings: region, profile."""

from __future__ import annotations

import base64
from importlib import import_module
from typing import TYPE_CHECKING, Any

from aioric_emulator.client import Call, InvokeError, InvokeReply, StreamEnd

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RemoteInvoker"]

# Longer than a function may run; and a call is not made twice because its answer is late.
READ_TIMEOUT = 960


class RemoteInvoker:
    """Calls of the function's account on AWS. Raises `InvokeError` where boto3 is absent or unsettled."""

    def __init__(self) -> None:
        try:
            # Not among our requirements: only who calls AWS needs it.
            boto3 = import_module("boto3")
            config = import_module("botocore.config").Config
        except ImportError:
            raise InvokeError(
                "--remote calls AWS by boto3, which is not installed: pip install boto3"
            ) from None
        self._errors = import_module("botocore.exceptions")
        settings = config(read_timeout=READ_TIMEOUT, retries={"total_max_attempts": 1})
        try:
            self._client = boto3.client("lambda", config=settings)
        except (self._errors.BotoCoreError, ValueError) as error:
            raise InvokeError(f"boto3: {error}") from None

    def call(self, call: Call) -> InvokeReply:
        """Invoke a function and wait for it, or queue its event. Raises `InvokeError`."""
        kind = "Event" if call.is_async else "RequestResponse"
        answer = self._send("invoke", InvocationType=kind, **arguments_of(call))
        log = base64.b64decode(answer.get("LogResult", "")).decode("utf-8", "replace")
        request_id = answer["ResponseMetadata"].get("RequestId", "")
        return InvokeReply(answer["Payload"].read(), answer.get("FunctionError", ""), log, request_id)

    def stream(self, call: Call) -> Iterator[bytes | StreamEnd]:
        """Invoke a function and give its answer in pieces, and last how it ended. Raises `InvokeError`."""
        answer = self._send("invoke_with_response_stream", **arguments_of(call))
        try:
            for event in answer["EventStream"]:
                if "PayloadChunk" in event:
                    yield event["PayloadChunk"]["Payload"]
                elif "InvokeComplete" in event:
                    facts = event["InvokeComplete"]
                    log = base64.b64decode(facts.get("LogResult", "")).decode("utf-8", "replace")
                    yield StreamEnd(facts.get("ErrorCode", ""), facts.get("ErrorDetails", ""), log)
        except (self._errors.BotoCoreError, self._errors.ClientError) as error:
            raise InvokeError(f"The stream broke off: {error}") from None

    def _send(self, operation: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client, operation)(**arguments)
        except self._errors.ClientError as error:
            facts = error.response.get("Error", {})
            raise InvokeError(f"{facts.get('Code', 'Error')}: {facts.get('Message', error)}") from None
        except self._errors.BotoCoreError as error:
            raise InvokeError(f"boto3: {error}") from None


def arguments_of(call: Call) -> dict[str, Any]:
    """Give the arguments that both operations have in common."""
    arguments: dict[str, Any] = {"FunctionName": call.name, "Payload": call.payload}
    if call.wants_log:
        arguments["LogType"] = "Tail"
    if call.client_context:
        arguments["ClientContext"] = base64.b64encode(call.client_context.encode()).decode()
    if call.tenant_id:
        arguments["TenantId"] = call.tenant_id
    return arguments
