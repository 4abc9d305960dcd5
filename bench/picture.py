"""Figures as a picture: groups of bars with their spread, in SVG that a browser shows as it is."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.stats import Spread

WIDTH, LEFT, ROW, TITLE, FONT = 860, 220, 22, 30, 13
COLOURS = {"aioric": "#2b7a78", "awslambdaric": "#b0b7bf", "floor": "#dddddd"}
OTHER = "#7a9cc6"


@dataclass(frozen=True)
class Bar:
    """One contestant in a group; less is better."""

    group: str
    name: str
    figure: Spread
    unit: str


def bars(shown: list[Bar]) -> str:
    """Draw them, each group on a scale of its own."""
    parts: list[str] = []
    top = 0
    for title, members in groupby(shown, key=attrgetter("group")):
        group = list(members)
        scale = (WIDTH - LEFT - 120) / max(1e-9, *[bar.figure.high for bar in group])
        top += TITLE
        parts.append(f'<text x="0" y="{top - 8}" font-weight="bold">{escape(title)}, {group[0].unit}</text>')
        for bar in group:
            parts += _bar(bar, top, scale)
            top += ROW
    style = f'font-family="sans-serif" font-size="{FONT}" viewBox="0 0 {WIDTH} {top + 6}"'
    ground = '<rect width="100%" height="100%" fill="#fff"/>'  # pages may be dark
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {style}>', ground, *parts, "</svg>\n"])


def _bar(bar: Bar, top: int, scale: float) -> list[str]:
    colour = next((colour for name, colour in COLOURS.items() if bar.name.startswith(name)), OTHER)
    low, end, high = (LEFT + each * scale for each in (bar.figure.low, bar.figure.median, bar.figure.high))
    text, middle = top + 14, top + ROW / 2 - 2
    return [
        f'<text x="{LEFT - 8}" y="{text}" text-anchor="end">{escape(bar.name)}</text>',
        f'<rect x="{LEFT}" y="{top}" width="{end - LEFT:.1f}" height="{ROW - 4}" fill="{colour}"/>',
        f'<path d="M{low:.1f} {middle}H{high:.1f}" stroke="#333"/>',
        f'<text x="{high + 6:.1f}" y="{text}">{bar.figure.median:.1f}</text>',
    ]
