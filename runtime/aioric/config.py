"""The environment, read once: what the platform says of this sandbox and what the user asks of us.

Nothing else in the runtime reads `os.environ`, but for the variables that the contract makes us
change (see `startup` and `function.tracing`).
Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from __future__ import annotations

from aioric.errors import InvalidConfiguration, NotInLambda

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# The execution environments in which the official client writes JSON without ASCII escapes.
_UNESCAPED_JSON = frozenset(f"AWS_Lambda_python3.{minor}" for minor in range(12, 16))


# As many milliseconds are 115 days: more is a mistake, for which none of the clocks could wait.
_MAX_DIGITS = 10
_SHOWN = 80  # characters of a value in a message


class Config:
    """What the environment says, parsed.

    Attributes:
        runtime_api: `host:port` of the Runtime API, as the platform wrote it.
        host: The host in it.
        port: The port in it.
        handler: The handler's name; `""` if nobody gave one.
        task_root: The folder of the function's code, or `None`.
        function_name: And `function_version`, `memory_limit_in_mb` (a string, as in the official
            context), `log_group_name`, `log_stream_name`: facts for the context object, or `None`.
        region: The AWS region, `""` if unknown.
        execution_env: `AWS_EXECUTION_ENV`, `""` if unset.
        ascii_json: Whether JSON answers escape everything outside ASCII.
        json_logs: Whether log records are JSON objects.
        log_level: A name that `logging` knows, `""` if none was configured.
        log_fd: The descriptor for framed log records, or `None`.
        log_socket: The path of the log descriptor provider's socket, or `None`.
        max_concurrency: Invocations at once in this environment (Managed Instances), or `None`.
        snap_start: Whether the environment is about to be snapshotted.
        loop: The event loop to use, `"uvloop"` or `"asyncio"`; `""` takes the one that pays.
        pipeline: Whether an answer and the next poll may leave in one write.
        workers: How many processes share the invocations of an `async def` handler, or of a thread-safe
            `def` handler, on Managed Instances; `None` takes one for each processor.
        sync_threads: Whether a `def` handler may be called by several threads at once.
        preload: `"1"` imports the function once for all worker processes, `"0"` in each of them, `""`
            once if that is safe.
        cancels_at_deadline: Whether an `async def` handler is cancelled when its caller gives up.
        deadline_margin: How long before the deadline to say where the handler stands, in seconds; 0 for not.
        shutdown_budget: How long the process may take from SIGTERM to its end, in seconds; `None` for as
            long as the platform lets it.
        gc_after_response: Whether garbage is collected after the answer rather than at any time.
    """

    __slots__ = (
        "ascii_json",
        "cancels_at_deadline",
        "deadline_margin",
        "execution_env",
        "function_name",
        "function_version",
        "gc_after_response",
        "handler",
        "host",
        "json_logs",
        "log_fd",
        "log_group_name",
        "log_level",
        "log_socket",
        "log_stream_name",
        "loop",
        "max_concurrency",
        "memory_limit_in_mb",
        "pipeline",
        "port",
        "preload",
        "problem",
        "region",
        "runtime_api",
        "shutdown_budget",
        "snap_start",
        "sync_threads",
        "task_root",
        "workers",
    )

    def __init__(self, environ: Mapping[str, str], handler: str | None = None) -> None:
        """Parse `environ`; `handler`, when given, goes before `_HANDLER`.

        Raises:
            NotInLambda: `AWS_LAMBDA_RUNTIME_API` is missing or is not `host:port`.
        """
        get = environ.get
        # The first setting that we cannot obey. Kept rather than raised, so that the failure can
        # be reported through the very things that this object configures.
        self.problem: InvalidConfiguration | None = None
        self.runtime_api = get("AWS_LAMBDA_RUNTIME_API", "")
        self.host, self.port = _address(self.runtime_api)
        self.handler = get("_HANDLER", "") if handler is None else handler
        self.task_root = get("LAMBDA_TASK_ROOT")
        self.function_name = get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.region = get("AWS_REGION", "")
        self.execution_env = get("AWS_EXECUTION_ENV", "")
        self.ascii_json = self.execution_env not in _UNESCAPED_JSON
        self.json_logs = get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
        level = get("AWS_LAMBDA_LOG_LEVEL", "")
        self.log_level = "DEBUG" if level == "TRACE" else level.upper()
        self.log_fd = self._whole_number(environ, "_LAMBDA_TELEMETRY_LOG_FD", least=0)
        self.log_socket = get("_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET") or None
        self.max_concurrency = self._whole_number(environ, "AWS_LAMBDA_MAX_CONCURRENCY", least=1)
        self.snap_start = get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start"
        self.loop = self._choice(environ, "AIORIC_LOOP", ("", "uvloop", "asyncio"))
        self.pipeline = self._choice(environ, "AIORIC_PIPELINE", ("", "0", "1")) != "0"
        self.workers = self._whole_number(environ, "AIORIC_WORKERS", least=1)
        self.sync_threads = self._choice(environ, "AIORIC_SYNC", ("", "processes", "threads")) == "threads"
        self.preload = self._choice(environ, "AIORIC_PRELOAD", ("", "0", "1"))
        self.cancels_at_deadline = self._choice(environ, "AIORIC_CANCEL_AT_DEADLINE", ("", "0", "1")) == "1"
        margin = self._whole_number(environ, "AIORIC_DEADLINE_MARGIN_MS", least=0)
        self.deadline_margin = (250 if margin is None else margin) / 1000
        shutdown = self._whole_number(environ, "AIORIC_SHUTDOWN_MS", least=1)
        self.shutdown_budget = None if shutdown is None else shutdown / 1000
        self.gc_after_response = self._choice(environ, "AIORIC_GC", ("", "after-response")) != ""

    def check(self) -> None:
        """Raise the first problem found.

        Raises:
            InvalidConfiguration: A setting cannot be obeyed; the message names it.
        """
        if self.problem is not None:
            raise self.problem

    def _whole_number(self, environ: Mapping[str, str], name: str, least: int) -> int | None:
        text = environ.get(name)
        if text is None or (not text and name.startswith("AIORIC_")):  # ours can be emptied to be unset
            return None
        if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS and int(text) >= least:
            return int(text)
        self._object(f"{name} must be a whole number of at least {least}, not {text[:_SHOWN]!r}")
        return None

    def _choice(self, environ: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
        text = environ.get(name, "")
        if text in choices:
            return text
        wanted = ", ".join(repr(choice) for choice in choices if choice)
        self._object(f"{name} must be one of {wanted}, not {text!r}")
        return ""

    def _object(self, message: str) -> None:
        self.problem = self.problem or InvalidConfiguration(message)


def _address(runtime_api: str) -> tuple[str, int]:
    """Split `host:port`; an IPv6 host stands in brackets."""
    host, colon, port = runtime_api.rpartition(":")
    if host and colon and port.isascii() and port.isdigit() and 0 < int(port) <= 65535:  # noqa: PLR2004 - the range of a TCP port
        return host.strip("[]"), int(port)
    raise NotInLambda(
        f"AWS_LAMBDA_RUNTIME_API must be host:port, not {runtime_api!r}. "
        "It is set by AWS Lambda; to run a function here, use `aioric dev HANDLER`."
    )
