"""The short ways of reading many targets give what the long one gives."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.config.sifting import FullError, Sieve
from exporter.config.written import read_target
from exporter.portions import members
from exporter.target import Kind, Network, Target

settled = settings(max_examples=300, deadline=None, derandomize=True, database=None)

_LABELS = st.text("ab1-_Zü.", min_size=1, max_size=5) | st.just("x" * 63) | st.just("x" * 64)
_TEXTS = (
    st.ip_addresses().map(str)
    | st.ip_addresses(v=6).map(lambda address: address.exploded.upper())
    | st.ip_addresses(v=4).map(lambda address: f"::ffff:{address}")
    | st.lists(_LABELS, min_size=1, max_size=5).map(".".join)
    | st.text("0123456789abcdef.:/%[]x \u0661\u212a", max_size=20)
    | st.text(max_size=10)
)


def _long_way(text: str) -> Target | Network | str:
    try:
        return read_target(text)
    except ValueError as error:
        return str(error)


def _short_way(text: str) -> Target | Network | str:
    sieve = Sieve()
    sieve.sift([text])
    if sieve.faults:
        (fault,) = sieve.faults
        return fault.reason
    if sieve.networks:
        return sieve.networks[0]
    (target,) = sieve.members().singles()
    return target


@settled
@given(text=_TEXTS.filter(bool))
@example("127.1")
@example("1.2.3.04")
@example("1::2:3:4:5:6:7:8")
@example("::1.2.3.4")
@example("::FFFF:1.2.3.4")
@example("Example.COM.")
@example("example.com..")
@example("\u212aelvin.example")
@example("a.5")
@example("a.5a")
@example("a." * 126 + "aa")
@example("a." * 126 + "aaa")
@example("\ud800.example")
@example("9.9.9.9\0")
@example("fe80::1%eth0")
@example("²")
def test_one_by_the_short_way(text: str) -> None:
    """Whatever the text is: the same target, or the same fault."""
    assert _short_way(text) == _long_way(text)


@settled
@given(address=st.ip_addresses())
def test_an_address_that_is_printed_is_read_back(address: IPv4Address | IPv6Address) -> None:
    """Printing and reading is the identity, of addresses that are not written as others."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    expected = Target(str(mapped or address), Kind.IPV4 if mapped or address.version == 4 else Kind.IPV6)
    assert _short_way(str(address)) == _long_way(expected.text) == expected


@settled
@given(first=st.ip_addresses(), bits=st.integers(0, 16))
@example(IPv4Address("9.0.0.0"), 20)
@example(IPv6Address("::ffff:9.9.9.0"), 8)
def test_a_network_that_is_printed_is_read_back(first: IPv4Address | IPv6Address, bits: int) -> None:
    """Up to the largest that are watched."""
    network = ip_network((first, first.max_prefixlen - bits), strict=False)
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    expected = IPv4Network((mapped, network.prefixlen - 96)) if mapped else network
    assert _short_way(str(network)) == _long_way(str(expected)) == expected


def test_many_texts_are_what_each_is() -> None:
    """Empty ones are nothing, and places count on."""
    sieve = Sieve()
    sieve.sift(["9.9.9.9", "", "example.com", "9.9.9.0/30"])
    sieve.sift(["2620:fe::9", "x"])
    assert sieve.members() == members(
        [Target("9.9.9.9", Kind.IPV4), Target("2620:fe::9", Kind.IPV6), Target("example.com", Kind.DOMAIN)],
        [IPv4Network("9.9.9.0/30")],
    )
    assert [(fault.place, fault.text) for fault in sieve.faults] == [(5, "x")]
    assert len(sieve) == 3 + 4


def test_after_a_few_faults_it_stops() -> None:
    """A file that is no list of targets is not read to its end."""
    sieve = Sieve()
    with pytest.raises(FullError):
        sieve.sift(["x"] * 1000)
    assert len(sieve.faults) == 6
