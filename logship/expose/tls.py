"""Options of TLS come in, a context for the handshakes of a server goes out.

The keys are those of `tls_server_config` in Prometheus' exporter-toolkit (docs/web-configuration.md there).
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from logship.errors import UsageError

ClientAuth = Literal[
    "NoClientCert",
    "RequestClientCert",
    "RequireAnyClientCert",
    "RequireClientCert",
    "VerifyClientCertIfGiven",
    "RequireAndVerifyClientCert",
]
"""RequireClientCert is an older name of RequireAnyClientCert."""

Version = Literal["TLS10", "TLS11", "TLS12", "TLS13"]

_VERIFYING = MappingProxyType(
    {"VerifyClientCertIfGiven": ssl.CERT_OPTIONAL, "RequireAndVerifyClientCert": ssl.CERT_REQUIRED}
)
"""The others take whoever comes: RequestClientCert asks for a certificate and takes any, or none."""

_VERSIONS = MappingProxyType({"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3})

CIPHER_SUITES = MappingProxyType(
    {
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    }
)
"""Names of IANA, as Go has them, and those of OpenSSL."""

_OF_TLS13 = frozenset({"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"})
"""Always on: neither Go nor Python's ssl module lets one choose among them."""


class WebOptionError(UsageError):
    """The value of an option of the web configuration is not allowed.

    Attributes:
        key: The option, as its path in the file.
    """

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """How to encrypt, and which clients to let in.

    Attributes:
        cert_file: PEM file with the server's certificate and those between it and its root.
        key_file: PEM file with its private key, without a password.
        client_auth_type: What is asked of clients.
        client_ca_file: PEM file with the roots of their certificates.
        client_allowed_sans: Names, one of which their certificates must have; any will do when there are none.
        min_version: Lowest version of TLS.
        max_version: Highest version of TLS.
        cipher_suites: For TLS 1.2, by their names in Go; OpenSSL's own choice when there are none.
        prefer_server_cipher_suites: Whether the order here goes before the client's.
    """

    cert_file: str = ""
    key_file: str = ""
    client_auth_type: ClientAuth = "NoClientCert"
    client_ca_file: str = ""
    client_allowed_sans: tuple[str, ...] = ()
    min_version: Version = "TLS12"
    max_version: Version = "TLS13"
    cipher_suites: tuple[str, ...] = ()
    prefer_server_cipher_suites: bool = True

    @property
    def files(self) -> tuple[str, ...]:
        """The files that are read."""
        return tuple(filter(None, (self.cert_file, self.key_file, self.client_ca_file)))


def server_context(options: TlsOptions) -> ssl.SSLContext:
    """Return the context for new connections; raise WebOptionError when the options cannot be obeyed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.options |= ssl.OP_NO_RENEGOTIATION
    if not options.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    _set_versions(context, options)
    _set_ciphers(context, options)
    _load_certificate(context, options)
    _ask_clients(context, options)
    return context


def is_allowed(certificate: Mapping[str, Any] | None, names: Collection[str]) -> bool:
    """Return whether the certificate that a client has shown has one of `names`; without names, any has."""
    shown = (certificate or {}).get("subjectAltName", ())
    return not names or any(_plain(kind, value) in names for kind, value in shown)


def _plain(kind: str, name: str) -> str:
    """Return a name of a certificate as people write it: OpenSSL shows `::1` as `0:0:0:0:0:0:0:1`."""
    try:
        return str(ipaddress.ip_address(name)) if kind == "IP Address" else name
    except ValueError:
        return name


def _set_versions(context: ssl.SSLContext, options: TlsOptions) -> None:
    for key in ("min_version", "max_version"):
        if getattr(options, key) not in _VERSIONS:
            raise WebOptionError(key, f"{getattr(options, key)} is not safe any more; give TLS12 or TLS13")
    if options.min_version > options.max_version:
        raise WebOptionError("max_version", f"{options.max_version} is below min_version; leave one of them out")
    context.minimum_version = _VERSIONS[options.min_version]
    context.maximum_version = _VERSIONS[options.max_version]


def _set_ciphers(context: ssl.SSLContext, options: TlsOptions) -> None:
    for number, name in enumerate(options.cipher_suites):
        if name not in CIPHER_SUITES and name not in _OF_TLS13:
            raise WebOptionError(
                f"cipher_suites.{number}", f"unknown suite {name!r}; known are {', '.join(CIPHER_SUITES)}"
            )
    chosen = [CIPHER_SUITES[name] for name in options.cipher_suites if name in CIPHER_SUITES]
    if chosen:
        context.set_ciphers(":".join(chosen))


def _load_certificate(context: ssl.SSLContext, options: TlsOptions) -> None:
    _content_of("cert_file", options.cert_file, b"-----BEGIN CERTIFICATE", "certificate")
    key = _content_of("key_file", options.key_file, b"PRIVATE KEY-----", "private key")
    if b"ENCRYPTED" in key:
        raise WebOptionError("key_file", f"{options.key_file} has a password; store the key without one")
    try:
        context.load_cert_chain(options.cert_file, options.key_file, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            why = f"{options.key_file} is not the key of the certificate in {options.cert_file}; renew both together"
            raise WebOptionError("key_file", why) from None
        why = f"{options.cert_file} with the key in {options.key_file} cannot be used: {error.reason or 'damaged PEM'}"
        raise WebOptionError("cert_file", f"{why}; give a chain and its key in PEM form") from None


def _ask_clients(context: ssl.SSLContext, options: TlsOptions) -> None:
    wanted = options.client_auth_type
    if wanted in ("RequireAnyClientCert", "RequireClientCert"):
        raise WebOptionError(
            "client_auth_type",
            f"{wanted} takes any certificate, also one that the client made for itself, and cannot be had here; "
            "give RequireAndVerifyClientCert",
        )
    if options.client_allowed_sans and wanted != "RequireAndVerifyClientCert":
        raise WebOptionError("client_allowed_sans", "needs client_auth_type: RequireAndVerifyClientCert")
    if wanted not in _VERIFYING:
        if options.client_ca_file and wanted == "NoClientCert":
            raise WebOptionError("client_ca_file", "nobody is asked; add client_auth_type: RequireAndVerifyClientCert")
        return
    if not options.client_ca_file:
        raise WebOptionError("client_auth_type", f"{wanted} needs client_ca_file: a file with the roots to trust")
    _content_of("client_ca_file", options.client_ca_file, b"-----BEGIN CERTIFICATE", "certificate")
    context.verify_mode = _VERIFYING[wanted]
    try:
        context.load_verify_locations(options.client_ca_file)
    except ssl.SSLError as error:
        why = f"{options.client_ca_file} cannot be used: {error.reason or 'damaged PEM'}"
        raise WebOptionError("client_ca_file", f"{why}; give certificates in PEM form") from None


def _content_of(key: str, path: str, mark: bytes, kind: str) -> bytes:
    """Return what is in a file of the options; raise WebOptionError when there is no PEM of that kind in it."""
    if not path:
        raise WebOptionError(key, f"{key} is missing; give a file with a {kind} in PEM form")
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise WebOptionError(key, f"{path} cannot be read: {why}; give a file with a {kind} in PEM form") from None
    if mark not in content:
        raise WebOptionError(key, f"{path} holds no {kind} in PEM form; such a file has a line with {mark.decode()!r}")
    return content
