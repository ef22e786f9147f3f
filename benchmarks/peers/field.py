"""Who takes part: the commands of logship and of each peer that is found on this machine.

A peer that cannot make a template of a url gets logs in which each request has its route.
"""

from __future__ import annotations

import importlib.util
import shlex
import shutil
import sys
from pathlib import Path

from peers.answers import of_exposition, of_logship, of_mtail, of_rows, of_tabs, requests_of_count, requests_of_goaccess
from peers.contest import Contestant

PROGRAMS = Path(__file__).parent / "programs"
LIMIT = "msgspec, decoding only"


def logship(jobs: int, logs: list[Path]) -> Contestant:
    """Return a replay by so many processes to what the peers make: histograms and counters."""
    return Contestant(f"logship, {_times(jobs, 'process', 'es')}", _replay("prom", jobs, logs), of_exposition)


def logship_percentiles(logs: list[Path]) -> Contestant:
    """Return a replay that finds percentiles of each route besides, which no peer does here."""
    return Contestant("logship, 1 process, with percentiles", _replay("json", 1, logs), of_logship)


def _replay(output: str, jobs: int, logs: list[Path]) -> list[str]:
    options = ("--output", output, "--jobs", str(jobs))
    return [sys.executable, "-m", "logship", "replay", *options, *map(str, logs)]


def queries(logs: list[Path], threads: int) -> list[Contestant]:
    """Return the engines for data frames and SQL that are installed, with so many threads."""
    names, found = list(map(str, logs)), []
    if importlib.util.find_spec("duckdb"):
        command = [sys.executable, str(PROGRAMS / "duckdb_query.py"), str(threads), *names]
        found.append(Contestant(f"DuckDB, {_times(threads, 'thread', 's')}", command, of_rows))
    if importlib.util.find_spec("polars"):
        command = [sys.executable, str(PROGRAMS / "polars_query.py"), *names]
        limit = {"POLARS_MAX_THREADS": str(threads)}
        found.append(Contestant(f"Polars, {_times(threads, 'thread', 's')}", command, of_rows, environment=limit))
    return found


def in_python(log: Path) -> list[Contestant]:
    """Return the loop that one writes first, our steps without our promises, and the limit."""
    return [
        Contestant("prometheus-client, per line", [sys.executable, str(PROGRAMS / "per_line.py"), str(log)], of_rows),
        Contestant("the same steps, nothing promised", [sys.executable, str(PROGRAMS / "lean.py"), str(log)], of_rows),
        Contestant(LIMIT, [sys.executable, str(PROGRAMS / "decode.py"), str(log)], requests=requests_of_count),
    ]


def for_routes(log: Path) -> list[Contestant]:
    """Return those that need the route in the record, as far as they are installed."""
    found = []
    if shutil.which("mtail"):
        command = ["mtail", "--one_shot", "--logs", str(log), "--progs", str(PROGRAMS / "requests.mtail")]
        # it leaves durations of 0 out of its buckets
        found.append(Contestant("mtail", command, of_mtail, has_buckets=False))
    if shutil.which("jq") and shutil.which("mawk"):
        filters = [PROGRAMS / "requests.jq", log, PROGRAMS / "requests.awk"]
        shell = "jq -r -f {} {} | mawk -f {}".format(*(shlex.quote(str(path)) for path in filters))
        found.append(Contestant("jq, mawk", ["sh", "-c", shell], of_tabs))
    if shutil.which("goaccess"):
        command = ["goaccess", str(log), "--no-global-config", "-p", str(PROGRAMS / "goaccess.conf"), "-o", "json"]
        command += ["--no-progress", "--no-query-string"]
        found.append(Contestant("goaccess", command, requests=requests_of_goaccess))
    return found


def _times(count: int, noun: str, plural: str) -> str:
    return f"{count} {noun}{plural if count > 1 else ''}"
