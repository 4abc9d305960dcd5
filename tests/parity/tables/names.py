"""The names of the cases in a file of the task, read and not imported: those files are the function's."""

from __future__ import annotations

import ast

from tests.parity.runtimes import TASK


def names_in(file: str, table: str) -> list[str]:
    """The keys of the dictionary of that name."""
    for node in ast.parse((TASK / file).read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            target = node.targets[0]
            if isinstance(target, ast.Name) and target.id == table:
                return [str(key.value) for key in node.value.keys if isinstance(key, ast.Constant)]
    raise LookupError(f"{file} has no table {table}")


def handlers_in(file: str) -> list[str]:
    """The functions that take an event and a context, in the words of a case's name."""
    return [
        node.name.replace("_", "-")
        for node in ast.parse((TASK / file).read_text()).body
        if isinstance(node, ast.FunctionDef) and [each.arg for each in node.args.args] == ["event", "context"]
    ]
