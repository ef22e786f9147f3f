"""Everything that can go wrong for a user, as one tree.

    LogshipError                    exit code 1: the answer is no
    ├── UsageError                  exit code 2: the call or its arguments are off
    │   └── ConfigError             ... a configuration file is
    ├── InputError                  a log or an archive cannot be read
    ├── StateError                  the state file cannot be used, or a commit failed
    │   └── StateDamagedError            ... because of what is in it
    └── ListenError                 the HTTP address cannot be had

A message is one line for a human: what it is about, the value, the remedy.
Bad lines in a log are no errors: they are data, counted by reason (`logship.model.Reason`).
"""

from __future__ import annotations


class LogshipError(Exception):
    """A failure that a user can act on; `str()` is the whole message."""

    exit_code = 1


class UsageError(LogshipError):
    """The command was called in a way that cannot work."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration file is unreadable or says something that is not allowed."""


class InputError(LogshipError):
    """A log file or an archive cannot be read."""


class StateError(LogshipError):
    """The state file cannot be used as it is, or cannot be written."""


class StateDamagedError(StateError):
    """The state file holds what no tailer of this version has written."""


class ListenError(LogshipError):
    """The address for the HTTP server cannot be bound."""
