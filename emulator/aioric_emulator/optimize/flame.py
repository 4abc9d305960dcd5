"""The import tree as a picture: a flame graph in SVG, wide where time is spent."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from aioric_emulator.optimize.imports import Module

WIDTH, ROW, FONT = 1200, 18, 11
LETTER = 6.6  # how wide one is, about


def draw(tree: Module) -> str:
    """The picture; a module under its importer, its time and share in the tooltip."""
    boxes: list[str] = []
    deepest = 0

    def visit(module: Module, left: float, depth: int) -> None:
        nonlocal deepest
        width = WIDTH * module.total_us / tree.total_us
        if width < 1:
            return
        deepest = max(deepest, depth)
        boxes.append(_box(module, tree, left, depth, width))
        for child in module.children:
            visit(child, left, depth + 1)
            left += WIDTH * child.total_us / tree.total_us

    visit(tree, 0, 0)
    height = (deepest + 1) * ROW
    size = f'viewBox="0 0 {WIDTH} {height}" font-family="monospace" font-size="{FONT}"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', *boxes, "</svg>\n"])


def _box(module: Module, tree: Module, left: float, depth: int, width: float) -> str:
    hue = crc32(module.package.encode()) % 360
    share = module.total_us / tree.total_us
    tip = f"{module.name}: {module.total_us / 1000:.1f} ms ({share:.0%})"
    tip += f", itself {module.own_us / 1000:.1f} ms"
    room = int((width - 6) / LETTER)
    label = module.name if len(module.name) <= room else module.name.rpartition(".")[2]
    label = label[:room] if width > 4 * LETTER else ""
    return (
        f"<g><title>{escape(tip)}</title>"
        f'<rect x="{left:.1f}" y="{depth * ROW}" width="{width:.1f}" height="{ROW - 1}" '
        f'fill="hsl({hue} 60% 75%)" rx="2"/>'
        f'<text x="{left + 3:.1f}" y="{depth * ROW + 13}">{escape(label)}</text></g>'
    )
