"""Which addresses are public, and that a name with any other address is refused."""

import asyncio
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.relay.upstreams.public_addresses import ForbiddenAddressError, PublicResolver, is_public


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address: str):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "100.100.100.200"),
        *("169.254.169.254", "168.63.129.16", "192.0.0.192", "0.0.0.0", "255.255.255.255", "240.0.0.1"),
        *("224.0.0.1", "224.0.1.1", "239.255.255.250", "198.18.0.1", "192.0.2.1", "192.88.99.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1"),
        *("fec0::2", "3fff::1", "64:ff9b:1:a9fe:a9:fe00:808:808"),
        *("2001:0:53aa:64c:0:0:80ff:fffe", "localhost", "", "1.2.3", "0x7f.0.0.1"),
    ],
)
def test_everything_else_is_not(address: str):
    assert not is_public(address)


@given(st.ip_addresses(v=4, network="10.0.0.0/8"), st.sampled_from(["::ffff:{}", "64:ff9b::{}", "::{}"]))
def test_no_ipv6_spelling_makes_an_inner_address_public(inner, spelling: str):
    assert not is_public(spelling.format(inner))


class Names:
    """A resolver that knows what the test says."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.is_closed = False

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET):
        return [
            {"hostname": host, "host": address, "port": port, "family": family, "proto": 0, "flags": 0}
            for address in self.addresses
        ]

    async def close(self) -> None:
        self.is_closed = True


def resolve(*addresses: str, exempt: str = "") -> list[str]:
    resolver = PublicResolver(lambda host: host == exempt, Names(*addresses))
    return [found["host"] for found in asyncio.run(resolver.resolve("pictures.example", 80))]


def test_a_name_with_public_addresses_is_resolved_to_them():
    assert resolve("8.8.8.8", "2606:4700::1111") == ["8.8.8.8", "2606:4700::1111"]


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("8.8.8.8", "127.0.0.1"), ("8.8.8.8", "::1")])
def test_a_single_inner_address_refuses_the_name(addresses: tuple[str, ...]):
    with pytest.raises(ForbiddenAddressError):
        resolve(*addresses)


def test_an_exempt_host_may_lie_inside():
    assert resolve("10.0.0.7", exempt="pictures.example") == ["10.0.0.7"]
