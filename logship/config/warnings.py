"""Say what a configuration may say, but hardly means: what is never read, never counted, or too much.

Nothing here is an error. What is on this machine is looked at as it is now: files may come later, or stand elsewhere.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from logship.config.document import read
from logship.config.load import load
from logship.config.schema import Config
from logship.config.sources import Source
from logship.expose import parse_listen
from logship.measure import Routes
from logship.measure.own_doubts import doubts
from logship.measure.routes import paths_of
from logship.read import expand, without_repeats
from logship.read.discovery import base_names

Doubt = tuple[str, str]
"""The option, as its path in the configuration, and what is doubtful about it."""

_MILLISECONDS = 10.0
"""Seconds; a histogram of requests that begins there was meant in milliseconds."""

_MANY_BUCKETS = 30
"""Each bucket is a series of its own, for each label set."""

_TRIED = ("x", "1", "a.b-c", "Aa_0")
"""Values for placeholders; a template that none of them reaches is hidden by others."""


def warned(path: str, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return what is doubtful in the configuration file at `path`, with file and line; raise ConfigError as `load`."""
    config, document = load(path, environ), read(path, environ)
    return [
        f"{document.at(tuple(int(step) if step.isdigit() else step for step in key.split('.')))}: {key}: {why}"
        for key, why in warnings(config)
    ]


def warnings(config: Config) -> Iterator[Doubt]:
    """Yield what is doubtful."""
    for look in _LOOKS:
        yield from look(config)


def _overlapping(config: Config) -> Iterator[Doubt]:
    """Sources that mean the same files."""
    if len(config.sources) == 1:
        return  # at 10,000 files looking for them takes a tenth of a second
    owners: dict[str, Source] = {}
    for number, source in enumerate(config.sources):
        at = f"sources.{number}.paths"
        taken = [path for path in _meant(source) if owners.setdefault(path, source) is not source]
        same = [path for path in source.paths if any(path in before.paths for before in config.sources[:number])]
        if taken:
            yield at, f"{taken[0]}{_and_more(taken)} belongs to the source {owners[taken[0]].name!r} already"
        elif same:
            yield at, f"{same[0]!r} stands in an earlier source, which takes its files"


def _repeats(config: Config) -> Iterator[Doubt]:
    """Error logs beside the combined logs that have the same lines."""
    named = [{path.replace("*", ""): path for path in source.paths} for source in config.sources]
    seen = [_meant(source) for source in config.sources]
    _, repeats = without_repeats([path for paths in (*map(list, named), *seen) for path in paths])
    for number, paths in enumerate(named):
        found = [paths.get(path) or path for path in repeats if path in paths or path in seen[number]]
        if found:
            yield (
                f"sources.{number}.paths",
                f"{found[0]}{_and_more(found)} is left out: combined*.log beside it has the same lines",
            )


def _nothing_there(config: Config) -> Iterator[Doubt]:
    for number, source in enumerate(config.sources):
        for path in source.paths:
            if not expand([path]):
                yield f"sources.{number}.paths", f"nothing matches {path!r} now (seen from {Path.cwd()})"


def _own_metrics(config: Config) -> Iterator[Doubt]:
    places = {metric.name: f"metrics.{number}" for number, metric in enumerate(config.metrics)}
    for name, why in doubts(config.own):
        yield places[name], f"{name}: {why}"


def _unreachable_routes(config: Config) -> Iterator[Doubt]:
    routes = Routes(config.measure.routes)
    for number, route in enumerate(config.measure.routes):
        at = f"measure.routes.{number}"
        if route in config.measure.routes[:number]:
            yield at, f"{route!r} stands there already"
            continue
        found = {routes.route(path, None) for value in _TRIED for path in paths_of(route, value)}
        if found and route not in found:
            yield at, f"{route!r} is never reached: {min(found)!r} takes its paths"


def _buckets(config: Config) -> Iterator[Doubt]:
    buckets = config.measure.buckets
    if buckets[0] >= _MILLISECONDS:
        yield "measure.buckets", f"buckets are seconds: the lowest is {buckets[0]:g}; were milliseconds meant?"
    if len(buckets) > _MANY_BUCKETS:
        series = len(buckets) * config.limits.max_series
        yield "measure.buckets", f"{len(buckets)} buckets are up to {series:,} series; {_MANY_BUCKETS} should do"


def _listens_to_all(config: Config) -> Iterator[Doubt]:
    host, _ = parse_listen(config.serve.listen)
    if not _is_local(host):
        yield "serve.listen", f"{config.serve.listen} is reached from other machines, without TLS and password"


def _state_among_logs(config: Config) -> Iterator[Doubt]:
    state = config.state.file
    for number, source in enumerate(config.sources):
        for path in source.paths:
            if state is not None and _means(path, state):
                yield "state.file", f"{state} is among the logs of sources.{number} ({path}); keep it elsewhere"


_LOOKS: tuple[Callable[[Config], Iterator[Doubt]], ...] = (
    _overlapping,
    _repeats,
    _nothing_there,
    _own_metrics,
    _unreachable_routes,
    _buckets,
    _listens_to_all,
    _state_among_logs,
)


def _meant(source: Source) -> list[str]:
    left_out = set(expand(source.exclude))
    return [path for path in expand(source.paths) if path not in left_out]


def _means(pattern: str, path: str) -> bool:
    """Return whether a pattern means a path, there or not."""
    folder = pattern if Path(pattern).is_dir() else str(Path(pattern).parent)
    names = any(fnmatch.fnmatchcase(Path(path).name, name) for name in base_names(pattern))
    return names and Path(path).absolute().parent == Path(folder).absolute()


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _and_more(paths: Sequence[str]) -> str:
    return f" (and {len(paths) - 1} more)" if len(paths) > 1 else ""
