"""How AWS's managed image starts the official client: what its `bootstrap` does before, in our words.

The files in the image are not public packages, so this one plays them. Source of the facts: the published
listings of `/var/runtime/bootstrap.py`.
"""

from __future__ import annotations

import os
import site
import sys

import awslambdaric.__main__ as client


def main() -> None:
    """Name the environment, lay out `sys.path`, then hand over to the client."""
    os.environ.setdefault(
        "AWS_EXECUTION_ENV", f"AWS_Lambda_python{sys.version_info[0]}.{sys.version_info[1]}"
    )
    task_root = os.environ["LAMBDA_TASK_ROOT"]
    layers = [
        f"/opt/python/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages",
        "/opt/python",
    ]
    python_path_is_set = "PYTHONPATH" in os.environ
    if python_path_is_set:
        layers = []
    sys.path[:0] = [task_root, *layers]
    for folder in (task_root, *layers):
        site.addsitedir(folder)
    if not python_path_is_set:
        os.environ["PYTHONPATH"] = os.environ["LAMBDA_RUNTIME_DIR"]
    client.main([task_root, os.environ["_HANDLER"]])


if __name__ == "__main__":
    main()
