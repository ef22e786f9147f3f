"""Options that several commands take, each also as an environment variable, and the configuration they make."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import click

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from logship.config import Config

Section = TypeVar("Section", bound="DataclassInstance")
Command = TypeVar("Command", bound=Callable[..., Any])
WRAPS = ("docker", "cri")


def option(*names: str, **settings: Any) -> Callable[[Command], Command]:
    """Declare an option that can also be given as `LOGSHIP_NAME` in the environment."""
    variable = "LOGSHIP_" + re.sub(r"[-.]", "_", names[-1].removeprefix("--")).upper()
    return click.option(*names, envvar=variable, show_envvar=True, **settings)


def listen_option(text: str) -> Callable[[Command], Command]:
    """Declare where a tailer serves, with a text of help."""
    return option("--listen", metavar="HOST:PORT", help=f"{text} [default: 127.0.0.1:9113]")


def state_option(text: str) -> Callable[[Command], Command]:
    """Declare the state file of a tailer, with a text of help."""
    return option("--state", type=click.Path(readable=False), metavar="FILE", help=text)


def web_config_option(text: str) -> Callable[[Command], Command]:
    """Declare the web configuration file, with a text of help; the option is named as Prometheus' exporters have it."""
    return option("web_config_file", "--web.config.file", type=click.Path(readable=False), metavar="FILE", help=text)


def as_client(command: Command) -> Command:
    """Add the options that say who is trusted and who asks, and hand them over together as `credentials`."""

    @wraps(command)
    def with_credentials(
        *, ca_file: str | None, cert_file: str | None, key_file: str | None, user_file: str | None, **others: Any
    ) -> Any:
        from logship.client import Credentials

        return command(credentials=Credentials(ca_file, cert_file, key_file, user_file), **others)

    decorated: Any = with_credentials
    for name, text in (
        ("--user-file", "File with USER:PASSWORD for basic authentication."),
        ("--key-file", "Key (PEM) of --cert-file, if that does not hold it."),
        ("--cert-file", "Certificate (PEM) to show where clients have one."),
        ("--ca-file", "Certificates (PEM) that the tailer's is held against."),
    ):
        decorated = option(name, type=click.Path(), metavar="FILE", help=text)(decorated)
    return cast("Command", decorated)


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
    sources = base.sources
    if paths := others.get("paths"):
        alike = sources[0] if len(sources) == 1 else Source()
        sources = (Source(paths=paths, format=alike.format, wrap=alike.wrap),)
    if format is not None:
        sources = tuple(replace(source, format=None if format == AUTO else format) for source in sources)
    bounds = None if buckets is None else _seconds(buckets)
    result = replace(
        base,
        sources=tuple(_overridden(source, wrap=wrap) for source in sources),
        follow=_overridden(base.follow, from_end=others.get("from_end")),
        measure=_overridden(base.measure, routes=route or None, buckets=bounds),
        limits=_overridden(base.limits, max_series=max_series),
        serve=_overridden(
            base.serve,
            listen=others.get("listen"),
            web_config_file=others.get("web_config_file"),
            ui=False if others.get("no_ui") else None,
        ),
        state=_overridden(base.state, file=others.get("state"), recovery=others.get("state_recovery")),
    )
    check(result)
    return result


def _overridden(section: Section, **given: Any) -> Section:
    """Return a section of the configuration with what is given; None is what is not."""
    return replace(section, **{key: value for key, value in given.items() if value is not None})


def _seconds(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(each) for each in text.split(","))
    except ValueError:
        raise click.BadParameter(f"{text!r} is no list of seconds such as 0.1,0.5,1", param_hint="--buckets") from None
