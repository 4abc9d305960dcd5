"""Every intended difference from awslambdaric: which cases, what each does, why, and a check of ours.

PARITY.md is made of this table. A case that differs without a row fails, and so does a row without a
difference or with one that is not what the row says.
"""

from __future__ import annotations

import json
import sys
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.parity.runtimes import ASYNC, DEF

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.parity.outcomes import Outcome

    Check = Callable[[Outcome], bool]

DEFECT = "defect"  # of theirs, which is not copied
ADDITION = "addition"  # something that they lack
INHERENT = "inherent"  # two programs cannot agree on it

_DIES = "The process dies; the caller gets `Runtime.ExitError`."
_TEXT_LOGS = ("ascii", "utf-8", "framed", "bare")
_JSON_LOGS = ("json", "json framed", "json utf-8", "json bare")


class Difference(NamedTuple):
    """A row.

    Attributes:
        kind: Of what kind it is.
        cases: Patterns of case names.
        official: What awslambdaric does.
        ours: What aioric does.
        reason: Why.
        check: Whether an outcome of ours is what `ours` says.
        settings: The settings in which it shows; none means all.
        kinds: The kinds of handler with which it shows.
        since: The first version of Python with which it shows.
        until: The last one.
    """

    kind: str
    cases: tuple[str, ...]
    official: str
    ours: str
    reason: str
    check: Check
    settings: tuple[str, ...] = ()
    kinds: tuple[str, ...] = (DEF, ASYNC)
    since: tuple[int, int] = (3, 11)
    until: tuple[int, int] = (3, 99)

    def covers(self, case: str, setting: str, kind: str) -> bool:
        """Whether this row is about that case."""
        return (
            any(fnmatchcase(case, pattern) for pattern in self.cases)
            and (not self.settings or setting in self.settings)
            and kind in self.kinds
        )


def find(case: str, setting: str, kind: str) -> Sequence[Difference]:
    """The rows about a case, on the Python that runs."""
    return [
        row
        for row in DIFFERENCES
        if row.covers(case, setting, kind) and row.since <= sys.version_info[:2] <= row.until
    ]


def _last(outcome: Outcome) -> dict[str, Any]:
    posts = [post for post in outcome.posts if post.path.startswith("POST")]
    if not posts:
        return {"path": "", "body": {"errorType": "", "errorMessage": ""}}
    is_json = posts[-1].content_type in ("application/json", None)
    return {"path": posts[-1].path, "body": json.loads(posts[-1].body) if is_json else posts[-1].body}


def _answers(body: object) -> Check:
    return lambda outcome: _last(outcome)["path"].endswith("/response") and _last(outcome)["body"] == body


def _answers_anything(outcome: Outcome) -> bool:
    return bool(_last(outcome)["path"].endswith("/response")) and outcome.status is None


def _fails(error_type: str, message: str = "") -> Check:
    def check(outcome: Outcome) -> bool:
        body = _last(outcome)["body"]
        return body["errorType"] == error_type and message in body["errorMessage"]

    return check


def _init_fails(error_type: str, message: str = "", status: int | str = 1) -> Check:
    def check(outcome: Outcome) -> bool:
        last = _last(outcome)
        body = last["body"]
        return (
            last["path"] == "POST /init/error"
            and outcome.posts[-1].error_type == error_type == body["errorType"]
            and message in body["errorMessage"]
            and outcome.status == status
        )

    return check


def _ends(text: str, status: int = 1) -> Check:
    return lambda outcome: text in outcome.stdout and outcome.status == status


def _goes_on(text: str) -> Check:
    return lambda outcome: text in outcome.stdout and outcome.status is None and _polls(outcome) == 2


def _polls(outcome: Outcome) -> int:
    return sum(post.path == "GET /invocation/next" for post in outcome.posts)


def _folds(outcome: Outcome) -> bool:
    trace = _last(outcome)["body"]["stackTrace"]
    return len(trace) > 900 or "Previous line repeated 9" in trace[-1]


def _cause_fits(outcome: Outcome) -> bool:
    cause = outcome.posts[-1].cause
    return bool(cause["exceptions"][0]["type"]) and len(json.dumps(cause)) <= 65_536


def _logs(text: str) -> Check:
    return lambda outcome: text in outcome.stdout + "".join(text for _, text in outcome.frames)


DIFFERENCES = [
    # Results
    Difference(
        DEFECT,
        ("results.lone-*", "results.surrogate-pair-as-two"),
        _DIES,
        "The character leaves as its JSON escape, as it does with ASCII output.",
        "A character that UTF-8 cannot carry must not end the environment.",
        _answers_anything,
        settings=("utf-8", "bare utf-8"),
    ),
    Difference(
        ADDITION,
        ("handlers/async", "handlers/returns-coroutine"),
        "`Runtime.MarshalError`: a coroutine is not JSON serializable.",
        "The coroutine is awaited.",
        "What the runtime is for. A decorator around an `async def` often is a plain function.",
        _answers("ok"),
    ),
    Difference(
        ADDITION,
        ("results.generator", "results.iterator", "results.map"),
        "`Runtime.MarshalError`: not JSON serializable.",
        "The pieces are streamed; one that is neither text nor bytes is `Runtime.InvalidStream`.",
        "Response streaming.",
        lambda outcome: _last(outcome)["body"] in (b"ab", b"1") or _fails("Runtime.InvalidStream")(outcome),
    ),
    # Events
    Difference(
        DEFECT,
        ("events.type-none", "events.type-blank"),
        "The process dies of SIGSEGV.",
        "The event is taken for JSON.",
        "A missing header must not end the environment; the platform's default type is JSON.",
        _answers("dict: {'a': 1}"),
    ),
    # Errors
    Difference(
        DEFECT,
        ("errors.unprintable", "errors.text-is-no-text"),
        _DIES,
        "Reported with the message `<unprintable NAME object>`, as `traceback` says it.",
        "A raising `__str__` must not hide the exception that it belongs to.",
        lambda outcome: _last(outcome)["body"]["errorMessage"].startswith("<unprintable "),
    ),
    Difference(
        DEFECT,
        ("imports/unprintable",),
        "The process ends and reports nothing.",
        "Reported with the message `<unprintable NAME object>`.",
        "Likewise, while the function is imported.",
        _init_fails("Odd", "<unprintable Odd object>"),
    ),
    Difference(
        DEFECT,
        ("errors.surrogate-message",),
        _DIES,
        "Reported, the character as its escape.",
        "A lone surrogate in a message must not end the environment.",
        _fails("ValueError", "lone \ud800 surrogate"),
        settings=("ascii", "utf-8", "framed", "json utf-8"),
    ),
    Difference(
        INHERENT,
        ("errors.recursion", "errors.mutual-recursion"),
        "The runtime's own calls leave room for so many levels of the function's.",
        "A few levels more or fewer.",
        "The interpreter counts the runtime's frames too. Folding and texts are the same.",
        _folds,
    ),
    Difference(
        INHERENT,
        ("imports/recursion",),
        "As with a handler's recursion.",
        "A few levels more or fewer.",
        "Likewise. Since Python 3.12 the two happen to leave the same room.",
        _folds,
        until=(3, 11),
    ),
    Difference(
        INHERENT,
        ("results.too-deep", "results.too-deep-dicts"),
        "The interpreter's words for the depth that it has reached while simplejson calls itself.",
        "Those for the depth that it has reached while it encodes, as on Python 3.11.",
        "Ours does not call itself. Both refuse the result with the same type of error.",
        _fails("Runtime.MarshalError", "maximum recursion depth exceeded while encoding a JSON object"),
        since=(3, 12),
    ),
    Difference(
        DEFECT,
        ("shadows/queue", "shadows/concurrent"),
        "The process dies: it imports the function's file in place of what its polling thread needs.",
        "The standard library's module is found by both.",
        "A file's name must not end the environment.",
        _answers("theirs"),
        since=(3, 12),
    ),
    Difference(
        DEFECT,
        ("errors.long-message", "errors.huge-message"),
        "The X-Ray cause has up to 1 MiB, or is left out.",
        "The cause is cut to 64 KiB: frames in the middle first, then the end of the message.",
        "The platform keeps 64 KiB; of a larger cause with one exception it keeps nothing.",
        _cause_fits,
    ),
    Difference(
        ADDITION,
        ("ends.cancelled",),
        "The process dies.",
        "An `async def` handler that ends in `CancelledError` has failed, and its environment lives.",
        "Cancelling is how tasks end each other; it says nothing about the process.",
        _fails("CancelledError"),
        kinds=(ASYNC,),
    ),
    Difference(
        ADDITION,
        ("imports/exit*",),
        "The process ends with that status, and the platform is told nothing.",
        "Reported as `Runtime.ExitError` that says so; the status is the same.",
        "Nobody should have to guess why an environment does not start.",
        lambda outcome: _init_fails("Runtime.ExitError", "sys.exit(", outcome.status or 0)(outcome),
    ),
    Difference(
        DEFECT,
        ("imports/latin-message-utf-8",),
        "The report is Latin-1, which is not JSON.",
        "The report is UTF-8.",
        "JSON is UTF-8. The official client leaves the encoding to `http.client`.",
        _init_fails("Exception", "é"),
    ),
    Difference(
        DEFECT,
        (
            "imports/unicode-message-utf-8",
            "imports/unicode-syntax-error-utf-8",
            "snapshots/before-fails-utf-8",
        ),
        "`UnicodeEncodeError`: the report cannot be sent.",
        "The report is UTF-8.",
        "Likewise.",
        lambda outcome: "✓".encode() in outcome.posts[-1].body,
    ),
    Difference(
        DEFECT,
        ("errors.control-characters",),
        "The X-Ray header carries a raw DEL; the platform refuses the report, and the process dies.",
        "The header is ASCII without control characters.",
        "An exception's message must not decide whether the environment lives.",
        _fails("ValueError", "\x7f"),
        settings=("utf-8", "json utf-8"),
    ),
    Difference(
        INHERENT,
        ("errors.stop-iteration",),
        "`StopIteration`.",
        "`RuntimeError`: coroutine raised StopIteration.",
        "Python turns it into that where it leaves a coroutine.",
        _fails("RuntimeError", "coroutine raised StopIteration"),
        kinds=(ASYNC,),
    ),
    # Context
    Difference(
        DEFECT,
        ("contexts.remaining~zero",),
        "The native client aborts the process.",
        "No time remains.",
        "The Managed Instances emulator sends such nonsense; nothing is wrong with the event.",
        _answers(["int", False, True, 0]),
    ),
    # Handlers and their names
    Difference(
        ADDITION,
        ("names/dunder", "names/module-is-handler", "handlers/number", "handlers/none", "handlers/string"),
        "Each invocation fails: `'int' object is not callable`.",
        "The init phase fails: `Runtime.HandlerNotCallable`, with advice.",
        "A deployment that can never work should not look as if it did.",
        _init_fails("Runtime.HandlerNotCallable"),
    ),
    Difference(
        ADDITION,
        ("names/attribute-of-class", "names/colon"),
        "`Runtime.ImportModuleError`, `Runtime.MalformedHandlerName`.",
        "`module.Class.method` and `module:name` are found.",
        "Only names that could not work before mean something new.",
        _answers("ok"),
    ),
    # Logs
    Difference(
        DEFECT,
        (
            "records.bad-arguments",
            "records.too-many-arguments",
            "records.raising-argument",
        ),
        "The invocation fails with the `TypeError` of the log line.",
        "`logging` prints its usual complaint on standard error, and the function goes on.",
        "A handler of `logging` must not raise into the code that logs: a typo in a log line is no outage.",
        _answers_anything,
    ),
    Difference(
        DEFECT,
        ("records.surrogates",),
        "The invocation fails with `UnicodeEncodeError`.",
        "As above, or the character is escaped where records are framed.",
        "Likewise.",
        _answers("went on"),
    ),
    Difference(
        DEFECT,
        ("records.dict-message-bad-key", "records.extra-circle", "records.exc-info-unprintable"),
        "The invocation fails with what JSON says of the record.",
        "As above.",
        "Likewise.",
        _answers("went on"),
        settings=_JSON_LOGS,
    ),
    Difference(
        DEFECT,
        ("records.exc-info-outside",),
        "The invocation fails: `'NoneType' object has no attribute '__name__'`.",
        "The record is written without an exception.",
        "`exc_info=True` outside of an `except` is common in code that is shared.",
        _logs('"message": "nothing"'),
        settings=_JSON_LOGS,
    ),
    Difference(
        INHERENT,
        ("records.stack-info",),
        "The stack begins with the official client's frames.",
        "The stack begins with ours.",
        "`logging` shows the whole stack, and the bottom of it is the runtime.",
        _logs("Stack (most recent call last):"),
        settings=_TEXT_LOGS,
    ),
    Difference(
        INHERENT,
        ("shadows/simplejson",),
        "The client's own simplejson is loaded, and wins over the function's.",
        "The function's own is imported.",
        "aioric does not carry simplejson, so there is nothing to win.",
        _answers("mine"),
    ),
    # The platform
    Difference(
        INHERENT,
        ("platform/next-*",),
        "A line of the native client's, then a Python traceback on standard error; exit status 1.",
        "One line that says why the runtime ends; exit status 1.",
        "Words of the client's own.",
        _ends("The runtime ends: /runtime/invocation/next was answered"),
    ),
    Difference(
        DEFECT,
        (
            "platform/response-400",
            "platform/response-403",
            "platform/response-410",
            "platform/response-413",
            "platform/too-large",
        ),
        "The process dies, and the next event pays for a cold start.",
        "A warning in the log, and the next event is served.",
        "The platform has told the caller already; nothing is wrong with the environment.",
        _goes_on("[WARNING]\t<time.ms>\ta\tThe platform did not accept an answer: 4"),
    ),
    Difference(
        DEFECT,
        ("platform/error-400",),
        "The process dies.",
        "A warning in the log, and the next event is served.",
        "Likewise.",
        _goes_on("The platform did not accept an answer: 400"),
    ),
    Difference(
        INHERENT,
        ("platform/response-500",),
        "The process ends with status 1 without another poll.",
        "The same; the next poll had left together with the answer.",
        "Answer and poll leave in one write. AWS calls a 500 non-recoverable, and both end.",
        _ends("The runtime ends: the Runtime API cannot go on: 500"),
    ),
    Difference(
        DEFECT,
        ("platform/request-id-to-escape",),
        "The process dies of the path that it built.",
        "The request id is percent-encoded.",
        "Callers may choose request ids.",
        _answers("a/b c?d"),
    ),
    Difference(
        DEFECT,
        ("platform/bad-descriptor",),
        "`OSError`: the process ends and reports nothing.",
        "The log goes to standard output.",
        "Logs without frames are better than no function.",
        _answers("ok"),
    ),
    Difference(
        DEFECT,
        ("platform/descriptor-no-number",),
        "`ValueError`: the process ends and reports nothing.",
        "`Runtime.InvalidConfiguration` that names the variable.",
        "A settings error is an init error.",
        _init_fails("Runtime.InvalidConfiguration", "_LAMBDA_TELEMETRY_LOG_FD"),
    ),
    Difference(
        ADDITION,
        ("surroundings/handles-sigterm",),
        "The function's handler is never called: the platform sends SIGTERM only where an extension is.",
        "An internal extension without events is registered, so that the platform tells.",
        "Somebody who handles SIGTERM wants to be told.",
        lambda outcome: outcome.posts[0].path == "POST /2020-01-01/extension/register",
    ),
    Difference(
        DEFECT,
        ("surroundings/no-stdout",),
        _DIES,
        "The error is written to descriptor 1 and reported.",
        "A function that closed its standard output still deserves its answer.",
        _fails("ValueError", "x"),
    ),
]
