"""Handlers that log."""

import contextlib
import datetime
import decimal
import json
import logging
import logging.config
import sys
import threading
import warnings

log = logging.getLogger("shop")
root = logging.getLogger()


@contextlib.contextmanager
def restored():
    """Leave logging as it was found, for the case after this one."""
    handlers, level, shown = root.handlers[:], root.level, log.level
    formatters = [handler.formatter for handler in handlers]
    filters = [handler.filters[:] for handler in handlers]
    try:
        yield
    finally:
        root.handlers[:] = handlers
        for handler, formatter, found in zip(handlers, formatters, filters):
            handler.formatter = formatter
            handler.filters[:] = found
        root.setLevel(level)
        log.setLevel(shown)
        log.propagate = True
        log.handlers.clear()
        logging.captureWarnings(False)
        logging.disable(logging.NOTSET)
        logging.setLogRecordFactory(logging.LogRecord)


def case(body):
    def handler(event, context):
        with restored():
            return body(event, context)

    return handler


def levels(event, context):
    for level in (0, 1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 100, -5):
        log.log(level, "at %d", level)
    return root.level


def all_levels_shown(event, context):
    root.setLevel(1)
    levels(event, context)


def named_methods(event, context):
    root.setLevel(logging.DEBUG)
    log.debug("d")
    log.info("i")
    log.warning("w")
    log.error("e")
    log.critical("c")
    log.fatal("f")


def root_logger(event, context):
    logging.warning("by the module")
    root.error("by the root")


def own_level_name(event, context):
    logging.addLevelName(25, "NOTICE")
    logging.addLevelName(20, "Information")
    root.setLevel(1)
    log.log(25, "a notice")
    log.info("an info")
    logging.addLevelName(20, "INFO")
    logging.addLevelName(25, "Level 25")


def arguments(event, context):
    log.error("%s and %d and %r", "text", 7, "é")
    log.error("%(name)s", {"name": "mapped"})
    log.error("100%")


def messages(event, context):
    for message in (
        "",
        "é ✓ \U0001f600",
        "two\nlines\n",
        "carriage\rreturn",
        "tab\t",
        'quote " and \\',
        "\x00\x1b",
    ):
        log.error(message)


def odd_messages(event, context):
    for message in (
        None,
        7,
        1.5,
        ["list", 1],
        ("tuple",),
        b"bytes",
        {
            1,
        },
        decimal.Decimal("1.10"),
        ValueError("x"),
    ):
        log.error(message)


def dict_messages(event, context):
    log.error({"a": 1, "b": {"c": [1, None]}})
    log.error({})
    log.error({"é": datetime.date(2026, 1, 1), "d": decimal.Decimal("1.10"), "s": {1}})
    log.error({"a": "%s"}, "with arguments")
    log.error({1: "a", None: "b", True: "c", 1.5: "d"})


def dict_message_bad_key(event, context):
    log.error({(1, 2): "tuple key"})
    return "went on"


def surrogates(event, context):
    log.error("lone \ud800")
    return "went on"


def extras(event, context):
    log.error("x", extra={"custom": 1, "nested": {"a": [1]}, "none": None, "empty": "", "é": "✓"})
    log.error(
        "x", extra={"when": datetime.datetime(2026, 1, 2), "what": object, "amount": decimal.Decimal("1.10")}
    )
    log.error("x", extra={"_private": 1, "a b": 2})


def extras_in_the_way(event, context):
    log.error("x", extra={"level": "mine", "timestamp": "mine", "requestId": "mine", "logger": "mine"})
    log.error(
        "x", extra={"errorType": "mine", "stackTrace": "mine", "location": "mine", "errorMessage": "mine"}
    )
    log.error("x", extra={"aws_request_id": "mine", "tenant_id": "mine", "tenantId": "mine"})
    log.error("x", extra={"_frame_type": b"\xa5\x5a\x00\x07"})


def extra_reserved(event, context):
    log.error("x", extra={"message": "refused by logging"})


def extra_circle(event, context):
    value = []
    value.append(value)
    log.error("x", extra={"value": value})
    return "went on"


def exc_info(event, context):
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("caught %s", "it")
        log.error("again", exc_info=True)
        log.warning("a warning", exc_info=sys.exc_info())


def exc_info_given(event, context):
    log.error("an instance", exc_info=ValueError("never raised"))
    log.error("falsy", exc_info=False)
    log.error("none", exc_info=None)


def exc_info_outside(event, context):
    log.error("nothing", exc_info=True)
    return "went on"


def exc_info_chained(event, context):
    try:
        try:
            int("x")
        except ValueError as error:
            raise KeyError("outer") from error
    except KeyError:
        log.exception("chained")


def exc_info_group(event, context):
    try:
        raise ExceptionGroup("several", [ValueError("a")])
    except ExceptionGroup:
        log.exception("grouped")


def exc_info_unprintable(event, context):
    class Unprintable(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    try:
        raise Unprintable
    except Unprintable:
        log.exception("unprintable")
    return "went on"


def stack_info(event, context):
    log.error("with stack", stack_info=True)


def stack_level(event, context):
    def inner():
        log.error("from outside", stacklevel=2, exc_info=ValueError("x"))

    inner()


def bad_arguments(event, context):
    log.error("%d", "no number")
    return "went on"


def too_many_arguments(event, context):
    log.error("one %s", "a", "b")
    return "went on"


def raising_argument(event, context):
    class Raises:
        def __str__(self):
            raise ValueError("no text")

    log.error("%s", Raises())
    return "went on"


def own_handler(event, context):
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("mine: %(levelname)s %(name)s %(message)s"))
    root.addHandler(handler)
    log.error("twice")


def own_handler_default_stream(event, context):
    stream = logging.StreamHandler()
    stream.setFormatter(logging.Formatter("to stderr %(message)s"))
    log.addHandler(stream)
    log.error("to both")


def no_handlers(event, context):
    root.handlers.clear()
    log.error("to nobody but the last resort")


def replaced_handlers(event, context):
    for handler in root.handlers[:]:
        root.removeHandler(handler)
    root.addHandler(logging.StreamHandler(sys.stdout))
    log.error("plain")


def own_formatter(event, context):
    root.handlers[0].setFormatter(logging.Formatter("%(aws_request_id)s|%(message)s"))
    log.error("formatted by me")


def own_formatter_newline(event, context):
    root.handlers[0].setFormatter(
        logging.Formatter("[%(levelname)s] %(asctime)s %(tenant_id)s %(message)s\n")
    )
    log.error("x")


def own_filter(event, context):
    def refuse(record):
        return "secret" not in record.getMessage()

    root.handlers[0].addFilter(refuse)
    log.error("a secret")
    log.error("no matter")


def basic_config(event, context):
    logging.basicConfig(level=logging.DEBUG, format="ignored %(message)s")
    log.info("not shown, since the root has a handler")
    log.error("shown")


def basic_config_forced(event, context):
    logging.basicConfig(
        level=logging.DEBUG, format="forced %(levelname)s %(message)s", stream=sys.stdout, force=True
    )
    log.debug("shown")
    log.error("shown too")


def dict_config(event, context):
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"f": {"format": "configured %(message)s"}},
            "handlers": {
                "h": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "f"}
            },
            "root": {"handlers": ["h"], "level": "INFO"},
        }
    )
    log.info("x")


def set_level(event, context):
    root.setLevel(logging.INFO)
    log.info("info shown")
    log.debug("debug not")
    log.setLevel(logging.DEBUG)
    log.debug("debug shown")


def handler_level(event, context):
    root.handlers[0].setLevel(logging.ERROR)
    log.warning("not shown")
    log.error("shown")
    root.handlers[0].setLevel(logging.NOTSET)


def disabled(event, context):
    logging.disable(logging.ERROR)
    log.error("not shown")
    log.critical("shown")


def no_propagation(event, context):
    log.propagate = False
    log.error("to nobody")


def capture_warnings(event, context):
    logging.captureWarnings(True)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn_explicit("a warning", UserWarning, "app.py", 7)


def last_handler(event, context):
    return (
        [type(handler).__name__ for handler in root.handlers]
        + [type(found).__name__ for found in root.handlers[0].filters]
        + [type(root.handlers[0].formatter).__name__, root.level, hasattr(root.handlers[0], "log_sink")]
    )


def sink(event, context):
    root.handlers[0].log_sink.log("by the sink\n")
    root.handlers[0].log_sink.log("with a type\n", frame_type=b"\xa5\x5a\x00\x0f")
    root.handlers[0].log_sink.log_error(["an error", "in lines"])


def threads(event, context):
    threads = [threading.Thread(target=log.error, args=("from thread %d", number)) for number in range(3)]
    for thread in threads:
        thread.start()
        thread.join()


def record_factory(event, context):
    class Record(logging.LogRecord):
        def getMessage(self):
            return "made: " + super().getMessage()

    logging.setLogRecordFactory(Record)
    log.error("x")


def utc(event, context):
    formatter = logging.Formatter("%(asctime)s", "%z|%Z")
    return formatter.converter.__name__


def prints(event, context):
    print("one")
    print("é ✓", end="")
    print()
    print("a", "b", sep="\t", flush=True)
    sys.stdout.write("written")
    sys.stdout.writelines([" in", " parts\n"])
    print("to stderr", file=sys.stderr)


def print_between(event, context):
    print("before", end=" ")
    log.error("between")
    print("after")


def stdout_facts(event, context):
    return [
        sys.stdout.encoding,
        sys.stdout.isatty(),
        sys.stdout.fileno(),
        hasattr(sys.stdout, "buffer"),
        sys.stdout.name,
    ]


def stdout_bytes(event, context):
    sys.stdout.buffer.write(b"bytes \xff\n")
    sys.stdout.buffer.flush()


def stdout_replaced(event, context):
    import io

    kept, sys.stdout = sys.stdout, io.StringIO()
    try:
        print("captured")
        log.error("captured or not")
        return sys.stdout.getvalue().count("captured")
    finally:
        sys.stdout = kept


def stdout_redirected(event, context):
    import io

    with contextlib.redirect_stdout(io.StringIO()) as text:
        print("captured")
    return text.getvalue()


def uncaught_after_log(event, context):
    log.error("before")
    raise ValueError("é after")


def uncaught_empty(event, context):
    raise ValueError


def json_line_by_hand(event, context):
    print(json.dumps({"level": "INFO", "message": "by hand"}))


def task_name(event, context):
    log.error("no task")


def large(event, context):
    log.error("x" * 300_000)


def logger_names(event, context):
    for name in ("a.b.c", "é", ""):
        logging.getLogger(name).error("named")


def log_adapter(event, context):
    logging.LoggerAdapter(log, {"order": 7}).error("adapted")


def process_facts(event, context):
    root.handlers[0].setFormatter(
        logging.Formatter("%(threadName)s %(processName)s %(module)s %(funcName)s %(lineno)d")
    )
    log.error("x")


def formatted_exception_cached(event, context):
    try:
        1 / 0
    except ZeroDivisionError:
        handler = logging.StreamHandler(sys.stdout)
        root.handlers.insert(0, handler)
        log.exception("first by another")


class CASES:
    """The functions above by their names; what follows a tilde says what is different about the event."""

    def __class_getitem__(cls, name):
        return case(globals()[name.partition("~")[0].replace("-", "_")])
