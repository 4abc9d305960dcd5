"""What the tests of the image call."""

import asyncio
import locale
import os
import pwd
import signal
import ssl
import sys
import zoneinfo
from pathlib import Path


def who(event, context):
    """Tell who and where we are."""
    return {
        "event": event,
        "uid": os.getuid(),
        "known": os.getuid() in {entry.pw_uid for entry in pwd.getpwall()},
        "handler": os.environ["_HANDLER"],
        "folder": str(Path.cwd()),
        "executable": sys.executable,
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "request_id": context.aws_request_id,
        "writable": [
            folder
            for folder in ("/", "/var/task", "/var/runtime", "/opt", "/tmp")  # noqa: S108 - Lambda's
            if os.access(folder, os.W_OK)
        ],
        "modules": sorted(sys.modules),
    }


def platform(event, context):
    """Tell what the platform says of itself."""
    return {
        "name": context.function_name,
        "request_id": context.aws_request_id,
        "api": os.environ["AWS_LAMBDA_RUNTIME_API"],
        "left": context.get_remaining_time_in_millis(),
        "memory": os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
    }


async def loop(event, context):
    """Tell which event loop this is, and where its packages are from."""
    import uvloop  # noqa: PLC0415 - a preview of Python may lack one, and the other handlers serve there too

    try:
        import orjson  # noqa: PLC0415 - likewise
    except ImportError:
        orjson = None
    running = type(asyncio.get_running_loop())
    return {"loop": running.__module__, "uvloop": uvloop.__file__, "orjson": orjson and orjson.__file__}


def surroundings(event, context):
    """Use what a function expects of its image: certificates, time zones, a locale, a way to its text."""
    authorities = len(ssl.create_default_context().get_ca_certs())
    locale.setlocale(locale.LC_ALL, "")
    print("grüße")
    return {
        "authorities": authorities,
        "zone": str(zoneinfo.ZoneInfo("Europe/Vienna")),
        "encoding": locale.getpreferredencoding(),
        "stdout": sys.stdout.encoding,
    }


def eat(event, context):
    """Take more memory than there is."""
    return len(bytearray(event["megabytes"] * 2**20))


def say_goodbye(number, frame):
    """Show that the signal has come this far."""
    print("goodbye", flush=True)
    sys.exit(7)


def told(event, context):
    """Wait for SIGTERM as a function that cleans up does."""
    signal.signal(signal.SIGTERM, say_goodbye)
    return "listening"


async def together(event, context):
    """Answer only when as many calls are here as there are lanes, in however many processes: at once."""
    Path("/tmp", context.aws_request_id).touch()  # noqa: ASYNC240, S108 - quick, and Lambda's only place
    while (count := len(os.listdir("/tmp"))) < event["lanes"]:  # noqa: ASYNC110, PTH208, S108 - likewise
        await asyncio.sleep(0.01)
    return min(count, event["lanes"])
