"""URLs are told from paths, mean what they should, and are never shown with what is secret in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.read.urls import is_url, masked, matches, scheme_of, shown, with_usual_scheme, without_file_scheme

SIGNED = "https://b.s3.amazonaws.com/logs/a.log.gz?X-Amz-Credential=AKIAX&X-Amz-Signature=5ec4e7&x"
SECRETS = st.text("abcXYZ019+%-_.~", min_size=8)


@pytest.mark.parametrize(
    ("path", "scheme"),
    [("s3://b/k", "s3"), ("S3A://b/k", "s3"), ("gcs://b/k", "gs"), ("https://h/x", "https"), ("file:///x", "file")],
)
def test_a_scheme_is_known_by_its_usual_name(path: str, scheme: str) -> None:
    assert scheme_of(path) == scheme
    assert is_url(path) == (scheme != "file")


@pytest.mark.parametrize("path", ["logs/a.log", "-", "", "C:\\logs", "a:b", "s3:/b/k", "./http://x", "1x://y", "://"])
def test_a_path_is_no_url(path: str) -> None:
    assert not is_url(path)
    assert shown(path) == path


def test_two_names_of_a_scheme_are_one_url() -> None:
    assert with_usual_scheme("S3A://B/k") == with_usual_scheme("s3://B/k") == "s3://B/k"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///var/log/a.log", "/var/log/a.log"),
        ("file://localhost/var/log/*.log", "/var/log/*.log"),
        ("file:///a%20b%23.log", "/a b#.log"),
        ("a%20b.log", "a%20b.log"),
    ],
)
def test_a_file_url_is_a_path(url: str, path: str) -> None:
    assert without_file_scheme(url) == path


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        (SIGNED, "https://b.s3.amazonaws.com/logs/a.log.gz?X-Amz-Credential=***&X-Amz-Signature=***&***"),
        ("http://u:p%40w@h:80/a.log", "http://***@h:80/a.log"),
        ("http://token@h/a.log#frag", "http://***@h/a.log#***"),
        ("s3://AKIA:se/c+ret@b/k", "s3://***@b/k"),
        ("sftp://u:p@h/x/y@z.log", "sftp://***@h/x/y@z.log"),
        ("s3://b/2026-0?-*/[a-c].log", "s3://b/2026-0?-*/[a-c].log"),
        ("s3://b/k@x?versionId=abc", "s3://b/k@x?versionId=***"),
        ("http://h:8080/a@b.log", "http://h:8080/a@b.log"),
    ],
)
def test_what_is_secret_in_a_url_is_masked(url: str, safe: str) -> None:
    assert shown(url) == safe
    assert shown(safe) == safe
    assert masked(f"cannot read '{url}', or {url}: no") == f"cannot read '{safe}', or {safe}: no"


@given(SECRETS, SECRETS, st.sampled_from(["http", "https", "s3", "sftp", "webhdfs"]))
def test_neither_passwords_nor_parameters_are_shown(password: str, parameter: str, scheme: str) -> None:
    text = shown(f"{scheme}://user:{password}|@host/logs/a.log?sig={parameter}|&x={parameter}|")
    assert f"{password}|" not in text
    assert f"{parameter}|" not in text
    assert text == f"{scheme}://***@host/logs/a.log?sig=***&x=***"


@pytest.mark.parametrize(
    ("url", "pattern", "is_meant"),
    [
        ("s3://b/logs/a.log", "s3://b/logs/a.log", True),
        ("s3a://b/logs/a.log", "s3://b/logs/*.log", True),
        ("s3://b/logs/x/a.log", "s3://b/logs/*.log", False),
        ("s3://b/logs/x/y/a.log", "s3://b/**/*.log", True),
        ("s3://b/logs/a.log", "s3://b/logs/", True),
        ("s3://b/logs/a.log", "s3://b/logs", True),
        ("s3://b/logs/x/a.log", "s3://b/logs", False),
        ("s3://b/logs/a.log", "s3://b/logs/[ab].lo?", True),
        ("s3://b/logs/axlog", "s3://b/logs/a.log", False),
        ("https://h/a.log?sig=1", "https://h/a.log", True),
        ("https://h/a.log?sig=1", "https://h/*.log", True),
        ("s3://b/logs/a.log", "logs/a.log", False),
    ],
)
def test_a_pattern_means_a_url_or_not(url: str, pattern: str, is_meant: bool) -> None:  # noqa: FBT001
    assert matches(url, pattern) == is_meant
