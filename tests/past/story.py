"""What happens: listings that come, go and come back, lists that cannot be believed, a resolver that is out, a restart."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from exporter.config import Config
from exporter.health import Health
from exporter.target import Kind
from exporter.verdict import Cause
from tests.past.life import Life
from tests.past.world import ADDRESS_LISTS, DOMAIN_LISTS, FILE, LOST, OFFICE, ORIGINS, watched

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
_CONFIRM = 300.0

_CODES = {
    "zen.spamhaus.org": ("127.0.0.2", "127.0.0.3", "127.0.0.3", "127.0.0.4"),
    "bl.mailspike.net": ("127.0.0.10", "127.0.0.11"),
    "dnsbl.dronebl.org": ("127.0.0.13", "127.0.0.8"),
    "multi.surbl.org": ("127.0.0.64", "127.0.0.8"),
    "multi.uribl.com": ("127.0.0.2", "127.0.0.4"),
    "dbl.spamhaus.org": ("127.0.1.2",),
}
_ORDINARY = tuple(name for name in ADDRESS_LISTS if name not in ("dnsbl-2.uceprotect.net", "dnsbl-3.uceprotect.net"))
_FAILING = {"multi.surbl.org": Cause.SERVFAIL, "zen.spamhaus.org": Cause.TIMEOUT, "psbl.surriel.com": Cause.NO_DATA}
_RECENT = (1 * HOUR, 5 * HOUR, 20 * HOUR, 40 * HOUR, 90 * HOUR, 200 * HOUR)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens at a time, in Unix seconds."""

    at: float
    play: Callable[[Life], None]


@dataclass(frozen=True, slots=True)
class Stay:
    """A target that a list answers codes for, from a time on and until another, or still."""

    target: str
    list: str
    codes: tuple[str, ...]
    since: float
    until: float | None = None


def story(config: Config, begin: float, end: float) -> list[Event]:
    """Everything, in order of time. ``begin`` is when the first process started."""
    events = [event for stay in _stays(config, begin, end) for event in _of(stay, begin)]
    events.append(Event(begin, _learn))
    events += _troubles(config, begin, end, random.Random(len(watched(config))))
    return sorted(events, key=lambda event: event.at)


def heroes(config: Config, begin: float, end: float) -> list[str]:
    """The targets that are listed at any time, those with most listings first."""
    return [target for target, _ in Counter(stay.target for stay in _stays(config, begin, end)).most_common()]


def _stays(config: Config, begin: float, end: float) -> list[Stay]:
    dice = random.Random(len(watched(config)))
    return list(office(begin, end) if len(watched(config)) <= len(OFFICE) else _provider(config, begin, end, dice))


def office(begin: float, end: float) -> Iterator[Stay]:
    """A mail server that got onto lists again this night, another in a range of policy, a domain that was seen in spam once."""
    mail, other, domain = OFFICE[0], OFFICE[1], OFFICE[3]
    length = end - begin
    yield Stay(mail, "zen.spamhaus.org", ("127.0.0.3",), end - 0.6 * length, end - 0.5 * length)
    yield Stay(mail, "zen.spamhaus.org", ("127.0.0.3",), end - min(9.2 * HOUR, 0.1 * length))
    yield Stay(mail, "bl.spamcop.net", ("127.0.0.2",), end - min(8.7 * HOUR, 0.09 * length))
    yield Stay(mail, "psbl.surriel.com", ("127.0.0.2",), end - 0.58 * length, end - 0.42 * length)
    yield Stay(other, "zen.spamhaus.org", ("127.0.0.10",), begin - DAY)
    yield Stay(domain, "multi.uribl.com", ("127.0.0.4",), end - 0.85 * length, end - 0.7 * length)


def _provider(config: Config, begin: float, end: float, dice: random.Random) -> Iterator[Stay]:
    """A range of policy, a list that accused a whole network for two days, a few repeat offenders, and many that were listed
    once, some of them still."""
    kinds = {kind: [target.text for target in watched(config) if target.kind == kind] for kind in Kind}
    network, others = ([text for text in kinds[Kind.IPV4] if text.startswith("203.0.113.") is first] for first in (True, False))
    length, scale = end - begin, max(1, len(watched(config)) // 300)
    for target in network[60:64]:
        yield Stay(target, "zen.spamhaus.org", ("127.0.0.10",), begin - DAY)
    for target in network:
        yield Stay(target, "dnsbl-3.uceprotect.net", ("127.0.0.2",), end - 0.24 * length, end - 0.17 * length)
    offenders = dice.sample(network[:60], 3)
    for target in offenders:
        for name in ("zen.spamhaus.org", "bl.spamcop.net"):
            yield from _comings_and_goings(target, name, begin, end, dice, still=target != offenders[2])
    ordinary = network[64:] + others
    once = [(target, _ORDINARY) for target in dice.sample(ordinary, min(len(ordinary), 34 * scale))]
    once += [(target, DOMAIN_LISTS) for target in dice.sample(kinds[Kind.DOMAIN], min(len(kinds[Kind.DOMAIN]), 5 * scale))]
    for number, (target, names) in enumerate(once):
        name, still = dice.choice(names), number % 5 == 0
        since = end - dice.choice(_RECENT) * dice.random() if still else begin + dice.random() * 0.95 * length
        until = None if still else min(since + dice.uniform(0.15, 4) * DAY, end - 0.5 * HOUR)
        yield Stay(target, name, _code(name, dice), since, until)
    yield Stay(kinds[Kind.IPV6][0], "zen.spamhaus.org", ("127.0.0.3",), end - 5.3 * HOUR)


def _comings_and_goings(target: str, name: str, begin: float, end: float, dice: random.Random, *, still: bool) -> Iterator[Stay]:
    """A target that comes back after every removal."""
    at = begin + dice.uniform(0.02, 0.1) * (end - begin)
    codes = _code(name, dice)
    while True:
        until = at + dice.uniform(0.3, 3) * DAY
        back = until + dice.uniform(0.2, 4) * DAY
        last = back > end - 2 * HOUR
        yield Stay(target, name, codes, at, None if last and still else min(until, end - HOUR))
        if last:
            return
        at = back


def _code(name: str, dice: random.Random) -> tuple[str, ...]:
    return (dice.choice(_CODES.get(name, ("127.0.0.2",))),)


def _of(stay: Stay, begin: float) -> Iterator[Event]:
    """A listing is seen once and its removal twice; what was there before the first process is seen with everything else."""
    key = stay.target, stay.list

    def come(life: Life) -> None:
        if life.takes(*key):
            life.codes[key] = stay.codes
            if life.now > begin:
                life.ask(*key)

    def go(life: Life) -> None:
        if life.takes(*key):
            life.codes.pop(key, None)
            life.ask(*key)

    yield Event(stay.since, come)
    if stay.until is not None and stay.until > stay.since:
        yield Event(stay.until, go)
        yield Event(stay.until + _CONFIRM, go)


def _learn(life: Life) -> None:
    for name in life.plan.lists:
        life.ask_all(name)


def _troubles(config: Config, begin: float, end: float, dice: random.Random) -> Iterator[Event]:
    """What goes wrong besides: nobody is to be accused or cleared by it."""
    length = end - begin
    yield from _ill("all.s5h.net", Health.SILENT, end - min(30 * HOUR, 0.3 * length), None)
    yield from _ill("dnsbl.dronebl.org", Health.UNREACHABLE, end - 0.55 * length, end - 0.53 * length)
    yield from _ill("b.barracudacentral.org", Health.REFUSED, end - 0.12 * length, end - 0.1 * length)
    yield from _ill("dnsbl-2.uceprotect.net", Health.EVERYTHING, end - 0.4 * length, end - 0.395 * length)
    yield from _ill("bl.mailspike.net", Health.BOGUS, end - 0.7 * length, end - 0.68 * length)
    yield from _outage(end - 0.31 * length, end - 0.31 * length + min(3 * HOUR, 0.02 * length))
    yield from _lost(ORIGINS.keys() - {FILE}, end - 0.31 * length, end - 0.31 * length + min(3 * HOUR, 0.02 * length))
    yield from _lost({LOST}, end - min(26 * HOUR, 0.2 * length), None)
    yield from _one_resolver(end - 0.06 * length, end - 0.05 * length)
    yield Event(end - 0.09 * length, _stop)
    yield Event(end - 0.09 * length + 7 * MINUTE, Life.begin)
    yield from _bad_reload(end - 0.15 * length, end - 0.14 * length)
    yield Event(begin, _slow("b.barracudacentral.org", 1.35))
    yield Event(end - 0.02 * length, _slow("psbl.surriel.com", 1.02))
    yield Event(end - 0.37 * length, _unwritten(3))
    texts = [target.text for target in watched(config)]
    for name, cause in _FAILING.items():
        for target in dice.sample(texts, max(2, len(texts) // 100)):
            yield from _failing(target, name, cause, end - dice.uniform(0.2, 1.0) * min(6 * HOUR, 0.1 * length), None)
    for target in dice.sample(texts, max(2, len(texts) // 60)):
        at = begin + dice.random() * 0.9 * length
        yield from _failing(target, "bl.spamcop.net", Cause.TIMEOUT, at, at + dice.uniform(0.2, 3) * HOUR)


def _ill(name: str, health: Health, since: float, until: float | None) -> Iterator[Event]:
    """A list fails its test, and passes it again."""

    def turn(life: Life, to: Health) -> None:
        life.health[name] = to
        life.ask_all(name)

    yield Event(since, lambda life: turn(life, health))
    if until is not None:
        yield Event(until, lambda life: turn(life, Health.OK))


def _outage(since: float, until: float) -> Iterator[Event]:
    """No resolver answers, so no list passes its test."""

    def turn(life: Life, *, up: bool) -> None:
        life.resolvers = dict.fromkeys(life.resolvers, up)
        life.overdue = 0 if up else len(life.targets)
        before, after = (Health.UNREACHABLE, Health.OK) if up else (Health.OK, Health.UNREACHABLE)
        for name, health in life.health.items():
            if health is before:
                life.health[name] = after
                life.ask_all(name)

    yield Event(since, lambda life: turn(life, up=False))
    yield Event(until, lambda life: turn(life, up=True))


def _lost(names: Iterable[str], since: float, until: float | None) -> Iterator[Event]:
    """Names that cannot be looked up: what they led to stays watched."""

    def find(life: Life) -> None:
        for name in names:
            life.lost.pop(name, None)

    yield Event(since, lambda life: life.lost.update(dict.fromkeys(names, since)))
    if until is not None:
        yield Event(until, find)


def _one_resolver(since: float, until: float) -> Iterator[Event]:
    def turn(life: Life, *, up: bool) -> None:
        life.resolvers = {name: up or number > 0 for number, name in enumerate(life.resolvers)}
        life.overdue = 0 if up else len(life.targets) // 40

    yield Event(since, lambda life: turn(life, up=False))
    yield Event(until, lambda life: turn(life, up=True))


def _failing(target: str, name: str, cause: Cause, since: float, until: float | None) -> Iterator[Event]:
    """A check that gets no answer, and gets one again."""
    key = target, name

    def fail(life: Life) -> None:
        if life.takes(*key):
            life.failing[key] = cause
            life.ask(*key)

    def recover(life: Life) -> None:
        if life.takes(*key):
            life.failing.pop(key, None)
            life.ask(*key)

    yield Event(since, fail)
    if until is not None:
        yield Event(until, recover)


def _bad_reload(since: float, until: float) -> Iterator[Event]:
    def turn(life: Life, *, successful: bool) -> None:
        life.reloads.successful = successful
        life.reloads.last_success = life.now if successful else life.reloads.last_success

    yield Event(since, lambda life: turn(life, successful=False))
    yield Event(until, lambda life: turn(life, successful=True))


def _stop(life: Life) -> None:
    life.up = False


def _slow(name: str, intervals: float) -> Callable[[Life], None]:
    def turn(life: Life) -> None:
        life.laps[name] = intervals

    return turn


def _unwritten(times: int) -> Callable[[Life], None]:
    def turn(life: Life) -> None:
        life.history.write_failures += times

    return turn
