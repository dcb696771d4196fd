"""Domains to addresses through a real resolver: unbound, in front of rbldnsd for most names, and of a server of ours for those
with IPv6, aliases and long texts, which rbldnsd does not serve.

Rule: the table says all of it: each domain, by which way, its targets in order, what is left out, and what is broken. pyspf,
asking the same resolver, must let every target of SPF send.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import dns.flags
import dns.message
import pytest

from exporter.blocklist import Resolver
from exporter.expansion import Found, Limits, Question, RecordKind, Stopped, Way, expand, resolve
from exporter.providers import Asking
from exporter.providers.names import Names, text_of
from exporter.verdict import Cause
from tests.edges.lists import PATIENT_SECONDS, run
from tests.servers.ask import ask
from tests.servers.behaviour import servfail, written
from tests.servers.ports import free_port
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.rude import Rude
from tests.servers.unbound import Unbound
from tests.servers.zones import names
from tests.unit import oracle

MAIL = "mail.test"
SIX = "six.test"
BROKEN, LOST = "broken.test", "lost.test"

LINES = (
    """
mx1 A 192.0.2.11
mx2 A 192.0.2.12
web A 192.0.2.80
plain A 192.0.2.80
plain MX 20 mx2.mail.test
plain MX 10 mx1.mail.test
plain TXT "v=spf1 mx -all"
plain TXT "site-verification=1234"
implicit A 192.0.2.5
nomail A 192.0.2.6
nomail MX 0 .
nomail TXT "v=spf1 -all"
nothing TXT "hello"
gone MX 10 nobody.mail.test
gone MX 20 mx2.mail.test
google MX 10 mx1.mail.test
google TXT "v=spf1 include:_spf.google.com include:amazonses.com ip4:192.0.2.20 ~all"
nets TXT "v=spf1 ip4:192.0.2.32/30 ip4:198.51.100.0/24 a:web.mail.test/31 -all"
first TXT "v=spf1 -ip4:192.0.2.33 ip4:192.0.2.32/31 ?ip4:192.0.2.40 ip4:192.0.2.40 ~ip4:192.0.2.41 -all"
office TXT "v=spf1 -ip4:192.0.2.50 ip4:192.0.2.48/29 -all"
included TXT "v=spf1 ip4:192.0.2.60 include:office.mail.test ip4:192.0.2.50 ?all"
redirected TXT "v=spf1 ip4:192.0.2.61 redirect=plain.mail.test"
macros TXT "v=spf1 exists:%{i}.x.mail.test include:%{l}.office.mail.test ptr ip4:192.0.2.62 -all"
refusing TXT "v=spf1 ip4:192.0.2.62 -exists:%{i}.x.mail.test ip4:192.0.2.63 -all"
private TXT "v=spf1 ip4:10.0.0.1 ip4:8.8.8.8 -all"
twice TXT "v=spf1 ip4:192.0.2.64 -all"
twice TXT "v=spf1 ip4:192.0.2.65 -all"
typo TXT "v=spf1 ip4:192.0.2.66 ip:192.0.2.67 -all"
missing TXT "v=spf1 ip4:192.0.2.68 include:nothing.mail.test ip4:192.0.2.69 -all"
circle TXT "v=spf1 ip4:192.0.2.70 include:circle2.mail.test -all"
circle2 TXT "v=spf1 ip4:192.0.2.71 include:circle.mail.test -all"
void TXT "v=spf1 ip4:192.0.2.72 a:n1.mail.test a:n2.mail.test a:n3.mail.test ip4:192.0.2.73 -all"
deep0 TXT "v=spf1 ip4:192.0.2.74 redirect=deep1.mail.test"
""".strip().splitlines()
    + [f'deep{depth} TXT "v=spf1 redirect=deep{depth + 1}.mail.test"' for depth in range(1, 13)]
)

MANY = " ".join(f"ip4:192.0.2.{number}" for number in range(100))
WORLD = {
    "six.test": ["A 192.0.2.90", "AAAA 2001:db8::90", "MX 10 mx.six.test.", "TXT v=spf1 a mx ip6:2001:db8::a0/127 -all"],
    "mx.six.test": ["AAAA 2001:db8::25"],
    "alias.six.test": ["CNAME alias2.six.test."],
    "alias2.six.test": ["CNAME six.test."],
    "aliased.six.test": ["MX 10 alias.six.test.", "TXT v=spf1 include:alias.six.test -all"],
    "literal.six.test": ["MX 10 192.0.2.1.", "MX 20 mx.six.test."],
    "mapped.six.test": ["AAAA ::ffff:192.0.2.91", "TXT v=spf1 a -all"],
    "long.six.test": [f"TXT v=spf1 {MANY} -all"],
    "hostile.six.test": ["MX 10 a\\032\\000b.six.test.", "TXT v=spf1 a:x\x1b[31m\n.six.test -all"],
    "servfail.six.test": ["TXT v=spf1 ip4:192.0.2.92 include:broken.test -all"],
    "outside.six.test": ["TXT v=spf1 ip4:192.0.2.92 a:example.org -all"],
    "unreached.six.test": ["TXT v=spf1 ip4:192.0.2.92 -all include:broken.test"],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """What a domain leads to."""

    targets: list[str]
    skipped: tuple[str, ...] = ()
    broken: str = ""
    non_global: bool = True


TABLE = {
    (Way.HOST, "plain.mail.test"): Row(["192.0.2.80"]),
    (Way.HOST, "six.test"): Row(["192.0.2.90", "2001:db8::90"]),
    (Way.HOST, "alias.six.test"): Row(["192.0.2.90", "2001:db8::90"]),
    (Way.HOST, "mapped.six.test"): Row(["192.0.2.91"]),
    (Way.HOST, "nobody.mail.test"): Row([], broken="nobody.mail.test does not exist."),
    (Way.HOST, "nothing.mail.test"): Row([], broken="nothing.mail.test has no address."),
    (Way.A, "nothing.mail.test"): Row([], ("no_records: nothing.mail.test",)),
    (Way.MX, "plain.mail.test"): Row(["192.0.2.11", "192.0.2.12"]),
    (Way.MX, "implicit.mail.test"): Row(["192.0.2.5"]),
    (Way.MX, "nomail.mail.test"): Row([], ("null_mx: MX of nomail.mail.test",)),
    (Way.MX, "gone.mail.test"): Row(["192.0.2.12"], ("no_records: MX 10 nobody.mail.test",)),
    (Way.MX, "nothing.mail.test"): Row([], ("no_records: nothing.mail.test",)),
    (Way.MX, "six.test"): Row(["2001:db8::25"]),
    (Way.MX, "aliased.six.test"): Row(["192.0.2.90", "2001:db8::90"]),
    (Way.MX, "literal.six.test"): Row(["2001:db8::25"], ("bad_record: MX 10 192.0.2.1",)),
    (Way.MX, "hostile.six.test"): Row([], (r"bad_record: MX 10 a\\032\\000b.six.test",)),
    (Way.SPF, "plain.mail.test"): Row(["192.0.2.11", "192.0.2.12"]),
    (Way.SPF, "implicit.mail.test"): Row([], ("no_records: implicit.mail.test",)),
    (Way.SPF, "nomail.mail.test"): Row([]),
    (Way.SPF, "google.mail.test"): Row(
        ["192.0.2.20"], ("known_provider: include:_spf.google.com", "known_provider: include:amazonses.com")
    ),
    (Way.SPF, "nets.mail.test"): Row(
        ["192.0.2.32", "192.0.2.33", "192.0.2.34", "192.0.2.35", "192.0.2.80", "192.0.2.81"],
        ("network_too_large: ip4:198.51.100.0/24",),
    ),
    (Way.SPF, "first.mail.test"): Row(
        ["192.0.2.32", "192.0.2.41"],
        (
            "fails_spf: -ip4:192.0.2.33",
            "fails_spf: ip4:192.0.2.32/31",
            "neutral: ?ip4:192.0.2.40",
            "neutral: ip4:192.0.2.40",
        ),
    ),
    (Way.SPF, "included.mail.test"): Row(
        [
            "192.0.2.60",
            *("192.0.2.48", "192.0.2.49", "192.0.2.50", "192.0.2.51", "192.0.2.52", "192.0.2.53", "192.0.2.54", "192.0.2.55"),
        ],
        ("fails_spf: -ip4:192.0.2.50",),
    ),
    (Way.SPF, "redirected.mail.test"): Row(["192.0.2.61", "192.0.2.11", "192.0.2.12"]),
    (Way.SPF, "macros.mail.test"): Row(
        ["192.0.2.62"],
        ("exists: exists:%{i}.x.mail.test", "macro: include:%{l}.office.mail.test", "ptr: ptr"),
    ),
    (Way.SPF, "refusing.mail.test"): Row(
        ["192.0.2.62"], ("exists: -exists:%{i}.x.mail.test", "unsure: ip4:192.0.2.63")
    ),
    (Way.SPF, "private.mail.test"): Row(["8.8.8.8"], ("not_global: ip4:10.0.0.1",), non_global=False),
    (Way.SPF, "twice.mail.test"): Row([], broken="twice.mail.test has 2 SPF records."),
    (Way.SPF, "typo.mail.test"): Row(
        [], broken="The SPF record of typo.mail.test has a syntax error: ip:192.0.2.67 is no term of SPF."
    ),
    (Way.SPF, "missing.mail.test"): Row(
        ["192.0.2.68"], broken="The SPF record of missing.mail.test needs one of nothing.mail.test, which has none."
    ),
    (Way.SPF, "circle.mail.test"): Row(
        ["192.0.2.70", "192.0.2.71"], broken="The SPF record of circle2.mail.test leads back to that of circle.mail.test."
    ),
    (Way.SPF, "void.mail.test"): Row(
        ["192.0.2.72"],
        ("no_records: a:n1.mail.test", "no_records: a:n2.mail.test"),
        "For all senders, more than 2 look-ups of SPF find nothing, up to the record of void.mail.test.",
    ),
    (Way.SPF, "deep0.mail.test"): Row(
        ["192.0.2.74"],
        broken="SPF takes more than 10 terms that ask DNS; the eleventh is in the record of deep10.mail.test.",
    ),
    (Way.SPF, "six.test"): Row(["192.0.2.90", "2001:db8::90", "2001:db8::25", "2001:db8::a0", "2001:db8::a1"]),
    (Way.SPF, "aliased.six.test"): Row(["192.0.2.90", "2001:db8::90", "2001:db8::25", "2001:db8::a0", "2001:db8::a1"]),
    (Way.SPF, "mapped.six.test"): Row([], ("bad_record: a",)),
    (Way.SPF, "long.six.test"): Row(
        [f"192.0.2.{number}" for number in range(64)], ("too_many_addresses: 100 addresses",)
    ),
    (Way.SPF, "hostile.six.test"): Row(
        [],
        broken="The SPF record of hostile.six.test has a syntax error: "
        r"a:x\x1b[31m\n.six.test holds something that is no macro and no printable character.",
    ),
    (Way.SPF, "unreached.six.test"): Row(["192.0.2.92"]),
}  # fmt: skip


@pytest.fixture(name="resolver", scope="module")
def _resolver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("expansion")
    with Rbldnsd(folder, {MAIL: names(LINES)}) as rbldnsd, Rude() as rude:
        rude.behave(SIX, written(WORLD))
        rude.behave(BROKEN, servfail)
        stubs = {MAIL: rbldnsd.address, SIX: rude.address, BROKEN: rude.address, LOST: f"127.0.0.1:{free_port()}"}
        with Unbound(folder, stubs) as unbound:
            yield unbound.address


def outcome(resolver: str, way: Way, domain: str, *, non_global: bool = True) -> Found | Stopped:
    """What comes of a domain, with the limits of the config's defaults."""
    asking = Names(Asking((Resolver(resolver),), PATIENT_SECONDS, 2))
    return run(resolve(expand(way, domain, Limits(), non_global=non_global), asking.ask))


@pytest.mark.parametrize(("way", "domain"), [pytest.param(*key, id=f"{key[0]} of {key[1]}") for key in TABLE])
def test_a_domain_leads_to_exactly_these_addresses(resolver: str, way: Way, domain: str) -> None:
    """Through DNS as it is."""
    row = TABLE[way, domain]
    found = outcome(resolver, way, domain, non_global=row.non_global)
    assert isinstance(found, Found)
    assert [target.text for target in found.targets] == row.targets
    assert [f"{skipped.reason}: {skipped.what}" for skipped in found.skipped] == list(row.skipped)
    assert found.broken == row.broken


@pytest.mark.parametrize(
    ("domain", "stopped"),
    [
        ("servfail.six.test", Stopped(Cause.SERVFAIL, Question("broken.test", RecordKind.TXT))),
        ("outside.six.test", Stopped(Cause.REFUSED_RCODE, Question("example.org", RecordKind.A))),
        ("lost.test", Stopped(Cause.SERVFAIL, Question("lost.test", RecordKind.TXT))),
    ],
)
def test_a_failure_of_dns_finds_nothing(resolver: str, domain: str, stopped: Stopped) -> None:
    """Not even what came before: what was found last time still holds."""
    assert outcome(resolver, Way.SPF, domain) == stopped


@pytest.mark.parametrize("domain", [domain for way, domain in TABLE if way is Way.SPF])
def test_whom_we_watch_by_spf_may_send(resolver: str, domain: str) -> None:
    """So says another's SPF, asking the same resolver."""
    with oracle.answering(asking(resolver)):
        refused = [target for target in TABLE[Way.SPF, domain].targets if not oracle.may_send(target, domain)]
    assert refused == []


def asking(resolver: str) -> oracle.Lookup:
    """What asks the resolver for pyspf. Senders have one name, and Google and Amazon let nobody send."""

    def look_up(name: str, qtype: str) -> oracle.Rows:
        if qtype == "PTR":
            return [((name, qtype), oracle.PTR)]
        if name == oracle.PTR:
            return [((name, qtype), oracle.PTR_ADDRESSES[qtype])]
        if name in ("_spf.google.com", "amazonses.com") or name.endswith(".office.mail.test"):
            return [((name, qtype), (b"v=spf1 -all",))]
        message = ask(resolver, name, qtype)
        message = ask(resolver, name, qtype, tcp=True) if message.flags & dns.flags.TC else message
        assert isinstance(message, dns.message.QueryMessage)
        found = message.resolve_chaining().answer
        return [((name, qtype), oracle.value_of(qtype, text_of(record))) for record in found or ()]

    return look_up
