"""Which tailer runs: who listens where it should, who holds the state file, and whether they are the same."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from logship.config import Config
from logship.config.document import read
from logship.doctor.finding import Finding, critical, note, warning
from logship.doctor.processes import Processes
from logship.doctor.running import Said, examine_tailer
from logship.doctor.state import holder
from logship.errors import ConfigError
from logship.expose import parse_listen

_LOCAL = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
_CHECK = "tailer.answers"


@dataclass(frozen=True, slots=True)
class Tailers:
    """Processes by what they do; 0 is one that cannot be seen, None is nobody.

    Attributes:
        url: Where the tailer of this configuration answers, None when its port is chosen anew at each start.
        is_named: Whether the user named that address, so that its certificate is to be that of its name.
        listening: Who listens there, if it is on this machine.
        holding: Who holds the state file.
        running: All processes that are a `logship tail`.
    """

    url: str | None = None
    is_named: bool = False
    listening: int | None = None
    holding: int | None = None
    running: tuple[int, ...] = ()

    @property
    def pid(self) -> int | None:
        """The tailer that is meant, if that is known."""
        meant = [each for each in (self.listening, self.holding) if each and each in self.running]
        return next(iter(meant), self.holding or None)


class Demands(NamedTuple):
    """What a tailer asks of its clients: TLS, a certificate of their own."""

    is_encrypted: bool = False
    is_certificate_wanted: bool = False


def tailers(config: Config, url: str | None, processes: Processes) -> Tailers:
    """Look for the tailer of `config`, or the one at `url`."""
    host, port = parse_listen(config.serve.listen)
    host = _LOCAL.get(host, host)
    scheme = "https" if demands(config.serve.web_config_file).is_encrypted else "http"
    local = f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
    holding = holder(config.state.file, processes) if config.state.file is not None else None
    listening = processes.listener(port) if url is None and port else None
    return Tailers(
        url or (local if port else None),
        is_named=url is not None,
        listening=listening,
        holding=holding,
        running=tuple(processes.tailers()),
    )


def demands(web_config_file: str | None) -> Demands:
    """Return what a web configuration asks for; its keys, which only the tailer may read, are not looked at."""
    if web_config_file is None:
        return Demands()
    try:
        values = read(web_config_file, None).values
    except ConfigError:  # told by who examines the configuration
        return Demands()
    tls = values.get("tls_server_config") if isinstance(values, dict) else None
    if not isinstance(tls, dict):
        return Demands(tls is not None)
    return Demands(is_encrypted=True, is_certificate_wanted=tls.get("client_auth_type") == "RequireAndVerifyClientCert")


def examine_tailers(found: Tailers, said: Said, now: float, processes: Processes) -> Iterator[Finding]:
    """Say whether a tailer answers, and what it says of itself."""
    if said.is_logship:
        yield from examine_tailer(said, now)
        if found.listening and found.holding and found.listening != found.holding:
            says = f"process {found.listening} answers, but process {found.holding} holds the state file: two tailers"
            yield warning(_CHECK, says, said.url, promises="P1", remedy="stop the one that is not meant")
        return
    if said.is_locked:
        says = (
            f"somebody is there and seems to want a password or a certificate; its numbers are not seen: {said.refusal}"
        )
        fix = f"logship doctor {said.url} with --user-file FILE, or --cert-file FILE --key-file FILE"
        yield note(_CHECK, says, said.url, remedy=fix)
        return
    if not said.is_refused:
        yield _something_else(found, said, processes)
        return
    kind = critical if found.is_named else warning
    if found.holding:
        says = f"nobody listens, but process {found.holding} holds the state file: it has another --listen"
        yield kind(_CHECK, says, said.url, promises="P3", remedy=_again(found.holding, processes))
    elif found.running:
        says = f"nobody listens; process {found.running[0]} is a tailer with other options"
        yield kind(_CHECK, says, said.url, promises="P3", remedy=_again(found.running[0], processes))
    else:
        says = "no tailer runs here: nothing is counted now"
        yield kind(_CHECK, says, said.url, promises="P3", remedy="start it; journalctl -u logship says why it ended")


def _something_else(found: Tailers, said: Said, processes: Processes) -> Finding:
    pid = found.listening
    who = f"process {pid} ({processes.name(pid)})" if pid else "a program that cannot be seen from here"
    if not said.refusal:
        says = f"{who} answers there, and is no logship: the port is taken"
        return critical(_CHECK, says, said.url, promises="P3", remedy="give another --listen, or stop that program")
    if pid and pid in found.running:
        fix = f"if it wants TLS, give its URL with https://; does it hang? cat /proc/{pid}/stack"
        return critical(
            _CHECK, f"the tailer, {who}, gives no good answer: {said.refusal}", said.url, promises="P3", remedy=fix
        )
    fix = "if it wants TLS, give its URL with https://"
    return critical(_CHECK, f"no good answer from {who}: {said.refusal}", said.url, promises="P3", remedy=fix)


def _again(pid: int, processes: Processes) -> str:
    """Return how to ask about the tailer `pid`: its own options."""
    arguments = processes.arguments(pid)
    options = arguments[arguments.index("tail") + 1 :] if "tail" in arguments else []
    return shlex.join(["logship", "doctor", *options])


def examine_unseen(pid: int | None, processes: Processes) -> Iterator[Finding]:
    """Say what this user cannot see of the tailer."""
    if pid and not list(processes.descriptors(pid)):
        yield note("doctor", f"process {pid} belongs to another user: its descriptors cannot be seen", remedy="sudo")
