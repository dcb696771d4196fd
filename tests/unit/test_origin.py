"""What becomes of an origin after a look-up."""

from ipaddress import ip_network

import pytest

from exporter.expansion import Found, Question, Reason, RecordKind, Skipped, Stopped
from exporter.origins.origin import NOTHING, Origin, concluded, in_other_trouble, read, written
from exporter.portions import Exclusion, Taken, members
from exporter.target import Kind, parse
from exporter.verdict import Cause

ONE, SIX, NAME = parse("192.0.2.1"), parse("2001:db8::1"), parse("mail.example.com")
KEPT = Origin("example.com mx", members([ONE]), up=True, trouble="", succeeded_at=10.0)
NEW = Origin("example.com mx")
PROVIDER = Skipped(Reason.KNOWN_PROVIDER, "include:_spf.example.net", "The provider watches them.")
STOPPED = Stopped(Cause.SERVFAIL, Question("example.com", RecordKind.MX))
ALL = Taken()
ONLY_IPV4 = Taken(frozenset({Kind.IPV4}), frozenset({Kind.IPV4}))


def test_what_is_found_takes_the_place_of_what_was() -> None:
    """The origin is up, and what is skipped is said."""
    found = concluded(KEPT, Found((SIX,), (PROVIDER,)), ALL, 20.0)
    assert found == Origin("example.com mx", members([SIX]), up=True, trouble="", skipped=(PROVIDER,), succeeded_at=20.0)


def test_nothing_found_is_found() -> None:
    """A domain that has no addresses any more has none; that is no failure."""
    assert concluded(KEPT, Found(()), ALL, 20.0) == Origin("example.com mx", NOTHING, up=True, trouble="", succeeded_at=20.0)


@pytest.mark.parametrize("before", [KEPT, NEW], ids=["kept", "new"])
def test_a_failure_of_dns_takes_nothing_away(before: Origin) -> None:
    """What was found stays, with the time of its success; the trouble names the question."""
    after = concluded(before, STOPPED, ALL, 20.0)
    assert (after.found, after.succeeded_at) == (before.found, before.succeeded_at)
    assert (after.up, after.trouble) == (False, "MX of example.com: servfail")


def test_failures_of_dns_are_one_trouble() -> None:
    """Whatever the cause, until there is an answer; what is wrong with the answer is another one."""
    failed = concluded(KEPT, STOPPED, ALL, 20.0)
    again = concluded(failed, Stopped(Cause.TIMEOUT, Question("mx.example.com", RecordKind.A)), ALL, 30.0)
    broken = concluded(again, Found((), (), "Two SPF records."), ALL, 40.0)
    late = concluded(broken, STOPPED, ALL, 50.0)
    pairs = [(KEPT, failed), (failed, again), (again, broken), (broken, broken), (broken, late), (late, KEPT)]
    assert [in_other_trouble(*pair) for pair in pairs] == [True, False, True, False, True, False]


def test_broken_records_take_nothing_away() -> None:
    """What was found before they broke stays, though less could be found now."""
    after = concluded(KEPT, Found((SIX,), (PROVIDER,), "Two SPF records."), ALL, 20.0)
    assert (after.found, after.up, after.trouble, after.succeeded_at) == (KEPT.found, False, "Two SPF records.", 10.0)
    assert after.skipped == (PROVIDER,)


def test_of_records_that_were_always_broken_what_can_be_is_taken() -> None:
    """It is better than nothing, and the origin is not up."""
    after = concluded(NEW, Found((ONE,), (), "Two SPF records."), ALL, 20.0)
    assert (after.found, after.up, after.trouble, after.succeeded_at) == (members([ONE]), False, "Two SPF records.", 0.0)
    assert concluded(after, Found((SIX,), (), "Two SPF records."), ALL, 30.0).found == members([SIX])


def test_a_name_that_led_nowhere_once_is_known() -> None:
    """So what could be found behind broken records is not taken: nothing was, and it stays so."""
    nowhere = concluded(NEW, Found(()), ALL, 10.0)
    assert nowhere.succeeded_at == 10.0
    after = concluded(nowhere, Found((ONE,), (), "Two SPF records."), ALL, 20.0)
    assert (after.found, after.up, after.succeeded_at) == (NOTHING, False, 10.0)


def test_what_no_list_takes_is_said_of_broken_records_too() -> None:
    """Beside what else was skipped."""
    after = concluded(KEPT, Found((SIX,), (PROVIDER,), "Two SPF records."), ONLY_IPV4, 20.0)
    assert [skipped.what for skipped in after.skipped] == [PROVIDER.what, "2001:db8::1"]
    first = concluded(NEW, Found((SIX,), (PROVIDER,)), ONLY_IPV4, 20.0)
    assert first.skipped == after.skipped


def test_what_no_list_takes_is_skipped_and_said() -> None:
    """Without a list that takes IPv6 addresses, such an address is not watched in silence."""
    after = concluded(NEW, Found((ONE, SIX)), ONLY_IPV4, 20.0)
    assert after.found == members([ONE])
    assert [(skipped.reason, skipped.what) for skipped in after.skipped] == [(Reason.NO_LIST, "2001:db8::1")]


def test_what_is_written_is_read_as_it_was() -> None:
    """Addresses of both families, in their order, and domains."""
    found = members([SIX, ONE, NAME])
    assert read("x", written(found), 10.0) == Origin("x", found, up=True, trouble="", succeeded_at=10.0)


@pytest.mark.parametrize("content", [b"", b"\xff", b"[", b"[" * 100_000, b"7", b'["nonsense"]', b'{"a": "192.0.2.1"}', b"null"])
def test_what_cannot_be_read_led_nowhere(content: bytes) -> None:
    """A history that somebody wrote into stops nobody: the name is looked up anew."""
    assert read("x", content, 10.0).succeeded_at == 0.0


def test_what_is_no_text_is_left_out() -> None:
    """A number is no address here."""
    assert read("x", b'["192.0.2.1", 7, null, ["192.0.2.2"]]', 10.0).found == members([ONE])


def test_what_is_special_is_kept_for_the_kinds_of_which_a_list_takes_that() -> None:
    """A list that takes special IPv4 addresses says nothing of IPv6 ones: those are skipped, and said."""
    after = concluded(NEW, Found((ONE, SIX)), Taken(frozenset(Kind), frozenset({Kind.IPV4})), 20.0)
    assert after.found == members([ONE])
    assert [(skipped.reason, skipped.what) for skipped in after.skipped] == [(Reason.NOT_GLOBAL, "2001:db8::1")]


def test_what_the_config_excludes_is_skipped_and_said() -> None:
    """By itself, or as a part of a network."""
    excluded = Exclusion.of(members([SIX], [ip_network("192.0.2.0/30")]), Taken())
    after = concluded(NEW, Found((ONE, SIX)), ALL, 20.0, excluded)
    assert (after.found, after.up) == (members([]), True)
    assert [(skipped.reason, skipped.what) for skipped in after.skipped] == [
        (Reason.EXCLUDED, "192.0.2.1"),
        (Reason.EXCLUDED, "2001:db8::1"),
    ]
