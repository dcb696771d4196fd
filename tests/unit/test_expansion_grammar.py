"""The text of an SPF record: what may stand in it, and what makes all of it void."""

import time

import pytest

from exporter.expansion.grammar import has_macros, read
from tests.unit.naming import NAME

LONG_LABEL = "x" * 63


@pytest.mark.parametrize(
    "text",
    [
        "",
        "all",
        "+all -all ~all ?all",
        "a mx ptr",
        "a/24 mx/0 a//64 mx/32//128 a//0",
        "a:example.com/24//64 mx:example.com//64",
        "a:example.com. ptr:example.com",
        f"include:{LONG_LABEL}.example include:_spf.example.c-1",
        "include:%{d} include:%{D2R-} include:a.%{i}.%{v}.example exists:%{l1r+-.,/_=}.x.example",
        "exists:%%.%_.%-.example.com",
        "a:a#b!.example.com",
        "ip4:192.0.2.1 ip4:192.0.2.1/0 ip4:192.0.2.1/32",
        "ip6:2001:DB8::1 ip6:::/0 ip6:2001:db8::192.0.2.1/128",
        "redirect=%{d}.example.com exp=why.%{i}.example.com",
        "x= x=1 x-y_z.1=%{d}/%% ip4=192.0.2.1,",
        "REDIRECT=example.com",
    ],
)
def test_a_record_may_hold(text: str) -> None:
    """Every kind of term, in every form (RFC 7208 §12)."""
    read(f"v=spf1 {text}")


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ("foo", "foo is no term of SPF"),
        ("foo:example.com", "foo:example.com is no term of SPF"),
        ("allx", "allx is no term of SPF"),
        ("all:example.com", "all:example.com is no term of SPF"),
        ("all/24", "all/24 is no term of SPF"),
        ("=all", "=all is no term of SPF"),
        ("!a", "!a is no term of SPF"),
        ("--a", "--a is no term of SPF"),
        ("-redirect=example.com", "-redirect=example.com is no term of SPF"),
        ("include", "include is no term of SPF"),
        ("include:", "include: holds no domain"),
        ("include:example", "include:example holds no domain"),
        ("include:example.com/24", "include:example.com/24 holds no domain"),
        ("include:example.1", "include:example.1 holds no domain"),
        ("include:example.-x", "include:example.-x holds no domain"),
        ("exists", "exists is no term of SPF"),
        ("ptr/24", "ptr/24 is no term of SPF"),
        ("a:", "a: holds no domain"),
        ("a:192.0.2.1", "a:192.0.2.1 holds no domain"),
        ("a/33", "the network of a/33 is too long"),
        ("a//129", "the network of a//129 is too long"),
        ("a/024", "a/024 is no term of SPF"),
        ("a/", "a/ is no term of SPF"),
        ("a:example.com:8080", "a:example.com:8080 holds no domain"),
        ("ip4", "ip4 is no term of SPF"),
        ("ip4:192.0.2", "ip4:192.0.2 holds no network"),
        ("ip4:192.0.2.256", "ip4:192.0.2.256 holds no network"),
        ("ip4:192.0.02.1", "ip4:192.0.02.1 holds no network"),
        ("ip4:192.0.2.1/33", "ip4:192.0.2.1/33 holds no network"),
        ("ip4:192.0.2.1/08", "ip4:192.0.2.1/08 is no term of SPF"),
        ("ip4:192.0.2.1/255.255.255.0", "ip4:192.0.2.1/255.255.255.0 is no term of SPF"),
        ("ip4:192.0.2.1//32", "ip4:192.0.2.1//32 is no term of SPF"),
        ("ip4:192.0.2.1,", "ip4:192.0.2.1, is no term of SPF"),
        ("ip4:2001:db8::1", "ip4:2001:db8::1 holds no network"),
        ("ip6:192.0.2.1", "ip6:192.0.2.1 holds no network"),
        ("ip6:fe80::1%eth0", "ip6:fe80::1%eth0 is no term of SPF"),
        ("ip6:2001:db8::/129", "ip6:2001:db8::/129 holds no network"),
        ("include:%{x}.example.com", "include:%{x}.example.com holds something that is no macro and no printable character"),
        ("include:%{d0}.example.com", "include:%{d0}.example.com holds something that is no macro and no printable character"),
        ("include:%.example.com", "include:%.example.com holds something that is no macro and no printable character"),
        ("include:a%%{d}", "include:a%%{d} holds no domain"),
        ("x=%", "x=% holds something that is no macro and no printable character"),
        ("redirect=", "redirect= holds no domain"),
        ("exp=", "exp= holds no domain"),
        ("redirect=a.example redirect=b.example", "redirect= comes twice"),
        ("exp=a.example EXP=b.example", "exp= comes twice"),
        ("a:exämple.com", r"a:ex\xe4mple.com holds something that is no macro and no printable character"),
        ("a:x\x00.example.com", r"a:x\x00.example.com holds something that is no macro and no printable character"),
        ("a\tmx", r"a\tmx is no term of SPF"),
        ("a\nmx", r"a\nmx is no term of SPF"),
        ("\udcff", r"\udcff is no term of SPF"),
        ("x" * 200, "x" * 77 + "... is no term of SPF"),
    ],
)  # fmt: skip
def test_a_syntax_error_is_said(term: str, message: str) -> None:
    """By the first term that is wrong."""
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the message is compared as a whole
        read(f"v=spf1 {term} all")
    assert str(raised.value) == message


@pytest.mark.parametrize("character", ["a", "1", "-", ".", "%", "a.", "-1"])
def test_a_long_record_is_read_at_once(character: str) -> None:
    """No text takes its square of steps: here that would be a minute."""
    text = f"v=spf1 a:x.{character * (80_000 // len(character))}!"
    before = time.process_time()
    with pytest.raises(ValueError, match="holds no domain"):
        read(text)
    assert time.process_time() - before < 5


def test_a_domain_with_a_macro_is_known_by_it() -> None:
    """It depends on the message."""
    assert [has_macros(domain) for domain in (NAME, "%{d}.example.com", "a%%b.example.com")] == [False, True, True]
