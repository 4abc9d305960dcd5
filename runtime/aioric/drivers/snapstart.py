"""Between init and the first poll where a snapshot is taken: the hooks, and the wait for the restore.

Source: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
"""

from __future__ import annotations

from aioric.drivers.sockets import ask
from aioric.errors import PlatformFault
from aioric.function import snapshots
from aioric.function.faults import describe
from aioric.protocol.runtime_api import read_refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric.config import Config
    from aioric.function.hooks import Hooks
    from aioric.function.lifespans import Complete
    from aioric.function.payload import Codec
    from aioric.logs.setup import Journal
    from aioric.messages import Failed
    from aioric.protocol.heads import Response
    from aioric.protocol.runtime_api import RuntimeApi

ERROR = 40  # as in `logging`, which a function may never import

# Exit statuses of the official client.
NO_SNAPSHOT = 64
NO_RESTORE = 65


class SnapStart:
    """One snapshot and what follows it.

    Args:
        config: Where the Runtime API is.
        api: Writes the requests.
        codec: Writes the reports.
        journal: Hears of failures before the platform does.
    """

    __slots__ = ("_address", "_api", "_codec", "_journal")

    def __init__(self, config: Config, api: RuntimeApi, codec: Codec, journal: Journal) -> None:
        self._address = config.host, config.port
        self._api = api
        self._codec = codec
        self._journal = journal

    def pause(self, hooks: Hooks | None, complete: Complete) -> int | None:
        """Let a snapshot be taken, and return in what was restored from it; an exit status if that failed."""
        try:
            snapshots.before(hooks, complete)
            # On a connection of its own, which the snapshot does not survive.
            response = ask(*self._address, self._api.restore_next)
            _check(response)
        except BaseException as error:  # noqa: BLE001 - as the official client: `sys.exit()` too fails it
            self._report(error, self._api.init_error, "Runtime.BeforeSnapshotError")
            return NO_SNAPSHOT
        try:
            snapshots.after(hooks, complete)
        except BaseException as error:  # noqa: BLE001 - likewise
            self._report(error, self._api.restore_error, "Runtime.AfterRestoreError")
            return NO_RESTORE
        return None

    def _report(self, error: BaseException, write: Callable[[Failed], bytes], error_type: str) -> None:
        fault = describe(error)
        self._journal.error(fault, "")
        failed = fault.failed(self._codec)
        failed.error_type = error_type  # in the header; the body names the exception
        try:
            refusal = read_refusal(ask(*self._address, write(failed)))
        except (OSError, PlatformFault) as failure:
            refusal = str(failure)
        if refusal is not None:
            self._journal.note(ERROR, f"The platform did not accept the report: {refusal}")


def _check(response: Response) -> None:
    if (refusal := read_refusal(response)) is not None:
        raise PlatformFault(f"/runtime/restore/next was answered {refusal}")
