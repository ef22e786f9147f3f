"""Tell which format was found in the logs, and why none was: once for each, not for each file."""

from __future__ import annotations

from collections.abc import Iterable

from logship.live.vitals import Vitals
from logship.pipeline import Pipeline
from logship.read import Generation


class FormatTalk:
    """Tell of formats by `vitals`."""

    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals
        self._told: set[tuple[str, str | frozenset[str]]] = set()

    def tell(self, pipeline: Pipeline, files: Iterable[Generation]) -> None:
        """Tell what `pipeline` found out about `files`."""
        for file in files:
            name, candidates = pipeline.format_of(file.number), pipeline.candidates_of(file.number)
            if name is not None:
                if self._is_news(file.source, name):
                    self._vitals.format_found(file.path, name)
            elif candidates is not None and self._is_news(file.source, candidates):
                self._vitals.format_unclear(file.path, sorted(candidates))

    def _is_news(self, source: str, what: str | frozenset[str]) -> bool:
        is_news = (source, what) not in self._told
        self._told.add((source, what))
        return is_news
