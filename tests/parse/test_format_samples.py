"""Each format reads its sample as the golden file beside it says: every line, and the metrics of all of them.

`python tests/parse/test_format_samples.py` writes the golden files anew; look at the difference before you keep it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.config import Config, Source
from logship.model import Reason
from logship.parse import FORMATS, UNWRAPS, Decoder, Format, MappedRecord, Record, detect, format_named
from logship.parse.readers import reader_of
from logship.replay.plan import plan
from logship.replay.work import replay

SAMPLES = Path(__file__).parent.parent / "data" / "formats"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.log"))
INSIDE = {"docker": "pino-http", "cri": "pino-http"}
WEIRD: list[Any] = [None, "", "-", 0, -1, 7, 200.0, 1e300, True, [], {}, {"a": 1}, "x", "12ms", "200", "\ud800", 10**30]


def lines_of(name: str) -> list[bytes]:
    text = (SAMPLES / f"{name}.log").read_bytes()
    if name in UNWRAPS:
        text = UNWRAPS[name](text).lines
    fmt = format_named(INSIDE.get(name, name))
    if fmt.expand is not None:
        text = fmt.expand(text).lines
    return [line + b"\n" for line in text.split(b"\n")[:-1]]


def expanded(fmt: Format) -> Format:
    """Return the format for lines that are expanded already."""
    return format_named("otel") if fmt.expand is not None else fmt


def shown(fmt: Format, line: bytes) -> str:
    decoded = Decoder(fmt).decode(line)
    if decoded.blank:
        return "blank"
    if decoded.rejected:
        return f"rejected {next(iter(decoded.rejected))}"
    ((record,),) = decoded.records
    if record.message != fmt.request_message:
        raised = fmt.exception_type(record)
        return f"other {record.level}" + (f" {raised}" if raised is not None else "")
    found = record if record.url is not None or record.route is not None else fmt.lift(record)
    if found is None:
        return "request without its fields"
    unit = fmt.mapping.unit if fmt.mapping.duration else ""
    took = "-" if found.duration is None else f"{found.duration:.12g} {unit}"
    return f"request {found.method} {found.url} route={found.route} status={found.status} {took} {found.level}"


def told(name: str) -> str:
    """Return what becomes of the sample, line by line and as metrics."""
    fmt = expanded(format_named(INSIDE.get(name, name)))
    path = str(SAMPLES / f"{name}.log")
    wrap: Any = name if name in UNWRAPS else None
    config = Config(sources=(Source((path,), format=INSIDE.get(name, name), wrap=wrap),))
    tally = replay(plan([path]), config, lambda _: None).tally
    rows = [
        *(shown(fmt, line) for line in lines_of(name)),
        "",
        *(
            f"{' '.join(labels)}: {series.requests} requests, {series.buckets}, {series.sum_ns} ns"
            for labels, series in sorted(tally.series.items())
        ),
        f"messages: {dict(sorted(tally.messages.items()))}",
        f"exceptions: {dict(sorted(tally.exceptions.items()))}",
        f"rejected: {dict(sorted((str(reason), count) for reason, count in tally.rejected.items()))}",
        f"lines: {tally.lines}, not requests: {tally.not_request}",
        f"from {tally.first_event} to {tally.last_event}",
    ]
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_read_as_its_golden_file_says(name: str) -> None:
    assert told(name) == (SAMPLES / f"{name}.golden").read_text(encoding="utf-8")


def test_every_format_and_every_wrapping_has_a_sample() -> None:
    assert set(NAMES) == {fmt.name for fmt in FORMATS} | UNWRAPS.keys()


@pytest.mark.parametrize("fmt", [fmt for fmt in FORMATS if fmt.signature is not None], ids=lambda fmt: fmt.name)
def test_a_sample_shows_its_format_or_that_it_must_be_told(fmt: Format) -> None:
    found = detect((SAMPLES / f"{fmt.name}.log").read_bytes())
    if fmt.name.startswith("combined-"):
        assert found.refused[Reason.AMBIGUOUS_FORMAT]
    else:
        assert found.format is fmt


def fields_of(fmt: Format, records: Sequence[tuple[Record]]) -> list[list[Any]]:
    return [[getattr(record, name) for name in fmt.record.__struct_fields__] for (record,) in records]


def plain(column: list[Any]) -> list[Any]:
    """Return a column with None for objects and lists, of which only that they are there is told."""
    return [value if isinstance(value, str | int | float) else None for value in column]


def agree(fmt: Format, line: bytes) -> None:
    """Assert that a line becomes the same alone as in a chunk, by the way of damaged lines as by that of good ones."""
    extra = ("level", "req.url", "a", "http.response.status_code")
    reader = reader_of(fmt, extra)
    whole, alone = reader.chunk(line), reader.line(line)
    if whole is None:
        return
    assert not isinstance(alone, Reason), line
    assert fields_of(fmt, whole.records) == fields_of(fmt, alone.records)
    for path in extra:
        assert plain(whole.pick(None)(path)) == plain(alone.pick(None)(path))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in UNWRAPS])
def test_a_chunk_and_a_line_alone_are_read_alike(name: str) -> None:
    fmt = expanded(format_named(name))
    for line in lines_of(name):
        agree(fmt, line)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(below, (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    return {**value, path[0]: changed(value[path[0]], path[1:], new)}


MAPPED = [fmt.name for fmt in FORMATS if fmt.is_mapped and fmt.line is None and not fmt.is_logfmt]


@given(st.data(), st.sampled_from(MAPPED), st.lists(st.sampled_from(WEIRD), min_size=1, max_size=3))
def test_whatever_stands_in_a_field_a_chunk_and_a_line_alone_are_read_alike(
    data: st.DataObject, name: str, values: list[Any]
) -> None:
    fmt = expanded(format_named(name))
    record = json.loads(lines_of(name)[0])
    for value in values:
        record = changed(record, data.draw(st.sampled_from([path for path in leaves(record) if path])), value)
    line = json.dumps(record).encode() + b"\n"
    agree(fmt, line)
    decoded = Decoder(fmt).decode(line)
    assert len(decoded.records) + decoded.rejected.total() == 1


@given(st.data(), st.sampled_from([fmt.name for fmt in FORMATS]))
def test_any_chunk_of_samples_becomes_what_its_lines_become_alone(data: st.DataObject, name: str) -> None:
    lines = data.draw(st.lists(st.sampled_from([*lines_of(name), b"\n", b"\xff\n", b"{}{}\n"]), max_size=30))
    decoder = Decoder(expanded(format_named(name)), ("a.b", "level"))
    whole = decoder.decode(b"".join(lines))
    alone = [decoder.decode(line) for line in lines]
    assert fields_of(decoder.format, whole.records) == [
        fields for each in alone for fields in fields_of(decoder.format, each.records)
    ]
    for path in ("a.b", "level"):
        assert whole.extras.column(path) == [value for each in alone for value in each.extras.column(path)]
    assert whole.rejected.total() == sum(each.rejected.total() for each in alone)
    assert whole.blank == sum(each.blank for each in alone)


def test_bytes_that_are_no_text_hide_no_request() -> None:
    (line,) = [line for line in lines_of("nginx-json") if not line.isascii()]
    with pytest.raises(UnicodeDecodeError):
        line.decode()
    ((record,),) = Decoder(format_named("nginx-json")).decode(line).records
    assert (record.method, record.status) == ("GET", 200)


@pytest.mark.parametrize("values", [("true", "1"), ("1", "true")])
def test_values_that_python_takes_for_equal_are_read_each_for_itself(values: tuple[str, str]) -> None:
    lines = "".join(f'{{"severityNumber":{value}}}\n' for value in values).encode()
    levels = [record.level for (record,) in Decoder(format_named("otel")).decode(lines).records]
    assert levels == [None if value == "true" else "trace" for value in values]


def test_records_are_of_the_type_that_may_be_unanswered() -> None:
    records: list[tuple[Record]] = Decoder(format_named("envoy")).decode(lines_of("envoy")[-1]).records
    assert all(type(record) is MappedRecord for (record,) in records)


if __name__ == "__main__":
    for each in NAMES:
        (SAMPLES / f"{each}.golden").write_text(told(each), encoding="utf-8")
