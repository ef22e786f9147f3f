"""The tailer says once in which format it reads, and once why it reads in none."""

from __future__ import annotations

from typing import Any

import pytest

from logship.live.formats import FormatTalk
from logship.live.vitals import Vitals
from logship.model import Batch, FileKey
from logship.pipeline import MeasureOptions, Pipeline
from logship.read import Generation, LineCutter

WINSTON = b'{"message":"HTTP Request","method":"GET","url":"/a","status":200,"duration":1,"level":"info"}\n'
AMBIGUOUS = b'{"method":"GET","path":"/a","status":200,"duration":3}\n'
WRAPPED = b"2026-11-23T07:00:00.000000000Z stdout F " + WINSTON


class Telling:
    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []
        self._pipeline = Pipeline(MeasureOptions())
        self._talk = FormatTalk(Vitals(lambda event, **fields: self.said.append((event, fields))))
        self._files: list[Generation] = []

    def read(self, lines: bytes) -> None:
        number = len(self._files) + 1
        self._files.append(Generation(number, f"{number}.log", FileKey(1, number), -1, LineCutter()))
        self._pipeline.feed(Batch(number, 0, len(lines), lines))
        self._talk.tell(self._pipeline, self._files)
        self._talk.tell(self._pipeline, self._files)


def test_a_format_is_told_with_the_first_file_in_it() -> None:
    telling = Telling()
    for lines in (b"{}\n", WINSTON, WINSTON):
        telling.read(lines)
    assert telling.said == [("format", {"format": "winston", "path": "2.log"})]


@pytest.mark.parametrize(
    ("lines", "said", "fields"),
    [
        (AMBIGUOUS, "several formats fit; name one by --format", {"formats": ["slog", "zap"], "path": "1.log"}),
        (WRAPPED, "a container runtime wrapped them; --wrap docker or cri", {"path": "1.log"}),
    ],
    ids=["ambiguous", "wrapped"],
)
def test_why_there_is_none_is_told_once_with_the_remedy(lines: bytes, said: str, fields: dict[str, Any]) -> None:
    telling = Telling()
    for _ in range(2):
        telling.read(lines)
    ((event, found),) = telling.said
    assert said in event
    assert found == fields
