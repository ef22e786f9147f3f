"""The address of the peer and the proxies' `X-Forwarded-For` come in, the address of the client goes out.

Promises: without trusted proxies the header is never looked at; with them, the answer is the right-most hop that is
not trusted, never one further left: everything left of it is what a client says of itself.
"""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterable

from app_logging.settings import SettingsError

UNIX = "unix"
"""Stands for a peer on a Unix socket, which has no address; also allowed among the trusted proxies."""

CACHED_ADDRESSES = 1024
"""Peers that are proxies are few, others come from wherever they like: enough for the first, a bound for the second."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class ClientAddress:
    """Find out who is behind the trusted proxies.

    Args:
        trusted_proxies: Addresses and networks, such as `10.0.0.0/8`, and "unix" for peers on a Unix socket.

    Raises:
        SettingsError: One of them is neither.
    """

    def __init__(self, trusted_proxies: Iterable[str] = ()) -> None:
        names = [trusted_proxies] if isinstance(trusted_proxies, str) else list(trusted_proxies)
        self._networks = [_network(name) for name in names if name != UNIX]
        self._trusts_unix = UNIX in names
        self.looks_at_forwarded = bool(names)
        self._is_trusted = functools.lru_cache(CACHED_ADDRESSES)(self._belongs_to_a_proxy)

    def find(self, peer: str, forwarded_for: str) -> str:
        """Return the client's address.

        Args:
            peer: Who is at the other end of the connection; empty on a Unix socket.
            forwarded_for: The values of all `X-Forwarded-For` headers in their order, joined by commas.
        """
        client = peer or UNIX
        if not self.looks_at_forwarded or not self._is_trusted(client):
            return client
        for hop in reversed(forwarded_for.split(",")):
            address = address_of(hop)
            if address is None:  # what a trusted proxy calls "unknown" has nobody left of it that we could believe
                return client
            client = str(address)
            if not self._is_trusted(client):
                return client
        return client

    def _belongs_to_a_proxy(self, name: str) -> bool:
        if name == UNIX:
            return self._trusts_unix
        address = address_of(name)
        return address is not None and any(address in network for network in self._networks)


def address_of(text: str) -> Address | None:
    """Return the address without port, brackets and zone, or None; IPv4 within IPv6 becomes IPv4."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _network(name: object) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(str(name))
    except ValueError as error:
        raise SettingsError(
            "trusted_proxies", name, "argument", f'give addresses or networks such as 10.0.0.0/8, or "unix" ({error})'
        ) from None
