"""Read the ends of some files as the tailer would, and say what their lines become: format, rejects, newest time.

Nothing of a line is shown: a reason, a file and a place in it are enough to look for oneself.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from shlex import quote

from logship.config import Config, counted
from logship.doctor.files import Seen, Survey
from logship.doctor.finding import Finding, note, ok, some, warning
from logship.model import Batch, Reason
from logship.pipeline import Explainer, Outcome
from logship.read import cutter_for

MAX_SAMPLED = 12
"""Files: the newest ones. More would make who asks wait, and files of one source are alike."""

TAIL_BYTES = 32 << 10
"""Of each file; some seventy requests of app_logging."""

SECONDS = 0.5
"""After so long no further file is begun."""

_FEW = 0.01
"""Share of rejected lines up to which they are worth a note: a torn line now and then is life."""

CHECK = "lines"


@dataclass(slots=True)
class Sampled:
    """What the end of a file came to.

    Attributes:
        seen: The file.
        format: Its format, None when no request showed it.
        lines: How many lines were read.
        requests: How many of them are requests.
        rejected: How many were rejected, by reason.
        places: Where in the file the first line stands that was rejected for a reason.
        candidates: Formats that claim a line together.
        newest: Time of the newest record in seconds since the epoch.
    """

    seen: Seen
    format: str | None = None
    lines: int = 0
    requests: int = 0
    rejected: Counter[Reason] = field(default_factory=Counter)
    places: dict[Reason, int] = field(default_factory=dict)
    candidates: set[str] = field(default_factory=set)
    newest: float | None = None


def sample(config: Config, found: Survey, monotonic: Callable[[], float]) -> list[Sampled]:
    """Read the ends of the newest files."""
    newest = sorted((each for each in found.readable if each.size), key=lambda each: -each.modified)
    deadline = monotonic() + SECONDS
    result: list[Sampled] = []
    for number, seen in enumerate(newest[:MAX_SAMPLED]):
        if result and monotonic() > deadline:
            break
        result.append(_sampled(config, found, seen, number))
    return result


def _sampled(config: Config, found: Survey, seen: Seen, number: int) -> Sampled:
    source = found.sources.of(seen.path)
    explainer = Explainer(
        config.measure,
        counted(config.sources),
        config.own,
        config.admission,
        config.limits.max_routes,
        only=Outcome.REJECTED,
    )
    cutter = cutter_for(found.sources.wrap_of(source), config.follow.max_line_bytes)
    result = Sampled(seen)
    for place, line in _last_lines(seen):
        cut = cutter.feed(line)
        for said in explainer.explain(Batch(number, 0, 0, cut.data, cut.oversize, source)):
            result.candidates.update(said.candidates)
            if said.reason is not None:
                result.rejected[said.reason] += 1
                result.places.setdefault(said.reason, place)
    tally = explainer.total.whole()
    result.lines, result.requests, result.newest = tally.lines, tally.request_lines, tally.last_event
    result.format = next((name for name, _ in explainer.formats.most_common() if name is not None), None)
    return result


def _last_lines(seen: Seen) -> Iterator[tuple[int, bytes]]:
    """Yield the complete lines at the end of a file, each with its offset."""
    start = max(0, seen.size - TAIL_BYTES)
    descriptor = os.open(seen.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        block = os.pread(descriptor, TAIL_BYTES, start)
    finally:
        os.close(descriptor)
    at = block.find(b"\n") + 1 if start else 0
    while end := block.find(b"\n", at) + 1:
        yield start + at, block[at:end]
        at = end


def examine_lines(sampled: Sequence[Sampled], total: int, why: Mapping[Reason, str]) -> Iterator[Finding]:
    """Say what the sampled lines became; `why` says in words what each reason means."""
    for each in sampled:
        yield from _of_file(each)
    rejected: Counter[Reason] = sum((each.rejected for each in sampled), Counter())
    lines = sum(each.lines for each in sampled)
    for reason, count in rejected.most_common():
        yield _rejected(reason, count, lines, next(each for each in sampled if reason in each.places), why)
    if lines:
        formats = Counter(each.format for each in sampled if each.format is not None)
        named = (
            ", ".join(f"{name} ({some(count, 'file')})" for name, count in formats.most_common()) or "no format shown"
        )
        requests = sum(each.requests for each in sampled)
        says = f"{some(lines, 'line')} at the ends of {len(sampled)} of {some(total, 'file')}: "
        says += f"{some(requests, 'request')}; {named or 'no format shown'}"
        yield ok(f"{CHECK}.format", says)


def _of_file(each: Sampled) -> Iterator[Finding]:
    if each.candidates and each.format is None:
        names = ", ".join(sorted(each.candidates))
        says = f"several formats claim its requests ({names}): all are rejected until one is named"
        fix = f"--format {min(each.candidates)}, or format: in the configuration; logship formats shows them"
        yield warning(f"{CHECK}.format", says, each.seen.path, promises="P4 P7", remedy=fix)
    elif each.lines and not each.requests and not each.rejected:
        says = f"no request in its last {some(each.lines, 'line')}: nothing of them is in the histograms"
        fix = f"logship explain {quote(each.seen.path)} --limit 3"
        yield note(f"{CHECK}.requests", says, each.seen.path, remedy=fix)
    elif not each.lines:
        size = min(each.seen.size, TAIL_BYTES)
        yield note(f"{CHECK}.whole", f"its last {size:,} bytes hold no complete line", each.seen.path)


def _rejected(reason: Reason, count: int, lines: int, first: Sampled, why: Mapping[Reason, str]) -> Finding:
    path = first.seen.path
    says = f"{count:,} of {lines:,} sampled lines are rejected, {reason}: {why[reason]} (byte {first.places[reason]:,})"
    fix = f"logship explain {quote(path)} --only rejected"
    if count <= lines * _FEW:
        return note(f"{CHECK}.rejected", says, path, remedy=fix)
    return warning(f"{CHECK}.rejected", says, path, promises="P4 P7", remedy=fix)
