"""What somebody registered: the public suffix list, at the places where cutting a name goes wrong."""

import pytest

from exporter.registrable import registrable


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        pytest.param("example.com", "example.com", id="registrable itself"),
        pytest.param("mail.example.com", "example.com", id="below it"),
        pytest.param("a.b.c.d.e.f.example.com", "example.com", id="far below it"),
        pytest.param("mail.example.co.uk", "example.co.uk", id="a suffix of two labels"),
        pytest.param("www.example.com.au", "example.com.au", id="another one"),
        pytest.param("example.uk", "example.uk", id="right below the top, where most names are one level deeper"),
        pytest.param("co.uk", None, id="a suffix"),
        pytest.param("com", None, id="a suffix of one label"),
        pytest.param("a.x.kobe.jp", "a.x.kobe.jp", id="a suffix by a wildcard"),
        pytest.param("x.kobe.jp", None, id="a suffix by a wildcard, itself"),
        pytest.param("a.city.kobe.jp", "city.kobe.jp", id="an exception to a wildcard"),
        pytest.param("www.bad.github.io", "bad.github.io", id="a suffix that a company opens to others"),
        pytest.param("github.io", None, id="a suffix that a company opens to others, itself"),
        pytest.param("www.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn", id="a suffix of other letters"),
        pytest.param("xn--55qx5d.cn", None, id="a suffix of other letters, itself"),
        pytest.param("a.xn--85x722f.xn--p1ai", "xn--85x722f.xn--p1ai", id="a top-level domain of other letters"),
        pytest.param("a.b.home", "b.home", id="a top-level domain that nobody knows"),
        pytest.param("localhost", None, id="a single label"),
        pytest.param("_dnsbl_.test", "_dnsbl_.test", id="an underscore"),
        pytest.param("mail.example.co.uk.", "example.co.uk", id="a final dot"),
        pytest.param("Mail.Example.CO.UK", "example.co.uk", id="upper case"),
    ],
)
def test_a_domain_is_cut_to_what_somebody_registered(domain: str, expected: str | None) -> None:
    """One label in front of the longest public suffix; a suffix itself belongs to nobody."""
    assert registrable(domain) == expected
