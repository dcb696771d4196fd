"""The providers whose SPF records are theirs to watch, and what is theirs."""

import pytest

from exporter.expansion.known import covers, includes, providers
from exporter.target import Kind, parse


def test_every_domain_of_a_provider_is_one_in_its_one_spelling() -> None:
    """Or it would match nothing."""
    assert [domain for domain in includes() if parse(domain).text != domain or parse(domain).kind is not Kind.DOMAIN] == []


def test_no_domain_stands_there_twice() -> None:
    """Neither itself nor below another."""
    domains = [domain for each in providers().values() for domain in each]
    assert sorted(domains) == sorted(includes())
    assert [domain for domain in domains if covers(includes() - {domain}, domain)] == []


def test_providers_are_in_order_of_their_names() -> None:
    """So that one is found, and not added twice."""
    assert list(providers()) == sorted(providers(), key=str.casefold)


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("_spf.google.com", True),
        ("_SPF.Google.COM.", True),
        ("google.com", False),
        ("x_spf.google.com", False),
        ("eu._netblocks.mimecast.com", True),
        ("%{ir}.%{v}.%{d}.spf.has.pphosted.com", True),
        ("spf.protection.outlook.com", True),
        ("outlook.com", False),
        ("example.com", False),
        ("", False),
    ],
)
def test_a_domain_stands_for_itself_and_all_below_it(name: str, covered: bool) -> None:
    """In any case, with macros in front or a final dot."""
    assert covers(includes(), name) is covered
