"""What can be listed, and the name it is asked by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.target import MAX_NAME_OCTETS, Kind, Target, parse, parse_test_entry
from tests.unit.builders import quick

LETTERS = "abcxyz0189_"
LABELS = st.lists(st.text(LETTERS, min_size=1, max_size=12), min_size=1, max_size=4)
DOMAINS = LABELS.map(lambda labels: ".".join([*labels, "example"]).upper())
PIECES = [*"aZ09._-/:% üßẞ。．٣İ", "mail", "xn--", "bücher", "x" * 64, "\u2024", "\u2488", "\u202e", "\x00", "\n"]
WRITTEN = st.one_of(st.ip_addresses().map(str), st.ip_addresses(v=6).map(lambda address: address.exploded.upper()), DOMAINS)


@pytest.mark.parametrize(
    ("written", "text", "kind"),
    [
        pytest.param("192.0.2.99", "192.0.2.99", Kind.IPV4, id="ipv4"),
        pytest.param("2001:db8:1:2:3:4:567:89ab", "2001:db8:1:2:3:4:567:89ab", Kind.IPV6, id="ipv6"),
        pytest.param("2001:0DB8:0:0::0025", "2001:db8::25", Kind.IPV6, id="canonical ipv6"),
        pytest.param("::ffff:192.0.2.1", "192.0.2.1", Kind.IPV4, id="mapped"),
        pytest.param("::FFFF:C000:201", "192.0.2.1", Kind.IPV4, id="mapped, in hexadecimal"),
        pytest.param("example.com", "example.com", Kind.DOMAIN, id="domain"),
        pytest.param("Mail.EXAMPLE.Com", "mail.example.com", Kind.DOMAIN, id="upper case"),
        pytest.param("example.com.", "example.com", Kind.DOMAIN, id="final dot"),
        pytest.param("BÜCHER.example", "xn--bcher-kva.example", Kind.DOMAIN, id="idn"),
        pytest.param("XN--Bcher-KVA.example", "xn--bcher-kva.example", Kind.DOMAIN, id="a-label"),
        pytest.param("bücher。example", "xn--bcher-kva.example", Kind.DOMAIN, id="ideographic full stop"),
        pytest.param("example．com", "example.com", Kind.DOMAIN, id="fullwidth full stop"),
        pytest.param("example｡com。", "example.com", Kind.DOMAIN, id="halfwidth full stop, and a final one"),
        pytest.param("_dmarc.example.com", "_dmarc.example.com", Kind.DOMAIN, id="underscore"),
        pytest.param("1.2.3.4.example", "1.2.3.4.example", Kind.DOMAIN, id="numbers before the last label"),
        pytest.param(f"{'a' * 63}.example", f"{'a' * 63}.example", Kind.DOMAIN, id="label of 63"),
        pytest.param(f"{'a.' * 126}b", f"{'a.' * 126}b", Kind.DOMAIN, id="name of 253"),
    ],
)
def test_a_target_has_one_spelling(written: str, text: str, kind: Kind) -> None:
    """However a target is written, it is held in its one normal form."""
    assert parse(written) == Target(text, kind)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        pytest.param("192.0.2.256", "'192.0.2.256' is not a valid IP address", id="octet above 255"),
        pytest.param("192.0.2", "'192.0.2' is not a valid IP address", id="three octets"),
        pytest.param("192.0.02.1", "'192.0.02.1' is not a valid IP address", id="leading zero, which may mean octal"),
        pytest.param("2001:db8::1::2", "'2001:db8::1::2' is not a valid IP address", id="bad ipv6"),
        pytest.param("192.0.2.1:25", "'192.0.2.1:25' is not a valid IP address", id="with a port"),
        pytest.param("[2001:db8::1]", "'[2001:db8::1]' is not a valid IP address", id="in brackets"),
        pytest.param("fe80::1%eth0", "'fe80::1%eth0' has a scope (%…): only global addresses can be listed", id="scoped"),
        pytest.param(
            "192.0.2.0/24", "'192.0.2.0/24' is a network or a URL: list single addresses and bare domains", id="ipv4 network"
        ),
        pytest.param(
            "example.com/page", "'example.com/page' is a network or a URL: list single addresses and bare domains", id="URL"
        ),
        pytest.param("localhost", "'localhost' is neither an IP address nor a domain (no dot)", id="single label"),
        pytest.param("com.", "'com.' is neither an IP address nor a domain (no dot)", id="single label, final dot"),
        pytest.param(
            "example.123", "'example.123' is neither an IP address nor a domain (its last label is a number)", id="numeric last"
        ),
        pytest.param(
            "１.2.3.4", "'１.2.3.4' is neither an IP address nor a domain (its last label is a number)", id="fullwidth digit"
        ),
        pytest.param("", "'' is not a domain: the label '' is not allowed", id="empty"),
        pytest.param("a..example", "'a..example' is not a domain: the label '' is not allowed", id="empty label"),
        pytest.param("example.com..", "'example.com..' is not a domain: the label '' is not allowed", id="two final dots"),
        pytest.param("-a.example", "'-a.example' is not a domain: the label '-a' is not allowed", id="hyphen first"),
        pytest.param("a-.example", "'a-.example' is not a domain: the label 'a-' is not allowed", id="hyphen last"),
        pytest.param("me@a.example", "'me@a.example' is not a domain: the label 'me@a' is not allowed", id="mail address"),
        pytest.param(
            f"{'a' * 64}.example",
            f"'{'a' * 64}.example' is not a domain: the label '{'a' * 64}' is not allowed",
            id="label of 64",
        ),
        pytest.param(
            f"{'ü' * 60}.example", f"'{'ü' * 60}.example' is not a valid internationalised domain", id="A-label above 63"
        ),
        pytest.param(f"{'a.' * 126}bc", f"'{'a.' * 38}a...' is longer than 253 octets", id="name of 254"),
        pytest.param("a\x00b.example", r"'a\x00b.example' is not a domain: the label 'a\x00b' is not allowed", id="NUL"),
        pytest.param("a.example\n", r"'a.example\n' is not a domain: the label 'example\n' is not allowed", id="line feed"),
        pytest.param(
            "\u202eb.example", r"'\u202eb.example' is not a valid internationalised domain", id="right-to-left override"
        ),
        pytest.param(
            "straße.example", "'straße.example' is read differently by IDNA 2003 and 2008: write its xn-- form", id="deviation ß"
        ),
        pytest.param(
            "λόγος.example", "'λόγος.example' is read differently by IDNA 2003 and 2008: write its xn-- form", id="final sigma"
        ),
        pytest.param(
            "a\u200db.example", r"'a\u200db.example' is read differently by IDNA 2003 and 2008: write its xn-- form", id="joiner"
        ),
    ],
)
def test_what_is_no_target_is_refused_with_a_reason(written: str, message: str) -> None:
    """A text that is no target is refused, and the message says what is wrong with it."""
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole message is compared
        parse(written)
    assert str(refusal.value) == message


def test_a_capital_sharp_s_is_refused_like_a_small_one() -> None:
    """A capital ẞ is a deviation as much as ß: IDNA 2003 asks for strasse, IDNA 2008 for straße."""
    with pytest.raises(ValueError, match="IDNA 2003 and 2008"):
        parse("STRAẞE.example")


@quick
@given(WRITTEN)
def test_parsing_the_spelling_changes_nothing(written: str) -> None:
    """The one spelling of a target, read again, is the same target."""
    target = parse(written)
    assert parse(target.text) == target


@quick
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.sampled_from(["", ".example", "。example."]))
def test_any_text_is_a_target_or_refused_in_print(front: str, back: str) -> None:
    """Whatever is written, it becomes a spelling that is stable ASCII, or is refused in one short printable line."""
    refusal, target = _read(front + back)
    if target is None:
        assert refusal.isprintable()
        assert len(refusal) < 800
    else:
        assert target.text.isascii()
        assert parse(target.text) == target


def _read(written: str) -> tuple[str, Target | None]:
    """The words of a refusal, or a target."""
    try:
        return "", parse(written)
    except ValueError as error:
        return str(error), None


@pytest.mark.parametrize(
    ("written", "name"),
    [
        pytest.param("192.0.2.99", "99.2.0.192.bad.example.com", id="RFC 5782 §2.1"),
        pytest.param(
            "2001:db8:1:2:3:4:567:89ab",
            "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.bad.example.com",
            id="RFC 5782 §2.4",
        ),
        pytest.param("::ffff:192.0.2.99", "99.2.0.192.bad.example.com", id="mapped"),
        pytest.param("2001:db8::", f"{'0.' * 24}8.b.d.0.1.0.0.2.bad.example.com", id="every zero nibble"),
        pytest.param("Mail.Example.net.", "mail.example.net.bad.example.com", id="RFC 5782 §3"),
    ],
)
def test_the_query_name_is_the_target_turned_round(written: str, name: str) -> None:
    """Octets and nibbles are reversed before the zone, a domain stands as it is."""
    assert parse(written).name_under("bad.example.com") == name


@pytest.mark.parametrize(
    ("written", "kind", "name"),
    [
        pytest.param("127.0.0.2", Kind.IPV4, "2.0.0.127.bl.example", id="ipv4"),
        pytest.param("::FFFF:7F00:2", Kind.IPV6, f"2.0.0.0.0.0.f.7.f.f.f.f.{'0.' * 20}bl.example", id="ipv6 listed"),
        pytest.param("::ffff:127.0.0.1", Kind.IPV6, f"1.0.0.0.0.0.f.7.f.f.f.f.{'0.' * 20}bl.example", id="ipv6 not listed"),
        pytest.param("TEST", Kind.DOMAIN, "test.bl.example", id="single label"),
        pytest.param("_DNSBL_.test", Kind.DOMAIN, "_dnsbl_.test.bl.example", id="underscores"),
    ],
)
def test_a_test_entry_keeps_its_kind(written: str, kind: Kind, name: str) -> None:
    """A mapped address stays IPv6 as a test entry, and a domain may be one label (RFC 5782 §5)."""
    entry = parse_test_entry(written)
    assert (entry.kind, entry.name_under("bl.example")) == (kind, name)


@pytest.mark.parametrize("written", ["", "127.0.0", "::1%lo", "a b", "ß"])
def test_a_bad_test_entry_is_refused(written: str) -> None:
    """A test entry is refused for the same faults as a target."""
    with pytest.raises(ValueError, match=r"is not|scope|read differently"):
        parse_test_entry(written)


@pytest.mark.parametrize(
    ("written", "is_global"),
    [
        pytest.param("9.9.9.9", True, id="public ipv4"),
        pytest.param("2620:fe::fe", True, id="public ipv6"),
        pytest.param("example.com", True, id="domain"),
        pytest.param("10.0.0.1", False, id="private 10/8"),
        pytest.param("172.16.0.1", False, id="private 172.16/12"),
        pytest.param("192.168.1.1", False, id="private 192.168/16"),
        pytest.param("100.64.0.1", False, id="shared 100.64/10"),
        pytest.param("fd00::1", False, id="unique local"),
        pytest.param("127.0.0.1", False, id="loopback"),
        pytest.param("::1", False, id="ipv6 loopback"),
        pytest.param("169.254.1.1", False, id="link-local"),
        pytest.param("fe80::1", False, id="ipv6 link-local"),
        pytest.param("192.0.2.1", False, id="TEST-NET-1"),
        pytest.param("198.51.100.1", False, id="TEST-NET-2"),
        pytest.param("203.0.113.1", False, id="TEST-NET-3"),
        pytest.param("2001:db8::1", False, id="ipv6 documentation"),
        pytest.param("3fff::1", False, id="ipv6 documentation of RFC 9637"),
        pytest.param("198.18.0.1", False, id="benchmarking, first half"),
        pytest.param("198.19.255.255", False, id="benchmarking, second half"),
        pytest.param("2001:2::1", False, id="ipv6 benchmarking"),
        pytest.param("224.0.0.1", False, id="multicast"),
        pytest.param("233.252.0.1", False, id="multicast that IANA calls global"),
        pytest.param("ff0e::1", False, id="ipv6 multicast of global scope"),
        pytest.param("0.0.0.0", False, id="unspecified"),
        pytest.param("255.255.255.255", False, id="broadcast"),
        pytest.param("::ffff:10.0.0.1", False, id="mapped private"),
    ],
)
def test_only_what_strangers_can_see_is_global(written: str, is_global: bool) -> None:
    """Addresses of a special purpose are not global, public ones and domains are."""
    assert parse(written).is_global is is_global


@pytest.mark.parametrize(("octets", "fits"), [(MAX_NAME_OCTETS, True), (MAX_NAME_OCTETS + 1, False)])
def test_a_name_fits_up_to_253_octets_with_the_zone(octets: int, fits: bool) -> None:
    """A name of 253 octets with its zone can be asked, a longer one cannot."""
    target = parse("mail.example.com")
    suffix = ("z." * MAX_NAME_OCTETS)[: octets - len(target.text) - 1]
    assert len(target.name_under(suffix)) == octets
    assert target.fits_under(suffix) is fits
