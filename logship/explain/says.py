"""Say what a line became: as text for people, as JSON-ready values for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from logship.explain.lines import Line
from logship.explain.masking import masked
from logship.explain.observations import Observation, observations
from logship.explain.reasons import WHY
from logship.expose.lines import escaped
from logship.measure import OwnMetric, Tally
from logship.measure.routes import Origin
from logship.parse import description, format_named
from logship.pipeline import Choice, Explained, Outcome
from logship.read import shown

_CHOICES = {
    Choice.NAMED: "as named",
    Choice.FOUND: "shown by a request in the file",
    Choice.UNDECIDED: "no request has shown it yet",
    Choice.AMBIGUOUS: "not decided: {candidates} claim the line",
}
_ORIGINS = {
    Origin.OWN: "the record says it",
    Origin.DECLARED: "the first template in measure.routes that matches",
    Origin.PATH: "the path; nothing in it looks like an identifier",
    Origin.TEMPLATE: "the path; segments that look like identifiers become :id",
    Origin.LEARNED: "the path; a segment with too many values became :param",
    Origin.UNMATCHED: "no route answered",
}
_RULED_OUT = "a drop rule of the configuration names it"
_TEXT_WIDTH = 9


def as_json(line: Line, buckets: Sequence[float], metrics: Sequence[OwnMetric], *, raw: bool) -> dict[str, Any]:
    """Return a line as JSON-ready values; `raw` adds the line itself, secrets and all."""
    said = line.explained
    result: dict[str, Any] = {
        "path": _valid(shown(line.path)),
        "line": line.number,
        "outcome": said.outcome.value,
        "reason": said.reason.value if said.reason is not None else None,
        "why": why(said),
        "format": said.format,
        "format_choice": said.choice.value,
        "candidates": list(said.candidates),
        "source": _valid(said.source),
        "fields": _fields(said),
        "route": None if said.label is None else masked(said.label),
        "route_origin": said.origin.value if said.origin is not None else None,
        "observations": [_observation_json(each) for each in observations(said.change, buckets, metrics)],
        "limits": list(said.limits),
    }
    return result | ({"raw": said.line.decode(errors="replace").removesuffix("\n")} if raw else {})


def as_text(line: Line, buckets: Sequence[float], metrics: Sequence[OwnMetric], *, raw: bool) -> Iterator[str]:
    """Yield a line as lines of text; `raw` adds the line itself, secrets and all."""
    said = line.explained
    yield printable(f"{shown(line.path)}:{line.number}: {said.outcome}{f' ({said.reason})' if said.reason else ''}")
    if raw:
        yield _row("line", said.line.decode(errors="replace").removesuffix("\n"))
    reason = why(said)
    if reason is not None:
        yield _row("why", reason)
    choice = _CHOICES[said.choice].format(candidates=", ".join(said.candidates))
    yield _row("format", f"{said.format}, {choice}" if said.format is not None else choice)
    if said.source:
        yield _row("source", said.source if line.is_meant else f"none means the file; read as one of {said.source}")
    if said.fields:
        yield _row("fields", " ".join(f"{name}={value}" for name, value in _fields(said).items()))
    if said.label is not None:
        origin = f", {_ORIGINS[said.origin]}" if said.origin is not None else ""
        yield _row("route", masked(said.label) + origin)
    if said.limits:
        yield _row("folded", f"no room for it: {', '.join(said.limits)}")
    for number, each in enumerate(observations(said.change, buckets, metrics)):
        yield _row("" if number else "counts", observation_text(each))


def why(said: Explained) -> str | None:
    """Return why a line is no request, None for one that is."""
    if said.reason is not None:
        return WHY[said.reason]
    if said.outcome is Outcome.DROPPED:
        return _RULED_OUT
    if said.outcome is Outcome.REQUEST:
        return None
    if not said.line.strip():
        return "a blank line"
    if said.format is None:
        return "no format takes it for a request"
    return f"a request of {said.format} is one where {dict(description(format_named(said.format)))['request']}"


def observation_text(observation: Observation) -> str:
    """Return an observation as a sample and what is added to it."""
    labels = ",".join(f'{name}="{escaped(masked(value))}"' for name, value in observation.labels.items())
    sample = f"{observation.metric}{{{labels}}}" if labels else observation.metric
    if observation.bucket is None:
        return f"{sample} {observation.value:g}"
    times = f", {observation.times} times" if observation.times > 1 else ""
    return f'{sample} {observation.value:.6g} in le="{observation.bucket}"{times}'


def summary_json(total: Tally, formats: Mapping[str | None, int]) -> dict[str, Any]:
    """Return the sums as JSON-ready values."""
    tally = total.whole()
    return {
        "summary": {
            "lines": tally.lines,
            "request": tally.request_lines,
            "not_request": tally.not_request,
            "dropped": tally.ruled_out,
            "rejected": {reason.value: count for reason, count in sorted(tally.rejected.items())},
            "formats": {name or "undecided": count for name, count in _ranked(formats)},
            "series_folded": tally.folded,
        }
    }


def summary_text(total: Tally, formats: Mapping[str | None, int]) -> Iterator[str]:
    """Yield the sums as lines of text."""
    tally = total.whole()
    yield f"{tally.lines} lines"
    for name, count in (("request", tally.request_lines), ("not_request", tally.not_request)):
        yield _sum(name, count)
    if tally.ruled_out:
        yield _sum("dropped", tally.ruled_out)
    yield _sum("rejected", tally.rejected.total())
    for reason, count in sorted(tally.rejected.items(), key=lambda item: (-item[1], item[0])):
        yield f"{_sum(f'  {reason}', count)}  {WHY[reason]}"
    yield "by format"
    for known, count in _ranked(formats):
        yield _sum(known or "undecided", count)
    if tally.folded:
        yield f"folded into __other__: {tally.folded}"


def printable(text: str) -> str:
    """Return `text` with everything escaped that could drive a terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _fields(said: Explained) -> dict[str, Any]:
    return {name: _field(name, value) for name, value in said.fields.items()}


def _field(name: str, value: Any) -> Any:
    if name == "time" and isinstance(value, float):
        return datetime.fromtimestamp(value, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return masked(value) if isinstance(value, str) else value


def _observation_json(observation: Observation) -> dict[str, Any]:
    labels = {name: masked(value) for name, value in observation.labels.items()}
    plain = {"metric": observation.metric, "labels": labels, "value": observation.value}
    return plain if observation.bucket is None else plain | {"le": observation.bucket, "times": observation.times}


def _ranked(counts: Mapping[str | None, int]) -> list[tuple[str | None, int]]:
    return sorted(
        ((name, count) for name, count in counts.items() if count), key=lambda item: (-item[1], item[0] or "")
    )


def _row(word: str, text: str) -> str:
    return printable(f"    {word:{_TEXT_WIDTH}}{text}")


def _sum(name: str, count: int) -> str:
    return f"  {name:22}{count:>10}"


def _valid(text: str) -> str:
    """Return `text`, which may name files in other encodings, as JSON can hold it."""
    return text.encode("utf-8", "backslashreplace").decode()
