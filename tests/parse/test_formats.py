"""The table of formats: names, examples, what is lifted, which exception a record tells of."""

from __future__ import annotations

from pathlib import Path

import pytest

from logship.parse import FORMAT_NAMES, FORMATS, UNDECIDED, Decoder, Format, Record, claims, detect, format_named

SAMPLES = Path(__file__).parent.parent / "data" / "samples"


def decode(fmt: Format, line: str) -> Record:
    ((record,),) = Decoder(fmt).decode(line.encode() + b"\n").records
    return record


@pytest.mark.parametrize("fmt", FORMATS, ids=FORMAT_NAMES)
def test_the_example_of_a_format_is_a_request_in_it(fmt: Format) -> None:
    record = decode(fmt, fmt.example)
    request = record if record.url is not None else fmt.lift(record)
    assert request is not None
    assert record.message == fmt.request_message
    assert (request.method, request.url, request.status) == ("GET", "/api/heroes/17", 200)
    assert (request.duration is not None) == bool(fmt.mapping.duration)
    assert len(Decoder(fmt).times(fmt.example.encode() + b"\n")) == 2


@pytest.mark.parametrize("fmt", FORMATS, ids=FORMAT_NAMES)
def test_the_example_of_a_format_is_claimed_by_it_or_the_format_must_be_told(fmt: Format) -> None:
    claimed = {known.name for known in claims(fmt.example.encode() + b"\n")}
    if fmt.name.startswith("combined-"):
        assert claimed == {"combined", "combined-s", "combined-ms", "combined-us"}
    elif fmt.name == "winston-metadata":
        assert claimed == {"winston"}
    else:
        assert claimed == ({fmt.name} if fmt.signature is not None else set())
        found = detect(fmt.example.encode() + b"\n")
        assert found.format is (fmt if fmt.signature is not None else None)


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_a_format_is_found_by_its_name(name: str) -> None:
    assert format_named(name).name == name


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        format_named("log4j")


@pytest.mark.parametrize("fmt", [format_named("app"), UNDECIDED], ids=["app", "undecided"])
def test_app_logging_tells_the_type_of_an_exception(fmt: Format) -> None:
    line = '{"message":"x","exception":{"type":"KeyError","message":"y","frames":[]},"seq":1,"boot_id":"b"}'
    assert fmt.exception_type(decode(fmt, line)) == "KeyError"


@pytest.mark.parametrize("fmt", [format_named("app"), UNDECIDED], ids=["app", "undecided"])
def test_a_stack_alone_is_no_exception_of_app_logging(fmt: Format) -> None:
    assert fmt.exception_type(decode(fmt, '{"message":"x","stack":"File a.py","seq":1,"boot_id":"b"}')) is None


@pytest.mark.parametrize("fmt", [format_named("winston"), UNDECIDED], ids=["winston", "undecided"])
@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        ("TypeError: Cannot read properties of undefined\\n    at f (a.js:1:2)", "TypeError"),
        ("Error\\n    at f", "Error"),
        ("errors.Http$Error_2: x", "errors.Http$Error_2"),
        ("", "unknown"),
        ("    at f (a.js)", "unknown"),
        ("42: x", "unknown"),
        ("\u00c9rreur: x", "unknown"),
    ],
)
def test_the_stack_of_winston_begins_with_the_type(fmt: Format, stack: str, expected: str) -> None:
    assert fmt.exception_type(decode(fmt, f'{{"message":"x","stack":"{stack}"}}')) == expected
    assert fmt.exception_type(decode(fmt, f'{{"message":"x","metadata":{{"stack":"{stack}"}}}}')) == expected


JSON = [fmt for fmt in (*FORMATS, UNDECIDED) if fmt.line is None and not fmt.is_logfmt]


@pytest.mark.parametrize("fmt", JSON, ids=[fmt.name for fmt in JSON])
def test_a_record_without_an_exception_tells_of_none(fmt: Format) -> None:
    assert fmt.exception_type(decode(fmt, '{"message":"x","level":"error"}')) is None


@pytest.mark.parametrize(
    ("sample", "name"),
    [
        ("app_logging-proposed", "app"),
        ("winston-seed-flat", "winston"),
        ("winston-metadata-nested", "winston"),
    ],
)
def test_a_sample_shows_its_format(sample: str, name: str) -> None:
    assert detect((SAMPLES / f"{sample}.ndjson").read_bytes()).format is format_named(name)


@pytest.mark.parametrize("sample", [path.stem for path in sorted(SAMPLES.glob("*.ndjson"))])
@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_every_line_of_every_sample_has_one_outcome(sample: str, name: str) -> None:
    lines = (SAMPLES / f"{sample}.ndjson").read_bytes()
    decoded = Decoder(format_named(name)).decode(lines)
    records = (
        lines.count(b'"timeUnixNano"') if name == sample.removesuffix("-logs") == "otlp-json" else lines.count(b"\n")
    )
    assert len(decoded.records) + decoded.rejected.total() + decoded.blank == records
