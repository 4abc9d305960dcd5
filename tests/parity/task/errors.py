"""Handlers that fail."""

import decimal
import json
import sys
import threading
import urllib.request

import broken_package


class Plain(Exception):
    pass


class WithAttributes(Exception):
    def __init__(self, code):
        super().__init__("text", code)
        self.code = code


class OwnText(Exception):
    def __str__(self):
        return "my own text"


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class NoText(Exception):
    def __str__(self):
        return 42


class Outer:
    class Inner(Exception):
        pass


class Ünïcode(Exception):
    pass


def _raising(make):
    def case(event, context):
        raise make()

    return case


def chained(event, context):
    try:
        int("x")
    except ValueError as error:
        raise KeyError("outer") from error


def context_chained(event, context):
    try:
        int("x")
    except ValueError:
        raise KeyError("during")


def reraised(event, context):
    try:
        int("x")
    except ValueError:
        raise


def raised_later(event, context):
    try:
        int("x")
    except ValueError as error:
        kept = error
    raise kept


def with_traceback_dropped(event, context):
    raise ValueError("x").with_traceback(None)


def noted(event, context):
    error = ValueError("noted")
    error.add_note("a note")
    raise error


def recursion(event, context):
    def down(depth):
        return down(depth + 1)

    down(0)


def mutual_recursion(event, context):
    def ping():
        pong()

    def pong():
        ping()

    ping()


def shallow_recursion(event, context):
    def down(depth):
        if depth == 0:
            raise ValueError("bottom")
        down(depth - 1)

    down(event.get("depth", 10))


def fold_two_over(event, context):
    def down(depth):
        if depth == 0:
            raise ValueError("bottom")
        down(depth - 1)

    down(4)


def through_sort(event, context):
    def key(value):
        raise ValueError("in a key")

    sorted([1], key=key)


def through_json(event, context):
    json.loads("[1 2]")


def through_map(event, context):
    return list(map(int, ["1", "x"]))


def through_exec(event, context):
    exec("def made():\n    raise ValueError('made')\nmade()")  # noqa: S102 - the case


def through_compiled(event, context):
    code = compile("\n\nraise ValueError('compiled')", "/nowhere/made.py", "exec")
    exec(code)  # noqa: S102 - the case


def in_comprehension(event, context):
    return [1 / value for value in (1, 0)]


def in_lambda(event, context):
    return (lambda: 1 / 0)()


def in_generator(event, context):
    def rows():
        yield 1
        raise ValueError("in a generator")

    return list(rows())


def in_class_body(event, context):
    class Body:
        raise ValueError("in a class body")


def in_property(event, context):
    class Owner:
        @property
        def value(self):
            raise AttributeError("in a property")

    return Owner().value


def in_thread_result(event, context):
    caught = []

    def work():
        try:
            int("x")
        except ValueError as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    raise caught[0]


def multi_line(event, context):
    raise ValueError(
        "over",
        "several",
        "lines",
    )


def import_inside(event, context):
    import no_such_module  # noqa: F401


def syntax_error_inside(event, context):
    import broken_syntax  # noqa: F401


def evaluate_syntax_error(event, context):
    eval("1 +")  # noqa: S307 - the case


def group(event, context):
    raise ExceptionGroup("several", [ValueError("a"), KeyError("b")])


def nested_group(event, context):
    raise ExceptionGroup("outer", [ExceptionGroup("inner", [ValueError("a")]), TypeError("b")])


def traceback_limit(event, context):
    sys.tracebacklimit = 1
    try:
        raise ValueError("limited")
    finally:
        threading.Timer(0, lambda: None)
        del sys.tracebacklimit


def stop_iteration(event, context):
    next(iter([]))


def url_error(event, context):
    urllib.request.urlopen("file:///no/such/file")


def unicode_decode(event, context):
    b"\xff".decode()


def long_message(event, context):
    raise ValueError("x" * 100_000)


def huge_message(event, context):
    raise ValueError("é" * 2_000_000)


def recursion_limit_low(event, context):
    def down(depth):
        return down(depth + 1) if depth < 400 else 1 / 0

    down(0)


def type_name_changed(event, context):
    raise type("Made.Up Name\n", (Exception,), {})("odd name")


def print_then_raise(event, context):
    print("before")
    print("and to stderr", file=sys.stderr)
    raise ValueError("after print")


def memory_error(event, context):
    raise MemoryError


def closed_stdout(event, context):
    kept = sys.stdout
    sys.stdout = open("/dev/null", "w")
    sys.stdout.close()
    try:
        raise ValueError("nobody hears")
    finally:
        sys.stdout = kept


def wrong_arguments(event, context):
    Outer(1, 2, 3)


CASES = {
    "exception": _raising(lambda: Plain("text")),
    "no-message": _raising(Plain),
    "class-not-instance": lambda event, context: _raising(lambda: KeyError)(event, context),
    "two-arguments": _raising(lambda: ValueError("a", 2)),
    "attributes": _raising(lambda: WithAttributes(7)),
    "own-text": _raising(OwnText),
    "unprintable": _raising(Unprintable),
    "text-is-no-text": _raising(NoText),
    "nested-class": _raising(lambda: Outer.Inner("inner")),
    "unicode-class": _raising(lambda: Ünïcode("é")),
    "odd-class-name": type_name_changed,
    "unicode-message": _raising(lambda: ValueError("é ✓ \U0001f600 \u2028")),
    "surrogate-message": _raising(lambda: ValueError("lone \ud800 surrogate")),
    "control-characters": _raising(lambda: ValueError("a\x00b\x1b[31m\x7f")),
    "multi-line-message": _raising(lambda: ValueError("first\nsecond\r\n  third\n")),
    "tab-message": _raising(lambda: ValueError("\ttabbed")),
    "key-error": _raising(lambda: KeyError("missing")),
    "os-error": lambda event, context: open("/no/such/file"),
    "assertion": _raising(AssertionError),
    "not-implemented": _raising(NotImplementedError),
    "memory-error": memory_error,
    "stop-iteration": stop_iteration,
    "stop-async-iteration": _raising(StopAsyncIteration),
    "timeout": _raising(TimeoutError),
    "warning-raised": _raising(lambda: UserWarning("as an error")),
    "zero-division": lambda event, context: 1 / 0,
    "decimal": lambda event, context: decimal.Decimal("x"),
    "attribute-with-suggestion": lambda event, context: event.itemz,
    "name-with-suggestion": lambda event, context: evnt,  # noqa: F821 - the case
    "wrong-arguments": wrong_arguments,
    "chained": chained,
    "chained-implicitly": context_chained,
    "reraised": reraised,
    "raised-later": raised_later,
    "traceback-dropped": with_traceback_dropped,
    "noted": noted,
    "group": group,
    "nested-group": nested_group,
    "recursion": recursion,
    "mutual-recursion": mutual_recursion,
    "shallow-recursion": shallow_recursion,
    "folded-once": fold_two_over,
    "deep-stack": recursion_limit_low,
    "through-sort": through_sort,
    "through-json": through_json,
    "through-map": through_map,
    "through-exec": through_exec,
    "through-compiled": through_compiled,
    "in-comprehension": in_comprehension,
    "in-lambda": in_lambda,
    "in-generator": in_generator,
    "in-class-body": in_class_body,
    "in-property": in_property,
    "in-thread": in_thread_result,
    "several-lines": multi_line,
    "import-inside": import_inside,
    "syntax-error-inside": syntax_error_inside,
    "evaluate-syntax-error": evaluate_syntax_error,
    "traceback-limit": traceback_limit,
    "in-package": lambda event, context: broken_package.fail(),
    "in-package-init": lambda event, context: __import__("broken_init"),
    "in-file-named-bootstrap": lambda event, context: __import__("bootstrap").fail(),
    "url-error": url_error,
    "unicode-decode": unicode_decode,
    "long-message": long_message,
    "huge-message": huge_message,
    "print-then-raise": print_then_raise,
    "closed-stdout": closed_stdout,
}
