"""A configuration is read as meant, or refused with file, line, key, value and what is allowed."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logship.config import Config, LimitOptions, Source, check, load
from logship.errors import ConfigError, UsageError
from logship.expose import ServeOptions
from logship.measure import DEFAULT_BUCKETS
from logship.pipeline import MeasureOptions
from logship.read import FollowOptions

TESTDATA = Path(__file__).parent / "testdata"
GOOD = {
    "empty": Config(),
    "only-comments": Config(),
    "sources": Config(
        sources=(
            Source(
                ("logs/combined*.log", "other logs/"),
                exclude=("logs/combined-old.log",),
                labels={"service": "heroes-api"},
            ),
            Source(("/var/log/nginx/access.log",), format="winston"),
        ),
        poll_seconds=1.0,
    ),
    "everything": Config(
        sources=(Source(("logs/combined*.log",), format="winston"),),
        poll_seconds=0.5,
        follow=FollowOptions(max_line_bytes=65536, linger_seconds=0.0),
        measure=MeasureOptions(
            buckets=(0.005, 0.1, 1.0, 10.0),
            routes=("/api/students/:id", "/files/*"),
            quantiles=True,
        ),
        limits=LimitOptions(max_series=50),
        serve=ServeOptions(listen="[::1]:9200", scrape_budget_seconds=0.5),
    ),
    "auto-format": Config(),
    "from-end": Config(follow=FollowOptions(from_end=True)),
    "aliases": Config(measure=MeasureOptions(buckets=(0.1, 1.0), routes=("/a",)), limits=LimitOptions(max_series=7)),
}
BAD = sorted(TESTDATA.glob("*.bad.yml"))


def test_every_good_file_has_its_meaning_here() -> None:
    assert {path.name.removesuffix(".good.yml") for path in TESTDATA.glob("*.good.yml")} == GOOD.keys()


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_is_read_as_meant(name: str) -> None:
    assert load(str(TESTDATA / f"{name}.good.yml")) == GOOD[name]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name)
def test_a_bad_file_is_refused_with_the_message_in_its_first_line(path: Path) -> None:
    expected = path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
    with pytest.raises(ConfigError) as refused:
        load(str(path))
    assert str(refused.value).replace(str(path), path.name) == expected
    assert refused.value.exit_code == 2


def test_only_what_is_wrong_as_a_whole_has_no_line() -> None:
    without = {path.name.partition(".")[0] for path in BAD if not re.match(r"# [\w.-]+:\d+: ", path.read_text())}
    assert without == {"a-list", "a-word", "control-character", "too-deep"}


@pytest.mark.parametrize("content", [b"paths: [\xff]\n", b"\xff\xfep\0a\0"])
def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "logship.yml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"logship\.yml: not UTF-8 at byte"):
        load(str(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"configuration .*nowhere\.yml cannot be read: No such file"):
        load(str(tmp_path / "nowhere.yml"))


def test_a_directory_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read: Is a directory"):
        load(str(tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "logship.yml"
    path.touch(mode=0)
    with pytest.raises(ConfigError, match=r"cannot be read: Permission denied"):
        load(str(path))


@given(st.text(max_size=40))
def test_no_text_breaks_it(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        config = load(str(path))
    except ConfigError as refused:
        assert "\n" not in str(refused).replace(text, "")  # noqa: PT017 - either outcome is right, but no other
    else:
        assert config == Config()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    ),
    st.sampled_from(["sources", "poll_seconds", "follow", "measure", "limits", "serve"]),
    st.sampled_from(["", "paths", "buckets", "routes", "listen", "max_series", "linger_seconds"]),
)
def test_no_value_breaks_it(tmp_path_factory: pytest.TempPathFactory, value: object, section: str, key: str) -> None:
    import yaml

    path = tmp_path_factory.getbasetemp() / "value.yml"
    path.write_text(yaml.safe_dump({section: {key: value} if key else value}), encoding="utf-8")
    try:
        check(load(str(path)))
    except ConfigError as refused:
        assert str(refused).startswith(str(path))  # noqa: PT017 - either outcome is right, but no other


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (Config(sources=()), "sources must name"),
        (Config(poll_seconds=0.001), "poll_seconds must be a number from 0.01 on: not 0.001"),
        (Config(poll_seconds=float("nan")), "poll_seconds must be .* not nan"),
        (Config(follow=FollowOptions(max_line_bytes=10)), "follow.max_line_bytes must be .* 1024"),
        (Config(follow=FollowOptions(linger_seconds=-1)), "follow.linger_seconds must be"),
        (Config(limits=LimitOptions(max_series=0)), "limits.max_series must be"),
        (Config(serve=ServeOptions(scrape_budget_seconds=-0.1)), "serve.scrape_budget_seconds must be"),
        (Config(serve=ServeOptions(stalled_seconds=0)), "serve.stalled_seconds must be a number from 0.1 on"),
        (Config(serve=ServeOptions(listen="nowhere")), "cannot listen on 'nowhere'"),
        (
            Config(sources=(Source(format="slogg"),)),
            "no log format 'slogg'; did you mean 'slog'",
        ),
        (Config(measure=MeasureOptions(buckets=())), "histogram buckets must be"),
        (Config(measure=MeasureOptions(routes=("x",))), "route template 'x'"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(config: Config, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check(config)


def test_the_defaults_can_be_obeyed() -> None:
    check(Config())
    assert Config().measure.buckets == DEFAULT_BUCKETS
    check(replace(Config(), sources=(Source(format="app"),)))
