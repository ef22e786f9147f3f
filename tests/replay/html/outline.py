"""Read a page as the outline that a person without pictures has of it."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

_BREAKS = {"h1", "h2", "h3", "p", "tr", "dt", "dd", "label", "figure"}
_NOT_SHOWN = {"script", "style", "title"}


class _Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[list[str]] = [[]]
        self._not_shown = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._not_shown += tag in _NOT_SHOWN
        if tag in _BREAKS:
            self.lines.append([f"{tag}:"])
        if tag in {"td", "th"} and len(self.lines[-1]) > 1:
            self.lines[-1].append("|")
        label = dict(attrs).get("aria-label")
        if label is not None and tag == "div":
            self.lines.append([f"({label})"])

    def handle_endtag(self, tag: str) -> None:
        self._not_shown -= tag in _NOT_SHOWN

    def handle_data(self, data: str) -> None:
        if not self._not_shown and data.strip():
            self.lines[-1].append(data.strip())


def outline(page: str) -> Iterator[str]:
    """Yield what is shown, line by line."""
    reader = _Outline()
    reader.feed(page)
    reader.close()
    for parts in reader.lines:
        if parts:
            yield " ".join(parts)
