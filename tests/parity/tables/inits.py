"""What a function's package may be like, and what happens from the start of the process to its first event.

Each case is a process of its own, in a task root of its own.
"""

# ruff: noqa: E501 - a case is a row

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from tests.parity.recorder import Event

if TYPE_CHECKING:
    from collections.abc import Mapping

OK = "def handler(event, context):\n    return 'ok'\n"
UTF_8 = {"AWS_EXECUTION_ENV": "AWS_Lambda_python3.12"}
JSON_LOGS = {"AWS_LAMBDA_LOG_FORMAT": "JSON"}
SNAP_START = {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}


class Init(NamedTuple):
    """A process: its files, its handler, its environment, and the events it will get if it comes so far."""

    name: str
    files: Mapping[str, str] = {"app.py": OK}
    handler: str = "app.handler"
    environment: Mapping[str, str] = {}
    framed: bool = False
    events: tuple[Event, ...] = (Event("first"),)
    final: int | None = None  # how the poll after the last event is answered; None: not at all
    image: bool = False  # started as in the managed image, not by `python -m`
    use_async: bool = False  # whether ours also serves it as `async def`


def app(source: str, name: str, **rest: object) -> Init:
    """A package of one file."""
    return Init(name, {"app.py": source}, **rest)  # type: ignore[arg-type]


def shows(expression: str, imports: str = "import os, sys") -> str:
    """A handler that returns the value of an expression."""
    return f"{imports}\ndef handler(event, context):\n    return {expression}\n"


def raising(statement: str) -> str:
    """A module that fails while it is imported, before it has a handler."""
    return f"{statement}\n{OK}"


NAMES = [
    Init("names/plain", use_async=True),
    Init("names/folder", {"folder/app.py": OK}, "folder/app.handler"),
    Init("names/folder-dotted", {"folder/app.py": OK}, "folder.app.handler"),
    Init("names/package", {"folder/__init__.py": "", "folder/app.py": OK}, "folder/app.handler"),
    Init("names/package-itself", {"folder/__init__.py": OK}, "folder.handler"),
    Init("names/deep", {"a/b/c/app.py": OK}, "a/b/c/app.handler"),
    Init("names/dash", {"my-app.py": OK}, "my-app.handler"),
    Init("names/unicode", {"çà.py": OK}, "çà.handler", environment={"PYTHONUTF8": "1"}),
    Init("names/digits", {"1app.py": OK}, "1app.handler"),
    Init("names/keyword", {"class.py": OK}, "class.handler"),
    Init("names/no-dot", handler="nodot"),
    Init("names/slash-no-dot", handler="folder/app"),
    Init("names/ends-with-dot", handler="app."),
    Init("names/starts-with-dot", handler=".handler"),
    Init("names/only-dot", handler="."),
    Init("names/two-dots", handler="app..handler"),
    Init("names/starts-with-slash", handler="/app.handler"),
    Init("names/dot-slash", handler="./app.handler"),
    Init("names/parent", handler="../app.handler"),
    Init("names/space", handler="app .handler"),
    Init("names/blank", handler=" "),
    Init("names/built-in", handler="sys.exit"),
    Init("names/built-in-below", handler="sys/x.handler"),
    Init("names/own-file-named-built-in", {"time.py": OK}, "time.handler"),
    Init("names/standard-library", handler="json.dumps"),
    Init("names/own-file-named-standard", {"calendar.py": OK}, "calendar.handler"),
    Init("names/missing-module", handler="nomod.handler"),
    Init("names/missing-folder", handler="no/mod.handler"),
    Init("names/missing-in-folder", {"folder/app.py": OK}, "folder/other.handler"),
    Init("names/missing-attribute", handler="app.nope"),
    Init("names/file-ending", handler="app.py"),
    Init("names/dunder", handler="app.__name__"),
    Init(
        "names/module-is-handler",
        {"folder/app.py": OK, "folder/__init__.py": "from . import app"},
        "folder.app",
    ),
    app(
        "class Service:\n    @staticmethod\n    def handle(e, c):\n        return 'ok'\n",
        "names/attribute-of-class",
        handler="app.Service.handle",
    ),
    Init("names/colon", handler="app:handler"),
]

HANDLERS = [
    app("handler = lambda event, context: 'ok'\n", "handlers/lambda"),
    app("class handler:\n    def __init__(self, event, context):\n        pass\n", "handlers/class"),
    app(
        "class Service:\n    def __call__(self, event, context):\n        return 'ok'\nhandler = Service()\n",
        "handlers/callable-object",
    ),
    app(
        "class Service:\n    def handle(self, event, context):\n        return 'ok'\nhandler = Service().handle\n",
        "handlers/bound-method",
    ),
    app(
        "class Service:\n    @classmethod\n    def handle(cls, event, context):\n        return cls.__name__\n"
        "handler = Service.handle\n",
        "handlers/class-method",
    ),
    app(
        "import functools\ndef serve(prefix, event, context):\n    return prefix\n"
        "handler = functools.partial(serve, 'ok')\n",
        "handlers/partial",
    ),
    app(
        "import functools\ndef deco(f):\n    @functools.wraps(f)\n    def wrapper(*a, **k):\n"
        "        return f(*a, **k) + '!'\n    return wrapper\n@deco\ndef handler(event, context):\n    return 'ok'\n",
        "handlers/decorated",
    ),
    app("handler = dict\n", "handlers/built-in-type"),
    app("handler = print\n", "handlers/built-in-function"),
    app("def handler(*arguments):\n    return len(arguments)\n", "handlers/any-arguments", use_async=True),
    app("def handler(event):\n    return 'ok'\n", "handlers/one-argument", use_async=True),
    app(
        "def handler(event, context, extra='x'):\n    return extra\n",
        "handlers/three-arguments",
        use_async=True,
    ),
    app("def handler():\n    return 'ok'\n", "handlers/no-argument"),
    app("def handler(*, event, context):\n    return 'ok'\n", "handlers/keyword-arguments"),
    app("handler = 7\n", "handlers/number"),
    app("handler = None\n", "handlers/none"),
    app("handler = 'app.other'\n", "handlers/string"),
    app("def __getattr__(name):\n    return lambda event, context: name\n", "handlers/module-getattr"),
    app("async def handler(event, context):\n    return 'ok'\n", "handlers/async"),
    app(
        "async def inner():\n    return 'ok'\ndef handler(event, context):\n    return inner()\n",
        "handlers/returns-coroutine",
    ),
    app(
        "import asyncio\nasync def inner():\n    return 'ok'\ndef handler(event, context):\n"
        "    return asyncio.run(inner())\n",
        "handlers/runs-asyncio",
    ),
    app(
        "import asyncio\nasync def inner():\n    return 'ok'\ndef handler(event, context):\n"
        "    loop = asyncio.new_event_loop()\n    try:\n        return loop.run_until_complete(inner())\n"
        "    finally:\n        loop.close()\n",
        "handlers/own-loop",
    ),
]

IMPORTS = [
    app(raising("raise ValueError('at import')"), "imports/exception"),
    app(raising("raise ValueError"), "imports/exception-without-message"),
    app(raising("raise KeyError('k')"), "imports/key-error"),
    app(raising("1/0"), "imports/zero-division"),
    app(raising("assert False, 'never'"), "imports/assertion"),
    app(raising("raise Exception('é')"), "imports/latin-message"),
    app(raising("raise Exception('✓')"), "imports/unicode-message"),
    app(raising("raise Exception('é')"), "imports/latin-message-utf-8", environment=UTF_8),
    app(raising("raise Exception('✓ \\U0001f600')"), "imports/unicode-message-utf-8", environment=UTF_8),
    app(raising("raise ExceptionGroup('g', [ValueError(1)])"), "imports/group"),
    app(
        raising("try:\n    int('x')\nexcept ValueError as e:\n    raise KeyError('k') from e"),
        "imports/chained",
    ),
    app(
        raising("class Odd(Exception):\n    def __str__(self):\n        raise RuntimeError('no')\nraise Odd"),
        "imports/unprintable",
    ),
    app(raising("def f():\n    f()\nf()"), "imports/recursion"),
    app(raising("raise MemoryError"), "imports/memory-error"),
    app(raising("raise StopIteration"), "imports/stop-iteration"),
    app(raising("import no_such_module"), "imports/missing-module"),
    app(raising("import xml.no_such_module"), "imports/missing-in-package"),
    app(raising("from json import nothing"), "imports/missing-name"),
    app(raising("from . import sibling"), "imports/relative"),
    app(raising("raise ImportError('my own')"), "imports/import-error-raised"),
    app(raising("raise ImportError"), "imports/import-error-empty"),
    app(raising("raise ModuleNotFoundError('mine', name='mine')"), "imports/module-not-found-raised"),
    Init("imports/circular", {"app.py": "import other\n" + OK, "other.py": "from app import handler\n"}),
    Init(
        "imports/error-in-package-init",
        {"app.py": "import pkg\n" + OK, "pkg/__init__.py": "raise OSError('init')"},
    ),
    Init(
        "imports/error-in-package-depth",
        {
            "app.py": "import pkg.a\n" + OK,
            "pkg/__init__.py": "",
            "pkg/a.py": "from .b import x",
            "pkg/b.py": "def f():\n    return undefined\nx = f()\n",
        },
    ),
    Init(
        "imports/import-error-in-package",
        {"app.py": "import pkg\n" + OK, "pkg/__init__.py": "import no_such_module"},
    ),
    app("def handler(event, context)\n    return 1\n", "imports/syntax-error"),
    app("def handler(event, context):\nreturn 1\n", "imports/indentation-error"),
    app("if True:\n\tx = 1\n        y = 2\n", "imports/tab-error"),
    app("x = 'unterminated\n", "imports/unterminated-string"),
    app("é = ✓\n", "imports/unicode-syntax-error"),
    app("é = ✓\n", "imports/unicode-syntax-error-utf-8", environment=UTF_8),
    app("x = 1\x00\n", "imports/nul-in-source"),
    app("# -*- coding: nonsense -*-\n" + OK, "imports/unknown-encoding"),
    app("return 1\n", "imports/return-outside"),
    app("await x\n", "imports/await-outside"),
    app("raise SyntaxError('by hand')\n", "imports/syntax-error-raised"),
    app("compile('1 +', 'made-up.py', 'exec')\n", "imports/syntax-error-in-compile"),
    Init("imports/syntax-error-in-module", {"app.py": "import other\n" + OK, "other.py": "def broken(:\n"}),
    app("", "imports/empty-file"),
    Init("imports/not-a-file", {"app.py/x": ""}),
    app(raising("print('printed'); import sys; print('to stderr', file=sys.stderr)"), "imports/prints"),
    app(raising("import logging; logging.warning('logged'); logging.info('not')"), "imports/logs"),
    app(raising("import logging; logging.warning('logged')"), "imports/logs-json", environment=JSON_LOGS),
    app(raising("import logging; logging.warning('é')"), "imports/logs-framed", framed=True),
    app(raising("print('x'); raise ValueError('é')"), "imports/exception-json", environment=JSON_LOGS),
    app(raising("raise ValueError('é')"), "imports/exception-framed", framed=True),
    app(
        raising("raise ValueError('é')"), "imports/exception-json-framed", environment=JSON_LOGS, framed=True
    ),
    app(
        raising("raise ValueError('x')"),
        "imports/exception-json-error-level",
        framed=True,
        environment={**JSON_LOGS, "AWS_LAMBDA_LOG_LEVEL": "ERROR"},
    ),
    app(
        raising("import logging; logging.getLogger().handlers.clear(); raise ValueError('x')"),
        "imports/exception-without-handlers",
    ),
    app(
        raising(
            "import logging\nlogging.basicConfig(level=10, force=True, format='F %(message)s')\n"
            "raise ValueError('x')"
        ),
        "imports/exception-after-basic-config",
    ),
    app(raising("import sys; sys.exit()"), "imports/exit"),
    app(raising("import sys; sys.exit(0)"), "imports/exit-0"),
    app(raising("import sys; sys.exit(3)"), "imports/exit-3"),
    app(raising("import sys; sys.exit('why')"), "imports/exit-text"),
    app(raising("import os; os._exit(4)"), "imports/os-exit"),
    app(raising("raise KeyboardInterrupt"), "imports/keyboard-interrupt"),
    app(raising("raise GeneratorExit"), "imports/generator-exit"),
    app(raising("class Fatal(BaseException): pass\nraise Fatal('x')"), "imports/base-exception"),
    app(
        raising("import warnings; warnings.simplefilter('error'); warnings.warn('w')"),
        "imports/warning-as-error",
    ),
    app(raising("import warnings; warnings.warn('w')"), "imports/warning"),
]

SURROUNDINGS = [
    app(shows("sys.argv[1:]"), "surroundings/argv"),
    app(shows("os.getcwd() == os.environ['LAMBDA_TASK_ROOT']"), "surroundings/folder"),
    app(shows("sys.path[0] == os.environ['LAMBDA_TASK_ROOT']"), "surroundings/path"),
    app(shows("[__name__, __file__.rpartition('/')[2], __spec__.name, __package__]"), "surroundings/module"),
    app(shows("sys.modules['__main__'].__name__"), "surroundings/main"),
    app(
        shows(
            "[threading.current_thread() is threading.main_thread(), threading.active_count()]",
            "import threading",
        ),
        "surroundings/threads",
        use_async=True,
    ),
    app(
        shows("[str(signal.getsignal(s)) for s in (2, 15, 13, 17)]", "import signal"), "surroundings/signals"
    ),
    app(
        shows("[sys.getrecursionlimit(), sys.getswitchinterval(), sys.flags.utf8_mode, sys.flags.dev_mode]"),
        "surroundings/interpreter",
    ),
    app(
        shows(
            "[type(sys.stdout).__name__, type(sys.stderr).__name__, sys.stdout.encoding, sys.stdin.read()]"
        ),
        "surroundings/streams",
    ),
    app(
        shows("[sys.exc_info(), sys.gettrace(), sys.getprofile(), sys.excepthook is sys.__excepthook__]"),
        "surroundings/hooks",
    ),
    app(
        shows("[gc.isenabled(), gc.get_threshold(), gc.get_freeze_count() == 0]", "import gc"),
        "surroundings/collector",
    ),
    app(
        shows("sorted(n for n in os.environ if n.startswith(('_', 'AWS', 'LAMBDA', 'PYTHON')))"),
        "surroundings/environment",
    ),
    app(
        shows("sorted(n for n in os.environ if n.startswith('_LAMBDA'))"),
        "surroundings/log-descriptor",
        framed=True,
    ),
    app(
        shows(
            "subprocess.run(['sh', '-c', 'echo $_LAMBDA_TELEMETRY_LOG_FD; echo x >&9'], capture_output=True,"
            " text=True).stdout",
            "import subprocess",
        ),
        "surroundings/children",
        framed=True,
    ),
    app(
        shows(
            "[logging.Formatter.converter.__name__, logging.getLogger().level, logging.root.handlers[0].level]",
            "import logging",
        ),
        "surroundings/logging",
    ),
    app(
        shows("len(logging.getLogger().handlers)", "import logging; logging.basicConfig(level=10)"),
        "surroundings/one-handler",
    ),
    app(shows("logging.getLogger().handlers[0].formatter._fmt", "import logging"), "surroundings/format"),
    app(
        shows(
            "[warnings.filters == sys.modules['warnings'].filters, len(warnings.filters) > 0]",
            "import sys, warnings",
        ),
        "surroundings/warnings",
    ),
    app(
        "import atexit, sys\natexit.register(print, 'at exit')\ndef handler(e, c):\n    sys.exit(0)\n",
        "surroundings/at-exit",
    ),
    app(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(0,)).start()\n" + OK,
        "surroundings/thread-at-import",
    ),
    app(
        "import signal\nsignal.signal(signal.SIGTERM, lambda *_: None)\n" + OK, "surroundings/handles-sigterm"
    ),
    app("import os\nos.chdir('/')\n" + OK, "surroundings/changes-folder"),
    app("import sys\nsys.path.clear()\n" + OK, "surroundings/clears-path"),
    app(
        "import sys\nsys.stdout = None\ndef handler(e, c):\n    raise ValueError('x')\n",
        "surroundings/no-stdout",
    ),
    app(
        "counter = 0\ndef handler(e, c):\n    global counter\n    counter += 1\n    return counter\n",
        "surroundings/state-stays",
        events=(Event("a"), Event("b"), Event("c")),
    ),
    app(
        "def handler(event, context):\n    import late\n    return late.x\n",
        "surroundings/late-import-missing",
    ),
    app("def handler(e, c):\n    1/0\n", "surroundings/error-then-next", events=(Event("a"), Event("b"))),
]

# A function's own files named like modules of the standard library: the official client has loaded some of
# them by then, and those files are never asked. In the image only: `python -m` would find them before.
SHADOWS = [
    Init(
        f"shadows/{name}",
        {
            "app.py": shows(f"getattr({name}, 'mine', 'theirs')", f"import {name}"),
            f"{name}.py": "mine = 'mine'\n",
        },
        image=True,
    )
    for name in (
        *("json", "logging", "re", "traceback", "decimal", "math", "datetime", "string", "typing", "enum"),
        *(
            "collections",
            "functools",
            "time",
            "socket",
            "csv",
            "calendar",
            "asyncio",
            "uuid",
            "random",
            "types",
        ),
        *("config", "utils", "http", "email", "queue", "secrets", "platform", "inspect", "signal", "numbers"),
        *(
            "operator",
            "weakref",
            "warnings",
            "multiprocessing",
            "concurrent",
            "simplejson",
            "orjson",
            "token",
        ),
        *("contextlib", "copyreg", "keyword", "linecache", "reprlib", "textwrap", "threading", "site", "abc"),
    )
]

LAYER = "../layers/python"
SITE = f"{LAYER}/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
PATHS = "[p.replace(os.environ['LAMBDA_TASK_ROOT'], 'task') for p in sys.path if p.startswith(('/opt/', os.environ['LAMBDA_TASK_ROOT']))]"
WHO = shows("who.where", "import who")


def image(name: str, files: Mapping[str, str], **environment: str) -> Init:
    """A package, layers included, that is started as in the managed image."""
    return Init(f"image/{name}", files, environment=environment, image=True)


IMAGE = [
    image("plain", {"app.py": OK}),
    image("path", {"app.py": shows(PATHS), f"{LAYER}/x": "", f"{SITE}/x": ""}),
    image("path-without-layers", {"app.py": shows(PATHS)}),
    image("path-with-pythonpath", {"app.py": shows(PATHS), f"{SITE}/x": ""}, PYTHONPATH="/opt/mine"),
    image("layer", {"app.py": WHO, f"{LAYER}/who.py": "where = 'layer'"}),
    image("layer-site-packages", {"app.py": WHO, f"{SITE}/who.py": "where = 'site'"}),
    image(
        "site-packages-before-layer",
        {"app.py": WHO, f"{SITE}/who.py": "where = 'site'", f"{LAYER}/who.py": "where = 'layer'"},
    ),
    image(
        "task-before-layers",
        {"app.py": WHO, "who.py": "where = 'task'", f"{LAYER}/who.py": "where = 'layer'"},
    ),
    image(
        "layer-before-installed",
        {"app.py": shows("click.where", "import click"), f"{LAYER}/click.py": "where = 'layer'"},
    ),
    image(
        "pythonpath-hides-layers",
        {"app.py": WHO, f"{LAYER}/who.py": "where = 'layer'"},
        PYTHONPATH="/nowhere",
    ),
    image(
        "pythonpath-names-layer",
        {"app.py": WHO, f"{LAYER}/who.py": "where = 'layer'"},
        PYTHONPATH="/opt/python",
    ),
    image("handler-in-layer", {f"{LAYER}/app.py": OK}),
    image(
        "standard-library-in-layer",
        {
            "app.py": shows("[hasattr(json, 'loads'), csv.x]", "import json, csv"),
            f"{LAYER}/json.py": "",
            f"{LAYER}/csv.py": "x = 'mine'",
        },
    ),
    image("pth-in-task", {"app.py": WHO, "more.pth": "more\n", "more/who.py": "where = 'more'"}),
    image(
        "pth-that-runs",
        {"app.py": shows("os.environ.get('RAN')"), "run.pth": "import os; os.environ['RAN'] = 'yes'\n"},
    ),
    image(
        "pth-in-layer",
        {"app.py": WHO, f"{LAYER}/more.pth": "more\n", f"{LAYER}/more/who.py": "where = 'more'"},
    ),
    image(
        "pth-in-layer-site-packages",
        {"app.py": WHO, f"{SITE}/more.pth": "more\n", f"{SITE}/more/who.py": "where = 'more'"},
    ),
    image(
        "pth-in-layer-with-pythonpath",
        {"app.py": WHO, f"{LAYER}/more.pth": "more\n", f"{LAYER}/more/who.py": "where = 'more'"},
        PYTHONPATH="/opt/python",
    ),
    image(
        "pth-in-task-with-pythonpath",
        {"app.py": WHO, "more.pth": "more\n", "more/who.py": "where = 'more'"},
        PYTHONPATH="/nowhere",
    ),
    image("pth-broken", {"app.py": OK, "bad.pth": "import no_such_module\n"}),
    image("pythonpath-for-children", {"app.py": shows("os.environ['PYTHONPATH'] != ''")}),
    image("pythonpath-kept", {"app.py": shows("os.environ['PYTHONPATH']")}, PYTHONPATH="/mine"),
    image("argv", {"app.py": shows("len(sys.argv)")}),
    image("import-error", {"app.py": "import no_such_module\n"}),
]

PREVIEW = {"AWS_EXECUTION_ENV": "AWS_Lambda_python3.15"}
PLATFORM = [
    Init("platform/preview", environment=PREVIEW),
    Init("platform/preview-json", environment={**PREVIEW, **JSON_LOGS}),
    Init("platform/preview-framed", environment=PREVIEW, framed=True),
    Init("platform/preview-china", environment={**PREVIEW, "AWS_REGION": "cn-north-1"}),
    Init("platform/preview-disabled", environment={**PREVIEW, "LAMBDA_DISABLE_PREVIEW_WARN": "1"}),
    Init("platform/preview-error-level", environment={**PREVIEW, "AWS_LAMBDA_LOG_LEVEL": "ERROR"}),
    Init("platform/no-api", environment={"AWS_LAMBDA_RUNTIME_API": ""}),
    Init("platform/next-403", events=(), final=403),
    Init("platform/next-500", final=500),
    Init("platform/next-404", final=404),
    Init("platform/response-400", events=(Event("a", refusal=400), Event("b"))),
    Init("platform/response-403", events=(Event("a", refusal=403), Event("b"))),
    Init("platform/response-410", events=(Event("a", refusal=410), Event("b"))),
    Init("platform/response-413", events=(Event("a", refusal=413), Event("b"))),
    Init("platform/response-500", events=(Event("a", refusal=500), Event("b"))),
    app("def handler(e, c):\n    1/0\n", "platform/error-400", events=(Event("a", refusal=400), Event("b"))),
    app(
        "def handler(e, c):\n    return 'x' * 6_291_555\n",
        "platform/too-large",
        events=(Event("a"), Event("b")),
    ),
    app(shows("context.aws_request_id"), "platform/odd-request-id", events=(Event("a.b~c-d_e"),)),
    app(shows("context.aws_request_id"), "platform/request-id-to-escape", events=(Event("a/b c?d"),)),
    app(
        shows("os.environ.get('_X_AMZN_TRACE_ID')"),
        "platform/trace-comes-and-goes",
        events=(Event("a", headers={"Lambda-Runtime-Trace-Id": "Root=1"}), Event("b")),
    ),
    Init("platform/bad-descriptor", environment={"_LAMBDA_TELEMETRY_LOG_FD": "77"}),
    Init("platform/descriptor-no-number", environment={"_LAMBDA_TELEMETRY_LOG_FD": "seven"}),
]

HOOKS = (
    "from snapshot_restore_py import register_before_snapshot as before, register_after_restore as after\n"
)
SNAPSHOTS = [
    app(OK, "snapshots/no-hooks", environment=SNAP_START),
    app(
        HOOKS + "for n in 'ab':\n    before(print, 'before', n)\n    after(print, 'after', n)\n" + OK,
        "snapshots/order",
        environment=SNAP_START,
    ),
    app(
        HOOKS + "@before\ndef b():\n    print('before')\n@after\ndef a():\n    print('after')\n" + OK,
        "snapshots/decorators",
        environment=SNAP_START,
    ),
    app(HOOKS + "before(print, 'x', end='!\\n')\n" + OK, "snapshots/keywords", environment=SNAP_START),
    app(
        HOOKS + "before(int, 'x')\nbefore(print, 'first')\n" + OK,
        "snapshots/before-fails",
        environment=SNAP_START,
    ),
    app(
        HOOKS + "after(int, 'x')\nafter(print, 'never')\n" + OK,
        "snapshots/after-fails",
        environment=SNAP_START,
    ),
    app(HOOKS + "import sys\nbefore(sys.exit, 3)\n" + OK, "snapshots/before-exits", environment=SNAP_START),
    app(HOOKS + "import sys\nafter(sys.exit, 3)\n" + OK, "snapshots/after-exits", environment=SNAP_START),
    app(
        HOOKS + "def b():\n    raise KeyboardInterrupt\nbefore(b)\n" + OK,
        "snapshots/before-interrupted",
        environment=SNAP_START,
    ),
    app(
        HOOKS + "before(int, 'x')\n" + OK,
        "snapshots/before-fails-json",
        environment={**SNAP_START, **JSON_LOGS},
    ),
    app(
        HOOKS + "after(int, 'x')\n" + OK, "snapshots/after-fails-framed", environment=SNAP_START, framed=True
    ),
    app(
        HOOKS + "def b():\n    raise ValueError('é ✓')\nbefore(b)\n" + OK,
        "snapshots/before-fails-utf-8",
        environment={**SNAP_START, **UTF_8},
    ),
    app(
        HOOKS + "def b():\n    before(print, 'late')\nbefore(b)\n" + OK,
        "snapshots/before-registers-more",
        environment=SNAP_START,
    ),
    app(
        HOOKS + "def a():\n    after(print, 'late')\nafter(a)\n" + OK,
        "snapshots/after-registers-more",
        environment=SNAP_START,
    ),
    app(HOOKS + "before(print, 'never')\nafter(print, 'never')\n" + OK, "snapshots/hooks-without-snap-start"),
    app(raising("1/0"), "snapshots/import-fails", environment=SNAP_START),
]

CASES = [*NAMES, *HANDLERS, *IMPORTS, *SURROUNDINGS, *SHADOWS, *IMAGE, *PLATFORM, *SNAPSHOTS]
