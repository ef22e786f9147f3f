"""Decoding a chunk at once gives what decoding each of its lines alone gives."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.model import Reason
from logship.parse import FORMAT_NAMES, Decoded, Decoder, Record, format_named

GOOD = (
    b'{"message":"HTTP Request","level":"info","method":"GET","url":"/a/1","status":200,"duration":12.5}',
    b'{"message":"HTTP Request","method":"POST","route":"/b","status":500,"duration":3,"level":"error"}',
    b'{"message":"HTTP Request","level":"info","metadata":{"method":"GET","url":"/a","status":204,"duration":1}}',
    b'{"message":"boom","level":"error","stack":"TypeError: x"}',
    b'{"message":"boom","level":"error","exception":{"type":"KeyError"},"seq":1,"boot_id":"b"}',
    '{"message":"caf\u00e9 \u2028 \u0085 \U0001f600"}'.encode(),
    b"{}",
    b'  {"message":"indented"}\t ',
)

HOSTILE = {
    "glued": b"{}{}",
    "glued with a space": b'{"message":"a"} {"message":"b"}',
    "glued with a comma": b"{},{}",
    "closes and opens our own array": b"{}] [{}",
    "closes our own array": b"{}]",
    "opens an array": b"[{}",
    "string over two lines": b'{"message":"a\nb"}',
    "skipped string over two lines": b'{"skipped":"a\nb"}',
    "record over two lines": b'{"message":\n"a"}',
    "array over two lines": b'{"skipped":[{}\n{}]}',
    "two records over three lines": b'{"skipped":[1,\n2]},{\n}',
    "empty": b"",
    "spaces": b" \t ",
    "carriage return": b"\r",
    "CRLF": b'{"message":"a"}\r',
    "truncated": b'{"message":"HTTP Requ',
    "not JSON": b"127.0.0.1 - - GET /",
    "comment": b"{}//",
    "trailing comma": b'{"message":"a",}',
    "single quotes": b"{'message':'a'}",
    "raw tab in a string": b'{"skipped":"a\tb"}',
    "bad escape in a skipped string": b'{"skipped":"\\q"}',
    "invalid UTF-8 in a used field": b'{"message":"\xff"}',
    "invalid UTF-8 in a skipped field": b'{"skipped":"\xff"}',
    "invalid UTF-8 in a key": b'{"\xff":1}',
    "encoded surrogate": b'{"message":"\xed\xa0\x80"}',
    "overlong encoding": b'{"skipped":"\xc0\xaf"}',
    "NUL in a string": b'{"message":"\0"}',
    "NUL behind a record": b"{}\0",
    "nothing but NUL": b"\0\0\0\0",
    "number": b"1",
    "string": b'"HTTP Request"',
    "array": b"[{}]",
    "null": b"null",
    "arrays too deep": b'{"skipped":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "objects too deep": b'{"skipped":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}",
    "never closed": b"[" * 10_000,
    "NaN": b'{"message":"HTTP Request","method":"GET","url":"/","status":200,"duration":NaN}',
    "NaN in a skipped field": b'{"skipped":NaN}',
    "infinity": b'{"message":"HTTP Request","method":"GET","url":"/","status":200,"duration":-Infinity}',
    "1e400": b'{"message":"HTTP Request","method":"GET","url":"/","status":200,"duration":1e400}',
    "1e400 in another record": b'{"message":"other","duration":1e400}',
    "lone surrogate": b'{"message":"HTTP Request","method":"GET","url":"/\\ud800","status":200}',
    "lone surrogate in a skipped field": b'{"skipped":"\\udfff"}',
    "byte order mark": b'\xef\xbb\xbf{"message":"a"}',
    "numbers as strings": b'{"message":"HTTP Request","method":"GET","url":"/","status":"200","duration":"1.5"}',
    "status 200.0": b'{"message":"HTTP Request","method":"GET","url":"/","status":200.0}',
    "status true": b'{"message":"HTTP Request","method":"GET","url":"/","status":true}',
    "status null": b'{"message":"HTTP Request","method":"GET","url":"/","status":null}',
    "status 0": b'{"message":"HTTP Request","method":"GET","url":"/","status":0}',
    "status -1": b'{"message":"HTTP Request","method":"GET","url":"/","status":-1}',
    "status 999": b'{"message":"HTTP Request","method":"GET","url":"/","status":999}',
    "status beyond 64 bits": b'{"message":"HTTP Request","method":"GET","url":"/","status":' + b"9" * 30 + b"}",
    "negative duration": b'{"message":"HTTP Request","method":"GET","url":"/","status":200,"duration":-1}',
    "duration beyond 64 bits": b'{"message":"HTTP Request","method":"GET","url":"/","status":200,"duration":'
    + b"9" * 400
    + b"}",
    "duration is an object": b'{"message":"HTTP Request","method":"GET","url":"/","status":200,"duration":{}}',
    "url is a number": b'{"message":"HTTP Request","method":"GET","url":5,"status":200}',
    "message is a number": b'{"message":5,"method":"GET","url":"/","status":200}',
    "level is a number": b'{"message":"a","level":30}',
    "metadata is text": b'{"message":"a","metadata":"x"}',
    "bad status in metadata": b'{"message":"HTTP Request","metadata":{"method":"GET","url":"/","status":"x"}}',
    "exception is text": b'{"message":"a","exception":"ValueError"}',
    "exception type is a number": b'{"message":"a","exception":{"type":5}}',
    "bare request": b'{"message":"HTTP Request"}',
    "duplicate keys": b'{"message":"a","message":"b","status":"x","status":200}',
    "escaped key": b'{"mess\\u0061ge":"a"}',
    "long": b'{"message":"' + b"x" * 5000 + b'"}',
}


def alone(decoder: Decoder, lines: bytes) -> Decoded:
    """Decode each line by itself and add up."""
    total = Decoded()
    for line in lines.split(b"\n")[:-1]:
        one = decoder.decode(line + b"\n")
        assert len(one.records) + one.rejected.total() + one.blank == 1, line[:100]
        total.records += one.records
        total.rejected.update(one.rejected)
        total.blank += one.blank
        total.numbers += one.numbers
    return total


@given(
    st.lists(st.sampled_from([*GOOD, *GOOD, *HOSTILE.values()]), max_size=40),
    st.sampled_from(FORMAT_NAMES),
    st.sampled_from([1, 1, 20]),
)
def test_a_chunk_becomes_exactly_what_its_lines_become_alone(lines: list[bytes], name: str, times: int) -> None:
    decoder = Decoder(format_named(name))
    chunk = b"".join(line + b"\n" for line in lines) * times
    assert decoder.decode(chunk) == alone(decoder, chunk)


@given(st.lists(st.binary(max_size=12) | st.text('{}[],:"\\ \tau01', max_size=12).map(str.encode), max_size=30))
def test_no_bytes_break_the_decoder(lines: list[bytes]) -> None:
    decoder = Decoder(format_named("winston"))
    chunk = b"".join(line + b"\n" for line in lines)
    assert decoder.decode(chunk) == alone(decoder, chunk)


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("copies", [1, 200])
def test_a_hostile_line_does_not_harm_its_neighbours(line: bytes, copies: int) -> None:
    decoder = Decoder(format_named("winston"))
    good = b"".join(each + b"\n" for each in GOOD) * copies
    expected, hostile = decoder.decode(good), decoder.decode(line + b"\n")
    decoded = decoder.decode(good + line + b"\n" + good)
    assert decoded.records == expected.records + hostile.records + expected.records
    assert decoded.rejected == hostile.rejected
    assert decoded.blank == hostile.blank


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("glued", Reason.INVALID_JSON),
        ("glued with a space", Reason.INVALID_JSON),
        ("glued with a comma", Reason.INVALID_JSON),
        ("closes and opens our own array", Reason.INVALID_JSON),
        ("closes our own array", Reason.INVALID_JSON),
        ("opens an array", Reason.INVALID_JSON),
        ("truncated", Reason.INVALID_JSON),
        ("not JSON", Reason.INVALID_JSON),
        ("trailing comma", Reason.INVALID_JSON),
        ("raw tab in a string", Reason.INVALID_JSON),
        ("bad escape in a skipped string", Reason.INVALID_JSON),
        ("NaN", Reason.INVALID_JSON),
        ("NaN in a skipped field", Reason.INVALID_JSON),
        ("infinity", Reason.INVALID_JSON),
        ("byte order mark", Reason.INVALID_JSON),
        ("invalid UTF-8 in a used field", Reason.INVALID_UTF8),
        ("invalid UTF-8 in a skipped field", Reason.INVALID_UTF8),
        ("invalid UTF-8 in a key", Reason.INVALID_UTF8),
        ("encoded surrogate", Reason.INVALID_UTF8),
        ("overlong encoding", Reason.INVALID_UTF8),
        ("NUL in a string", Reason.NUL_BYTES),
        ("NUL behind a record", Reason.NUL_BYTES),
        ("arrays too deep", Reason.TOO_DEEP),
        ("objects too deep", Reason.TOO_DEEP),
        ("never closed", Reason.TOO_DEEP),
        ("number", Reason.NOT_AN_OBJECT),
        ("string", Reason.NOT_AN_OBJECT),
        ("array", Reason.NOT_AN_OBJECT),
        ("null", Reason.NOT_AN_OBJECT),
        ("status true", Reason.INVALID_STATUS),
        ("bad status in metadata", Reason.INVALID_STATUS),
        ("1e400", Reason.INVALID_DURATION),
        ("duration beyond 64 bits", Reason.INVALID_DURATION),
        ("duration is an object", Reason.INVALID_DURATION),
        ("url is a number", Reason.INVALID_URL),
    ],
)
def test_a_refused_line_has_its_reason(case: str, reason: Reason) -> None:
    decoded = Decoder(format_named("winston")).decode(HOSTILE[case] + b"\n")
    assert decoded == Decoded(rejected=Counter({reason: 1}))


@pytest.mark.parametrize(
    "case", ["CRLF", "1e400 in another record", "message is a number", "level is a number", "exception is text"]
)
def test_what_is_odd_but_does_not_matter_is_no_reason_to_refuse(case: str) -> None:
    decoded = Decoder(format_named("app")).decode(HOSTILE[case] + b"\n")
    assert len(decoded.records) == 1


@pytest.mark.parametrize("line", [b"", b" \t ", b"\r"])
def test_white_space_is_a_blank_line(line: bytes) -> None:
    assert Decoder(format_named("app")).decode(line + b"\n") == Decoded(blank=1)


@pytest.mark.parametrize("hole", [b"\0", b"\0" * 5000])
def test_a_hole_before_a_line_is_skipped(hole: bytes) -> None:
    decoder = Decoder(format_named("winston"))
    good = GOOD[0] + b"\n"
    assert decoder.decode(good + hole + good) == decoder.decode(good + good)
    assert decoder.decode(hole + b"\n") == Decoded(blank=1)


def test_the_last_of_duplicate_keys_counts() -> None:
    decoded = Decoder(format_named("winston")).decode(HOSTILE["duplicate keys"] + b"\n")
    ((record,),) = decoded.records
    assert (record.message, record.status) == ("b", 200)


def test_a_lone_surrogate_becomes_text_that_can_be_encoded() -> None:
    ((record,),) = Decoder(format_named("winston")).decode(HOSTILE["lone surrogate"] + b"\n").records
    assert record.url == "/?"


def test_line_separators_of_unicode_are_part_of_a_line() -> None:
    ((record,),) = Decoder(format_named("app")).decode('{"url":"/\u0085\u2028\u2029"}\n'.encode()).records
    assert record.url == "/\u0085\u2028\u2029"


def test_no_lines_become_nothing() -> None:
    assert Decoder(format_named("app")).decode(b"") == Decoded()


def test_flat_and_nested_winston_records_stand_in_one_file() -> None:
    fmt = format_named("winston")
    lines = (
        b'{"message":"HTTP Request","level":"info","method":"GET","url":"/a","status":200,"duration":1}\n'
        b'{"message":"HTTP Request","level":"warn","metadata":{"method":"PUT","url":"/b","status":404,"duration":2}}\n'
    )
    (flat,), (nested,) = Decoder(fmt).decode(lines).records
    assert flat == fmt.record(message="HTTP Request", level="info", method="GET", url="/a", status=200, duration=1.0)
    lifted = fmt.lift(nested)
    assert isinstance(lifted, Record)
    assert (lifted.level, lifted.method, lifted.url, lifted.status, lifted.duration) == ("warn", "PUT", "/b", 404, 2.0)
