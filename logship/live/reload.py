"""Obey a configuration file that changed, between two turns, and keep what was counted.

What a change does not concern goes on as it is. Where files or their reading change, another follower takes over at the
very positions of the old one, as after a restart; a metric begins anew only when its definition changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from logship.checkpoint import Ledger
from logship.config import Config, followed
from logship.errors import LogshipError
from logship.live.sidecar import Sidecar
from logship.live.vitals import Vitals
from logship.model import Position
from logship.read import Follower

NEEDS_RESTART = frozenset({"serve.listen", "serve.ui", "serve.web_config_file", "state.file", "state.recovery"})
"""What is decided before the first line is read."""


class Reload:
    """Read the configuration again and obey it; called in the sidecar's thread.

    Args:
        config: What is obeyed now.
        reread: Returns the configuration as it is meant now, or raises a LogshipError; None when there is no file.
        sidecar: Whose parts are replaced.
        ledger: Its ledger.
        vitals: Who tells what came of it.
        new_follower: Makes a follower that goes on where the ledger stands.
        now: The time in seconds since the epoch.
    """

    def __init__(
        self,
        config: Config,
        reread: Callable[[], Config] | None,
        *,
        sidecar: Sidecar,
        ledger: Ledger,
        vitals: Vitals,
        new_follower: Callable[[Config], Follower],
        now: Callable[[], float],
    ) -> None:
        self.config = config
        """What is obeyed now."""
        self._reread = reread
        self._sidecar = sidecar
        self._ledger = ledger
        self._vitals = vitals
        self._new_follower = new_follower
        self._now = now

    def __call__(self) -> None:
        """Obey the configuration as it is now; keep the old one when that cannot be obeyed."""
        if self._reread is None:
            self._vitals.nothing_to_reload()
            return
        try:
            wanted = self._reread()
        except LogshipError as error:
            self._vitals.reload_refused(str(error))
        else:
            different = differences(self.config, wanted)
            now = self.config.serve
            serve = replace(wanted.serve, listen=now.listen, ui=now.ui, web_config_file=now.web_config_file)
            self._obey(replace(wanted, serve=serve, state=self.config.state))
            changed = [key for key in different if key not in NEEDS_RESTART]
            self._vitals.reloaded(self._now(), changed, [key for key in different if key in NEEDS_RESTART])
        self._sidecar.publish()

    def _obey(self, config: Config) -> None:
        before, self.config = self.config, config
        if (config.sources, config.follow) != (before.sources, before.follow):
            positions = {**self._ledger.published.positions, **self._sidecar.follower.positions()}
            was, now = followed(before.sources).expand(), followed(config.sources).expand()
            self._sidecar.leave(no_longer_meant(positions, was, now))
            self._sidecar.follower = self._new_follower(config)
        if config.measure.buckets != before.measure.buckets:
            self._ledger.begin_durations_anew(config.measure.buckets)
        own = config.own
        if own != before.own:
            self._vitals.begun_anew(self._ledger.use_metrics(own))
        counting = (config.measure, config.sources, config.limits, own)
        if counting != (before.measure, before.sources, before.limits, before.own):
            self._sidecar.pipeline = config.live_pipeline(self._ledger.published.tally)
            self._sidecar.exemplars = {}
        self._ledger.admission = config.admission
        self._sidecar.poll_seconds = config.poll_seconds
        self._sidecar.commit()


def differences(before: object, after: object) -> list[str]:
    """Return the keys of two configurations whose values differ, as paths in the file."""
    return sorted(key for key, value in _values(after) if dict(_values(before))[key] != value)


def no_longer_meant(
    positions: Mapping[int, Position], before: Iterable[str], after: Iterable[str]
) -> dict[int, Position]:
    """Return the generations that stand in a file that was meant `before` and is not `after`.

    A file that was rotated away, and is read to its end, is in neither.
    """
    dropped = set(map(os.path.realpath, before)).difference(map(os.path.realpath, after))
    return {number: position for number, position in positions.items() if position.path in dropped}


def _values(config: object, prefix: str = "") -> Iterable[tuple[str, Any]]:
    for each in fields(config):  # type: ignore[arg-type]  # a dataclass, made of others
        value = getattr(config, each.name)
        if is_dataclass(value):
            yield from _values(value, f"{prefix}{each.name}.")
        else:
            yield prefix + each.name, value
