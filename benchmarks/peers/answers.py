"""What a peer answers: for each method, route and status the requests, the sum of durations, and the buckets.

Every reader takes what a program wrote; `differences` says in which label sets two answers are not equal.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

BOUNDS = ("0.1", "0.5", "1.0", "2.0", "5.0")
_SAMPLE = re.compile(r"^http_request_duration_seconds_(bucket|sum|count)\{(.*)\} (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


class Counted(NamedTuple):
    """The requests of a label set, the milliseconds of all together, and how many took no longer than each bound."""

    requests: int
    milliseconds: float
    upto: tuple[int, ...]


Answer = dict[tuple[str, str, str], Counted]


def of_logship(output: bytes) -> Answer:
    """Return what `logship replay --output json` says."""
    return {
        (series["method"], series["route"], series["status"]): Counted(
            series["requests"], series["sum"] * 1000, tuple(series["buckets"][bound] for bound in BOUNDS)
        )
        for series in json.loads(output)["series"]
    }


def of_exposition(output: bytes) -> Answer:
    """Return what `logship replay --output prom` says."""
    samples: dict[tuple[str, str, str], dict[str, float]] = {}
    for suffix, labels, value in _SAMPLE.findall(output.decode()):
        label = dict(_LABEL.findall(labels))
        key = label["method"], label["route"], label["status_code"]
        samples.setdefault(key, {})[label.get("le", suffix)] = float(value)
    return {
        key: Counted(int(found["count"]), found["sum"] * 1000, tuple(int(found[bound]) for bound in BOUNDS))
        for key, found in samples.items()
    }


def of_rows(output: bytes) -> Answer:
    """Return what a program says in JSON, a row for each label set."""
    return _of_rows(json.loads(output))


def of_tabs(output: bytes) -> Answer:
    """Return what a program says in lines with tabs, a line for each label set."""
    rows = (line.split("\t") for line in output.decode().splitlines())
    return _of_rows([*row[:3], *map(float, row[3:])] for row in rows)


def _of_rows(rows: Iterable[list[Any]]) -> Answer:
    return {
        (method, route, status): Counted(int(requests), milliseconds, tuple(map(int, upto)))
        for method, route, status, requests, milliseconds, *upto in rows
    }


def of_mtail(output: bytes) -> Answer:
    """Return what `mtail --one_shot` says in JSON: its buckets are not cumulative."""
    answer = {}
    for each in json.loads(output)["seconds"][0]["LabelValues"]:
        value, below, upto = each["Value"], 0, []
        for bound in BOUNDS:
            below += value["Buckets"][bound.removesuffix(".0")]
            upto.append(below)
        method, route, status = each["Labels"]
        answer[method, route, status] = Counted(value["Count"], value["Sum"] * 1000, tuple(upto))
    return answer


def requests_of_goaccess(output: bytes) -> int:
    """Return the requests in the JSON of goaccess, which has no histogram."""
    return int(json.loads(output)["general"]["valid_requests"])


def requests_of_count(output: bytes) -> int:
    """Return the only number that a program says."""
    return int(output)


def total(answer: Answer) -> int:
    """Return all requests."""
    return sum(counted.requests for counted in answer.values())


def differences(one: Answer, other: Answer, *, with_buckets: bool = True) -> list[tuple[str, str, str]]:
    """Return the label sets of which two answers do not say the same; sums may differ by what floats lose."""
    return [
        labels
        for labels in one.keys() | other.keys()
        if not _are_equal(one.get(labels), other.get(labels), with_buckets=with_buckets)
    ]


def _are_equal(one: Counted | None, other: Counted | None, *, with_buckets: bool) -> bool:
    if one is None or other is None:
        return False
    return (
        one.requests == other.requests
        and math.isclose(one.milliseconds, other.milliseconds, rel_tol=1e-9)
        and (one.upto == other.upto or not with_buckets)
    )
