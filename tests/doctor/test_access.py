"""Who may read what is decided as the kernel decides it: the first class that fits counts, not the best one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logship.doctor.access import Identity, Node, allows, described, obstacle, remedy

SOMEBODY = Identity(1000, frozenset({100}))


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "may"),
    [
        (0o400, 1000, 0, True),
        (0o077, 1000, 100, False),
        (0o040, 0, 100, True),
        (0o704, 0, 100, False),
        (0o004, 0, 0, True),
        (0o770, 0, 0, False),
    ],
)
def test_the_class_that_fits_first_decides(mode: int, uid: int, gid: int, may: bool) -> None:  # noqa: FBT001
    assert allows(Node("f", 0o100000 | mode, uid, gid), SOMEBODY, 4) is may


@pytest.mark.parametrize(("mode", "needed", "may"), [(0o000, 4, True), (0o000, 2, False), (0o002, 3, True)])
def test_who_may_read_and_search_everything_is_bound_in_writing(mode: int, needed: int, may: bool) -> None:  # noqa: FBT001
    """capabilities(7): CAP_DAC_READ_SEARCH."""
    assert allows(Node("d", 0o40000 | mode, 0, 0), Identity(5, frozenset(), reads_all=True), needed) is may


def test_permissions_do_not_bind_who_may_do_everything() -> None:
    assert allows(Node("f", 0o100000, 0, 0), Identity(5, frozenset(), writes_all=True), 6)


def test_the_outermost_closed_directory_is_the_obstacle() -> None:
    directories = [Node("/", 0o40755, 0, 0), Node("/a", 0o40700, 0, 0), Node("/a/b", 0o40700, 0, 0)]
    file = Node("/a/b/f", 0o100600, 0, 0)
    found = obstacle(directories, file, SOMEBODY, "read")
    assert found is directories[1]
    assert described(found, SOMEBODY) == "/a has mode 0700 and belongs to 0:0, who asks is user 1000"
    assert remedy(found, SOMEBODY, "read", file.path) == "setfacl -m u:1000:x /a"
    assert remedy(file, SOMEBODY, "read", file.path) == "setfacl -m u:1000:r /a/b/f"
    assert obstacle(directories[:1], Node("/f", 0o100644, 0, 0), SOMEBODY, "read") is None


def test_a_remedy_can_be_pasted_into_a_shell_whatever_the_file_is_called() -> None:
    file = Node("/a/x; touch pwned #.log", 0o600, 0, 0)
    assert remedy(file, SOMEBODY, "read", file.path) == "setfacl -m u:1000:r '/a/x; touch pwned #.log'"


MODES_AND_OWNERS = st.tuples(st.integers(0, 0o777), st.sampled_from([0, 1000]), st.sampled_from([0, 100, 1000]))

_ASK = """
import os, sys
os.setgroups([100]); os.setgid(1000); os.setuid(1000)
for mode in map(int, sys.argv[2].split(",")):
    print(int(os.access(f"{sys.argv[1]}/{mode}", os.R_OK, effective_ids=True)))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@settings(max_examples=10)
@given(
    st.lists(st.tuples(st.integers(0, 0o777), st.sampled_from([0, 1000]), st.sampled_from([0, 100, 1000])), max_size=8)
)
def test_the_kernel_is_of_the_same_opinion(owned: list[tuple[int, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o711)
        expected = []
        for number, (mode, uid, gid) in enumerate(owned):
            path = Path(directory, str(number))
            path.touch()
            os.chown(path, uid, gid)
            path.chmod(mode)
            expected.append(allows(Node("", mode, uid, gid), Identity(1000, frozenset({100, 1000})), 4))
        if owned:
            names = ",".join(map(str, range(len(owned))))
            asked = [sys.executable, "-c", _ASK, directory, names]
            done = subprocess.run(asked, capture_output=True, text=True, check=True)
            assert [line == "1" for line in done.stdout.split()] == expected
