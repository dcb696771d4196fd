"""What to do about a listing or a sick list: there is always something to say, and it is never said to be so."""

from dataclasses import fields, replace
from itertools import product

import pytest

from exporter import catalogue
from exporter.advice import Advice, advice_for, causes, cure
from exporter.blocklist import Blocklist, Facts, Impact, ListingClass, Scope, Status, Sublist
from exporter.health import Health
from tests.unit.builders import a_list

KEY = "k3yk3yk3yk3yk3yk3yk3yk3y"


def a_sublist(listing_class: ListingClass, scope: Scope, cause: str = "") -> Sublist:
    """A sublist of which only the cause matters."""
    return Sublist("SUB", listing_class, Impact.LOW, scope, cause)


def asked_as(status: Status, zone: str = "bl.example") -> Blocklist:
    """A list of this status."""
    return replace(a_list(zone), facts=Facts(status))


@pytest.mark.parametrize(("listing_class", "scope"), list(product(ListingClass, Scope)))
def test_there_is_advice_about_every_listing(listing_class: ListingClass, scope: Scope) -> None:
    """Whatever a list accuses of, and whom, the rules find a cause that there are words for."""
    assert advice_for(a_sublist(listing_class, scope)).cause in causes()


@pytest.mark.parametrize(
    ("listing_class", "scope", "cause"),
    [
        (ListingClass.EXPLOIT, Scope.ADDRESS, "exploited-host"),
        (ListingClass.EXPLOIT, Scope.DOMAIN, "abused-site"),
        (ListingClass.ABUSE, Scope.ADDRESS, "spam-sent"),
        (ListingClass.ABUSE, Scope.RANGE, "neighbour-range"),
        (ListingClass.ABUSE, Scope.DOMAIN, "domain-reputation"),
        (ListingClass.POLICY, Scope.RANGE, "policy-range"),
        (ListingClass.POLICY, Scope.DOMAIN, "domain-reputation"),
        (ListingClass.ESCALATION, Scope.RANGE, "neighbour-range"),
        (ListingClass.ESCALATION, Scope.ASN, "asn-escalation"),
        (ListingClass.REPUTATION, Scope.ADDRESS, "poor-reputation"),
        (ListingClass.BACKSCATTER, Scope.ADDRESS, "backscatter"),
        (ListingClass.DOMAIN, Scope.DOMAIN, "domain-reputation"),
        (ListingClass.PHISHING, Scope.DOMAIN, "phishing-page"),
        (ListingClass.MALWARE, Scope.DOMAIN, "malware-page"),
        (ListingClass.MALWARE, Scope.ADDRESS, "exploited-host"),
        (ListingClass.AGE, Scope.DOMAIN, "young-domain"),
        (ListingClass.TOR, Scope.ADDRESS, "tor-exit"),
        (ListingClass.BOGON, Scope.RANGE, "bogon"),
        (ListingClass.INFORMATIONAL, Scope.ADDRESS, "informational"),
    ],
)
def test_class_and_scope_tell_the_likely_cause(listing_class: ListingClass, scope: Scope, cause: str) -> None:
    """Of a sublist that names none."""
    assert advice_for(a_sublist(listing_class, scope)).cause == cause


@pytest.mark.parametrize("cause", causes())
def test_a_sublist_that_names_its_cause_knows_best(cause: str) -> None:
    """Class and scope do not matter then."""
    assert advice_for(a_sublist(ListingClass.BOGON, Scope.ASN, cause)).cause == cause


@pytest.mark.parametrize("cause", causes())
def test_advice_is_whole(cause: str) -> None:
    """It has all its parts, each with words in it, and some first steps in order."""
    advice = advice_for(a_sublist(ListingClass.ABUSE, Scope.ADDRESS, cause))
    assert all(getattr(advice, part.name) for part in fields(Advice))
    assert len(advice.first_steps) >= 3
    assert not [text for text in (*advice.first_steps, advice.likely) if text[-1] not in ".?"]


@pytest.mark.parametrize("cause", causes())
def test_a_cause_is_always_worded_as_likely(cause: str) -> None:
    """A list sees a symptom from outside. How long it takes is no promise either."""
    advice = advice_for(a_sublist(ListingClass.ABUSE, Scope.ADDRESS, cause))
    assert "likely" in advice.likely
    assert advice.how_long.split()[0] in ("Usually", "Often", "Mostly")


def test_the_rules_name_what_there_is() -> None:
    """A class, scope or cause that does not exist would never fit, or have no words."""
    for rule in catalogue.first_steps().causes:
        assert rule["cause"] in causes()
        assert rule.keys() <= {"class", "scope", "cause"}
        assert rule.get("class", ListingClass.ABUSE) in list(ListingClass)
        assert rule.get("scope", Scope.ADDRESS) in list(Scope)


@pytest.mark.parametrize(("health", "status"), list(product(Health, Status)))
def test_every_sick_list_has_a_cure(health: Health, status: Status) -> None:
    """What to do is said of every health but `ok`, of a list with a key as well, and without the key."""
    for blocklist in (asked_as(status), replace(a_list(key=KEY), facts=Facts(status))):
        said = cure(blocklist, health)
        assert bool(said) is (health is not Health.OK)
        assert KEY not in said


@pytest.mark.parametrize(
    ("blocklist", "said"),
    [
        (asked_as(Status.ALIVE), "a resolver of your own that nobody else asks; if it is one, ask less"),
        (asked_as(Status.ALIVE, "zen.spamhaus.org"), "get a key and ask zen.dq.spamhaus.net instead"),
        (asked_as(Status.ALIVE, "dbl.spamhaus.org"), "get a key and ask dbl.dq.spamhaus.net instead"),
        (asked_as(Status.REGISTRATION), "register its address at the operator"),
        (a_list(key=KEY), "refuses your key"),
    ],
)
def test_what_to_do_about_a_refusal_depends_on_who_may_ask(blocklist: Blocklist, said: str) -> None:
    """A resolver of one's own, a key, or registration."""
    assert said in cure(blocklist, Health.REFUSED)
