"""From the start of the process to the first poll: configure, load the handler, choose a driver.

Everything that reports a failure is imported here, before the function's folder joins `sys.path`,
so that no file of the user's can take its place. What only some functions need (asyncio, worker
processes) is imported once it is known that they need it, with the user's folders set aside.
"""

from __future__ import annotations

import os
import sys

from aioric import modules
from aioric.config import Config
from aioric.drivers import blocking, sockets
from aioric.drivers.around import Around
from aioric.drivers.loops import completer, loop_opener
from aioric.drivers.streams import load_streams
from aioric.errors import NotInLambda, PlatformFault
from aioric.function.aside import PATCHABLE, import_own
from aioric.function.faults import describe, explain_exit
from aioric.function.loader import ASYNC, ASYNC_GENERATOR, kind, load
from aioric.function.payload import Codec
from aioric.function.steps import Function
from aioric.function.tracing import TraceId
from aioric.identity import Identity
from aioric.logs.setup import install
from aioric.logs.sinks import redirect_to_provider
from aioric.protocol.conversation import Conversation
from aioric.protocol.runtime_api import RuntimeApi, read_refusal
from aioric.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable
    from typing import Any, NoReturn

    from aioric.drivers.extension import Extension
    from aioric.function.lifespans import Complete
    from aioric.heap import Heap
    from aioric.logs.setup import Journal
    from aioric.managed import Body

ERROR = 40  # as in `logging`, which a function may never import
WARNING = 30  # likewise

# What `aioric optimize` leaves in the function's folder.
PACK = ".aioric/start.pack"


def main(argv: list[str], beginning: list[str], heap: Heap, *, managed: bool) -> NoReturn:
    """Serve the function named by the first argument, or by `_HANDLER`, until the process ends.

    Args:
        argv: The command line.
        beginning: What `python -m` had put first on `sys.path`.
        heap: Rests since the process began.
        managed: Whether we take the place of AWS's managed `bootstrap`, which prepares more of the
            environment than the bare client does.
    """
    if managed:
        os.environ.setdefault("AWS_EXECUTION_ENV", "AWS_Lambda_python{}.{}".format(*sys.version_info))
    try:
        config = Config(os.environ, argv[1] if len(argv) > 1 else None)
    except NotInLambda as error:
        print(f"aioric: {error}", file=sys.stderr)  # noqa: T201 - there is no platform to tell
        sys.exit(1)
    identity = Identity(alone=True)
    journal = install(config, identity)
    runtime = Runtime(config, identity, journal, heap)
    if managed:
        prepare_path(config.task_root)
    else:
        sys.path[:0] = beginning
    sys.exit(runtime.serve())


class Runtime:
    """The parts that outlive an invocation, wired together.

    Args:
        config: What the environment says.
        identity: Knows the current invocation.
        journal: The way to the log.
        heap: Is kept from being searched for garbage until the function is loaded.

    Attributes:
        announced: Has asked the platform to say SIGTERM, for all processes that are forked from here.
    """

    def __init__(self, config: Config, identity: Identity, journal: Journal, heap: Heap) -> None:
        self.config = config
        self._heap = heap
        self.identity = identity
        self.journal = journal
        self.codec = Codec(ascii_json=config.ascii_json)
        python = ".".join(map(str, sys.version_info[:3]))
        self.announced: Extension | None = None
        self.api = RuntimeApi(config.runtime_api, f"aioric/{__version__}-python{python}")

    def serve(self) -> int:
        """Load the handler and serve it; returns the exit status of the process."""
        self.journal.warn_preview(self.config)
        if self.config.max_concurrency is None:
            return self.start(lambda body, shares: lambda: body(*shares))
        from aioric import managed  # noqa: PLC0415 - only Managed Instances has workers

        return managed.serve(self)

    def start(self, choose: Callable[[Body, list[int]], Callable[[], int]]) -> int:
        """Load the handler, and serve it in the way that is chosen; returns the exit status."""
        try:
            self.config.check()
            self._unpack()
            driver = choose(*self._prepare(load(self.config.handler)))
            self._heap.settle()
            if told := modules.retire().explain(self.config.task_root):
                self.journal.note(WARNING, told)
        except SystemExit as error:
            self.report(error)
            raise
        except Exception as error:  # noqa: BLE001 - whatever the function's import raises is reported
            self.report(error)
            return 1
        try:
            return driver()
        except PlatformFault as error:
            why = f"; the last time: {error.__cause__}" if error.__cause__ else ""
            self.journal.note(ERROR, f"The runtime ends: {error}{why}")
            return 1

    def _unpack(self) -> None:
        """Import from what `aioric optimize` packed, if it did."""
        if (task_root := self.config.task_root) and os.access(f"{task_root}/{PACK}", os.R_OK):
            from aioric.packed import start  # noqa: PLC0415 - only where there is a pack

            start.begin(task_root, lambda why: self.journal.note(WARNING, why))

    def _prepare(self, handler: Callable[..., Any]) -> tuple[Body, list[int]]:
        """What a process has to do to serve so many invocations at once, and how many each one gets.

        On the main thread or on an event loop; nothing yet that could not be shared by a fork, but all that
        can be: making it reads and writes memory far and wide, of which each worker then needs a copy.
        """
        lanes = self.config.max_concurrency or 1
        how = kind(handler)
        load_streams(how)
        if how in (ASYNC, ASYNC_GENERATOR):
            opener = loop_opener(self.config, self.journal)
            from aioric.drivers import eventloop  # noqa: F401, PLC0415 - so that all workers share it

            if lanes > 1:
                from aioric.drivers import carrying, lag  # noqa: F401, PLC0415 - likewise

            shares = self._shares(lanes)
            return self._loop_body(handler, opener, shares), shares
        if self.config.sync_threads:
            threads = import_own("aioric.drivers.threads")  # only where a function asks for it, and shared
            shares = self._shares(lanes)
            return self._threads_body(handler, threads, shares), shares
        return self._blocking_body(handler), [1] * lanes

    def _shares(self, lanes: int) -> list[int]:
        if lanes == 1:
            return [1]
        from aioric.drivers.shares import split, usable_cpus  # noqa: PLC0415 - only Managed Instances

        return split(lanes, self.config.workers or usable_cpus())

    def _loop_body(
        self, handler: Callable[..., Any], opener: Callable[[], AbstractEventLoop], shares: list[int]
    ) -> Body:
        from aioric.drivers import eventloop  # noqa: PLC0415 - loaded by `_prepare`

        self.identity.alone = max(shares) == 1  # in all workers alike
        conversations = [self._conversation() for _ in range(max(shares))]
        complete = completer(self.config, self.journal)
        around = Around(self.config, self.journal, complete)
        function = self._function(handler, around, complete)

        def serve(share: int) -> int:
            self._enter()
            loop = opener()
            if not self.identity.alone:
                from aioric.drivers import carrying, lag  # noqa: PLC0415 - loaded by `_prepare`, if at all

                carrying.carry_context(loop)
                lag.LagWatch(loop, self.journal, self.config.task_root).start()
            parts = self.config.host, self.config.port, conversations[:share], self.journal

            def serve_all() -> None:
                eventloop.run(loop, eventloop.serve(function, *parts), self.journal)

            return around.live(self, serve_all, loop)

        return serve

    def _blocking_body(self, handler: Callable[..., Any]) -> Body:
        conversation = self._conversation()
        line = blocking.Line(self.config.host, self.config.port, conversation, self.journal)
        complete = completer(self.config, self.journal)
        around = Around(self.config, self.journal, complete)
        function = self._function(handler, around, complete)

        def serve(_: int) -> int:
            self._enter()
            return around.live(self, lambda: blocking.serve(line, function.run, conversation, around))

        return serve

    def _threads_body(self, handler: Callable[..., Any], threads: Any, shares: list[int]) -> Body:
        self.identity.alone = max(shares) == 1
        conversations = [self._conversation() for _ in range(max(shares))]
        around = Around(self.config, self.journal, completer(self.config, self.journal))

        def lane(conversation: Conversation) -> Any:
            line = blocking.Line(self.config.host, self.config.port, conversation, self.journal)
            return threads.Lane(line, self._function(handler, around).run, conversation, around)

        def serve(share: int) -> int:
            self._enter()
            lanes = [lane(conversation) for conversation in conversations[:share]]
            return around.live(self, lambda: int(threads.serve(lanes, around)))

        return serve

    def _enter(self) -> None:
        """Begin to serve in this process."""
        if self.config.log_socket is not None:  # one connection for each process
            redirect_to_provider(self.config.log_socket)

    def _function(
        self, handler: Callable[..., Any], around: Around, complete: Complete | None = None
    ) -> Function:
        if (tools := sys.modules.get(PATCHABLE)) is not None:
            handler = tools.route(handler)
        return Function(
            handler,
            self.config,
            self.codec,
            self.identity,
            TraceId(self.identity),
            self.journal,
            complete or completer(self.config, self.journal),
            around,
        )

    def _conversation(self) -> Conversation:
        return Conversation(self.api, pipeline=self.config.pipeline)

    def report(self, error: BaseException) -> None:
        """Tell the log, then the platform, that the function cannot be started."""
        fault = describe(explain_exit(error) if isinstance(error, SystemExit) else error)
        self.journal.warn_init_failure()
        self.journal.error(fault, "")
        if (tools := sys.modules.get(PATCHABLE)) is not None:
            tools.init_failed(fault)
        request = self.api.init_error(fault.failed(self.codec))
        try:
            refusal = read_refusal(sockets.ask(self.config.host, self.config.port, request))
        except (OSError, PlatformFault) as failure:
            refusal = str(failure)
        # With several workers another one's report may have been first (403): the platform knows.
        if refusal is not None and not refusal.startswith("403"):
            self.journal.note(ERROR, f"The platform did not accept the report: {refusal}")


def prepare_path(task_root: str | None) -> None:
    """Put the function's folder and layers where AWS's managed runtimes have them, `.pth` files too.

    `AIORIC_LAYERS` names folders that stand for `/opt` where there is none; the first lies on top.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/python-package.html
    """
    runtime_dir = sys.path.pop(0)
    sys.path.append(runtime_dir)
    roots = [task_root] if task_root else []
    named = os.environ.get("AIORIC_LAYERS", "")
    if named or "PYTHONPATH" not in os.environ:
        python = f"python{sys.version_info.major}.{sys.version_info.minor}"
        places = (named or "/opt").split(os.pathsep)
        layers = [f"{place}/python/lib/{python}/site-packages" for place in places]
        layers += [f"{place}/python" for place in places]
        own = [entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))]
        sys.path[:0] = [*layers, *own]
        roots += layers
    if task_root:
        sys.path.insert(0, task_root)
    import site  # noqa: PLC0415 - loaded by the interpreter already, unless it was started with -S

    for root in roots:
        site.addsitedir(root)
    os.environ.setdefault("PYTHONPATH", runtime_dir)
