"""What the handler's import consists of: a tree of modules with their times and sizes.

Read from the interpreter's own account, `-X importtime`, in which each module follows what it imported.
Source: https://docs.python.org/3/using/cmdline.html#cmdoption-X
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \| ( *)(\S+)$", re.MULTILINE)


@dataclass
class Module:
    """A module, and what it was the first to import; times in microseconds."""

    name: str
    own_us: int = 0
    total_us: int = 0
    children: list[Module] = field(default_factory=list)

    @property
    def package(self) -> str:
        """The top-level name."""
        return self.name.partition(".")[0]

    def walk(self) -> Iterator[Module]:
        """It and everything below it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Change:
    """An import that could be left out or put off, and what that would save."""

    importer: str
    imported: str
    saves_us: int
    modules: int


def parse(account: str, handler_module: str) -> Module:
    """The tree below the module of the handler.

    Raises:
        LookupError: The account does not mention it: it was not imported, or did not come to its end.
    """
    waiting: list[tuple[int, Module]] = []
    for own, total, indent, name in LINE.findall(account):
        depth = len(indent)
        module = Module(name, int(own), int(total))
        while waiting and waiting[-1][0] > depth:
            module.children.insert(0, waiting.pop()[1])
        waiting.append((depth, module))
    for _, module in waiting:
        if module.name == handler_module:
            return module
    raise LookupError(handler_module)


def changes(tree: Module, count: int = 10) -> list[Change]:
    """The imports across packages that cost most, each without those it contains."""
    found: list[Change] = []

    def visit(module: Module) -> None:
        for child in module.children:
            if child.package != module.package:
                found.append(Change(module.name, child.name, child.total_us, sum(1 for _ in child.walk())))
            visit(child)

    visit(tree)
    return sorted(found, key=lambda change: -change.saves_us)[:count]


def text(tree: Module, least_us: int) -> str:
    """The tree in lines, without what took less than so many microseconds."""
    lines: list[str] = []

    def visit(module: Module, depth: int) -> None:
        if module.total_us < least_us:
            return
        times = f"{module.total_us / 1000:9.1f} {module.own_us / 1000:9.1f}"
        lines.append(f"{times}  {'  ' * depth}{module.name}")
        for child in sorted(module.children, key=lambda each: -each.total_us):
            visit(child, depth + 1)

    visit(tree, 0)
    return "\n".join([" total ms    own ms  module", *lines])
