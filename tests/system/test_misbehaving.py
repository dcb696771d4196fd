"""A list that misbehaves about some targets, its test entries being right: nothing that is known of them changes.

One exporter sees all misbehaviours at once: each has a target that was listed before, and one that was clean.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dns.rcode
import pytest

from tests.servers import mischief
from tests.servers.ask import prefix
from tests.servers.behaviour import (
    Behaviour,
    absent,
    cname_then,
    formerr,
    healthy,
    listed,
    many,
    nodata,
    notimp,
    refused,
    servfail,
    zone_data,
)
from tests.servers.exporter import Exporter
from tests.servers.garbage import GARBAGE
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.rude import Rude
from tests.servers.unbound import Unbound
from tests.servers.zones import addresses
from tests.system.scrape import Scrape, assert_consistent
from tests.system.settings import addresses_on, config

BAD, GOOD = "bad.example", "good.example"

# What comes to nothing, and the cause that it is shown with.
INCONCLUSIVE: dict[str, tuple[Behaviour, str]] = {
    "SERVFAIL": (servfail, "servfail"),
    "REFUSED": (refused, "refused_rcode"),
    "REFUSED without the question": (mischief.error_with_empty_question(dns.rcode.REFUSED), "refused_rcode"),
    "FORMERR": (formerr, "formerr"),
    "NOTIMP": (notimp, "other_rcode"),
    "silence": (mischief.silent, "timeout"),
    "truncated and TCP silent": (mischief.truncated_forever, "timeout"),
    "truncated and TCP closed": (mischief.truncated_then_closed, "malformed"),
    "truncated and TCP SERVFAIL": (mischief.truncated(servfail), "servfail"),
    "another question": (mischief.wrong_question("127.0.0.4"), "malformed"),
    "a wrong ID": (mischief.wrong_id("127.0.0.4"), "malformed"),
    "a query for an answer": (mischief.not_a_response(listed("127.0.0.4")), "malformed"),
    "a late listing": (mischief.late(0.8, listed("127.0.0.4")), "timeout"),
    "a late absence": (mischief.late(0.8, absent), "timeout"),
    "from another address": (mischief.from_elsewhere(listed("127.0.0.4")), "timeout"),
    "absence from another address": (mischief.from_elsewhere(absent), "timeout"),
    "outside 127/8": (listed("192.0.2.80"), "bogus"),
    "outside 127/8 beside a code": (listed("127.0.0.4", "10.0.0.1"), "bogus"),
    "127.255.255.254": (listed("127.255.255.254", txt="open resolver"), "refused"),
    "127.255.255.252 beside a code": (listed("127.0.0.4", "127.255.255.252"), "refused"),
    "no data": (nodata, "no_data"),
    "an alias to nothing": (cname_then(), "no_data"),
    "aliases of each other": (mischief.cname_loop, "malformed"),
    **{f"garbage: {kind}": (behaviour, "malformed") for kind, behaviour in GARBAGE.items()},
}

# What is odd and says all the same that the target is, or is not, on the list.
CONCLUSIVE: dict[str, tuple[Behaviour, bool]] = {
    "truncated and TCP listed": (mischief.truncated(listed("127.0.0.2")), True),
    "truncated and TCP absent": (mischief.truncated(absent), False),
    "an alias": (cname_then("127.0.0.2"), True),
    "60 records": (many(60), True),
    "60 records over TCP": (mischief.truncated(many(60)), True),
    "forgeries before the listing": (
        mischief.forged_first([mischief.wrong_id("10.0.0.1"), mischief.from_elsewhere(absent)], listed("127.0.0.2")),
        True,
    ),
    "forgeries before the absence": (
        mischief.forged_first([mischief.wrong_question("127.0.0.2"), mischief.from_elsewhere(listed("127.0.0.2"))], absent),
        False,
    ),
}

LISTED = {name: f"192.0.2.{number}" for number, name in enumerate([*INCONCLUSIVE, *CONCLUSIVE], start=1)}
CLEAN = {name: f"198.51.100.{number}" for number, name in enumerate([*INCONCLUSIVE, *CONCLUSIVE], start=1)}


@dataclass(frozen=True, slots=True)
class Seen:
    """What /metrics said before the misbehaviour and after some laps of it."""

    before: Scrape
    after: Scrape


@pytest.fixture(name="seen", scope="module")
def _seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    data = healthy(zone_data({prefix(target): "127.0.0.2" for target in LISTED.values()}))
    behaviours = {where[name]: behaviour for where in (LISTED, CLEAN) for name, (behaviour, _) in INCONCLUSIVE.items()}
    # Who is said to be on the list was on it before, and who is said to be absent was clean.
    behaviours |= {(LISTED if on_it else CLEAN)[name]: behaviour for name, (behaviour, on_it) in CONCLUSIVE.items()}
    targets = [*LISTED.values(), *CLEAN.values()]
    checks = {"interval": "1s", "confirm_interval": "500ms", "test_interval": "1s"}
    with Rude() as rude:
        rude.behave(BAD, data)
        rude.behave(GOOD, data)
        text = config(rude.address, [addresses_on(BAD), addresses_on(GOOD)], targets, checks)
        with Exporter(tmp_path_factory.mktemp("misbehaving"), text) as exporter:
            known = {"listed": len(LISTED), "not_listed": len(CLEAN)}
            exporter.wait(lambda it: Scrape.now(it).checks(BAD) == Scrape.now(it).checks(GOOD) == known, "all is known")
            before = Scrape.now(exporter)
            for target, behaviour in behaviours.items():
                rude.behave(f"{prefix(target)}.{BAD}", behaviour)
            asked = len(rude.questions)
            exporter.wait(lambda _: _least_asked(rude, behaviours, asked) >= 3, "every target is asked three times more")
            yield Seen(before, Scrape.now(exporter))


def _least_asked(rude: Rude, targets: Iterable[str], since: int) -> int:
    names = [each.name.lower() for each in rude.questions[since:] if each.qtype == "A" and each.transport == "udp"]
    return min(names.count(f"{prefix(target)}.{BAD}") for target in targets)


@pytest.mark.parametrize("name", INCONCLUSIVE)
def test_an_answer_that_says_nothing_changes_nothing_and_shows_why(seen: Seen, name: str) -> None:
    """The last known value stays, for a listed and for a clean target, and the cause is shown."""
    cause = INCONCLUSIVE[name][1]
    for target, value in ((LISTED[name], 1), (CLEAN[name], 0)):
        assert seen.before.listed(BAD)[target] == seen.after.listed(BAD)[target] == value
        # Of a packet without a question nobody can say for which of many it came.
        unsaid = {"timeout"} if name.startswith("garbage") else set()
        assert seen.after.causes(BAD)[target] in {cause, *unsaid}


@pytest.mark.parametrize("name", CONCLUSIVE)
def test_an_odd_answer_that_says_something_is_understood(seen: Seen, name: str) -> None:
    """A listing over TCP, by an alias, in many records or behind forgeries is a listing, and an absence an absence."""
    on_it = CONCLUSIVE[name][1]
    target = (LISTED if on_it else CLEAN)[name]
    assert seen.before.listed(BAD)[target] == seen.after.listed(BAD)[target] == on_it
    assert target not in seen.after.causes(BAD)


def test_no_misbehaviour_is_recorded_as_a_change(seen: Seen) -> None:
    """No listing opens, none closes, and the list, being right about its test entries, stays up."""
    assert seen.after.standings() == seen.before.standings()
    assert seen.after.totals(BAD) == seen.before.totals(BAD)
    assert seen.after.by("dnsbl_list_up", "list") == {(BAD,): 1, (GOOD,): 1}
    assert len(seen.after.causes(BAD)) == 2 * len(INCONCLUSIVE)
    assert_consistent(seen.after)


def test_a_misbehaving_list_disturbs_no_other(seen: Seen) -> None:
    """The other list, asked at the same server, is known as before, and its laps go on."""
    assert seen.after.listed(GOOD) == seen.before.listed(GOOD)
    assert not seen.after.causes(GOOD)
    finished = [scrape.by("dnsbl_checks_total", "list")[GOOD,] for scrape in (seen.before, seen.after)]
    assert finished[1] > finished[0] + len(LISTED) + len(CLEAN)


def test_every_misbehaviour_is_counted_by_its_cause(seen: Seen) -> None:
    """Each cause that is shown is counted in the failures of its list, and of no other."""
    failures = seen.after.by("dnsbl_check_failures_total", "list", "cause")
    for cause in {cause for _, cause in INCONCLUSIVE.values()}:
        assert failures[BAD, cause] > seen.before.by("dnsbl_check_failures_total", "list", "cause")[BAD, cause]
    assert not any(count for (zone, _), count in failures.items() if zone == GOOD)


# ---- a resolver that hides answers


def test_rebinding_protection_hides_a_list_and_clears_nobody(tmp_path: Path) -> None:
    """Behind a resolver that drops 127/8 a tested list is silent, an untested one gives no data, and nobody is delisted."""
    untested = "untested.example"
    on_lists = [GOOD, untested]
    with Rbldnsd(tmp_path, dict.fromkeys(on_lists, addresses(["192.0.2.1"]))) as rbldnsd:
        stubs = dict.fromkeys(on_lists, rbldnsd.address)
        with Unbound(tmp_path, stubs) as plain, Unbound(tmp_path, stubs, private_127=True) as hiding:
            lists = [addresses_on(GOOD), addresses_on(untested, test_entries="none")]
            targets = ["192.0.2.1", "192.0.2.2"]
            with Exporter(tmp_path, config(plain.address, lists, targets)) as exporter:
                exporter.wait(lambda it: all(len(Scrape.now(it).listed(zone)) == 2 for zone in on_lists), "all is known")
                before = Scrape.now(exporter)
                exporter.reload(config(hiding.address, lists, targets))
                exporter.wait(lambda it: len(Scrape.now(it).causes(GOOD)) == 2, "the silent list is noticed")
                exporter.wait(lambda it: len(Scrape.now(it).causes(untested)) == 1, "the hidden answer is noticed")
                asked = exporter.value("dnsbl_checks_total", list=untested) or 0
                exporter.wait(lambda it: (it.value("dnsbl_checks_total", list=untested) or 0) >= asked + 4, "laps go on")
                after = Scrape.now(exporter)
    assert after.causes(GOOD) == {"192.0.2.1": "unhealthy", "192.0.2.2": "unhealthy"}
    assert after.by("dnsbl_list_health", "list", "health")[GOOD, "silent"] == 1
    assert after.causes(untested) == {"192.0.2.1": "no_data"}
    for zone in on_lists:
        assert after.listed(zone) == before.listed(zone) == {"192.0.2.1": 1, "192.0.2.2": 0}
    assert after.standings() == before.standings()
