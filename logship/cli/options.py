"""Options that several commands take, each also as an environment variable, and the configuration they make."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

if TYPE_CHECKING:
    from logship.config import Config

Command = TypeVar("Command", bound=Callable[..., Any])
WRAPS = ("docker", "cri")


def option(*names: str, **settings: Any) -> Callable[[Command], Command]:
    """Declare an option that can also be given as `LOGSHIP_NAME` in the environment."""
    variable = "LOGSHIP_" + re.sub(r"[-.]", "_", names[-1].removeprefix("--")).upper()
    return click.option(*names, envvar=variable, show_envvar=True, **settings)


def measuring(command: Command) -> Command:
    """Add the options that say how lines are read and counted."""
    for decorate in (
        option("--max-series", type=int, metavar="N", help="Label sets that stand for themselves. [default: 1000]"),
        option("--buckets", metavar="S,S,…", help="Histogram bounds in seconds. [default: 0.1,0.5,1,2,5]"),
        option(
            "--route",
            multiple=True,
            metavar="TEMPLATE",
            help="A route of the application, such as /api/students/:id, for records that have only a url. Repeatable.",
        ),
        option("--format", metavar="NAME", help="Log format; `logship formats` lists them. [default: auto]"),
        option(
            "--wrap",
            type=click.Choice(WRAPS),
            help="What wrapped each line: Docker's json-file driver, or a Kubernetes runtime (CRI).",
        ),
        option("--config", type=click.Path(), metavar="FILE", help="Configuration file (YAML)."),
    ):
        command = decorate(command)
    return command


def configured(
    *,
    config: str | None,
    format: str | None,  # noqa: A002 - the option's name
    wrap: Literal["docker", "cri"] | None,
    route: tuple[str, ...],
    buckets: str | None,
    max_series: int | None,
    **others: Any,
) -> Config:
    """Return the configuration: the file's, or the defaults, overridden by the options given; `others` by key."""
    from logship.config import AUTO, Config, Source, check, load

    base = load(config) if config is not None else Config()
    follow, measure, limits, serve = base.follow, base.measure, base.limits, base.serve
    sources = base.sources
    if others.get("from_end") is not None:
        follow = replace(follow, from_end=others["from_end"])
    if paths := others.get("paths"):
        alike = sources[0] if len(sources) == 1 else Source()
        sources = (Source(paths=paths, format=alike.format, wrap=alike.wrap),)
    if format is not None:
        sources = tuple(replace(source, format=None if format == AUTO else format) for source in sources)
    if wrap is not None:
        sources = tuple(replace(source, wrap=wrap) for source in sources)
    if route:
        measure = replace(measure, routes=route)
    if buckets is not None:
        measure = replace(measure, buckets=_seconds(buckets))
    if max_series is not None:
        limits = replace(limits, max_series=max_series)
    given = {key: others[key] for key in ("listen", "web_config_file") if others.get(key) is not None}
    serve = replace(serve, **given, ui=serve.ui and not others.get("no_ui"))
    state = replace(
        base.state,
        file=base.state.file if others.get("state") is None else others["state"],
        recovery=others.get("state_recovery") or base.state.recovery,
    )
    result = replace(base, sources=sources, follow=follow, measure=measure, limits=limits, serve=serve, state=state)
    check(result)
    return result


def _seconds(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(each) for each in text.split(","))
    except ValueError:
        raise click.BadParameter(f"{text!r} is no list of seconds such as 0.1,0.5,1", param_hint="--buckets") from None
