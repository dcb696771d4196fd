"""What does the listing: a zone, what it lists, what its return codes mean, how often it may be asked, and through whom.

Rules:

1. No list is known here by name. Everything a list is, is data in :class:`Blocklist`.
2. A code means something only within its own list: 127.0.0.1 is a refusal at one operator and a listing at another.
3. A return code is matched by value, by inclusive range or by bits of its last octet (RFC 5782 §2.3). Values and ranges are tried
   before bits.
4. The key of a list is no part of its name or its ``repr``; it appears in a query name only.
5. Some lists hold registrable domains only, and say nothing of names below them: they are asked about the registrable domain in
   place of a domain. Their test entries are asked as they stand, whatever they are.
"""

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

from exporter.registrable import registrable
from exporter.target import Kind, Target

LISTING_NETWORK = IPv4Network("127.0.0.0/8")
"""Only an A record in here can be a listing (RFC 5782 §2.3)."""


class ListingClass(StrEnum):
    """Why a sublist lists."""

    ABUSE = "abuse"
    EXPLOIT = "exploit"
    POLICY = "policy"
    ESCALATION = "escalation"
    REPUTATION = "reputation"
    BACKSCATTER = "backscatter"
    DOMAIN = "domain"
    PHISHING = "phishing"
    MALWARE = "malware"
    AGE = "age"
    TOR = "tor"
    BOGON = "bogon"
    INFORMATIONAL = "informational"


class Impact(StrEnum):
    """How much a listing is likely to hurt a sender of mail."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class Scope(StrEnum):
    """What a listing accuses: the address itself, its range, its network's owner, or a domain."""

    ADDRESS = "address"
    RANGE = "range"
    ASN = "asn"
    DOMAIN = "domain"


class Status(StrEnum):
    """What it takes to ask a list, as far as is known."""

    ALIVE = "alive"
    UNPROVEN = "unproven"
    """Only seen in other people's tables."""
    REGISTRATION = "registration"
    """It knows who asks by the address, which is to be registered."""
    KEY = "key"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True)
class Sublist:
    """What a code stands for; the empty name is the only sublist of a list without a code table."""

    name: str
    listing_class: ListingClass
    impact: Impact
    scope: Scope
    cause: str = ""
    """The likely cause of a listing, if the list knows better than class and scope say."""


@dataclass(frozen=True, slots=True)
class Span:
    """An inclusive range of return codes; a single code is a range of one."""

    first: IPv4Address
    last: IPv4Address

    def __contains__(self, code: IPv4Address) -> bool:
        return self.first <= code <= self.last


@dataclass(frozen=True, slots=True)
class Bit:
    """One bit of the last octet of a code in 127.0.0.0/24; the other octets of a bitmask list are reserved."""

    value: int

    def __contains__(self, code: IPv4Address) -> bool:
        number = int(code)
        return number >> 8 == 0x7F0000 and bool(number & self.value)


Pattern = Span | Bit


@dataclass(frozen=True, slots=True)
class Code:
    """A row of the code table."""

    pattern: Pattern
    sublist: Sublist
    meaning: str


@dataclass(frozen=True, slots=True)
class TestEntries:
    """Names that a working list must answer and must not answer (RFC 5782 §5)."""

    __test__ = False  # pytest would take the name for a test class

    listed: tuple[Target, ...]
    not_listed: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a list is asked. Times in seconds; ``None`` means no limit."""

    interval: float
    delist_after: int
    confirm_interval: float
    test_interval: float
    max_qps: float | None
    max_queries_per_day: int | None


class Resolver(NamedTuple):
    """Who answers questions: ``system``, or ``address:port``. A tuple, since a set of them is looked up for every question, and
    tuples are hashed quickest."""

    address: str
    mixed_case: bool = True
    """Whether it repeats the case of a question, so that questions to it can be in random case (0x20)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What people want to know of a list and no verdict depends on."""

    status: Status = Status.ALIVE
    policy: str = ""
    """Who may ask how much, and at what price."""
    expiry: str = ""
    """When a listing ends by itself."""
    lookup_url: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Key:
    """A subscriber's secret. Printing it shows stars; only ``secret`` itself gives it away."""

    secret: str = field(repr=False)

    def __str__(self) -> str:
        return "********"

    def redact(self, text: str) -> str:
        """``text`` with every occurrence of the key, in any case, starred."""
        return re.sub(re.escape(self.secret), str(self), text, flags=re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Blocklist:
    """One list as configured."""

    zone: str
    operator: str
    provider: str
    kinds: frozenset[Kind]
    default: Sublist
    """Stands for codes that have no row: under the empty name if there is no table at all, else under the code's own."""
    meaning: str
    codes: tuple[Code, ...]
    refusal_codes: tuple[Pattern, ...]
    neutral_codes: tuple[Pattern, ...]
    test_entries: TestEntries | None
    non_global: bool
    delist_url: str
    pace: Pace
    resolvers: tuple[Resolver, ...]
    """Its own; if there are none, it is asked through those of all lists."""
    key: Key | None = None
    registrable: bool = False
    """Whether it holds registrable domains only."""
    facts: Facts = field(default=Facts(), compare=False)
    """A list is the same list after a note has changed: it is not tested anew."""

    @property
    def name(self) -> str:
        """The label ``list``: the zone, without any key."""
        return self.zone

    @property
    def suffix(self) -> str:
        """What a target is written in front of. Secret if there is a key."""
        return self.zone if self.key is None else f"{self.key.secret}.{self.zone}"

    def accepts(self, target: Target) -> bool:
        """Whether this list can say anything about this target."""
        if target.kind not in self.kinds or not (self.non_global or target.is_global):
            return False
        held = self._held(target)
        return held is not None and held.fits_under(self.suffix)

    def asked(self, target: Target) -> Target:
        """What the list is asked about in place of the target: mostly the target itself."""
        if not self.registrable or self._is_test_entry(target):
            return target
        return self._held(target) or target

    def _held(self, target: Target) -> Target | None:
        """What of the target the list could hold, if anything."""
        if not self.registrable or target.kind is not Kind.DOMAIN:
            return target
        domain = registrable(target.text)
        return None if domain is None else Target(domain, Kind.DOMAIN)

    def _is_test_entry(self, target: Target) -> bool:
        entries = self.test_entries
        return entries is not None and (target in entries.listed or target in entries.not_listed)

    def sublist(self, name: str) -> Sublist:
        """The facts of a sublist by name, also of one that only an answer has named."""
        for code in self.codes:
            if code.sublist.name == name:
                return code.sublist
        return replace(self.default, name=name)

    def declared(self) -> tuple[Sublist, ...]:
        """The sublists of the code table in its order, or the one empty-named sublist."""
        if not self.codes:
            return (self.default,)
        return tuple(dict.fromkeys(code.sublist for code in self.codes))

    def meaning_of(self, sublist: str) -> str:
        """What being on a sublist means, in the list's words; empty if nobody has said it."""
        meanings = (code.meaning for code in self.codes if code.sublist.name == sublist and code.meaning)
        return "; ".join(dict.fromkeys(meanings)) or self.meaning

    def delist_url_for(self, target: Target) -> str:
        """Where to ask for removal, or the empty text."""
        return self.delist_url.replace("{target}", self.asked(target).text)

    def lookup_url_for(self, target: Target) -> str:
        """Where the list says more about a target, or the empty text."""
        return self.facts.lookup_url.replace("{target}", self.asked(target).text)
