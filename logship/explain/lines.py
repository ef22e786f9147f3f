"""Read archives line by line: paths come in, what each line became comes out, with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from logship.config import Config, counted, followed
from logship.errors import InputError
from logship.model import Batch
from logship.pipeline import Explained, Explainer, Outcome
from logship.read import Archive, Cutter, cutter_for

_NEWLINE = b"\n"


class Line(NamedTuple):
    """A line of a file: its number, the first one being 1 (of a wrapped line its last part), and what became of it.

    Attributes:
        is_meant: Whether a source means the file; one that is only named on the command line is read as if one did.
    """

    path: str
    number: int
    explained: Explained
    is_meant: bool = True


class Lines:
    """Explain the lines of `paths`, as `config` says; of those with another outcome than `only` say no more than that.

    Attributes:
        is_enough: Set it when nobody asks for further lines: the rest is only counted, which is much faster.
        damage: What could not be read, one line for each damaged input.
    """

    def __init__(self, paths: Sequence[str], config: Config, only: Outcome | None = None) -> None:
        self._paths = paths
        self._config = config
        self.explainer = Explainer(
            config.measure, counted(config.sources), config.own, config.admission, config.limits.max_routes, only=only
        )
        """What explains, and holds the sums."""
        self.is_enough = False
        self.damage: list[str] = []

    def __iter__(self) -> Iterator[Line]:
        """Yield each line; once it is enough, only those that have to be looked at one by one."""
        sources = followed(self._config.sources)
        sources.expand()
        for generation, path in enumerate(self._paths):
            source, is_meant = sources.of(path), sources.means(path)
            cutter = cutter_for(sources.wrap_of(source), self._config.follow.max_line_bytes)
            try:
                for line in self._of_file(path, generation, source, cutter):
                    yield line if is_meant else line._replace(is_meant=False)
            except InputError as error:
                self.damage.append(str(error))
            self.explainer.forget(generation)

    def _of_file(self, path: str, generation: int, source: str, cutter: Cutter) -> Iterator[Line]:
        archive = Archive(path)
        number = 0
        try:
            for block in archive.blocks():
                for piece in [block] if self.is_enough else _pieces(block):
                    number += piece.count(_NEWLINE)
                    cut = cutter.feed(piece)
                    yield from self._of_batch(path, number, Batch(generation, 0, 0, cut.data, cut.oversize, source))
        finally:
            archive.close()
        rest = cutter.flush()
        yield from self._of_batch(path, number + 1, Batch(generation, 0, 0, rest.data, rest.oversize, source))

    def _of_batch(self, path: str, number: int, batch: Batch) -> Iterator[Line]:
        if self.is_enough and self.explainer.count(batch):
            return
        yield from (Line(path, number, each) for each in self.explainer.explain(batch))


def _pieces(block: bytes) -> Iterator[bytes]:
    """Yield the lines of a block, and the begun one at its end."""
    start = 0
    while end := block.find(_NEWLINE, start) + 1:
        yield block[start:end]
        start = end
    yield block[start:]
