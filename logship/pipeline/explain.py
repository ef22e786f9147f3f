"""Say of each line what became of it, and why: the very pipeline that counts is fed with one line at a time.

What a line came to is the change that it made to the tally, after the limits, so that nothing here can differ from what
`tail` and `replay` count. Only the fields and the reasons are looked up besides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from logship.measure import DEFAULT_MAX_ROUTES, Admission, Origin, OwnMetrics, Routes, Tally
from logship.model import OTHER, UNMATCHED, Batch, Reason
from logship.parse import FORMATS, UNDECIDED, UNWRAPS, detect, format_named
from logship.pipeline.batches import Pipeline
from logship.pipeline.contents import Contents, Field, LineReader
from logship.pipeline.exports import single_exports
from logship.pipeline.options import MeasureOptions, SourceOptions

LONG_LABEL = "a label of more than 512 characters"
"""What is told where a label was too long to be kept."""


class Outcome(StrEnum):
    """What becomes of a line; exactly one of these."""

    REQUEST = "request"
    NOT_REQUEST = "not_request"
    DROPPED = "dropped"
    REJECTED = "rejected"


class Choice(StrEnum):
    """How the format of a line was chosen."""

    NAMED = "named"
    """The user named it."""
    FOUND = "found"
    """The first request of the file showed it."""
    UNDECIDED = "undecided"
    """No request has shown it yet."""
    AMBIGUOUS = "ambiguous"
    """Several formats claim the line."""


@dataclass(frozen=True, slots=True)
class Explained:
    """What became of one line.

    Attributes:
        line: The line as the application wrote it, without what wraps it; empty when it was too long to be kept.
        outcome: What became of it.
        reason: Why it was rejected.
        source: Name of its source.
        format: The format that it was read by, None while the file has shown none.
        choice: How the format was chosen.
        candidates: Formats that claim the line together.
        fields: What it holds where the format looks.
        derived: The route of a request before the limits.
        label: The route that it was counted under.
        origin: Where that comes from.
        limits: The limits that made it count under other labels.
        change: What it added to the numbers.
    """

    line: bytes
    outcome: Outcome
    reason: Reason | None = None
    source: str = ""
    format: str | None = None
    choice: Choice = Choice.UNDECIDED
    candidates: tuple[str, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)
    derived: str | None = None
    label: str | None = None
    origin: Origin | None = None
    limits: tuple[str, ...] = ()
    change: Tally = field(default_factory=Tally)


class Explainer:
    """Explain lines, in the order in which `tail` or `replay` would read them.

    Args:
        options: What to make of the records.
        sources: How the lines of each source are read, by its name.
        own: Own metrics and drop rules.
        admission: The limits.
        max_routes: How many routes stand for themselves.
        only: Of lines with another outcome no more than that is said.
    """

    def __init__(
        self,
        options: MeasureOptions,
        sources: Mapping[str, SourceOptions],
        own: OwnMetrics,
        admission: Admission,
        max_routes: int = DEFAULT_MAX_ROUTES,
        *,
        only: Outcome | None = None,
    ) -> None:
        self._sources = dict(sources) or {"": SourceOptions()}
        self._pipeline = Pipeline(options, _unwrapped(self._sources), own, max_routes=max_routes)
        self._routes = Routes(options.routes)
        self._readers: dict[str | None, LineReader] = {}
        self._admission = admission
        self._only = only
        self.total = self._pipeline.take()
        """All the numbers so far."""
        self.formats: Counter[str | None] = Counter()
        """How many lines were read by each format, None for those before the first request of a file."""

    def explain(self, batch: Batch) -> Iterator[Explained]:
        """Yield what becomes of each line of `batch`."""
        source = self._source(batch)
        for _ in range(batch.oversize):
            yield self._refused(b"", Reason.TOO_LONG, batch)
        lines = batch.lines
        if source.wrap is not None:
            lines, refused = UNWRAPS[source.wrap](lines)
            for reason in refused.elements():
                yield self._refused(batch.lines, reason, batch)
        for line in _lines(lines):
            yield from self._explain_line(line, batch)

    def count(self, batch: Batch) -> bool:
        """Count `batch` at once, without explaining it, if all its lines are of one known format; say whether so."""
        known = self._known(batch)
        if known is None or self._source(batch).wrap is not None or format_named(known).expand is not None:
            return False
        before = self.total.whole().lines
        self._pipeline.feed(batch)
        self._admission.add(self.total, self._pipeline.take())
        self.formats[known] += self.total.whole().lines - before
        return True

    def forget(self, generation: int) -> None:
        """Drop what is known of a file that will not come again."""
        self._pipeline.forget(generation)

    def _explain_line(self, line: bytes, batch: Batch) -> Iterator[Explained]:
        known, candidates = self._known(batch), frozenset[str]()
        if known is None:
            found = detect(line)
            known, candidates = found.format.name if found.format is not None else None, found.candidates
        pieces, source = [line], batch.source
        if known is not None and format_named(known).expand is not None:
            pieces, source = single_exports(line), _of_format(batch.source, known)
        for piece in pieces:
            self._pipeline.feed(Batch(batch.generation, 0, len(piece), piece, source=source))
            explained = self._counted(piece, self._pipeline.take())
            yield self._described(replace(explained, source=batch.source, candidates=tuple(sorted(candidates))), known)

    def _counted(self, line: bytes, change: Tally) -> Explained:
        """Return what the change that a line made says of it."""
        limits: list[str] = []
        admitted = self._admission.add(self.total, change, limits.append)
        whole, before = admitted.whole(), change.whole()
        if before.folded:
            limits.append(LONG_LABEL)
        reason = next(iter(whole.rejected), None)
        return Explained(
            line,
            Outcome.REJECTED if reason else _outcome(whole),
            reason=reason,
            derived=next((labels.route for labels in before.series), None),
            label=next((labels.route for labels in whole.series), None),
            limits=tuple(dict.fromkeys(limits)),
            change=admitted,
        )

    def _described(self, explained: Explained, known: str | None) -> Explained:
        """Add what a line holds, by the format that is `known`."""
        self.formats[known] += 1
        if self._only not in (None, explained.outcome):
            return explained
        contents = self._reader(known).read(explained.line)
        choice = Choice.AMBIGUOUS if explained.candidates else Choice.UNDECIDED
        if known is not None:
            choice = Choice.NAMED if self._source_named(explained.source).format is not None else Choice.FOUND
        origin = self._origin(contents, explained.derived) if explained.outcome is Outcome.REQUEST else None
        return replace(explained, format=known, choice=choice, fields=contents.fields, origin=origin)

    def _reader(self, known: str | None) -> LineReader:
        if known not in self._readers:
            self._readers[known] = LineReader(UNDECIDED if known is None else format_named(known))
        return self._readers[known]

    def _origin(self, contents: Contents, label: str | None) -> Origin | None:
        request = contents.request
        if request is None or label == OTHER:
            return None
        if request.route:
            return Origin.UNMATCHED if request.route == UNMATCHED else Origin.OWN
        derived, origin = self._routes.derive(request.url or "", request.status)
        return origin if derived == label else Origin.LEARNED

    def _refused(self, line: bytes, reason: Reason, batch: Batch) -> Explained:
        """Return what becomes of a line that is not even looked into."""
        change = Tally()
        change.part(self._source(batch).labels).rejected[reason] += 1
        return self._described(replace(self._counted(line, change), source=batch.source), self._known(batch))

    def _known(self, batch: Batch) -> str | None:
        """Return the format of the lines of a file as far as it is known."""
        return self._pipeline.format_of(batch.generation) or self._source(batch).format

    def _source(self, batch: Batch) -> SourceOptions:
        return self._source_named(batch.source)

    def _source_named(self, name: str) -> SourceOptions:
        return self._sources.get(name, SourceOptions())


def _outcome(change: Tally) -> Outcome:
    if change.ruled_out:
        return Outcome.DROPPED
    return Outcome.NOT_REQUEST if change.not_request else Outcome.REQUEST


def _lines(lines: bytes) -> Iterator[bytes]:
    yield from (line + b"\n" for line in lines.split(b"\n")[:-1])


def _unwrapped(sources: Mapping[str, SourceOptions]) -> dict[str, SourceOptions]:
    """Return sources of lines that are unwrapped already; and of each one source for each format of many records."""
    bare = {name: replace(source, wrap=None) for name, source in sources.items()}
    formats = [known.name for known in FORMATS if known.expand is not None]
    return bare | {_of_format(name, each): replace(bare[name], format=each) for name in bare for each in formats}


def _of_format(source: str, name: str) -> str:
    return f"{source}\0{name}"
