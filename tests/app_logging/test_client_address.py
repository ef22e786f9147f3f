from __future__ import annotations

import pytest

from app_logging import SettingsError
from app_logging.client_address import ClientAddress

PROXIES = ["10.0.0.0/8", "2001:db8::/32", "unix"]


@pytest.mark.parametrize("peer", ["203.0.113.9", "10.0.0.1", "", "testclient"])
def test_without_trusted_proxies_the_header_is_not_looked_at(peer: str) -> None:
    assert ClientAddress().find(peer, "6.6.6.6") == (peer or "unix")


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("203.0.113.9", "6.6.6.6", "203.0.113.9"),  # the peer is no proxy of ours: it may write what it likes
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),  # the left one is what the client said
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "6.6.6.6, unknown", "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "6.6.6.6, <script>", "10.0.0.1"),
        ("10.0.0.1", ",,", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.1", "[2001:db9::1]:4711", "2001:db9::1"),
        ("10.0.0.1", '"[2001:db9::1]"', "2001:db9::1"),
        ("10.0.0.1", "2001:DB9:0::1", "2001:db9::1"),
        ("10.0.0.1", "fe80::1%eth0", "fe80::1"),
        ("::ffff:10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8::1", "203.0.113.9", "203.0.113.9"),
        ("", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, " * 5000 + "203.0.113.9", "203.0.113.9"),
    ],
)
def test_the_client_is_the_right_most_hop_that_is_not_trusted(peer: str, forwarded_for: str, client: str) -> None:
    assert ClientAddress(PROXIES).find(peer, forwarded_for) == client


def test_a_peer_on_a_unix_socket_is_trusted_only_by_name() -> None:
    assert ClientAddress(["10.0.0.0/8"]).find("", "203.0.113.9") == "unix"


def test_one_proxy_may_stand_alone() -> None:
    assert ClientAddress("10.0.0.1").find("10.0.0.1", "203.0.113.9") == "203.0.113.9"


@pytest.mark.parametrize("name", ["10.0.0.1/8", "proxy.example.org", "*", ""])
def test_what_is_no_network_is_refused_by_name(name: str) -> None:
    with pytest.raises(SettingsError, match=r"trusted_proxies: .* give addresses or networks such as 10.0.0.0/8"):
        ClientAddress([name])
