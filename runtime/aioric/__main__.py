"""`python -m aioric app.handler`: a drop-in for `python -m awslambdaric app.handler`.

`bootstrap` runs this file by its path, without installing anything.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - who copies us somewhere is held to nothing by pyproject.toml
    sys.exit(f"aioric needs Python 3.11 or newer, and {sys.executable} is {sys.version.split()[0]}")

# Until our own modules are in, nothing of the function's may be importable: `-m` has put the working
# folder first on the path, where a file named like one of the standard library's would win.
beginning = sys.path[:1] if __package__ and not sys.flags.safe_path else []
if beginning:
    del sys.path[0]
if not __package__:
    sys.path.insert(0, __file__.rpartition("/aioric/")[0])

from aioric import ahead  # noqa: E402 - see above

ahead.announce_own()  # first of all, so that the kernel reads while we import

from aioric import modules  # noqa: E402 - see above

modules.install()  # before the rest, for what we import ourselves comes in faster too

from aioric.heap import Heap  # noqa: E402 - see above

heap = Heap()

# Monitoring tools look here for the official client's `bootstrap`, to replace parts of it. Little is written
# in this file, since it alone is compiled at each start.
from aioric.function.aside import offer as __getattr__  # noqa: E402, F401 - the interpreter's name for it
from aioric.startup import main  # noqa: E402 - likewise

main(sys.argv, beginning, heap, managed=not __package__)
