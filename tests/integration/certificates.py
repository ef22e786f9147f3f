"""Certificates of an authority made for one test, as files."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme


class Authority:
    """A certificate authority that writes what it issues into a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ca = trustme.CA()
        self.root = directory / f"root-{id(self)}.pem"
        self._ca.cert_pem.write_to_path(self.root)

    def issue(self, name: str, *sans: str) -> tuple[Path, Path]:
        """Issue a certificate, or another one of that name; return the files with its chain and its key."""
        issued = self._ca.issue_cert(*(sans or ("127.0.0.1", "localhost")))
        chain, key = self._directory / f"{name}.pem", self._directory / f"{name}.key"
        chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(key)
        return chain, key

    def trusted(self, client: tuple[Path, Path] | None = None) -> ssl.SSLContext:
        """Return what trusts servers of this authority, with a certificate to show."""
        context = ssl.create_default_context(cafile=str(self.root))
        if client is not None:
            context.load_cert_chain(*client)
        return context


def number_of(port: int) -> int:
    """Return the serial number of the certificate that a server shows now."""
    from cryptography import x509

    return x509.load_pem_x509_certificate(ssl.get_server_certificate(("127.0.0.1", port)).encode()).serial_number
