from __future__ import annotations

import sys
from typing import Any, NoReturn

import pytest

from app_logging.exceptions import MAX_CAUSES, MAX_FRAMES, MAX_PARTS, describe, find_exception


class Unprintable(Exception):  # noqa: N818 - the name says what it is
    def __str__(self) -> str:
        raise RuntimeError


def _fail(error: BaseException) -> NoReturn:
    raise error


def _caught(error: BaseException) -> BaseException:
    try:
        _fail(error)
    except BaseException as caught:  # noqa: BLE001 - also KeyboardInterrupt is described
        return caught


def test_type_message_and_frames_are_plain_values() -> None:
    described = describe(_caught(ValueError("too big")))
    assert described["type"] == "ValueError"
    assert described["message"] == "too big"
    assert [frame["function"] for frame in described["frames"]] == ["_caught", "_fail"]
    assert described["frames"][1]["file"] == __file__
    assert isinstance(described["frames"][1]["line"], int)
    assert "cause" not in described


def test_a_class_outside_builtins_is_qualified() -> None:
    assert describe(_caught(Unprintable()))["type"] == f"{__name__}.Unprintable"


def test_an_exception_that_cannot_be_printed_is_described_by_its_class() -> None:
    assert describe(Unprintable())["message"] == "<unprintable Unprintable>"


def test_the_cause_is_nested_whether_explicit_or_implicit() -> None:
    explicit, implicit = ValueError("outer"), ValueError("outer")
    explicit.__cause__ = KeyError("inner")
    implicit.__context__ = KeyError("inner")
    assert describe(explicit)["cause"]["type"] == describe(implicit)["cause"]["type"] == "KeyError"


def test_a_suppressed_context_is_left_out() -> None:
    error = ValueError("outer")
    error.__context__ = KeyError("inner")
    error.__suppress_context__ = True
    assert "cause" not in describe(error)


def test_a_chain_that_runs_in_a_circle_ends() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    described, length = describe(first), 0
    while "cause" in described:
        described, length = described["cause"], length + 1
    assert length == MAX_CAUSES


def test_of_a_runaway_recursion_the_innermost_frames_are_kept() -> None:
    def recurse(depth: int) -> None:
        if depth == 0:
            _fail(RecursionError())
        recurse(depth - 1)

    with pytest.raises(RecursionError) as caught:
        recurse(100)
    frames = describe(caught.value)["frames"]
    assert len(frames) == MAX_FRAMES
    assert frames[-1]["function"] == "_fail"


def test_every_form_of_exc_info_is_understood() -> None:
    error = ValueError("x")
    assert find_exception(error) is error
    assert find_exception((ValueError, error, None)) is error
    assert find_exception((None, None, None)) is None
    assert find_exception(None) is None
    assert find_exception(1) is None
    try:
        _fail(error)
    except ValueError:
        assert find_exception(1) is error is sys.exc_info()[1]


def test_an_exception_that_counts_as_false_is_found() -> None:
    class Empty(Exception):  # noqa: N818 - the name says what it is
        def __len__(self) -> int:
            return 0

    error = Empty()
    assert find_exception(error) is error


def _nested(described: dict[str, Any]) -> list[dict[str, Any]]:
    return [described, *(each for part in described.get("exceptions", ()) for each in _nested(part))]


def test_the_parts_of_a_group_are_described_with_their_frames_and_causes() -> None:
    part = _caught(ValueError("first"))
    part.__cause__ = KeyError("why")
    group = _caught(BaseExceptionGroup("both", [part, ExceptionGroup("inner", [OSError("second")])]))
    described = describe(group)
    first, inner = described["exceptions"]
    assert described["message"] == "both (2 sub-exceptions)"
    assert (first["type"], first["message"], first["cause"]["type"]) == ("ValueError", "first", "KeyError")
    assert [frame["function"] for frame in first["frames"]] == ["_caught", "_fail"]
    assert [each["message"] for each in inner["exceptions"]] == ["second"]


def test_the_parts_of_a_group_are_bounded_in_number_and_depth() -> None:
    leaves = [ValueError(str(number)) for number in range(100)]
    wide = describe(ExceptionGroup("wide", [ExceptionGroup("inner", leaves), *leaves]))
    assert len(_nested(wide)) == 1 + MAX_PARTS
    deep: Exception = ValueError("leaf")
    for _ in range(100):
        deep = ExceptionGroup("deep", [deep])
    assert len(_nested(describe(deep))) == 1 + MAX_CAUSES
