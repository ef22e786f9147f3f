from __future__ import annotations

import argparse
import dataclasses
import email.message
import enum
import json
import re
import wsgiref.headers
from collections import OrderedDict, UserList, deque, namedtuple
from types import MappingProxyType, SimpleNamespace
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app_logging.cleaning import CUT
from app_logging.redact import REDACTED, NoRedactor, Redactor, redact_query, redact_url
from app_logging.secret_names import MAX_CACHED, SECRET_PARAMETERS, SecretNames
from app_logging.secret_values import SecretValues, value_patterns

SECRET_FIELDS = [
    *("password", "Password", "PASSWD", "db_password", "dbPassword", "pwd", "passphrase", "secret", "client_secret"),
    *("MYSECRETKEY", "token", "auth_token", "authToken", "userToken", "jwtToken", "api_key", "apiKey", "X-Api-Key"),
    *("apikey", "authorization", "Proxy-Authorization", "cookie", "Set-Cookie", "cookies", "session", "sessionid"),
    *("session_id", "csrftoken", "X-CSRF-Token", "jwt", "credentials", "private_key", "access_token", "refreshToken"),
    *(
        "id_token",
        "otp",
        "pin",
        "ssn",
        "card_number",
        "creditCard",
        "cvv",
        "auth",
        "access.token",
        "aws_secret_access_key",
    ),
]
FALSE_FRIENDS = [
    *("token_count", "tokenCount", "token_type", "tokens_used", "max_tokens", "session_count", "author", "authors"),
    *("authority", "password_length", "passwordValid", "secretary", "pinned", "spinning", "keyboard", "cookie_count"),
    *("key", "code", "tokenizer", "compass", "message", "expires_in", "token_expires_at", "", "..", "名前"),
]


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


@pytest.mark.parametrize("name", SECRET_FIELDS)
def test_a_field_with_the_name_of_a_secret_is_redacted(redactor: Redactor, name: str) -> None:
    for _ in range(2):  # decided, then remembered
        assert redactor.fields({"a": 1, name: "s3cr3t"}) == {"a": 1, name: REDACTED}


@pytest.mark.parametrize("name", FALSE_FRIENDS)
def test_a_name_that_only_looks_like_a_secret_stays(redactor: Redactor, name: str) -> None:
    for _ in range(2):
        assert redactor.fields({name: "value"}) == {name: "value"}


@pytest.mark.parametrize("value", [None, True, False])
def test_whether_there_is_a_secret_is_none(redactor: Redactor, value: object) -> None:
    assert redactor.fields({"password": value}) == {"password": value}


def test_a_secret_is_redacted_whatever_its_type(redactor: Redactor) -> None:
    assert redactor.fields({"pin": 1234, "credentials": {"user": "u"}, "cookies": ["a"]}) == {
        "pin": REDACTED,
        "credentials": REDACTED,
        "cookies": REDACTED,
    }


@dataclasses.dataclass
class Login:
    user: str
    password: str


class Struct(msgspec.Struct):
    user: str
    password: str


Kind = enum.Enum("Kind", {"LOGIN": {"password": "s3cr3t"}})


Point = namedtuple("Point", ["user", "password"])  # noqa: PYI024 - the plain one is what is tested


@pytest.mark.parametrize(
    "value",
    [
        {"password": "s3cr3t"},
        {"a": {"b": [{"password": "s3cr3t"}]}},
        [[{"Authorization": "s3cr3t"}]],
        ({"password": "s3cr3t"},),
        OrderedDict(password="s3cr3t"),  # noqa: S106 - as all here
        MappingProxyType({"password": "s3cr3t"}),
        {b"password": "s3cr3t"},
        Login("u", "s3cr3t"),
        [Struct("u", "s3cr3t")],
        Point("u", "s3cr3t"),
        Kind["LOGIN"],
        [("authorization", "s3cr3t"), ("accept", "*/*")],
        [[b"cookie", b"s3cr3t"]],
        {"a": frozenset({("token", "s3cr3t")})},
    ],
)
def test_secrets_are_found_in_what_is_nested(redactor: Redactor, value: object) -> None:
    before = repr(value)
    redacted = redactor.fields({"value": value})
    assert "s3cr3t" not in repr(redacted)
    assert REDACTED in repr(redacted)
    assert repr(value) == before, "the caller's value was changed"


def test_what_holds_no_secret_is_left_as_it_is(redactor: Redactor) -> None:
    fields = {"a": 1, "b": "text"}
    assert redactor.fields(fields) is not None
    assert redactor.fields(fields) is fields
    nested = {"hero": {"id": 1, "tags": ["a", "b"]}}
    assert redactor.fields(nested) == nested


def test_depth_and_cycles_are_cut(redactor: Redactor) -> None:
    cycle: dict[str, Any] = {"a": 1}
    cycle["self"] = cycle
    assert redactor.fields({"cycle": cycle}) == {"cycle": {"a": 1, "self": CUT}}
    deep: Any = {"password": "s3cr3t"}
    for _ in range(100):
        deep = [deep]
    assert "s3cr3t" not in repr(redactor.fields({"deep": deep}))


def test_the_work_is_bounded_by_what_a_record_can_hold(redactor: Redactor) -> None:
    looked_at = []

    class Seen(str):
        __slots__ = ()

        def __str__(self) -> str:
            looked_at.append(1)
            return "key"

    redactor.fields({"wide": [{Seen(number): 1} for number in range(100_000)]})
    assert len(looked_at) <= 32 * 1024


def test_a_hostile_container_costs_only_itself(redactor: Redactor) -> None:
    class Hostile(list[object]):
        def __iter__(self) -> Any:
            raise RuntimeError

    assert redactor.fields({"bad": Hostile([1]), "password": "x", "a": 1}) == {
        "bad": "<unprintable Hostile>",
        "password": REDACTED,
        "a": 1,
    }


def test_more_names_and_fewer() -> None:
    redactor = Redactor(SecretNames(more=["hero_name", "token_count"], fewer=["API-Key"]))
    assert redactor.fields({"heroName": "x", "token_count": 5, "api_key": "y"}) == {
        "heroName": REDACTED,
        "token_count": REDACTED,
        "api_key": "y",
    }


def test_the_memory_for_decisions_is_bounded() -> None:
    names = SecretNames()
    for number in range(3 * MAX_CACHED):
        names.is_secret(f"name{number}")
        names.is_secret(f"token_{number}")
    names.is_secret("x" * 1_000_000)
    assert len(names.harmless) <= MAX_CACHED
    assert len(names._secret) <= MAX_CACHED
    assert all(len(name) < 1000 for name in names.harmless)


def test_a_long_name_is_judged_by_both_its_ends(redactor: Redactor) -> None:
    assert redactor.fields({"x" * 1000 + "_token": "s"}) == {"x" * 1000 + "_token": REDACTED}


def test_containers_among_the_arguments_of_a_message_are_redacted(redactor: Redactor) -> None:
    assert redactor.arguments(({"password": "x"}, 1)) == ({"password": REDACTED}, 1)
    args = ("a", 1, object())
    assert redactor.arguments(args) is args


@pytest.mark.parametrize("name", sorted(SECRET_PARAMETERS))
def test_the_value_of_a_secret_parameter_is_gone(name: str) -> None:
    assert redact_query(f"a=1&{name}=s3cr3t&b=2") == f"a=1&{name}=[REDACTED]&b=2"


@pytest.mark.parametrize("name", ["TOKEN", "%74oken", "X-Amz-Signature", "+token", "user_password"])
def test_however_the_name_is_written(name: str) -> None:
    assert redact_query(f"{name}=s3cr3t") == f"{name}=[REDACTED]"


@pytest.mark.parametrize("query", ["", "x=1", "token_count=3", "author=me", "token", "a=b=c&&=d"])
def test_every_other_parameter_stays(query: str) -> None:
    assert redact_query(query) == query


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://u:p@host:1/x?a=1&token=s#f", "https://[REDACTED]@host:1/x?a=1&token=[REDACTED]#f"),
        ("/x#access_token=s&b=1", "/x#access_token=[REDACTED]&b=1"),
        ("postgres://user:p@ss@db/name", "postgres://[REDACTED]@db/name"),
        ("/x?token=s", "/x?token=[REDACTED]"),
        ("https://host/a@b?c=d", "https://host/a@b?c=d"),
        ("mailto:a@b", "mailto:a@b"),
        ("", ""),
    ],
)
def test_a_url_loses_its_user_and_its_secret_parameters(url: str, expected: str) -> None:
    assert redact_url(url) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "GET https://u:p@host/x?a=1&token=s3cr3t HTTP/1.1",
            "GET https://[REDACTED]@host/x?a=1&token=[REDACTED] HTTP/1.1",
        ),
        ('got "/x?code=s3cr3t" back', 'got "/x?code=[REDACTED]" back'),
        ("/x?next=/y?token=s3cr3t&b=1", "/x?next=/y?token=[REDACTED]&b=1"),
        ("/x#access_token=s3cr3t", "/x#access_token=[REDACTED]"),
        ("/x?%74oken=s3cr3t\n?token=s3cr3t", "/x?%74oken=[REDACTED]\n?token=[REDACTED]"),
        ("/x?password=a=b=c", "/x?password=[REDACTED]"),
        ("redis://:s3cr3t@cache:6379/0", "redis://[REDACTED]@cache:6379/0"),
        ("/x?token=", "/x?token=[REDACTED]"),
        ("a = b, c == d", "a = b, c == d"),
        ("mail me@example.com or http://host/~a@b", "mail me@example.com or http://host/~a@b"),
    ],
)
def test_urls_in_any_text_are_redacted(redactor: Redactor, text: str, expected: str) -> None:
    assert orjson.loads(redactor.encoded(orjson.dumps({"message": text}))) == {"message": expected}


def test_what_a_strange_query_taught_changes_no_record() -> None:
    redactor = Redactor()
    record = b'{"message":"what?","my token=":1}'
    assert redactor.query('","my token=1') == f'","my token={REDACTED}'
    assert redactor.encoded(record) == record


def test_the_decisions_about_names_of_parameters_are_remembered() -> None:
    redactor = Redactor()
    record = b'{"url":"/?page=1&api_key=2&page=3;token=4=5#code=6"}'
    expected = f'{{"url":"/?page=1&api_key={REDACTED}&page=3;token={REDACTED}#code={REDACTED}"}}'.encode()
    assert [redactor.encoded(record), redactor.encoded(record)] == [expected, expected]


@given(
    before=st.text(max_size=20),
    name=st.sampled_from(["token", "PASSWORD", "X-Amz-Signature", "%73ecret"]),
    separator=st.sampled_from("?&;#"),
    after=st.text(max_size=20),
)
def test_a_redacted_record_is_still_json(before: str, name: str, separator: str, after: str) -> None:
    text = f"{before}{separator}{name}=s3cr3t-in-a-url{after}"
    redacted = Redactor().encoded(orjson.dumps({text: [text, {"a": text}], "b": "://" + text + "@x"}))
    assert "s3cr3t" not in json.dumps(orjson.loads(redacted))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer [REDACTED]"),
        ("basic dXNlcjpwYXNzd29yZA==", "basic [REDACTED]"),
        ("a bearer of news", "a bearer of news"),
        ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln ok", "got [REDACTED] ok"),
        ("paid with 4111 1111 1111 1111 today", "paid with [REDACTED] today"),
        ("paid with 4111-1111-1111-1112 today", "paid with 4111-1111-1111-1112 today"),
        ("card 378282246310005.", "card [REDACTED]."),
        ("time 1795417200123 id 17954172001234567890", "time 1795417200123 id 17954172001234567890"),
        ("x4111111111111111y", "x4111111111111111y"),
        ("4111111111111111.5 4111111111111111-a", "4111111111111111.5 4111111111111111-a"),
        ("paid with 4111111111111111...", "paid with [REDACTED]..."),
        ("session-eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "session-[REDACTED]"),
    ],
)
def test_values_that_look_like_secrets_are_redacted_on_demand(text: str, expected: str) -> None:
    redactor = Redactor(values=("bearer", "jwt", "card"))
    assert orjson.loads(redactor.encoded(orjson.dumps({"a": [{"b": text}]}))) == {"a": [{"b": expected}]}
    assert orjson.loads(Redactor().encoded(orjson.dumps({"a": text}))) == {"a": text}


SLOW_JWT = re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)*")
"""The plain way to say it, which takes quadratic time over some texts."""


@given(st.lists(st.sampled_from(["eyJ", "-", ".", "_", " ", "ab", "abcdef"]), max_size=12).map("".join))
def test_the_pattern_of_tokens_finds_what_the_plain_one_finds(text: str) -> None:
    values = SecretValues(value_patterns(("jwt",)))
    assert values.without(text) == SLOW_JWT.sub(REDACTED, text)


@pytest.mark.parametrize(
    "piece",
    ["eyJ", "eyJ-", "eyJaaaaa-", "eyJaaaaa.", "eyJaaaaa.a.", "4 ", "4.", "41-", "bearer ", "bearer", "basic\t"],
)
def test_no_text_of_a_million_characters_is_too_much_for_the_patterns(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    values = SecretValues(value_patterns(("bearer", "jwt", "card")))
    assert len(str(values.without(text + "!"))) > 0
    assert len(str(values.without("4" * 13 + "." * len(text)))) == len(text) + 13


def test_a_card_number_that_is_a_number_is_redacted_too() -> None:
    record = b'{"amount":5,"card":4111111111111111,"at":1795417200123}'
    assert Redactor(values=["card"]).encoded(record) == b'{"amount":5,"card":"[REDACTED]","at":1795417200123}'


def test_patterns_of_ones_own() -> None:
    redactor = Redactor(values=[re.compile(r"hero-\d+")])
    assert redactor.encoded(b'{"a":"hero-17 came"}') == b'{"a":"[REDACTED] came"}'


def test_redaction_can_be_off() -> None:
    fields = {"password": "x"}
    assert NoRedactor().fields(fields) is fields
    assert NoRedactor().value(fields) is fields
    assert NoRedactor().arguments((fields,)) == (fields,)
    assert NoRedactor().encoded(b'"?token=x"') == b'"?token=x"'


def _message_headers() -> email.message.Message:
    headers = email.message.Message()
    headers["Authorization"] = "hunter2"
    return headers


HOLDERS = [
    wsgiref.headers.Headers([("Authorization", "hunter2")]),
    _message_headers(),
    deque([{"password": "hunter2"}]),
    UserList([{"password": "hunter2"}]),
    {"user": {"password": "hunter2"}}.values(),
    SimpleNamespace(password="hunter2"),  # noqa: S106 - an example
    argparse.Namespace(password="hunter2"),  # noqa: S106 - an example
    orjson.Fragment(b'{"password":"hunter2"}'),
]


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: type(holder).__name__)
def test_what_prints_its_contents_is_redacted_as_a_field_and_as_an_argument(holder: Any) -> None:
    assert "hunter2" not in str(Redactor().fields({"holder": holder}))
    assert "hunter2" not in str(Redactor().arguments((holder,)))


@pytest.mark.parametrize("holder", [OrderedDict({"password": "hunter2"}), MappingProxyType({"token": "hunter2"})])
def test_a_mapping_as_argument_is_redacted(holder: Any) -> None:
    assert Redactor().arguments((1, holder)) == (1, dict.fromkeys(holder, REDACTED))


def test_an_argument_without_a_secret_prints_itself_in_its_own_way() -> None:
    names = (SimpleNamespace(hero="x"), OrderedDict(hero="x"), deque([1]))
    assert all(kept is given for kept, given in zip(Redactor().arguments(names), names, strict=True))


def test_a_fragment_of_json_that_is_none_cannot_forge_a_record() -> None:
    fields = Redactor().fields({"part": orjson.Fragment(b'1}\n{"forged":1')})
    assert fields == {"part": "<unprintable Fragment>"}
