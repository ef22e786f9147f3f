"""Draw numbers as a small line: an SVG that stands in the page, without a style or a script of its own."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_HEIGHT = 24.0
_MARGIN = 2.0


def sparkline(values: Sequence[float], says: str, *, places: int, beneath: Sequence[float] = ()) -> str:
    """Return a line through `values`, the latest at the right end of so many places.

    `beneath` is a second line on the same scale, such as errors beneath requests. `says` tells the same in words.
    """
    top = max(values, default=0.0)
    label = escape(says)
    lines = f'<polyline class="base" points="0,{_HEIGHT - 1:.0f} {places - 1},{_HEIGHT - 1:.0f}"/>'
    if top:
        lines += _area(values, top, places) + _line("line", values, top, places)
        if any(beneath):
            lines += _line("errors", beneath, top, places)
    box = f"0 0 {places - 1} {_HEIGHT:.0f}"
    return (
        f'<svg class="spark" viewBox="{box}" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f"<title>{label}</title>{lines}</svg>"
    )


def _points(values: Sequence[float], top: float, places: int) -> list[str]:
    first = places - len(values)
    scale = (_HEIGHT - 2 * _MARGIN) / top
    return [f"{first + place},{_HEIGHT - _MARGIN - value * scale:.1f}" for place, value in enumerate(values)]


def _line(name: str, values: Sequence[float], top: float, places: int) -> str:
    return f'<polyline class="{name}" points="{" ".join(_points(values, top, places))}"/>'


def _area(values: Sequence[float], top: float, places: int) -> str:
    points = " ".join(_points(values, top, places))
    return f'<polygon class="area" points="{places - len(values)},{_HEIGHT:.0f} {points} {places - 1},{_HEIGHT:.0f}"/>'
