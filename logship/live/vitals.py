"""What happens to the tailer itself: each happening is one method that both logs and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from logship.live.events import Doubt, Failure

Say = Callable[..., Any]
"""Writes one event of the tailer's own log: its name, whose class is its level, and fields."""


class Vitals:
    """Count happenings and tell of them; used by the sidecar's thread, and read by others as a whole."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._counts: Counter[str] = Counter()
        self._told_unsaved: set[str] = set()
        self._lost_bytes = 0
        self.checkpoint_errors = 0
        """Commits that could not be made durable."""
        self.unsaved_because: str | None = None
        """Why the last commit could not be made durable; None when it could."""
        self.last_unsaved: str | None = None
        """Why a commit last could not be made durable; None when all could."""
        self.is_reload_successful = True
        """Whether the last attempt to read the configuration succeeded."""
        self.is_web_config_obeyed = True
        """Whether the web configuration is obeyed as it is in its file."""
        self.configured_at = 0.0
        """When the configuration was last read with success, in seconds since the epoch."""
        self.counts: Mapping[str, int] = {}
        """How often each happening was seen; replaced as a whole, never changed."""

    def opened(self, path: str) -> None:
        """Tell that a file is followed from now on."""
        self._count("opened")
        self._say("following", path=path)

    def rotated(self, path: str, how: str) -> None:
        """Tell that a file was renamed or removed, or its content replaced."""
        self._count(how)
        self._say("rotated", path=path, how=how)

    def resumed(self, path: str, offset: int) -> None:
        """Tell that a file was known again, and is followed from an offset on."""
        self._count("resumed")
        self._say("resuming", path=path, offset=offset)

    def vanished(self, path: str, lost_bytes: int) -> None:
        """Tell that a generation is in no file any more, and how many bytes of it were seen but never read."""
        self._count("vanished")
        self._lost_bytes += lost_bytes
        self._say(Failure("lost") if lost_bytes else Doubt("lost"), path=path, bytes=lost_bytes)

    def take_lost_bytes(self) -> int:
        """Return how many bytes were lost since the last call."""
        lost, self._lost_bytes = self._lost_bytes, 0
        return lost

    def unsaved(self, why: str) -> None:
        """Tell that a commit could not be made durable, once for each reason; counting goes on."""
        self.checkpoint_errors += 1
        self.unsaved_because = self.last_unsaved = why
        if why not in self._told_unsaved:
            self._say(Failure("cannot save the state, counting goes on"), why=why)
        self._told_unsaved.add(why)

    def saved_again(self) -> None:
        """Tell that everything is durable again after commits that were not."""
        self.unsaved_because = None
        self._told_unsaved.clear()
        self._say("the state is saved again")

    def state_rewritten(self, path: str) -> None:
        """Tell that the state file was removed by somebody, and written anew with everything."""
        self._say(Doubt("the state file was removed: everything is written into a new one"), path=path)

    def state_is_strange(self, files: int) -> None:
        """Tell that none of the files that the state file knows was found again."""
        self._say(
            Doubt("none of the files that the state file knows was found: is it that of other logs?"), files=files
        )

    def configured(self, at: float) -> None:
        """Note that the configuration was read with success at a time."""
        self.is_reload_successful = True
        self.configured_at = at

    def reloaded(self, at: float, changed: Sequence[str], needs_restart: Sequence[str]) -> None:
        """Tell that another configuration is obeyed: the keys that changed, and those that a restart alone changes."""
        self.configured(at)
        self._say("configuration reloaded", changed=list(changed))
        if needs_restart:
            self._say(Doubt("some of it needs a restart"), keys=list(needs_restart))

    def begun_anew(self, metrics: Sequence[str]) -> None:
        """Tell that metrics of the configuration count from nothing, as they are defined otherwise than before."""
        if metrics:
            self._say(Doubt("metrics begin anew: their definition changed"), metrics=list(metrics))

    def reload_refused(self, why: str) -> None:
        """Tell that a configuration cannot be obeyed, and that the old one stays."""
        self.is_reload_successful = False
        self._say(Doubt("configuration not reloaded, the old one stays"), why=why)

    def nothing_to_reload(self) -> None:
        """Tell that there is no configuration file that could be read again."""
        self._say(Doubt("nothing to reload: there is no configuration file; --config FILE names one"))

    def web_config_changed(self, path: str, why_not: str | None) -> None:
        """Tell that a web configuration changed, and why it is not obeyed if so; called in the server's thread."""
        self.is_web_config_obeyed = why_not is None
        if why_not is None:
            self._say("web configuration reloaded", path=path)
        else:
            self._say(Failure("web configuration not reloaded, the old one stays"), why=why_not)

    def closed(self, path: str) -> None:
        """Tell that a rotated file was read to its end and let go."""
        self._count("closed")
        self._say("finished", path=path)

    def format_found(self, path: str, name: str) -> None:
        """Tell in which format a log is read."""
        self._say("format", format=name, path=path)

    def format_unclear(self, path: str, candidates: Sequence[str]) -> None:
        """Tell that lines are rejected, as several formats claim them or, without any, as they are wrapped."""
        if candidates:
            self._say(
                Doubt("requests rejected: several formats fit; name one by --format"),
                path=path,
                formats=list(candidates),
            )
        else:
            self._say(
                Doubt("requests rejected: a container runtime wrapped them; --wrap docker or cri says how"), path=path
            )

    def unreadable(self, path: str, why: str) -> None:
        """Tell that a file that should be followed cannot be."""
        self._count("unreadable")
        self._say(Doubt("cannot follow"), path=path, why=why)

    def unwatched(self, why: str) -> None:
        """Tell that file notification is not to be had."""
        self._count("unwatched")
        self._say(Doubt("no file notification, polling alone"), why=why)

    def _count(self, event: str) -> None:
        self._counts[event] += 1
        self.counts = dict(self._counts)
