"""`python -m app_logging.health`: run health checks once, print what they found, exit with 0 or 1.

For Docker's HEALTHCHECK and for exec probes, in the environment of the application. The record goes to the log files of
the application if they are there; this process never rotates them.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import orjson

from app_logging.configure import configure, reset
from app_logging.health.check import Check
from app_logging.health.checks import DEFAULT_TIMEOUT_SECONDS, LOGGER, HealthChecks
from app_logging.health.database import database
from app_logging.health.details import detail_of
from app_logging.health.disk import DEFAULT_MIN_FREE_BYTES, DEFAULT_MIN_FREE_SHARE, disk
from app_logging.health.memory import DEFAULT_MAX_USED, memory
from app_logging.pipeline import active
from app_logging.settings import SettingsError, resolve

DATABASE_VARIABLE = "HEALTH_DATABASE_URL"
"""Arguments can be read by every user of the machine, the environment of a process by its own alone."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0 when the application is healthy or degraded, else 1."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        if given.checks is not None and given != parser.parse_args([given.checks]):
            parser.error("MODULE:ATTRIBUTE and options exclude each other")
        checks = _named(given.checks) if given.checks is not None else _checks(given)
        _log_into_files()
        report = checks.run()
    except SettingsError as error:
        parser.error(str(error))
    _print(orjson.dumps(report.as_dict(), option=orjson.OPT_INDENT_2).decode())
    reset()
    return 0 if report.is_healthy else 1


def _print(text: str) -> None:
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError:  # a closed pipe, a full disk: the exit code is the answer, and the end must not try once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m app_logging.health",
        description="Run health checks once. Exit code 0: healthy or degraded, 1: not, 2: a wrong call.",
    )
    add = parser.add_argument
    add("checks", nargs="?", metavar="MODULE:ATTRIBUTE", help="HealthChecks to run, in place of the options")
    add("--database", metavar="URL", help=f"check this database; better given as {DATABASE_VARIABLE}")
    add("--disk", metavar="PATH", help="check the volume of this directory [default: that of the log files]")
    add(
        "--min-free",
        type=float,
        default=DEFAULT_MIN_FREE_SHARE,
        metavar="SHARE",
        help="least share that is free on it [%(default)s]",
    )
    add(
        "--min-free-bytes",
        type=int,
        default=DEFAULT_MIN_FREE_BYTES,
        metavar="N",
        help="least bytes that are free [%(default)s]",
    )
    add("--memory", type=float, default=DEFAULT_MAX_USED, metavar="SHARE", help="most that may be in use [%(default)s]")
    add(
        "--timeout",
        type=float,
        default=DEFAULT_TIMEOUT_SECONDS,
        metavar="SECONDS",
        help="longest time for each check [%(default)s]",
    )
    return parser


def _checks(given: argparse.Namespace) -> HealthChecks:
    checks: list[Check] = []
    url = given.database if given.database is not None else os.environ.get(DATABASE_VARIABLE) or None
    if url is not None:  # an empty argument is a mistake: the database would not be looked at
        checks.append(database(url))
    checks.append(memory(given.memory))
    place = given.disk or resolve().log_dir
    checks.append(disk(place, min_free_share=given.min_free, min_free_bytes=given.min_free_bytes))
    return HealthChecks(*checks, timeout_seconds=given.timeout)


def _named(name: str) -> HealthChecks:
    """Return the checks that a module of the application has."""
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        _refuse(name, "MODULE:ATTRIBUTE, such as shop.health:checks")
    try:
        found = getattr(importlib.import_module(module_name), attribute, None)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a module of the application does when imported
        _refuse(name, f"a module that can be imported: {detail_of(error)}")
    if not isinstance(found, HealthChecks):
        _refuse(name, f"an attribute that is HealthChecks, not {type(found).__name__}")
    return found


def _refuse(name: str, allowed: str) -> NoReturn:
    raise SettingsError("checks", name, "argument", allowed)


def _log_into_files() -> None:
    """Write to the files of the application, unless its module has set that up, or nothing writes there."""
    if active.pipeline is not None:
        return
    directory = resolve().log_dir
    if Path(directory).is_dir():
        configure(console=False, max_bytes=0)
    else:
        logging.getLogger(LOGGER).addHandler(logging.NullHandler())  # else a failure would be on stderr as well
        sys.stderr.write(f"the record is not written: there is no directory {directory}; LOG_DIR names another\n")
