"""Whether a list may be believed: the verdicts on its test entries give its :class:`Health` (RFC 5782 §5, RFC 6471 §3.3).

Rules:

1. A list must prove itself. Unless it is ``ok`` (or ``untested`` because the config says so), every verdict of it is
   Unknown(unhealthy): a dead, refused or list-the-world zone can neither open nor close a listing.
2. The positive test passes on any listing; its value does not matter (some lists answer other codes than 127.0.0.2).
3. What says most about the cause wins: a refusal explains silence, an answer that never came explains nothing.
"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

from exporter.blocklist import Blocklist, ListingClass
from exporter.target import Kind, Target
from exporter.verdict import Cause, Listed, NotListed, Unknown, Verdict


class Health(StrEnum):
    OK = "ok"
    SILENT = "silent"
    """What must be listed is not: emptied, or the resolver hides the answers."""
    EVERYTHING = "everything"
    """What must not be listed is."""
    REFUSED = "refused"
    BOGUS = "bogus"
    """Answers lie outside 127/8: parked, hijacked or rewritten."""
    UNREACHABLE = "unreachable"
    UNTESTED = "untested"
    """The config says the list has no test entries."""

    @property
    def trusted(self) -> bool:
        return self in (Health.OK, Health.UNTESTED)


@dataclass(frozen=True, slots=True)
class TestResult:
    """The verdict on one test entry and what it had to be."""

    __test__ = False  # pytest would take the name for a test class

    must_be_listed: bool
    verdict: Verdict


def questions(blocklist: Blocklist, randomness: int) -> tuple[tuple[Target, bool], ...]:
    """The entries to ask for and whether each must be listed; none if the list is untested.

    The last one is a second negative besides the RFC's, new at each ``randomness`` (any non-negative integer): a wildcard may
    make an exception for 127.0.0.1, and a resolver may hold an old answer for it. Lists of space that nobody should use hold
    benchmarking space too, so they have no such negative.
    """
    entries = blocklist.test_entries
    if entries is None:
        return ()
    of_the_list = (*((entry, True) for entry in entries.listed), *((entry, False) for entry in entries.not_listed))
    if any(sublist.listing_class is ListingClass.BOGON for sublist in blocklist.declared()):
        return of_the_list
    return (*of_the_list, (_never_listed(of_the_list[0][0].kind, randomness), False))


def queries_a_test(blocklist: Blocklist) -> int:
    """How many queries a test of the list takes."""
    return len(questions(blocklist, 0))


def _never_listed(kind: Kind, randomness: int) -> Target:
    """A target that nobody can have a reason to list: benchmarking space (RFC 2544, RFC 5180) or a reserved domain (RFC 2606)."""
    match kind:
        case Kind.IPV4:
            return Target(str(IPv4Address("198.18.0.0") + randomness % 2**17), kind)
        case Kind.IPV6:
            return Target(str(IPv6Address("2001:2::") + randomness % 2**80), kind)
        case Kind.DOMAIN:
            return Target(f"{randomness % 2**64:016x}.invalid", kind)


def assess(results: tuple[TestResult, ...]) -> Health:
    """The health that these results show; ``untested`` if there are none."""
    if not results:
        return Health.UNTESTED
    causes = {result.verdict.cause for result in results if isinstance(result.verdict, Unknown)}
    if causes & {Cause.REFUSED, Cause.REFUSED_RCODE}:
        return Health.REFUSED
    if Cause.BOGUS in causes:
        return Health.BOGUS
    if any(isinstance(result.verdict, Listed) and not result.must_be_listed for result in results):
        return Health.EVERYTHING
    if any(_hidden(result.verdict) for result in results if result.must_be_listed):
        return Health.SILENT
    return Health.UNREACHABLE if causes else Health.OK


def _hidden(verdict: Verdict) -> bool:
    """Not there, or filtered out by a resolver with rebinding protection."""
    return verdict in (NotListed(), Unknown(Cause.NO_DATA))


def trust(verdict: Verdict, health: Health) -> Verdict:
    """The verdict, if a list of this health may be believed."""
    return verdict if health.trusted else Unknown(Cause.UNHEALTHY)
