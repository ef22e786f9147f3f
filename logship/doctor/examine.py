"""The examination: a configuration comes in, findings go out; nothing is changed, no lock is taken.

Everything is looked at at the same time and within a deadline: what hangs becomes a finding.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from logship.client import Asker, Credentials
from logship.config import Config, followed
from logship.config.warnings import warnings
from logship.config.web import load_web
from logship.doctor.access import Identity
from logship.doctor.files import Survey, examine_files, survey
from logship.doctor.finding import Finding, note, ok, warning
from logship.doctor.growth import examine_clocks, examine_growth
from logship.doctor.machine import examine_machine
from logship.doctor.patience import Look
from logship.doctor.processes import Processes
from logship.doctor.running import Said, ask
from logship.doctor.sample import examine_lines, sample
from logship.doctor.siblings import examine_siblings
from logship.doctor.state import examine_state
from logship.doctor.tailers import Tailers, examine_tailers, examine_unseen, tailers
from logship.errors import ConfigError
from logship.model import Reason

PATIENCE_SECONDS = 10.0
"""For each of the two rounds of looks: which files and tailers there are, then everything about them."""

_ANSWER_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Examination:
    """What to examine, and the world as it is seen.

    Attributes:
        config: What the tailer obeys, or would.
        why: What each reason for a rejection means.
        url: Where a running tailer is to be asked; None is where `config` has it listen.
        credentials: Whom to trust there, and who asks.
        now: Seconds since the epoch.
        monotonic: Seconds of a clock that nobody sets.
        pause: Waits for so many seconds.
        processes: What procfs tells.
        patience_seconds: How long to wait for what does not answer.
    """

    config: Config
    why: Mapping[Reason, str]
    url: str | None = None
    credentials: Credentials = field(default_factory=Credentials)
    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    processes: Processes = field(default_factory=Processes)
    patience_seconds: float = PATIENCE_SECONDS

    def findings(self) -> Iterator[Finding]:
        """Yield what is found, in the order of a line's way: files, lines, tailer, state, machine, configuration."""
        looks = Look("files", lambda: survey(self.config, self.monotonic)), Look("tailer", self._tailers)
        deadline = self.monotonic() + self.patience_seconds
        found, running = looks[0].get(deadline - self.monotonic()), looks[1].get(deadline - self.monotonic())
        if isinstance(found, Finding):
            yield found
            found = Survey(followed(self.config.sources), (), 0, self.monotonic())
        if isinstance(running, Finding):
            yield running
            running = Tailers(), Said("")
        yield from self._about(found, *running)

    def _tailers(self) -> tuple[Tailers, Said]:
        found = tailers(self.config, self.url, self.processes)
        if found.url is None:
            return found, Said("")
        return found, ask(found.url, _ANSWER_SECONDS, Asker(self.credentials, is_named=found.is_named))

    def _about(self, found: Survey, running: Tailers, said: Said) -> Iterator[Finding]:
        is_known = running.pid is not None
        tailer = self.processes.identity(running.pid) if is_known else None
        looks = [
            Look("files", lambda: list(examine_files(self.config, found, tailer))),
            Look("siblings", lambda: list(examine_siblings(found, tailer))),
            Look("growth", lambda: list(self._growth(found))),
            Look("lines", lambda: self._lines(found)),
            Look("tailer", lambda: list(self._tailer(running, said))),
            Look("state", lambda: list(self._state(found, said, tailer))),
            Look(
                "limits",
                lambda: list(examine_machine(self.config, found, self.processes, running.pid, said.series)),
            ),
            Look("configuration", lambda: list(self._configuration(found))),
        ]
        deadline = self.monotonic() + self.patience_seconds
        for look in looks:
            answer = look.get(deadline - self.monotonic())
            yield from [answer] if isinstance(answer, Finding) else answer

    def _growth(self, found: Survey) -> Iterator[Finding]:
        def pause(seconds: float) -> None:
            self.pause(max(0.0, found.looked_at + seconds - self.monotonic()))

        return examine_growth(found.readable, pause, self.now)

    def _lines(self, found: Survey) -> list[Finding]:
        sampled = sample(self.config, found, self.monotonic)
        return [
            *examine_lines(sampled, len(found.readable), self.why),
            *examine_clocks(sampled, self.now()),
        ]

    def _state(self, found: Survey, said: Said, tailer: Identity | None) -> Iterator[Finding]:
        file = self.config.state.file
        if file is None and said.has_state:
            yield note("state.file", "the tailer has one, not named here", remedy="logship doctor … --state FILE")
        else:
            yield from examine_state(file, found, self.processes, tailer)

    def _tailer(self, running: Tailers, said: Said) -> Iterator[Finding]:
        if running.url is not None:
            yield from examine_tailers(running, said, self.now(), self.processes)
        yield from examine_unseen(running.pid, self.processes)

    def _configuration(self, found: Survey) -> Iterator[Finding]:
        doubts = [each for each in warnings(self.config) if found.total or not each[1].startswith("nothing matches")]
        web = self.config.serve.web_config_file
        if web is not None:
            yield from _of_web(web)
        for key, why in doubts:
            yield note("configuration", why, key, remedy="logship check CONFIG")
        if not doubts:
            yield ok("configuration", "nothing in it is doubtful")


def _of_web(path: str) -> Iterator[Finding]:
    try:
        load_web(path)
    except ConfigError as error:
        says = f"cannot be obeyed by who asks: {error}"
        yield warning("configuration", says, "serve.web_config_file", promises="P3", remedy="logship check CONFIG")
