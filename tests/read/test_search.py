"""What is sought is found, or given up for good reason, while the files of its directory are renamed."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from words import write

from logship.model import FileKey, Position
from logship.read.discovery import Sighting
from logship.read.identity import excerpt
from logship.read.known import Known, KnownGenerations
from logship.read.search import Search
from logship.read.siblings import Neighbourhood


class Searching:
    """A search for one generation; the directory may change while it runs."""

    def __init__(self, sought: Position, target: Path) -> None:
        self.given_up: list[Known] = []
        self.followed: list[str] = []
        self.renames: list[tuple[Path, Path]] = []
        self._target = target
        self.known = KnownGenerations({1: sought}, {})
        self.search = Search(
            self.known,
            Neighbourhood(),
            30.0,
            follow=self._follow,
            unpack=lambda *_: None,
            is_out_of_reach=lambda _: False,
            give_up=self._give_up,
        )

    def _follow(self, sighting: Sighting, known: Known) -> bool:
        if self.renames:
            old, new = self.renames.pop(0)
            old.rename(new)
        if sighting.path != str(self._target):
            return False
        self.known.drop(known.number)
        self.followed.append(sighting.path)
        return True

    def _give_up(self, known: Known) -> None:
        self.given_up.append(known)
        self.known.give_up(known.number)


def sought(path: Path) -> Position:
    return Position(str(path), FileKey(0, 1), 3, 3, excerpt(b"abc"), excerpt(b"abc"))


def test_a_file_that_escapes_the_listing_by_a_rename_is_found_all_the_same(tmp_path: Path) -> None:
    for name in ("app.log", ".late"):
        write(tmp_path / name, "abc")
    searching = Searching(sought(tmp_path / "app.log"), tmp_path / "app.log.6")
    searching.renames.append((tmp_path / ".late", tmp_path / "app.log.6"))
    searching.search.run({}, 1000.0)
    assert searching.followed == [str(tmp_path / "app.log.6")]
    assert searching.given_up == []


def test_what_is_nowhere_in_a_quiet_directory_is_given_up_at_once(tmp_path: Path) -> None:
    write(tmp_path / "app.log", "abc")
    searching = Searching(sought(tmp_path / "app.log"), tmp_path / "app.log.6")
    searching.search.run({}, 1000.0)
    assert [known.number for known in searching.given_up] == [1]


def test_while_files_are_renamed_all_the_time_nothing_is_given_up(tmp_path: Path) -> None:
    write(tmp_path / "app.log", "abc")
    searching = Searching(sought(tmp_path / "app.log"), tmp_path / "never")
    names = [tmp_path / f"app.log.{number}" for number in range(100)]
    write(names[0], "abc")
    searching.renames += pairwise(names)
    searching.search.run({}, 1000.0)
    assert searching.given_up == []
    assert [known.number for known in searching.known.sought()] == [1]
