"""What a good config means: each test loads one and looks at the words it became."""

from ipaddress import IPv4Address, ip_network
from pathlib import Path

import pytest

from exporter.blocklist import (
    Bit,
    Blocklist,
    Code,
    Facts,
    Impact,
    Key,
    ListingClass,
    Pace,
    Resolver,
    Scope,
    Span,
    Status,
    Sublist,
    TestEntries,
)
from exporter.config import Expansion, built_in
from exporter.config.sets import members as members_of
from exporter.portions import Members, Portion, Taken, members
from exporter.roster import Share
from exporter.sources import Files, Named, Way
from exporter.target import Kind, Target, parse, parse_test_entry
from tests.unit.config.conftest import Load

SMALLEST = """
lists: [dbl.spamhaus.org]
targets: [example.com]
"""


def test_defaults(loaded: Load) -> None:
    """Lists and targets are enough; the rest is as the contract says."""
    config = loaded(SMALLEST)
    assert config.resolvers == (Resolver("system", mixed_case=True),)
    assert (config.timeout, config.attempts) == (3.0, 2)
    assert config.exposed_checks == "all"
    assert (config.history_path, config.history_keep) == (Path("dnsbl-exporter.db"), 400 * 86400.0)
    pace = config.lists[0].pace
    assert (pace.interval, pace.delist_after, pace.confirm_interval, pace.test_interval) == (1800.0, 2, 300.0, 3600.0)


def test_every_option_of_the_sections(loaded: Load) -> None:
    """What the sections say holds."""
    config = loaded(
        SMALLEST
        + """
resolvers: [system, 10.0.0.53]
query: {timeout: 500ms, attempts: 1}
checks: {interval: 1h30m, delist_after: 3, confirm_interval: 90s, test_interval: 1d}
metrics: {checks: history}
history: {path: /var/lib/dnsbl/x.db, keep: 2y}
"""
    )
    assert config.resolvers == (Resolver("system"), Resolver("10.0.0.53:53"))
    assert (config.timeout, config.attempts) == (0.5, 1)
    assert config.exposed_checks == "history"
    assert (config.history_path, config.history_keep) == (Path("/var/lib/dnsbl/x.db"), 2 * 365 * 86400.0)
    pace = config.lists[0].pace
    assert (pace.interval, pace.delist_after, pace.confirm_interval, pace.test_interval) == (5400.0, 3, 90.0, 86400.0)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("system", "system"),
        ("10.0.0.53", "10.0.0.53:53"),
        ("127.0.0.1:5353", "127.0.0.1:5353"),
        ("'::1'", "[::1]:53"),
        ("'[::1]'", "[::1]:53"),
        ("'[::1]:5353'", "[::1]:5353"),
        ("2001:DB8:0::53", "[2001:db8::53]:53"),
    ],
)
def test_forms_of_resolvers(loaded: Load, written: str, meant: str) -> None:
    """A resolver is an address in one spelling, always with its port, written as a text or in a mapping."""
    assert loaded(SMALLEST + f"resolvers:\n  - {written}").resolvers == (Resolver(meant),)
    assert loaded(SMALLEST + f"resolvers:\n  - address: {written}").resolvers == (Resolver(meant),)


def test_a_resolver_may_be_asked_without_mixed_case(loaded: Load) -> None:
    """Each resolver says for itself whether it keeps the case of a question; unless told otherwise it does."""
    config = loaded(
        SMALLEST
        + """
resolvers:
  - {address: system, mixed_case: false}
  - 10.0.0.53
  - {address: "10.0.0.54", mixed_case: false}
  - {address: 10.0.0.55, mixed_case: true}
"""
    )
    assert config.resolvers == (
        Resolver("system", mixed_case=False),
        Resolver("10.0.0.53:53", mixed_case=True),
        Resolver("10.0.0.54:53", mixed_case=False),
        Resolver("10.0.0.55:53", mixed_case=True),
    )


def test_a_name_of_the_catalogue(loaded: Load) -> None:
    """A name stands for the catalogue's whole entry, however it is spelt."""
    plain, spelt = loaded(SMALLEST).lists[0], loaded(SMALLEST.replace("dbl.spamhaus.org", "DBL.Spamhaus.ORG.")).lists[0]
    assert plain == spelt
    assert (plain.name, plain.operator, plain.kinds) == ("dbl.spamhaus.org", "Spamhaus", frozenset({Kind.DOMAIN}))
    assert plain.sublist("PHISH").listing_class is ListingClass.PHISHING
    assert plain.pace.max_queries_per_day == 40000


def test_an_entry_laid_over_the_catalogue(loaded: Load) -> None:
    """What an entry gives replaces the catalogue's field; the other fields stay."""
    plain = loaded(SMALLEST).lists[0]
    config = loaded("lists: [{zone: dbl.spamhaus.org, interval: 2h, max_qps: 0.5, refusal_codes: []}]\ntargets: [example.com]")
    found = config.lists[0]
    assert (found.pace.interval, found.pace.max_qps, found.refusal_codes) == (7200.0, 0.5, ())
    assert (found.codes, found.pace.max_queries_per_day, found.delist_url) == (plain.codes, 40000, plain.delist_url)


def test_the_pace_of_a_list_before_the_default(loaded: Load) -> None:
    """The list's own pace wins over the catalogue's, that over `checks`."""
    config = loaded(
        """
checks: {interval: 10m}
lists: [bl.spamcop.net, dnsbl-2.uceprotect.net, {zone: dnsbl-3.uceprotect.net, interval: 12h}]
targets: [9.9.9.9]
"""
    )
    assert [blocklist.pace.interval for blocklist in config.lists] == [600.0, 6 * 3600.0, 12 * 3600.0]


def test_a_list_of_your_own_with_every_key(loaded: Load) -> None:
    """Each key of an entry has its place in the list."""
    config = loaded(
        """
lists:
  - zone: BL.example.net.
    operator: Example
    provider: dnsxl
    kinds: [ipv4, ipv6]
    match: bitmask
    class: reputation
    impact: low
    scope: range
    cause: neighbour-range
    meaning: bad neighbours
    codes:
      2: {sublist: SPAM, class: abuse, impact: high, scope: address, cause: spam-sent, meaning: sent spam}
      127.0.0.64-127.0.0.65: {sublist: REST}
    refusal_codes: [1, 127.255.255.0/24]
    neutral_codes: [127.0.0.128]
    test_entries: {listed: [127.0.0.3, "::ffff:7f00:2"], not_listed: [127.0.0.1]}
    non_global: true
    registrable: true
    needs_key: true
    includes: [part.example.net]
    delist_url: https://example.net/remove?ip={target}
    lookup_url: https://example.net/lookup
    key_env: DNSBL_KEY
    resolvers: [10.0.0.53, {address: '[::1]:5353', mixed_case: false}]
    interval: 1h
    delist_after: 3
    confirm_interval: 10m
    test_interval: 2h
    max_qps: 2.5
    max_queries_per_day: 1000
    source: [https://example.net/]
    checked: "2026-11-24"
    status: registration
    policy: "ours only"
    expiry: "after a week"
    notes: [ours]
targets: [10.0.0.1]
""",
        {"DNSBL_KEY": "hunter2"},
    )
    spam = Sublist("SPAM", ListingClass.ABUSE, Impact.HIGH, Scope.ADDRESS, "spam-sent")
    rest = Sublist("REST", ListingClass.REPUTATION, Impact.LOW, Scope.RANGE, "neighbour-range")
    assert config.lists == (
        Blocklist(
            zone="bl.example.net",
            operator="Example",
            provider="dnsxl",
            kinds=frozenset({Kind.IPV4, Kind.IPV6}),
            default=Sublist("", ListingClass.REPUTATION, Impact.LOW, Scope.RANGE, "neighbour-range"),
            meaning="bad neighbours",
            codes=(Code(Bit(2), spam, "sent spam"), Code(_span("127.0.0.64", "127.0.0.65"), rest, "")),
            refusal_codes=(Bit(1), _span("127.255.255.0", "127.255.255.255")),
            neutral_codes=(_span("127.0.0.128", "127.0.0.128"),),
            test_entries=TestEntries(_entries("127.0.0.3", "::ffff:7f00:2"), _entries("127.0.0.1")),
            non_global=True,
            delist_url="https://example.net/remove?ip={target}",
            pace=Pace(3600.0, 3, 600.0, 7200.0, 2.5, 1000),
            resolvers=(Resolver("10.0.0.53:53"), Resolver("[::1]:5353", mixed_case=False)),
            key=Key("hunter2"),
            registrable=True,
        ),
    )
    # They are no part of a list's identity.
    assert config.lists[0].facts == Facts(
        Status.REGISTRATION, "ours only", "after a week", "https://example.net/lookup", ("ours",)
    )


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        ("{sublist: A}", "spam-sent"),
        ("{sublist: A, impact: low}", "spam-sent"),
        ("{sublist: A, cause: open-proxy}", "open-proxy"),
        ("{sublist: A, class: policy}", ""),
        ("{sublist: A, scope: range}", ""),
        ("{sublist: A, class: policy, cause: missing-ptr}", "missing-ptr"),
    ],
)
def test_a_cause_of_the_list_holds_for_codes_that_accuse_of_the_same(loaded: Load, row: str, cause: str) -> None:
    """A row with a class or a scope of its own speaks of something else, and class and scope tell again what of."""
    text = f"lists: [{{zone: bl.example.net, kinds: [ipv4], cause: spam-sent, codes: {{127.0.0.2: {row}}}}}]\ntargets: [9.9.9.9]"
    assert [sublist.cause for sublist in loaded(text).lists[0].declared()] == [cause]


def test_a_note_that_changes_makes_no_other_list(loaded: Load) -> None:
    """A reload does not test a list anew because somebody wrote a note."""
    text = "lists: [{zone: bl.example.net, kinds: [ipv4], notes: [%s]}]\ntargets: [9.9.9.9]"
    before, after = (loaded(text % note).lists[0] for note in ("old", "new"))
    assert before == after
    assert before.facts != after.facts


def test_a_list_of_your_own_with_as_little_as_possible(loaded: Load) -> None:
    """Zone and kinds are enough: RFC 5782's test entries, Spamhaus's refusals, one sublist without a name."""
    found = loaded("lists: [{zone: bl.example.net, kinds: [domain, ipv4]}]\ntargets: [example.com]").lists[0]
    assert found.test_entries == TestEntries(_entries("127.0.0.2", "test"), _entries("127.0.0.1", "invalid"))
    assert found.refusal_codes == (_span("127.255.255.0", "127.255.255.255"),)
    assert found.declared() == (Sublist("", ListingClass.ABUSE, Impact.MEDIUM, Scope.ADDRESS),)
    assert (found.key, found.resolvers, found.pace.max_qps, found.pace.max_queries_per_day) == (None, (), None, None)


def test_a_list_of_domains_only(loaded: Load) -> None:
    """What it lists are domains, so a listing accuses one."""
    found = loaded("lists: [{zone: bl.example.net, kinds: [domain]}]\ntargets: [example.com]").lists[0]
    assert (found.default.listing_class, found.default.scope) == (ListingClass.DOMAIN, Scope.DOMAIN)


def test_a_list_of_your_own_may_hold_every_fact_of_the_catalogue(loaded: Load) -> None:
    """An entry of the catalogue can be copied into a config; what only a catalogue tells changes nothing."""
    facts = "sets: [default], policy: ask, expiry: never, part_of: [all.example.net], source: [x], checked: x, notes: [x]"
    text = "lists: [{{zone: bl.example.net, kinds: [domain]{}}}]\ntargets: [example.com]"
    assert loaded(text.format(f", {facts}")) == loaded(text.format(""))


def test_no_test_entries(loaded: Load) -> None:
    """`none` means that the list is never tested."""
    text = "lists: [{zone: bl.example.net, kinds: [domain], test_entries: none}]\ntargets: [example.com]"
    assert loaded(text).lists[0].test_entries is None


@pytest.mark.parametrize("content", ["hunter2", "hunter2\n", "  hunter2\r\n", "\ufeffhunter2\n"])
def test_a_key_from_a_file_beside_the_config(loaded: Load, tmp_path: Path, content: str) -> None:
    """White space around the key, and a byte order mark before it, are not part of it."""
    (tmp_path / "dqs.key").write_text(content, "utf-8")
    found = loaded("lists: [{zone: zen.dq.spamhaus.net, key_file: dqs.key}]\ntargets: [9.9.9.9]").lists[0]
    assert found.key == Key("hunter2")
    assert (found.name, found.suffix) == ("zen.dq.spamhaus.net", "hunter2.zen.dq.spamhaus.net")


def test_no_repr_holds_a_key(loaded: Load) -> None:
    """A config can be printed and logged."""
    config = loaded("lists: [{zone: zen.dq.spamhaus.net, key_env: K}]\ntargets: [9.9.9.9]", {"K": "hunter2"})
    assert config.lists[0].key == Key("hunter2")
    assert "hunter2" not in f"{config} {config!r} {config.lists[0].key}"


@pytest.mark.parametrize(
    ("written", "text", "kind"),
    [
        ("9.9.9.9", "9.9.9.9", Kind.IPV4),
        ('"9.9.9.9"', "9.9.9.9", Kind.IPV4),
        ("{target: 9.9.9.9}", "9.9.9.9", Kind.IPV4),
        ("::ffff:9.9.9.9", "9.9.9.9", Kind.IPV4),
        ("2620:FE::0:fe", "2620:fe::fe", Kind.IPV6),
        ("2620:0:0:0:0:0:0:9", "2620::9", Kind.IPV6),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", Kind.IPV6),
        ("Example.COM.", "example.com", Kind.DOMAIN),
        ("bücher.example", "xn--bcher-kva.example", Kind.DOMAIN),
        ("no.example", "no.example", Kind.DOMAIN),
    ],
)
def test_forms_of_targets(loaded: Load, written: str, text: str, kind: Kind) -> None:
    """A target has one spelling; YAML makes neither numbers nor truth values of it."""
    config = loaded(f"lists: [zen.spamhaus.org, dbl.spamhaus.org]\ntargets:\n  - {written}")
    assert list(config.roster().roster) == [Target(text, kind)]


def test_a_target_given_in_several_ways_is_one_target(loaded: Load) -> None:
    """It is its own origin, however it is written."""
    config = loaded("lists: [dbl.spamhaus.org]\ntargets: [Example.com, example.org, example.com., Example.com]")
    roster = config.roster().roster
    assert list(roster) == [Target("example.com", Kind.DOMAIN), Target("example.org", Kind.DOMAIN)]
    assert {roster.share(place).origins for place in range(len(roster))} == {("",)}


def test_sources_are_in_the_order_of_the_file(loaded: Load) -> None:
    """Single targets that follow each other with the same labels are one portion; networks, names and files stand alone."""
    config = loaded(
        """
targets:
  - 9.9.9.9
  - {target: example.com}
  - {target: 2620:fe::fe, labels: {team: a}}
  - {target: 8.8.8.8, labels: {team: a}}
  - 9.9.9.0/30
  - {host: Mail.example.com., labels: {team: a, rack: "4"}}
  - {domain: example.org, expand: [spf, mx], labels: {team: b}}
  - {files: ["a.txt", "/etc/targets/*.yml"], labels: {team: c}}
  - 1.1.1.1
"""
    )
    of_a, of_b, of_c = ((("team", name),) for name in "abc")
    assert config.sources == (
        Portion(members([parse("9.9.9.9"), parse("example.com")])),
        Portion(members([parse("2620:fe::fe"), parse("8.8.8.8")]), labels=of_a),
        Portion(Members((ip_network("9.9.9.0/30"),)), "9.9.9.0/30"),
        Named(Way.HOST, "mail.example.com", (("rack", "4"), *of_a)),
        Portion(members([parse("example.org")]), labels=of_b),
        Named(Way.SPF, "example.org", of_b),
        Named(Way.MX, "example.org", of_b),
        Files(str(config.folder / "a.txt"), of_c),
        Files("/etc/targets/*.yml", of_c),
        Portion(members([parse("1.1.1.1")])),
    )


@pytest.mark.parametrize("written", ["9.9.9.0/24", "9.9.9.0/255.255.255.0", "'::ffff:9.9.9.0/120'", "{target: 9.9.9.0/24}"])
def test_forms_of_networks(loaded: Load, written: str) -> None:
    """A network has one spelling, too, by which it is the origin of its addresses."""
    roster = loaded(f"targets: [{written}]").roster().roster
    assert {share.origins for _, share in roster.shared()} == {("9.9.9.0/24",)}
    assert len(roster) == 256


@pytest.mark.parametrize("entry", ["{host: mail.example.com}", "{files: [a.txt]}", "{domain: example.com, expand: [mx]}"])
def test_a_name_is_looked_up_once(loaded: Load, entry: str) -> None:
    """However often it is given, unless with other labels."""
    once, twice = loaded(f"targets: [{entry}]"), loaded(f"targets: [{entry}, {entry}]")
    named = [source for source in once.sources if not isinstance(source, Portion)]
    assert [source for source in twice.sources if not isinstance(source, Portion)] == named
    assert len(named) == 1


def test_the_roster_is_of_what_is_written_and_what_is_found(loaded: Load) -> None:
    """In the order of the file, where labels disagree; what is excluded is excluded from both."""
    config = loaded(
        """
targets: [{host: mail.example.com, labels: {team: a}}, {target: 9.9.9.9, labels: {team: b}}]
exclude: [9.9.9.10]
"""
    )
    named = config.sources[0]
    found = {named: (Portion(members(map(parse, ["9.9.9.9", "9.9.9.10", "9.9.9.11"])), "mail.example.com", (("team", "a"),)),)}
    roster = config.roster(found).roster
    assert {target.text: share for target, share in roster.shared()} == {
        "9.9.9.9": Share(("mail.example.com", ""), (("team", "a"),)),
        "9.9.9.11": Share(("mail.example.com",), (("team", "a"),)),
    }
    assert [target.text for target in config.roster().roster] == ["9.9.9.9"]


def test_what_is_excluded(loaded: Load) -> None:
    """Addresses, networks of any size, domains."""
    config = loaded(f"{SMALLEST}exclude: [9.9.9.9, 10.0.0.0/8, '::/0', '::ffff:9.0.0.0/104', www.Example.com]")
    assert config.exclude == members(
        [parse("9.9.9.9"), parse("www.example.com")], [ip_network("10.0.0.0/8"), ip_network("::/0"), ip_network("9.0.0.0/8")]
    )


@pytest.mark.parametrize(
    ("text", "expansion"),
    [
        ("", Expansion(3600.0, 16, 64, None)),
        ("expansion: {interval: 1s, largest_network: 1, most_addresses: 1024}", Expansion(1.0, 1, 1024, None)),
        ("expansion: {skip_includes: []}", Expansion(3600.0, 16, 64, frozenset())),
        (
            "expansion: {skip_includes: [Spf.example.com., spf.example.com]}",
            Expansion(3600.0, 16, 64, frozenset({"spf.example.com"})),
        ),
    ],
)
def test_expansion(loaded: Load, text: str, expansion: Expansion) -> None:
    """Without `skip_includes` known providers are skipped; with it exactly those."""
    assert loaded(SMALLEST + text).expansion == expansion


def test_what_any_list_takes(loaded: Load) -> None:
    """Kinds, and those of which special addresses are taken; domains are never special."""
    both = "{zone: a.example.net, kinds: [ipv4, domain], non_global: true}, {zone: b.example.net, kinds: [ipv6]}"
    assert loaded(f"lists: [{both}]\ntargets: [example.com]").taken == Taken(frozenset(Kind), frozenset({Kind.IPV4}))
    assert loaded(SMALLEST).taken == Taken(frozenset({Kind.DOMAIN}), frozenset())


def test_lists_that_names_and_files_may_need_are_in_use(loaded: Load) -> None:
    """As long as nobody knows what is behind them."""
    config = loaded("targets: [{host: mail.example.com}]")
    roster = config.roster().roster
    assert not config.in_use(roster)
    assert {kind for each in config.in_use(roster, config.sources) for kind in each.kinds} >= {Kind.IPV4, Kind.IPV6}
    assert "dbl.spamhaus.org" not in {each.name for each in config.in_use(roster, config.sources)}
    files = loaded("targets: [{files: [a.txt]}]")
    assert files.in_use(roster, files.sources) == files.lists


def test_addresses_that_only_an_internal_list_is_asked_about(loaded: Load) -> None:
    """`non_global` lets private and documentation addresses in; they stay away from the other lists."""
    config = loaded(
        """
lists: [bl.spamcop.net, {zone: bl.example.net, kinds: [ipv4], non_global: true}]
targets: [10.0.0.1, 203.0.113.5]
"""
    )
    for target in config.roster().roster:
        assert [blocklist.accepts(target) for blocklist in config.lists] == [False, True]


@pytest.mark.parametrize(
    ("kinds", "octets", "target"),
    [
        pytest.param("[ipv4]", 253 - len("255.255.255.255."), "255.255.255.254", id="ipv4"),
        pytest.param("[ipv4, ipv6]", 253 - len("f." * 32), "255.255.255.254", id="ipv6"),
        pytest.param("[domain]", 253 - len("invalid."), "a.xx", id="domain"),
    ],
)
def test_a_zone_may_be_as_long_as_its_longest_address_allows(loaded: Load, kinds: str, octets: int, target: str) -> None:
    """255.255.255.255, an IPv6 address or the test entry `invalid` in front of it makes a name of 253 octets."""
    zone = ("z." * 126)[:octets]
    (found,) = loaded(f"lists: [{{zone: {zone}, kinds: {kinds}, non_global: true}}]\ntargets: [{target}]").lists
    assert found.name == zone


def test_anchors_and_aliases(loaded: Load) -> None:
    """A code table can be written once and used twice."""
    config = loaded(
        """
lists:
  - {zone: a.example.net, kinds: [domain], codes: &codes {127.0.0.2: {sublist: SPAM}}}
  - {zone: b.example.net, kinds: [domain], codes: *codes}
targets: [example.com]
"""
    )
    assert config.lists[0].codes == config.lists[1].codes != ()


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbf" + SMALLEST.encode(), SMALLEST.replace("\n", "\r\n").encode(), b"---\n" + SMALLEST.encode() + b"...\n"],
    ids=["byte order mark", "lines of Windows", "markers of a document"],
)
def test_what_editors_add(loaded: Load, content: bytes) -> None:
    """A byte order mark, CR LF and the markers of a document make no difference."""
    assert loaded(content) == loaded(SMALLEST)


def test_built_in() -> None:
    """Without a config: the default lists of the catalogue, or those that are named, and no target."""
    config = built_in(resolvers=(Resolver("127.0.0.1:53"),))
    assert [blocklist.name for blocklist in config.lists] == [*members_of("default"), *members_of("domains")]
    assert [blocklist.name for blocklist in built_in(["all"]).lists] == members_of("all")
    assert [blocklist.name for blocklist in built_in(["xbl.spamhaus.org"]).lists] == ["xbl.spamhaus.org"]
    assert config.resolvers == (Resolver("127.0.0.1:53"),)
    assert not config.roster().roster


def _span(first: str, last: str) -> Span:
    return Span(IPv4Address(first), IPv4Address(last))


def _entries(*texts: str) -> tuple[Target, ...]:
    return tuple(parse_test_entry(text) for text in texts)
