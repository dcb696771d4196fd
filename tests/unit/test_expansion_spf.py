"""What a domain leads to by SPF (RFC 7208): its addresses in order, what is left out, and what is broken."""

from dataclasses import dataclass

import pytest

from exporter.expansion import Limits, Way
from tests.unit.naming import NAME, World, play

A1, A2, A3 = "192.0.2.1", "192.0.2.2", "192.0.2.3"
V6 = "2001:db8::1"
NO_SPF = [f"no_records: {NAME}"]


@dataclass(frozen=True, slots=True)
class Case:
    """A domain's record, what is around it, and what comes of it."""

    record: str
    targets: list[str]
    skipped: tuple[str, ...] = ()
    around: World | None = None
    questions: int = 1
    broken: str = ""


def hosts(**addresses: str) -> World:
    """Hosts of example.com, each with addresses, IPv6 too."""
    return {
        f"{host}.example.com": [f"{'AAAA' if ':' in each else 'A'} {each}" for each in text.split()]
        for host, text in addresses.items()
    }


def records(**texts: str) -> World:
    """SPF records of names below example.com."""
    return {f"{name}.example.com": [f"TXT v=spf1 {text}"] for name, text in texts.items()}


def mail(count: int) -> World:
    """A domain m.example.com with so many exchanges, of which the n-th has the address 192.0.2.n."""
    exchanges = [f"MX {number} mx{number}.example.com" for number in range(1, count + 1)]
    return {"m.example.com": exchanges, **hosts(**{f"mx{number}": f"192.0.2.{number}" for number in range(1, count + 1)})}


def play_case(case: Case, limits: Limits | None = None) -> None:
    """The record and nothing else leads to all that the case says."""
    world = {NAME: [f"TXT {case.record}"], **(case.around or {})}
    played = play(Way.SPF, world, limits=limits or Limits(skip_includes=frozenset()))
    assert (played.targets, played.skipped, len(played.questions), played.found.broken) == (
        case.targets,
        list(case.skipped),
        case.questions,
        case.broken,
    )


TERMS = {
    "ip4": Case(f"v=spf1 ip4:{A1} -all", [A1]),
    "ip6": Case(f"v=spf1 ip6:{V6} -all", [V6]),
    "in any case": Case(f"V=SPF1 IP4:{A1} +Ip6:{V6} -ALL", [A1, V6]),
    "many spaces": Case(f"v=spf1   ip4:{A1}   -all  ", [A1]),
    "in the record's order": Case(f"v=spf1 ip4:{A3} ip6:{V6} ip4:{A1} -all", [A3, V6, A1]),
    "twice the same": Case(f"v=spf1 ip4:{A1} ip4:{A1} -all", [A1]),
    "all of a small network": Case("v=spf1 ip4:192.0.2.0/30 -all", ["192.0.2.0", A1, A2, A3]),
    "whatever its host bits": Case("v=spf1 ip4:192.0.2.3/31 -all", [A2, A3]),
    "small network, IPv6": Case("v=spf1 ip6:2001:db8::/127 -all", ["2001:db8::", V6]),
    "largest network": Case("v=spf1 ip4:192.0.2.0/28 -all", [f"192.0.2.{number}" for number in range(16)]),
    "network too large": Case(
        f"v=spf1 ip4:198.51.100.0/27 ip6:2001:db8::/64 ip4:{A1} -all",
        [A1],
        ("network_too_large: ip4:198.51.100.0/27", "network_too_large: ip6:2001:db8::/64"),
    ),
    "a of the domain": Case(
        "v=spf1 a -all", [A1, V6], around={NAME: ["TXT v=spf1 a -all", f"A {A1}", f"AAAA {V6}"]}, questions=3
    ),
    "a of a host": Case("v=spf1 a:h.example.com. -all", [A1, V6], around=hosts(h=f"{A1} {V6}"), questions=3),
    "a with networks": Case(
        "v=spf1 a:h.example.com/31//127 -all", [A2, A3, "2001:db8::", V6], around=hosts(h=f"{A3} {V6}"), questions=3
    ),
    "a with a large network of IPv6": Case(
        "v=spf1 a:h.example.com//64 -all",
        [A3],
        ("network_too_large: a:h.example.com//64",),
        around=hosts(h=f"{A3} {V6}"),
        questions=3,
    ),
    "mx by preference": Case("v=spf1 mx:m.example.com -all", [A1, A2], around=mail(2), questions=6),
    "mx, ten exchanges": Case(
        f"v=spf1 ip4:{A1} mx:m.example.com -all",
        [f"192.0.2.{number}" for number in range(1, 11)],
        around=mail(10),
        questions=15,
    ),
    "null MX": Case("v=spf1 mx:m.example.com -all", [], around={"m.example.com": ["MX 0 ."]}, questions=2),
    "host without address": Case(
        f"v=spf1 a:none.example.com ip4:{A1} -all", [A1], ("no_records: a:none.example.com",), questions=3
    ),
    "mapped address": Case(
        f"v=spf1 ip6:::ffff:{A1} ip4:{A2} -all", [A2], (f"bad_record: ip6:::ffff:{A1}",)
    ),
    "unknown modifiers, often": Case(f"v=spf1 x=1 x=%{{d}} ip4:{A1} exp=why.example.com -all", [A1]),
    "exp is not asked for": Case(f"v=spf1 ip4:{A1} -all exp=%{{d}}", [A1]),
    "no all": Case(f"v=spf1 ip4:{A1}", [A1]),
    "nothing at all": Case("v=spf1", []),
}  # fmt: skip

FIRST_MATCH = {
    "softfail is watched": Case(f"v=spf1 ~ip4:{A1} -all", [A1]),
    "neutral is not": Case(f"v=spf1 ?ip4:{A1} -all", [], (f"neutral: ?ip4:{A1}",)),
    "fail is not": Case(f"v=spf1 -ip4:{A1} ~all", [], (f"fails_spf: -ip4:{A1}",)),
    "fail comes first": Case(
        f"v=spf1 -ip4:{A2} ip4:192.0.2.0/30 -all",
        ["192.0.2.0", A1, A3],
        (f"fails_spf: -ip4:{A2}", "fails_spf: ip4:192.0.2.0/30"),
    ),
    "fail comes too late": Case(f"v=spf1 ip4:{A1} -ip4:{A1} -all", [A1], (f"fails_spf: -ip4:{A1}",)),
    "neutral comes first": Case(
        f"v=spf1 ?ip4:{A1} ip4:{A1} -all", [], (f"neutral: ?ip4:{A1}", f"neutral: ip4:{A1}")
    ),
    "a large network fails first": Case(
        f"v=spf1 -ip4:192.0.2.0/24 ip4:{A1} ip4:198.51.100.1 -all",
        ["198.51.100.1"],
        ("fails_spf: -ip4:192.0.2.0/24", f"fails_spf: ip4:{A1}"),
    ),
    "a large network passes first": Case(
        f"v=spf1 ip4:192.0.2.0/24 -ip4:{A1} ip4:{A1} -all",
        [A1],
        ("network_too_large: ip4:192.0.2.0/24", f"fails_spf: -ip4:{A1}"),
    ),
    "after all nothing is read": Case(f"v=spf1 ip4:{A1} -all ip4:{A2} a:h.example.com", [A1]),
    "all lets everybody pass": Case(f"v=spf1 ip4:{A1} +all", [A1], ("network_too_large: +all",)),
    "all says nothing of anybody": Case(f"v=spf1 ip4:{A1} ?all", [A1]),
    "the other version is not touched": Case(
        f"v=spf1 -ip4:0.0.0.0/0 ip6:{V6} ip4:{A1} -all",
        [V6],
        ("fails_spf: -ip4:0.0.0.0/0", f"fails_spf: ip4:{A1}"),
    ),
}  # fmt: skip

INCLUDES = {
    "include": Case(
        f"v=spf1 ip4:{A1} include:i.example.com ip4:{A3} -all", [A1, A2, A3], around=records(i=f"ip4:{A2} -all"), questions=2
    ),
    "includes that fail softly": Case(
        "v=spf1 ~include:i.example.com -all", [A2], around=records(i=f"ip4:{A2} -all"), questions=2
    ),
    "include that is neutral": Case(
        f"v=spf1 ?include:i.example.com ip4:{A2} ip4:{A1} -all",
        [A1],
        ("neutral: ?include:i.example.com", f"neutral: ip4:{A2}"),
        around=records(i=f"ip4:{A2} ~ip4:{A1} -all"),
        questions=2,
    ),
    "include that fails": Case(
        f"v=spf1 -include:i.example.com ip4:{A1} ip4:{A2} -all",
        [A1],
        ("fails_spf: -include:i.example.com", f"fails_spf: ip4:{A2}"),
        around=records(i=f"-ip4:{A1} ip4:192.0.2.0/24 -all"),
        questions=2,
    ),
    "in it, fails softly matches nobody": Case(
        f"v=spf1 include:i.example.com ip4:{A1} -all",
        [A1],
        (f"fails_spf: ~ip4:{A2}",),
        around=records(i=f"~ip4:{A2} -all"),
        questions=2,
    ),
    "in it, the first match decides": Case(
        "v=spf1 include:i.example.com -all",
        [A2],
        (f"fails_spf: -ip4:{A1}", f"fails_spf: ip4:{A1}"),
        around=records(i=f"-ip4:{A1} ip4:{A1} ip4:{A2} -all"),
        questions=2,
    ),
    "a fail in it is no fail outside": Case(
        f"v=spf1 include:i.example.com ip4:{A1} -all",
        [A1],
        (f"fails_spf: -ip4:{A1}",),
        around=records(i=f"-ip4:{A1} -all"),
        questions=2,
    ),
    "who is let pass by nobody does not fail softly with the rest": Case(
        "v=spf1 include:i.example.com ~all",
        [],
        (f"fails_spf: -ip4:{A1}", f"fails_spf: ip4:{A1}"),
        around=records(i=f"-ip4:{A1} ip4:{A1} -all"),
        questions=2,
    ),
    "include in an include": Case(
        "v=spf1 include:i.example.com -all", [A1], around=records(i="include:j.example.com", j=f"ip4:{A1}"), questions=3
    ),
    "include of everybody": Case(
        f"v=spf1 -include:i.example.com ip4:{A1} -all",
        [],
        ("fails_spf: -include:i.example.com", f"fails_spf: ip4:{A1}"),
        around=records(i="+all"),
        questions=2,
    ),
    "redirect": Case(f"v=spf1 ip4:{A1} redirect=r.example.com", [A1, A2], around=records(r=f"ip4:{A2} -all"), questions=2),
    "redirect keeps the qualifiers": Case(
        "v=spf1 redirect=r.example.com", [A2], around=records(r=f"~ip4:{A2} -all"), questions=2
    ),
    "redirect stands anywhere": Case(
        f"v=spf1 redirect=r.example.com ip4:{A1}", [A1, A2], around=records(r=f"ip4:{A2}"), questions=2
    ),
    "redirect beside all": Case(f"v=spf1 redirect=r.example.com ip4:{A1} ~all", [A1]),
    "redirect in an include": Case(
        f"v=spf1 include:i.example.com ip4:{A1} -all",
        [A2, A1],
        around=records(i="redirect=r.example.com", r=f"ip4:{A2} -ip4:{A1}"),
        skipped=(f"fails_spf: -ip4:{A1}",),
        questions=3,
    ),
    "the same include twice": Case(
        "v=spf1 include:i.example.com include:i.example.com -all", [A1], around=records(i=f"ip4:{A1}"), questions=2
    ),
    "the domain of an a is that of its record": Case(
        "v=spf1 include:i.example.com -all",
        [A1],
        around={"i.example.com": ["TXT v=spf1 a -all", f"A {A1}"]},
        questions=4,
    ),
}  # fmt: skip

UNKNOWABLE = {
    "macros": Case(
        f"v=spf1 include:%{{i}}.i.example.com a:%{{i}}.example.com mx:%{{l}}.example.com ip4:{A1} -all",
        [A1],
        ("macro: include:%{i}.i.example.com", "macro: a:%{i}.example.com", "macro: mx:%{l}.example.com"),
        around={f"{A1}.i.example.com": ["TXT v=spf1 -all"]},
    ),
    "exists and ptr": Case(
        f"v=spf1 exists:%{{ir}}.example.com ptr ptr:example.com ip4:{A1} -all",
        [A1],
        ("exists: exists:%{ir}.example.com", "ptr: ptr", "ptr: ptr:example.com"),
    ),
    "redirect with a macro": Case("v=spf1 redirect=%{o}.example.com", [], ("macro: redirect=%{o}.example.com",)),
    "one that may refuse": Case(
        f"v=spf1 ip4:{A1} -exists:%{{i}}.example.com ip4:{A2} -all",
        [A1],
        ("exists: -exists:%{i}.example.com", f"unsure: ip4:{A2}"),
    ),
    "one that may say nothing": Case(
        f"v=spf1 ?ptr ip4:{A2} -all", [], ("ptr: ?ptr", f"unsure: ip4:{A2}")
    ),
    "one that may fail softly": Case(f"v=spf1 ~ptr ip4:{A2} -all", [A2], ("ptr: ~ptr",)),
    "in an include it may hide a match": Case(
        "v=spf1 include:i.example.com -all",
        [],
        ("ptr: -ptr", f"unsure: ip4:{A1}"),
        around=records(i=f"-ptr ip4:{A1}"),
        questions=2,
    ),
    "in an include it may match": Case(
        f"v=spf1 -include:i.example.com ip4:{A1} -all",
        [],
        ("fails_spf: -include:i.example.com", f"unsure: ip4:{A1}"),
        around=records(i="ptr"),
        questions=2,
    ),
    "an exchange that is an address": Case(
        f"v=spf1 mx:m.example.com ip4:{A2} -all",
        [A2],
        ("bad_record: mx:m.example.com",),
        around={"m.example.com": [f"MX 10 {A1}"]},
        questions=2,
    ),
}  # fmt: skip

TEN = " ".join(f"a:h{number}.example.com" for number in range(1, 11))
TEN_HOSTS = hosts(**{f"h{number}": f"192.0.2.{number} 2001:db8::{number}" for number in range(1, 11)})
TEN_ADDRESSES = [each for number in range(1, 11) for each in (f"192.0.2.{number}", f"2001:db8::{number}")]
VOID_SENTENCE = f"senders, more than 2 look-ups of SPF find nothing, up to the record of {NAME}."
THREE_VOID = "a:x.example.com a:y.example.com a:z.example.com"
VOID_NOTES = tuple(f"no_records: {each}" for each in THREE_VOID.split())

BROKEN = {
    "syntax error means nothing of the record": Case(
        f"v=spf1 ip4:{A1} ipv4:{A2} -all",
        [],
        broken=f"The SPF record of {NAME} has a syntax error: ipv4:{A2} is no term of SPF.",
    ),
    "syntax error in an include": Case(
        f"v=spf1 ip4:{A1} include:i.example.com ip4:{A2} -all",
        [A1],
        around=records(i=f"ip4:{A3} ip4:nonsense"),
        questions=2,
        broken="The SPF record of i.example.com has a syntax error: ip4:nonsense is no term of SPF.",
    ),
    "include without record": Case(
        f"v=spf1 ip4:{A1} include:i.example.com ip4:{A2} -all",
        [A1],
        questions=2,
        broken=f"The SPF record of {NAME} needs one of i.example.com, which has none.",
    ),
    "redirect without record": Case(
        f"v=spf1 ip4:{A1} redirect=i.example.com",
        [A1],
        around={"i.example.com": ["TXT other"]},
        questions=2,
        broken=f"The SPF record of {NAME} needs one of i.example.com, which has none.",
    ),
    "include of what is no domain": Case(
        f"v=spf1 ip4:{A1} include:-.example.com -all",
        [A1],
        broken=f"The SPF record of {NAME} needs one of -.example.com, which has none.",
    ),
    "includes itself": Case(
        f"v=spf1 ip4:{A1} include:{NAME} ip4:{A2} -all", [A1], broken=f"The SPF record of {NAME} leads back to that of {NAME}."
    ),
    "includes in a circle": Case(
        f"v=spf1 ip4:{A1} include:i.example.com ip4:{A2} -all",
        [A1, A3],
        around=records(i=f"ip4:{A3} redirect={NAME}"),
        questions=2,
        broken=f"The SPF record of i.example.com leads back to that of {NAME}.",
    ),
    "two records in an include": Case(
        f"v=spf1 ip4:{A1} include:i.example.com -all",
        [A1],
        around={"i.example.com": ["TXT v=spf1 -all", "TXT v=spf1 ~all"]},
        questions=2,
        broken="i.example.com has 2 SPF records.",
    ),
    "ten terms that ask": Case(f"v=spf1 {TEN} -all", TEN_ADDRESSES, around=TEN_HOSTS, questions=21),
    "eleven terms that ask": Case(
        f"v=spf1 {TEN} ip4:198.51.100.1 mx ip4:198.51.100.2 -all",
        [*TEN_ADDRESSES, "198.51.100.1"],
        around=TEN_HOSTS,
        questions=21,
        broken=f"SPF takes more than 10 terms that ask DNS; the eleventh is in the record of {NAME}.",
    ),
    "what is not enumerated counts": Case(
        f"v=spf1 {'ptr ' * 10} ip4:{A1} exists:%{{i}}.example.com -all",
        [A1],
        ("ptr: ptr",),
        broken=f"SPF takes more than 10 terms that ask DNS; the eleventh is in the record of {NAME}.",
    ),
    "a deep redirect": Case(
        f"v=spf1 ip4:{A1} redirect=r1.example.com",
        [A1],
        around=records(**{f"r{number}": f"redirect=r{number + 1}.example.com" for number in range(1, 99)}),
        questions=11,
        broken="SPF takes more than 10 terms that ask DNS; the eleventh is in the record of r10.example.com.",
    ),
    "two that find nothing": Case(
        f"v=spf1 a:x.example.com a:y.example.com ip4:{A1} -all", [A1], VOID_NOTES[:2], questions=5
    ),
    "three that find nothing": Case(
        f"v=spf1 ip4:{A1} {THREE_VOID} ip4:{A2} -all", [A1], VOID_NOTES[:2], questions=7, broken=f"For all {VOID_SENTENCE}"
    ),
    "three that find no IPv6 break IPv6 alone": Case(
        f"v=spf1 ip6:{V6} {THREE_VOID} ip4:192.0.2.9 ip6:2001:db8::9 -all",
        [V6, A1, A2, A3, "192.0.2.9"],
        around=hosts(x=A1, y=A2, z=A3),
        questions=7,
        broken=f"For IPv6 {VOID_SENTENCE}",
    ),
    "nobody is lost, nothing is broken": Case(
        f"v=spf1 {THREE_VOID} ip4:192.0.2.9 -all", [A1, A2, A3, "192.0.2.9"], around=hosts(x=A1, y=A2, z=A3), questions=7
    ),
    "an mx of which three exchanges have nothing": Case(
        f"v=spf1 ip4:{A1} mx:m.example.com -all",
        [A1],
        ("no_records: mx:m.example.com", "no_records: mx:m.example.com"),
        around={"m.example.com": [f"MX {number} x{number}.example.com" for number in range(3)]},
        questions=8,
        broken=f"For all {VOID_SENTENCE}",
    ),
    "eleven exchanges": Case(
        f"v=spf1 ip4:{A1} mx:m.example.com -all",
        [A1],
        around=mail(11),
        questions=2,
        broken=f"The SPF record of {NAME} uses the MX of m.example.com, which are more than 10.",
    ),
    "a record longer than is read": Case(
        "v=spf1" + " ip4:192.0.2.1" * 700, [], broken=f"The SPF record of {NAME} is longer than 8192 characters."
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in TERMS.items()])
def test_a_term_leads_to_its_addresses(case: Case) -> None:
    """Each kind of term, alone."""
    play_case(case)


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in FIRST_MATCH.items()])
def test_the_first_match_decides(case: Case) -> None:
    """An address is watched if the first term that matches it lets it pass or fail softly."""
    play_case(case)


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in INCLUDES.items()])
def test_an_include_matches_whom_its_record_lets_pass(case: Case) -> None:
    """And a redirect is the end of the record that it stands in."""
    play_case(case)


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in UNKNOWABLE.items()])
def test_what_depends_on_the_message_is_said_and_not_guessed(case: Case) -> None:
    """Whom such a term may refuse is not watched."""
    play_case(case)


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in BROKEN.items()])
def test_a_permanent_error_leaves_what_came_before(case: Case) -> None:
    """And says what is wrong."""
    play_case(case)


@pytest.mark.parametrize(
    ("texts", "skipped", "broken"),
    [
        pytest.param([], NO_SPF, "", id="no TXT"),
        pytest.param(["v=DMARC1", "v=spf10 a", "xv=spf1 a", "v=spf1\ta", "v=spf2.0/pra a"], NO_SPF, "", id="nothing that is SPF"),
        pytest.param(["v=spf1 ip4:192.0.2.1", "v=spf1"], [], f"{NAME} has 2 SPF records.", id="two records"),
        pytest.param(["v=spf1 -all", "google-site-verification=x", "\udcff\x00"], [], "", id="one beside others"),
    ],
)
def test_a_domain_has_one_record(texts: list[str], skipped: list[str], broken: str) -> None:
    """Which is the one that begins with the version, and a space or nothing after it."""
    played = play(Way.SPF, {NAME: [f"TXT {text}" for text in texts]})
    assert (played.targets, played.skipped, played.found.broken) == ([], skipped, broken)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            Case(
                f"v=spf1 include:_SPF.mailer.example. ~include:%{{d}}.x._spf.mailer.example ip4:{A1} -all",
                [A1],
                ("known_provider: include:_SPF.mailer.example.", "known_provider: ~include:%{d}.x._spf.mailer.example"),
            ),
            id="includes, by the name or one above it",
        ),
        pytest.param(
            Case(
                "v=spf1 include:spf.mailer.example -all",
                [A2],
                around={"spf.mailer.example": [f"TXT v=spf1 ip4:{A2}"]},
                questions=2,
            ),
            id="no name beside it",
        ),
        pytest.param(
            Case("v=spf1 redirect=_spf.mailer.example", [], ("known_provider: redirect=_spf.mailer.example",)), id="redirect"
        ),
        pytest.param(
            Case(
                f"v=spf1 ?include:_spf.mailer.example ip4:{A1} ip4:{A2} -all",
                [A1],
                ("neutral: ?include:_spf.mailer.example", f"neutral: ip4:{A2}"),
                around={"_spf.mailer.example": [f"TXT v=spf1 ip4:{A2} -all"]},
                questions=2,
            ),
            id="not where its addresses take some of ours away",
        ),
    ],
)
def test_the_records_of_a_known_provider_are_not_walked(case: Case) -> None:
    """They are the provider's to watch."""
    play_case(case, Limits(skip_includes=frozenset({"_spf.mailer.example"})))


def test_the_limits_may_be_set() -> None:
    """How large a network may be and how many addresses there may be."""
    case = Case(
        "v=spf1 ip4:192.0.2.0/29 ip4:198.51.100.0/30 -all",
        ["198.51.100.0", "198.51.100.1"],
        ("network_too_large: ip4:192.0.2.0/29", "too_many_addresses: 4 addresses"),
    )
    play_case(case, Limits(largest_network=4, most_addresses=2, skip_includes=frozenset()))


def test_a_bomb_of_includes_costs_little() -> None:
    """Ten records, each as long as is read, of networks as large as are watched: 72,000 addresses."""
    networks = [f"ip4:10.{number // 256}.{number % 256}.0/28" for number in range(4500)]
    around = records(**{f"i{number}": " ".join(networks[number::10]) for number in range(10)})
    includes = " ".join(f"include:i{number}.example.com" for number in range(10))
    played = play(Way.SPF, {NAME: [f"TXT v=spf1 {includes} -all"], **around})
    assert (len(played.targets), len(played.questions)) == (64, 11)
    assert played.skipped == ["too_many_addresses: 1248 addresses and up to 70752 more"]


def test_a_term_says_whose_record_it_stands_in() -> None:
    """Or nobody would find it."""
    world = {NAME: ["TXT v=spf1 include:i.example.com -all"], **records(i="?ip4:192.0.2.1")}
    assert [skipped.why for skipped in play(Way.SPF, world).found.skipped] == [
        "SPF says nothing of whom it matches (SPF record of i.example.com)."
    ]
