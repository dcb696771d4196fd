"""What is no fault and would yet surprise: the config is used, and a sentence with its line says what to mind."""

import pytest

from tests.unit.config.conftest import Load

BARRACUDA = (
    "b.barracudacentral.org answers registered resolvers: register the address of yours with Barracuda, "
    "or it will show as unhealthy (https://www.barracudacentral.org/lookups)"
)
VALIDITY = (
    "sa-trusted.bondedsender.org answers registered resolvers: register the address of yours with Validity, "
    "or it will show as unhealthy "
    "(Only for addresses of resolvers that are registered in a MyValidity account; all others are refused)"
)
ALL_THE_SAME = "it is asked all the same, since its kinds are given"

WARNINGS = {
    "zen.spamhaus.org": [],
    "bl.technovision.dk": [],
    "{zone: zen.dq.spamhaus.net, key_env: K}": [],
    "b.barracudacentral.org": [f"2: lists[0].zone: {BARRACUDA}"],
    "{zone: b.barracudacentral.org, interval: 1h}": [f"2: lists[0].zone: {BARRACUDA}"],
    "{zone: b.barracudacentral.org, status: alive}": [],
    "sa-trusted.bondedsender.org": [f"2: lists[0].zone: {VALIDITY}"],
    "{zone: bl.example.net, kinds: [ipv4], status: registration}": [
        "2: lists[0].zone: bl.example.net answers registered resolvers: register the address of yours with its operator, "
        "or it will show as unhealthy"
    ],
    "{zone: bl.example.net, kinds: [ipv4], status: subscription, operator: Example, "
    "lookup_url: 'https://example.net/{target}', delist_url: 'https://example.net/'}": [
        "2: lists[0].zone: bl.example.net answers subscribers: subscribe with Example, "
        "or it will show as unhealthy (https://example.net/)"
    ],
    "{zone: dnsbl.sorbs.net, kinds: [ipv4]}": [
        "2: lists[0].zone: dnsbl.sorbs.net is defunct (2024-06). Its owner shut it down on 5 June 2024 and emptied all of its "
        f"zones. Ask zen.spamhaus.org instead; {ALL_THE_SAME}"
    ],
    "{zone: our.dnsbl.net.au, kinds: [ipv4]}": [
        "2: lists[0].zone: dnsbl.net.au is defunct with every zone below it (2022-10). By the end of October 2022 no zone of "
        "this domain existed any more: every name was answered with NXDOMAIN. Nothing in the catalogue replaces it; "
        f"{ALL_THE_SAME}"
    ],
    "{zone: bl.example.net, kinds: [domain]}": ["2: lists[0]: bl.example.net takes none of these targets"],
}


@pytest.mark.parametrize("entry", WARNINGS)
def test_an_entry_and_what_to_mind_of_it(loaded: Load, entry: str) -> None:
    """The list is asked as it stands there, and each caution is said once."""
    config = loaded(f"lists:\n  - {entry}\n  - psbl.surriel.com\ntargets: [9.9.9.9]\n", {"K": "hunter2"})
    assert [str(warning) for warning in config.warnings] == WARNINGS[entry]
    assert [blocklist.name for blocklist in config.in_use(config.roster().roster) if blocklist.name in entry]


def test_warnings_are_in_the_order_of_the_file(loaded: Load) -> None:
    """Whatever is found first."""
    config = loaded(
        """
lists:
  - dbl.spamhaus.org
  - b.barracudacentral.org
  - uribl.spameatingmonkey.net
targets: [9.9.9.9]
"""
    )
    assert [warning.line for warning in config.warnings] == [3, 4, 5]


MAIL = "lists: [bl.spamcop.net]\n"
OWN = "lists: [{zone: bl.example.net, kinds: [ipv4], non_global: true}]\n"
NOTHING_LEFT = "`exclude` leaves nothing of it"
NON_GLOBAL = (
    "they are private, loopback, documentation or multicast ones, "
    "and only a list with `non_global: true` is asked about them, and none of these takes them"
)

TARGETS = {
    MAIL + "targets: [9.9.9.9, 9.9.9.0/24]": [],
    MAIL + "targets: [192.0.0.0/28]": [f"2: targets[0]: 14 of its 16 addresses are left out: {NON_GLOBAL}"],
    MAIL + "targets: [{target: 198.51.0.0/16}]": [
        f"2: targets[0].target: 256 of its 65,536 addresses are left out: {NON_GLOBAL}"
    ],
    OWN + "targets: [192.0.0.0/28]": [],
    MAIL + "targets: [9.9.9.9, 9.9.9.8]\nexclude: [9.9.9.9]": [f"2: targets[0]: {NOTHING_LEFT}"],
    MAIL + "targets: [9.9.9.0/24, 9.9.9.9]\nexclude: [9.0.0.0/8]": [
        f"2: targets[0]: {NOTHING_LEFT}",
        f"2: targets[1]: {NOTHING_LEFT}",
        "1: lists[0]: bl.spamcop.net takes none of these targets",
    ],
    MAIL + "targets: [9.9.9.0/24]\nexclude: [9.9.9.0/25]": [],
    MAIL + "targets: [9.9.9.9, 192.0.0.8/30]\nexclude: [192.0.0.9, 192.0.0.10]": [f"2: targets[1]: {NOTHING_LEFT}"],
    MAIL + "targets: [10.0.0.1, example.com, 9.9.9.9]\nexclude: [10.0.0.0/8, example.com]": [
        f"2: targets[0]: {NOTHING_LEFT}",
        f"2: targets[1]: {NOTHING_LEFT}",
    ],
    MAIL + "targets: [{domain: example.com, expand: [mx]}]": [
        "2: targets[0].domain: no configured list takes domain targets: add one, such as dbl.spamhaus.org, or the set domains; "
        "only what it leads to is watched"
    ],
    "lists: [bl.spamcop.net, dbl.spamhaus.org]\ntargets: [{host: mail.example.com}]": [
        "1: lists[1]: dbl.spamhaus.org takes none of these targets"
    ],
    "lists: [bl.ipv6.spameatingmonkey.net, dbl.spamhaus.org]\ntargets: [{files: [none.txt]}]": [],
    "lists: [bl.ipv6.spameatingmonkey.net, dbl.spamhaus.org]\ntargets: [{domain: example.com, expand: [a]}]": [],
    "lists: [bl.ipv6.spameatingmonkey.net, dbl.spamhaus.org]\ntargets: [{domain: example.com}]": [
        "1: lists[0]: bl.ipv6.spameatingmonkey.net takes none of these targets"
    ],
    "lists: [bl.spamcop.net, {zone: bl.example.net, kinds: [ipv4], non_global: true}]\ntargets: [10.0.0.1]": [
        "1: lists[0]: bl.spamcop.net takes none of these targets"
    ],
    "lists: [bl.spamcop.net, {zone: bl.example.net, kinds: [ipv4], non_global: true}]\ntargets: [10.0.0.0/24]": [
        "1: lists[0]: bl.spamcop.net takes none of these targets"
    ],
    "lists: [bl.spamcop.net, {zone: bl.example.net, kinds: [ipv4], non_global: true}]\ntargets: [192.0.0.0/28]": [],
}


@pytest.mark.parametrize("text", TARGETS)
def test_targets_and_what_to_mind_of_them(loaded: Load, text: str) -> None:
    """What of them is not watched, and who has nothing to do."""
    warnings = sorted(TARGETS[text], key=lambda warning: int(warning.split(":")[0]))
    assert [str(warning) for warning in loaded(text).warnings] == warnings
