"""Each file belongs to one source: the first that means it, or meant it before it was rotated."""

from __future__ import annotations

from pathlib import Path

import pytest

from logship.read import Meant, Sources


def put(directory: Path, *names: str) -> list[str]:
    for name in names:
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).touch()
    return [str(directory / name) for name in names]


def test_a_file_that_several_sources_mean_belongs_to_the_first_of_them(tmp_path: Path) -> None:
    access, api = put(tmp_path, "access.log", "api.log")
    sources = Sources({"web": Meant((str(tmp_path / "access*.log"),)), "rest": Meant((str(tmp_path),))})
    assert sources.expand() == [access, api]
    assert [sources.of(path) for path in (access, api)] == ["web", "rest"]


def test_what_a_source_excludes_is_not_followed_for_it_but_may_be_for_another(tmp_path: Path) -> None:
    old, new = put(tmp_path, "old.log", "new.log")
    but_old = Meant((str(tmp_path / "*.log"),), exclude=(old,))
    assert Sources({"a": but_old}).expand() == [new]
    both = Sources({"a": but_old, "b": Meant((old,))})
    assert both.expand() == [new, old]
    assert both.of(old) == "b"


@pytest.mark.parametrize(
    "rotated", ["api.log.1", "api.log.2.gz", "api.log-20261123", "api-20261123.log", "api-20261123.log.zst"]
)
def test_a_rotated_file_belongs_to_the_source_of_the_original_beside_it(tmp_path: Path, rotated: str) -> None:
    put(tmp_path, "access.log", "api.log")
    sources = Sources({"web": Meant((str(tmp_path / "access.log"),)), "api": Meant((str(tmp_path / "api.log"),))})
    sources.expand()
    assert sources.of(str(tmp_path / rotated)) == "api"


def test_a_file_under_a_name_that_says_nothing_belongs_to_a_source_of_its_directory(tmp_path: Path) -> None:
    put(tmp_path, "web/access.log", "api/api.log")
    sources = Sources({"web": Meant((str(tmp_path / "web/*.log"),)), "api": Meant((str(tmp_path / "api/*.log"),))})
    sources.expand()
    assert sources.of(str(tmp_path / "api/archived")) == "api"
    assert sources.of(str(tmp_path / "elsewhere/archived")) == "web"


def test_only_a_file_that_is_meant_or_was_before_its_rotation_is_told_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "api.log", "api.log.1", "by-hand.log")
    monkeypatch.chdir(tmp_path)
    sources = Sources({"web": Meant(("access.log",)), "api": Meant(("api.log",))})
    sources.expand()
    assert [sources.means(path) for path in ("api.log", "api.log.1", "by-hand.log")] == [True, True, False]
    assert sources.of("api.log.1") == sources.of("by-hand.log") == "api"


def test_a_source_that_is_known_stays_as_long_as_it_is_configured(tmp_path: Path) -> None:
    (log,) = put(tmp_path, "a.log")
    sources = Sources({"one": Meant((log,)), "two": Meant((str(tmp_path / "b.log"),))})
    sources.expand()
    assert sources.of(log, known="two") == "two"
    assert sources.of(log, known="gone") == "one"


def test_files_behind_links_belong_to_the_source_that_means_the_link(tmp_path: Path) -> None:
    (target,) = put(tmp_path, "pods/0.log")
    (tmp_path / "containers").mkdir()
    link = tmp_path / "containers" / "api.log"
    link.symlink_to(target)
    put(tmp_path, "other.log")
    sources = Sources({"x": Meant((str(tmp_path / "other.log"),)), "pods": Meant((str(link),))})
    sources.expand()
    assert sources.of(str(tmp_path / "pods" / "0.log.20261123-1")) == "pods"
