"""Read a web configuration, in the format of Prometheus' exporter-toolkit: how to encrypt, whom to let in.

As there, environment variables are not put in, and file names in it are relative to its own directory.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from logship.config.document import Document, read
from logship.config.load import place_of, refuse_unknown, steps
from logship.errors import ConfigError
from logship.expose import Access, WebOptions, access_of
from logship.expose.tls import WebOptionError

_SECRET = frozenset({"basic_auth_users"})
"""Sections whose values no message shows: one may be a password that was meant to be a hash."""


def load_web(path: str) -> tuple[WebOptions, Access]:
    """Return the web configuration in the file at `path` and what it means; raise ConfigError when it cannot be obeyed.

    Certificates and keys are read as well.
    """
    document = read(path, None)
    values: Any = {} if document.values is None else document.values
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: a web configuration is a mapping of keys, such as 'basic_auth_users:'")
    refuse_unknown(document, values, WebOptions, ())
    given = {key: value for key, value in values.items() if value is not None}  # an empty section is none
    try:
        options = _beside(path, msgspec.convert(given, WebOptions))
        return options, access_of(options)
    except msgspec.ValidationError as error:
        raise ConfigError(_mistyped(document, str(error))) from None
    except WebOptionError as error:
        raise ConfigError(f"{document.at(steps(error.key))}: {error.key}: {error}") from None


def _mistyped(document: Document, message: str) -> str:
    why, at = place_of(message)
    shown = "" if not at or at[0] in _SECRET else f" is {document.shown(at)}"
    return f"{document.at(at)}: {'.'.join(map(str, at))}{shown}: {why}"


def _beside(path: str, options: WebOptions) -> WebOptions:
    """Return options whose relative file names start at the directory of the file."""
    tls = options.tls_server_config
    if tls is None:
        return options

    def beside(name: str) -> str:
        return str(Path(path).parent / name) if name else ""

    files = (beside(tls.cert_file), beside(tls.key_file), beside(tls.client_ca_file))
    named = replace(tls, cert_file=files[0], key_file=files[1], client_ca_file=files[2])
    return replace(options, tls_server_config=named)
