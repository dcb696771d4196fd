"""A domain's SPF record, walked as a receiver would walk it, for all senders at once (RFC 7208).

Rules:

1. What is proposed are the addresses of terms that let pass or fail softly; what is found are those of them of which the whole
   policy says so, by its first match. Networks that are too large to be watched decide all the same.
2. Macros, ``exists`` and ``ptr`` depend on the message, and the records of known providers are theirs to watch: none is
   enumerated. An address that one of them may refuse is not watched. Nothing is guessed.
3. The limits are the receiver's: ten terms that ask, ten exchanges of an ``mx``, two questions that find nothing (§4.6.4), the
   last for IPv4 and for IPv6 senders each, since no sender makes a receiver ask for both. What was found before stays found.
   What is not enumerated is one term that asks; what it would ask in turn is not counted.
4. A record is read up to 8192 characters, far beyond what is fit for use (§3.4). So an expansion asks at most 211 questions, and
   its work is bounded.
"""

from dataclasses import dataclass

from exporter.expansion.asking import KIND_OF_VERSION, Address, Memory, addresses, askable, exchanges, values
from exporter.expansion.gathering import Gathering
from exporter.expansion.grammar import (
    All,
    Exists,
    Hosts,
    Include,
    Network,
    Pointer,
    Record,
    Result,
    Term,
    has_macros,
    is_spf,
    read,
)
from exporter.expansion.hosts import no_such
from exporter.expansion.known import covers
from exporter.expansion.policy import Broken, Everyone, Included, Perhaps, Policy, Redirected
from exporter.expansion.proposals import Omission, Proposal, is_mapped, judge, network_of
from exporter.expansion.words import Asks, Found, Limits, Nothing, Reason, RecordKind, printable

_MOST_ASKING_TERMS = 10
_MOST_EXCHANGES = 10
_MOST_VOID = 2
_LONGEST_RECORD = 8192


class PermanentError(Exception):
    """From here on the records are in permanent error, for all senders. Caught by :func:`expand_spf`."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the walk is: in whose record, inside an include or not, and whether what is found here may be watched."""

    domain: str
    policy: Policy
    included: bool = False
    proposes: bool = True

    def lets_pass(self, result: Result) -> bool:
        """An include matches only whom its record lets pass (§5.2)."""
        return result is Result.PASS or (result is Result.SOFTFAIL and not self.included)


def expand_spf(name: str, memory: Memory, gathering: Gathering) -> Asks[Found]:
    """The addresses that may send for ``name``."""
    walk = _Walk(memory, gathering.limits)
    policy, broken = Policy(), ""
    try:
        if not (yield from walk.record(Place(name, policy))):
            if (yield from memory.ask(name, RecordKind.TXT)) == Nothing(exists=False):
                return gathering.found(broken=no_such(name))
            gathering.skip(Reason.NO_RECORDS, name, f"{name} has no SPF record.")
    except PermanentError as error:
        broken = str(error)
    judgement = judge(walk.entries, policy, gathering)
    broken = broken or next((walk.broken[version] for version in sorted(judgement.lost)), "")
    return gathering.found(broken, unread=judgement.unread)


class _Walk:
    def __init__(self, memory: Memory, limits: Limits) -> None:
        self.entries: list[Proposal | Omission] = []
        self.broken: dict[int, str] = {}
        """By version: why its senders get a permanent error from some place on."""
        self._memory = memory
        self._limits = limits
        self._asking_terms = 0
        self._void = {4: 0, 6: 0}
        self._trail: list[str] = []

    def record(self, place: Place) -> Asks[bool]:
        """Walk a domain's record; whether it has one."""
        try:
            record = self._read(place.domain, values((yield from self._memory.ask(place.domain, RecordKind.TXT))))
            if record is None:
                return False
            self._trail.append(place.domain)
            yield from self._terms(record, place)
            self._trail.pop()
        except PermanentError:
            place.policy.rules.append(Broken(frozenset(self._void)))
            raise
        return True

    def _read(self, domain: str, texts: tuple[str, ...]) -> Record | None:
        records = [text for text in texts if is_spf(text)]
        if len(records) > 1:
            raise PermanentError(f"{domain} has {len(records)} SPF records.")
        if not records:
            return None
        if len(records[0]) > _LONGEST_RECORD:
            raise PermanentError(f"The SPF record of {domain} is longer than {_LONGEST_RECORD} characters.")
        try:
            return read(records[0])
        except ValueError as error:
            raise PermanentError(f"The SPF record of {domain} has a syntax error: {error}.") from None

    def _terms(self, record: Record, place: Place) -> Asks[None]:
        for term in record.terms:
            yield from self._term(term, place)
            if isinstance(term.mechanism, All):
                return  # what comes after is never reached, nor is a redirect (§5.1)
        if record.redirect:
            yield from self._redirect(record.redirect, place)

    def _term(self, term: Term, place: Place) -> Asks[None]:
        match term.mechanism:
            case All():
                self._all(term, place)
            case Include(domain):
                yield from self._include(term, domain, place)
            case Hosts() as hosts:
                yield from self._hosts(term, hosts, place)
            case Pointer():
                self._count(place)
                self._perhaps(Reason.PTR, term, "Who matches depends on the names of the sender's address.", place)
            case Exists():
                self._count(place)
                self._perhaps(Reason.EXISTS, term, "Who matches is known only to the domain's name server.", place)
            case network:
                self._networks(term, [network], place)

    def _all(self, term: Term, place: Place) -> None:
        place.policy.rules.append(Everyone(term.result))
        if term.result is Result.PASS:
            self._omit(Reason.NETWORK_TOO_LARGE, term.text, "It lets the whole Internet pass.", place)

    # ---- terms that lead to other records

    def _include(self, term: Term, domain: str, place: Place) -> Asks[None]:
        self._count(place)
        proposes = place.proposes and place.lets_pass(term.result)
        if proposes and covers(self._limits.skip_includes, domain):
            self._perhaps(Reason.KNOWN_PROVIDER, term, "Many customers share these addresses; the provider watches them.", place)
        elif has_macros(domain):
            self._perhaps(Reason.MACRO, term, "Where it leads depends on the message.", place)
        else:
            if not proposes:
                self._refuse(term, place)
            inner = Policy()
            place.policy.rules.append(Included(inner, term.result))
            yield from self._other_record(domain, inner, place, included=True, proposes=proposes)

    def _redirect(self, domain: str, place: Place) -> Asks[None]:
        self._count(place)
        term = Term(f"redirect={domain}", Result.PASS, Include(domain))
        if place.proposes and covers(self._limits.skip_includes, domain):
            self._perhaps(Reason.KNOWN_PROVIDER, term, "Many customers share these addresses; the provider watches them.", place)
        elif has_macros(domain):
            self._perhaps(Reason.MACRO, term, "Where it leads depends on the message.", place)
        else:
            inner = Policy()
            place.policy.rules.append(Redirected(inner))
            yield from self._other_record(domain, inner, place, included=place.included, proposes=place.proposes)

    def _other_record(self, domain: str, policy: Policy, place: Place, *, included: bool, proposes: bool) -> Asks[None]:
        name = askable(domain)
        if name in self._trail:
            raise PermanentError(f"The SPF record of {place.domain} leads back to that of {name}.")
        if name is None or not (yield from self.record(Place(name, policy, included, proposes))):
            raise PermanentError(f"The SPF record of {place.domain} needs one of {printable(domain)}, which has none.")

    # ---- terms that lead to addresses

    def _hosts(self, term: Term, hosts: Hosts, place: Place) -> Asks[None]:
        self._count(place)
        domain = hosts.domain or place.domain
        if has_macros(domain):
            self._perhaps(Reason.MACRO, term, "Where it leads depends on the message.", place)
            return
        names = (yield from self._exchanges(domain, place)) if hosts.by_mx else [domain]
        found: list[Address] = []
        for name in names:
            found += yield from self._host(name, term, place)
        self._networks(term, list(dict.fromkeys(network_of(address, hosts.lengths) for address in found)), place)

    def _exchanges(self, domain: str, place: Place) -> Asks[list[str]]:
        name = askable(domain)
        if name is None:
            return [domain]
        answer = yield from self._memory.ask(name, RecordKind.MX)
        if len(values(answer)) > _MOST_EXCHANGES:
            raise PermanentError(
                f"The SPF record of {place.domain} uses the MX of {name}, which are more than {_MOST_EXCHANGES}."
            )
        if not values(answer):
            self._found_nothing(self._asking_versions(), place)
        return [exchange for _, exchange in exchanges(answer) if exchange != "."]

    def _host(self, text: str, term: Term, place: Place) -> Asks[list[Address]]:
        name = askable(text)
        if name is None:
            # We do not ask for it; others may, and are likely to find nothing.
            self._perhaps(Reason.BAD_RECORD, term, f"{printable(text)} is no name of a host.", place)
            self._found_nothing(self._asking_versions(), place)
            return []
        found: list[Address] = []
        for version in self._asking_versions():
            answer = yield from self._memory.ask(name, KIND_OF_VERSION[version])
            good, bad = addresses(answer, KIND_OF_VERSION[version])
            found += good
            for value in bad:
                self._omit(Reason.BAD_RECORD, value, f"{name} leads to something that is no address.", place)
            if not values(answer):
                self._found_nothing([version], place)
        if not found:
            self._omit(Reason.NO_RECORDS, term.text, f"{name} has no address.", place)
        return found

    def _networks(self, term: Term, networks: list[Network], place: Place) -> None:
        for network in networks:
            place.policy.add_network(network, term.result)
        if not networks or not place.lets_pass(term.result):
            self._refuse(term, place)
            return
        small = []
        for network in networks:
            if network.num_addresses > self._limits.largest_network:
                limit = f"{network} has more than {self._limits.largest_network} addresses, the most by largest_network."
                self._omit(Reason.NETWORK_TOO_LARGE, term.text, limit, place)
            elif is_mapped(network):
                self._omit(Reason.BAD_RECORD, term.text, "No sender is seen by an IPv4 address in IPv6 form.", place)
            else:
                small.append(network)
        if small and place.proposes:
            self.entries.append(Proposal(term.text, place.domain, tuple(small)))

    # ---- limits and omissions

    def _asking_versions(self) -> list[int]:
        """The versions of which senders are not in permanent error yet."""
        return [version for version in self._void if version not in self.broken]

    def _found_nothing(self, versions: list[int], place: Place) -> None:
        """Senders of these versions have made a receiver ask in vain."""
        why = f"more than {_MOST_VOID} look-ups of SPF find nothing, up to the record of {place.domain}."
        for version in versions:
            self._void[version] += 1
            if self._void[version] > _MOST_VOID:
                place.policy.rules.append(Broken(frozenset({version})))
                self.broken[version] = f"For IPv{version} senders, {why}"
        if not self._asking_versions():
            raise PermanentError(f"For all senders, {why}")

    def _count(self, place: Place) -> None:
        self._asking_terms += 1
        if self._asking_terms > _MOST_ASKING_TERMS:
            raise PermanentError(
                f"SPF takes more than {_MOST_ASKING_TERMS} terms that ask DNS; the eleventh is in the record of {place.domain}."
            )

    def _perhaps(self, reason: Reason, term: Term, why: str, place: Place) -> None:
        place.policy.rules.append(Perhaps(term.result))
        self._omit(reason, term.text, why, place)

    def _refuse(self, term: Term, place: Place) -> None:
        if term.result is Result.NEUTRAL:
            self._omit(Reason.NEUTRAL, term.text, "SPF says nothing of whom it matches.", place)
        elif not place.lets_pass(term.result):
            self._omit(Reason.FAILS_SPF, term.text, "It does not let pass whom it matches.", place)

    def _omit(self, reason: Reason, what: str, why: str, place: Place) -> None:
        if place.proposes:
            self.entries.append(Omission(reason, what, f"{why[:-1]} (SPF record of {place.domain})."))
