"""A rule of the config is a bad file and its exact message.

Each file in `bad/` is good but for what its name says. Every problem of a file is reported at once, in the order of the file.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from exporter.config import ConfigError, load

BAD = Path(__file__).parent / "bad"
SECRETS = ("hunter2", "k3yk3yk3y")
"""Every key in the bad files is one of these."""
ENVIRONMENT = {"DNSBL_KEY": SECRETS[0], "EMPTY": ""}

DURATION = "must be a duration above zero with its unit, such as 500ms, 30s, 5m, 1h or 30d"
NO_VALUE = "has no value: give it one, or remove it"
RESOLVER = "must be `system` or an address such as 10.0.0.53, 127.0.0.1:5353 or [::1]:53; host names are not taken"
CODE = "is not a return code: write 127.0.0.2, 127.0.0.4-127.0.0.7 or 127.255.255.0/24"
OUTSIDE = "is not a return code: it must lie in 127.0.0.0/8 and run upwards"
SECRET = "a secret must not stand in the config: name its file with key_file, or its variable with key_env"
HOLDS_KEY = "holds what looks like a key: write the zone without it, and name its file with key_file (or key_env)"
NO_KEY = "leads to something that is no key: one line of up to 63 letters, digits and hyphens is expected"
NO_FILE = "there is no such file; a relative path starts in the folder of the config"
LINK = "must be a link (https://…, http://… or mailto:…); {target} is the only thing that is filled in"
NO_LIST = "must be the name of a set or of a list of the catalogue, or a mapping with a zone"
CAUSES = (
    "must be one of exploited-host, spam-sent, policy-range, missing-ptr, neighbour-range, asn-escalation, backscatter, "
    "poor-reputation, domain-reputation, phishing-page, malware-page, abused-site, young-domain, tor-exit, open-proxy, bogon, "
    "credential-attack, informational"
)
NO_DOMAIN = "is not a domain such as zen.spamhaus.org"
IS_ADDRESS = "is an address: a zone is a domain such as zen.spamhaus.org"
TOO_LONG = "is too long: with an address or a test entry in front, the name has more than 253 octets"
NO_BIT = "is not one bit of an octet: 1, 2, 4, 8, 16, 32, 64 or 128"
NO_TARGET = "must be an address, a network or a domain, as text, or a mapping"
PORT = "has a port: give the address or the domain alone"
NOT_GLOBAL = (
    "is a private, loopback, documentation or multicast address: "
    "only a list with `non_global: true` is asked about it, and none of these takes it"
)
PUBLIC_SUFFIX = (
    "is a public suffix, below which others have their domains: "
    "a list of registrable domains cannot hold it, and no other one takes it"
)
ALL_SPECIAL = (
    "{} is all private, loopback, documentation or multicast addresses: "
    "only a list with `non_global: true` is asked about them, and none of these takes them"
)
LABEL_OF_OURS = "is a label of our own metrics: choose another name"
LABEL_NAME = "is not the name of a label: up to 100 letters, digits and underscores, no digit first"
TEXT = "must be text, in quotes if it looks like a number"
TWICE = "one listing would count twice; remove one of them"
TWICE_BY_A_SET = "one listing would count twice; remove it"
SORBS = "Its owner shut it down on 5 June 2024 and emptied all of its zones. Ask zen.spamhaus.org instead"
ALL_THE_SAME = "(to ask it all the same, write a mapping with its kinds)"
NOT_A_LIST = "must be a list with at least one entry"
ONE_THING = "a code means one thing"

BAD_FILES: Mapping[str, tuple[str, ...]] = {
    "empty": ("1: must be a mapping with `lists` and `targets`",),
    "not_a_mapping": ("1: must be a mapping with `lists` and `targets`",),
    "not_yaml": ("4: not valid YAML: did not find expected ',' or '}'",),
    "not_utf8": ("1: cannot be read: it is not UTF-8 text",),
    "control_character": ("3: not valid YAML: the control character U+0007",),
    "tab_as_indent": ("2: not valid YAML: found character that cannot start any token (indent with spaces, not with tabs)",),
    "two_documents": ("3: not valid YAML: expected a single document in the stream, but found another document",),
    "unknown_alias": ("3: not valid YAML: found undefined alias",),
    "alias_of_itself": ("3: nested more than 20 levels deep",),
    "tag": ("3: query: has a YAML tag (!…), which is not supported: write a plain value",),
    "tag_of_python": ("4: history.path: has a YAML tag (!…), which is not supported: write a plain value",),
    "key_that_is_no_text": ("3: holds a key that is not plain text",),
    "key_given_twice": ("4: query: is given twice, first in line 3",),
    "key_with_control_characters": ("3: ['query\\n\\x1b[2J']: unknown key; did you mean query?",),
    "no_values": (
        f"1: resolvers: {NO_VALUE}",
        f"2: query: {NO_VALUE}",
        f"3: checks: {NO_VALUE}",
        f"4: lists: {NO_VALUE}",
        f"5: targets: {NO_VALUE}",
        f"6: metrics: {NO_VALUE}",
        f"7: history: {NO_VALUE}",
    ),
    "no_values_inside": (
        f"1: resolvers[0]: {NO_VALUE}",
        f"2: query.timeout: {NO_VALUE}",
        f"4: checks.interval: {NO_VALUE}",
        f"5: checks.delist_after: {NO_VALUE}",
        f"7: lists[0]: {NO_VALUE}",
        f"8: lists[1].zone: {NO_VALUE}",
        f"9: lists[1].kinds: {NO_VALUE}",
        f"10: lists[1].interval: {NO_VALUE}",
        f"13: lists[2].codes[127.0.0.2]: {NO_VALUE}",
        f"14: lists[2].test_entries: {NO_VALUE}",
        f"16: targets[0]: {NO_VALUE}",
        f"17: targets[1].target: {NO_VALUE}",
        f"18: metrics.checks: {NO_VALUE}",
        f"19: history.path: {NO_VALUE}",
        f"19: history.keep: {NO_VALUE}",
    ),
    "nothing_is_given": ("1: targets: is missing: give at least one entry",),
    "unknown_key": (
        "3: list: unknown key; did you mean lists?",
        "4: foo: unknown key",
    ),
    "unknown_key_in_sections": (
        "3: query.time_out: unknown key; did you mean timeout?",
        "4: checks.intervall: unknown key; did you mean interval?",
        "5: metrics.check: unknown key; did you mean checks?",
        "6: history.file: unknown key",
    ),
    "unknown_key_of_a_list": (
        "4: lists[0].max_qbs: unknown key; did you mean max_qps?",
        "5: lists[0].clas: unknown key; did you mean class?",
        "6: lists[0].codes[127.0.0.2].inpact: unknown key; did you mean impact?",
        "7: lists[0].test_entries.lists: unknown key; did you mean listed?",
    ),
    "empty_lists": (
        f"1: resolvers: {NOT_A_LIST}",
        f"2: lists: {NOT_A_LIST}",
        f"3: targets: {NOT_A_LIST}",
    ),
    "not_lists": (
        f"1: resolvers: {NOT_A_LIST}",
        f"2: lists: {NOT_A_LIST}",
        f"3: targets: {NOT_A_LIST}",
    ),
    "not_mappings": (
        "3: query: must be a mapping",
        "4: checks: must be a mapping",
        "5: metrics: must be a mapping",
        "6: history: must be a mapping",
    ),
    "bad_durations": (
        f"3: query.timeout: {DURATION}",
        f"5: checks.interval: {DURATION}",
        f"6: checks.confirm_interval: {DURATION}",
        f"7: checks.test_interval: {DURATION}",
        f"8: history.keep: {DURATION}",
    ),
    "too_long_durations": (
        "3: checks.interval: must be at most 100y",
        "3: checks.test_interval: must be at most 100y",
    ),
    "bad_numbers": (
        "3: query.attempts: must be at least 1",
        "4: checks.delist_after: must be a whole number without quotes",
    ),
    "quoted_numbers": (
        "4: lists[0].max_qps: must be a number without quotes",
        "5: lists[0].delist_after: must be a whole number without quotes",
        "6: lists[0].max_queries_per_day: must be a whole number without quotes",
    ),
    "huge_numbers": (
        "4: lists[0].max_qps: must be at most 1000000",
        "5: lists[0].delist_after: must be at most 100",
        "6: lists[0].max_queries_per_day: must be at most 1000000000000",
    ),
    "rates_that_are_none": (
        "3: lists[1].max_qps: must be a number without quotes",
        "4: lists[2].max_qps: must be a number without quotes",
        "5: lists[3].max_qps: must be a finite number",
        "6: lists[4].max_qps: must be at least 0.001",
        "7: lists[5].max_qps: must be a number without quotes",
    ),
    "not_a_truth_value": ("4: lists[0].non_global: must be true or false",),
    "text_expected": (
        f"4: lists[0].operator: {TEXT}",
        f"5: lists[0].meaning: {TEXT}",
        f"6: lists[0].key_file: {TEXT}",
    ),
    "text_of_several_lines": ("4: lists[0].meaning: must be one line, without control characters",),
    "text_that_is_too_long": ("4: lists[0].meaning: must not be longer than 2000 characters",),
    "unknown_words": (
        "4: lists[0].match: must be 'exact', 'bitmask' or 'range'",
        "5: lists[0].provider: must be 'dnsxl'",
        "6: lists[0].class: must be 'abuse', 'exploit', 'policy', 'escalation', 'reputation', 'backscatter', 'domain', "
        "'phishing', 'malware', 'age', 'tor', 'bogon' or 'informational'",
        "7: lists[0].impact: must be 'critical', 'high', 'medium', 'low' or 'info'",
        "8: lists[0].scope: must be 'address', 'range', 'asn' or 'domain'",
        f"9: lists[0].cause: {CAUSES}",
        "10: lists[0].status: must be 'alive', 'unproven', 'registration', 'key' or 'subscription'",
        f"11: lists[0].codes[127.0.0.2].cause: {CAUSES}",
    ),
    "unknown_kind": (
        "4: lists[1].kinds[0]: must be 'ipv4', 'ipv6' or 'domain'",
        "6: lists[2].kinds: must have at least one entry",
        "8: lists[3].kinds: must be a list",
    ),
    "metrics_of_neither_kind": ("3: metrics.checks: must be 'all' or 'history'",),
    "bad_links": (
        f"4: lists[0].delist_url: {LINK}",
        f"5: lists[0].lookup_url: {LINK}",
    ),
    "resolver_by_name": (
        f"2: resolvers[0]: {RESOLVER}",
        f"3: resolvers[1]: {RESOLVER}",
        f"4: resolvers[2]: {RESOLVER}",
    ),
    "resolver_with_a_bad_port": (
        "2: resolvers[0]: has a port that is not between 1 and 65535",
        "3: resolvers[1]: has a port that is not between 1 and 65535",
        "4: resolvers[2]: has a port that is not between 1 and 65535",
    ),
    "resolver_with_an_unclear_port": ("2: resolvers[0]: may or may not end in a port: write it as [address]:53",),
    "resolver_malformed": (
        f"2: resolvers[0]: {RESOLVER}",
        f"3: resolvers[1]: {RESOLVER}",
        f"4: resolvers[2]: {RESOLVER}",
        f"5: resolvers[3]: {RESOLVER}",
        f"6: resolvers[4]: {RESOLVER}",
        f"7: resolvers[5]: {RESOLVER}",
        f"8: resolvers[6]: {TEXT}",
    ),
    "resolver_given_twice": (
        "4: resolvers[2]: is given twice",
        "5: resolvers[3]: is given twice",
    ),
    "resolver_as_a_mapping": (
        f"2: resolvers[0].address: {RESOLVER}",
        "3: resolvers[1].address: has a port that is not between 1 and 65535",
        "4: resolvers[2].address: may or may not end in a port: write it as [address]:53",
        f"5: resolvers[3].address: {TEXT}",
        "6: resolvers[4].mixed_case: must be true or false",
        "7: resolvers[5].address: is missing",
        "8: resolvers[6].address: is missing",
        "9: resolvers[7].mixed_cases: unknown key; did you mean mixed_case?",
        f"11: resolvers[8].address: {RESOLVER}",
        "12: resolvers[8].mixed_case: must be true or false",
        f"13: resolvers[9].address: {NO_VALUE}",
        f"14: resolvers[10].mixed_case: {NO_VALUE}",
        f"15: resolvers[11]: {TEXT}",
    ),
    "resolver_given_twice_in_both_forms": (
        "4: resolvers[2]: is given twice",
        "5: resolvers[3]: is given twice",
        "7: resolvers[4]: is given twice",
        "14: lists[0].resolvers[1]: is given twice",
    ),
    "resolver_of_a_list": (f"4: lists[0].resolvers[0]: {RESOLVER}",),
    "resolver_of_a_list_as_a_mapping": (
        f"5: lists[0].resolvers[0].address: {RESOLVER}",
        "6: lists[0].resolvers[1].mixed_case: must be true or false",
        "7: lists[0].resolvers[2].address: is missing",
        "7: lists[0].resolvers[2].adress: unknown key; did you mean address?",
        f"8: lists[0].resolvers[3]: {NO_VALUE}",
        f"9: lists[0].resolvers[4]: {TEXT}",
        f"10: lists[0].resolvers[5]: {RESOLVER}",
    ),
    "resolvers_of_a_list_that_are_no_list": (
        "4: lists[0].resolvers: must be a list",
        "7: lists[1].resolvers: must have at least one entry",
    ),
    "list_of_no_shape": (
        f"3: lists[1]: {NO_LIST}",
        f"4: lists[2]: {NO_LIST}",
        f"5: lists[3]: {NO_LIST}",
        f"6: lists[4]: {NO_LIST}",
    ),
    "list_unknown": (
        "3: lists[1]: is not in the catalogue; did you mean zen.spamhaus.org?",
        "4: lists[2]: is not in the catalogue; a list of your own is a mapping with zone and kinds",
        f"5: lists[3]: {NO_DOMAIN}",
    ),
    "list_without_kinds": (
        "3: lists[1].kinds: is missing; the zone is not in the catalogue: say what it lists, such as [ipv4]",
        "4: lists[2].kinds: is missing; did you mean zen.spamhaus.org?",
    ),
    "list_without_zone": ("3: lists[1].zone: is missing",),
    "list_given_twice": (
        "3: lists[1]: dbl.spamhaus.org is given twice, first in line 2",
        "4: lists[2]: dbl.spamhaus.org is given twice, first in line 2",
    ),
    "list_and_its_part": (f"2: lists[0]: sbl.spamhaus.org is part of zen.spamhaus.org, which is asked too: {TWICE}",),
    "list_and_its_part_by_your_own_word": (
        f"2: lists[0]: dbl.spamhaus.org is part of bl.example.net, which is asked too: {TWICE}",
        "5: lists[1].includes[1]: is the list itself",
        f"5: lists[1].includes[2]: {NO_DOMAIN}",
    ),
    "list_and_its_part_of_a_part": (
        f"3: lists[1]: xbl.spamhaus.org is part of own.example.net, which is asked too: {TWICE}",
        f"3: lists[1]: xbl.spamhaus.org is part of all.example.net, which is asked too: {TWICE}",
        f"4: lists[2]: own.example.net is part of all.example.net, which is asked too: {TWICE}",
    ),
    "list_that_is_part_by_your_own_word": (
        f"3: lists[1]: bl.example.net is part of zen.spamhaus.org, which is asked too: {TWICE}",
        "8: lists[2].part_of[0]: is the list itself",
        f"8: lists[2].part_of[1]: {NO_DOMAIN}",
    ),
    "lists_that_are_part_of_each_other": (
        f"3: lists[1]: a.example.net is part of b.example.net, which is asked too: {TWICE}",
        f"4: lists[2]: b.example.net is part of a.example.net, which is asked too: {TWICE}",
    ),
    "list_that_a_set_holds": (
        f"4: lists[2]: sbl.spamhaus.org is part of zen.spamhaus.org, which the set default asks too: {TWICE_BY_A_SET}",
        f"6: lists[3]: own.example.net is part of zen.spamhaus.org, which the set default asks too: {TWICE_BY_A_SET}",
        f"9: lists[4]: grey.uribl.com is part of multi.uribl.com, which the set all asks too: {TWICE_BY_A_SET}",
    ),
    "set_given_twice": ("4: lists[2]: default is given twice, first in line 2",),
    "set_misspelt": (
        "3: lists[1]: is not in the catalogue; did you mean default?",
        "4: lists[2]: is not in the catalogue; did you mean domains?",
        "5: lists[3]: is not in the catalogue; did you mean all?",
    ),
    "set_as_a_mapping": (
        "3: lists[1].zone: is the name of a set: write it without a mapping, `- default`",
        "4: lists[2].zone: is the name of a set: write it without a mapping, `- domains`",
    ),
    "list_that_has_ended": (
        f"3: lists[1]: dnsbl.sorbs.net is defunct (2024-06). {SORBS} {ALL_THE_SAME}",
        f"4: lists[2]: sorbs.net is defunct with every zone below it (2024-06). {SORBS} {ALL_THE_SAME}",
        f"5: lists[3].zone: sorbs.net is defunct with every zone below it (2024-06). {SORBS} {ALL_THE_SAME}",
        "6: lists[4]: dnsbl.darklist.de is defunct (2023-04). Its operator switched the DNS service off; noticed on 9 April "
        f"2023. Nothing in the catalogue replaces it {ALL_THE_SAME}",
        "7: lists[5].zone: cbl.abuseat.org is defunct (2023-02). The old name of XBL, which its operator asks everybody to give "
        f"up; noticed on 17 February 2023. Ask zen.spamhaus.org or xbl.spamhaus.org instead {ALL_THE_SAME}",
        f"8: lists[5].interval: {DURATION}",
    ),
    "zone_is_an_address": (
        f"3: lists[1].zone: {IS_ADDRESS}",
        f"4: lists[2].zone: {IS_ADDRESS}",
        f"5: lists[3]: {IS_ADDRESS}",
    ),
    "zone_is_no_domain": (
        f"3: lists[1].zone: {NO_DOMAIN}",
        f"4: lists[2].zone: {NO_DOMAIN}",
        f"5: lists[3].zone: {NO_DOMAIN}",
        f"6: lists[4].zone: {NO_DOMAIN}",
        f"7: lists[5].zone: {NO_DOMAIN}",
        "8: lists[6].zone: must not be empty",
    ),
    "zone_is_too_long": (
        f"3: lists[1].zone: {NO_DOMAIN}",
        f"4: lists[2].zone: {TOO_LONG}",
        f"5: lists[3].zone: {TOO_LONG}",
        f"6: lists[4].zone: {TOO_LONG}",
        f"7: lists[5].zone: {TOO_LONG}",
    ),
    "zone_with_a_key": (
        f"3: lists[1].zone: {HOLDS_KEY}",
        f"4: lists[2].zone: {HOLDS_KEY}",
        f"5: lists[3]: {HOLDS_KEY}",
        f"6: lists[4].zone: {HOLDS_KEY}",
        "7: lists[5].zone: is missing",
        "7: lists[5][********]: unknown key",
    ),
    "secret_in_the_file": (
        f"1: password: {SECRET}",
        f"5: lists[0].key: {SECRET}",
        f"6: lists[0].Token: {SECRET}",
        f"7: lists[0].dqs_key: {SECRET}",
        f"8: lists[0].secret: {SECRET}",
        f"9: lists[0].api-key: {SECRET}",
    ),
    "secret_as_the_name_of_its_file": (
        f"3: lists[1].key_file: {NO_FILE}",
        "4: lists[2].key_env: names a variable that is not set",
    ),
    "key_is_missing": (
        "3: lists[1].zone: needs a key: give key_file or key_env; without a key, ask zen.spamhaus.org",
        "4: lists[2].zone: needs a key: give key_file or key_env",
        "5: lists[3].zone: needs a key: give key_file or key_env; without a key, ask dbl.spamhaus.org",
        "6: lists[4].zone: needs a key: give key_file or key_env",
        "7: lists[5].zone: needs a key: give key_file or key_env",
    ),
    "key_from_two_places": ("5: lists[0].key_env: excludes key_file: remove one of them",),
    "key_file_unreadable": (
        f"3: lists[1].key_file: {NO_FILE}",
        "4: lists[2].key_file: must name a regular file",
        "5: lists[3].key_file: must name a regular file",
        "6: lists[4].key_file: must be one line, without control characters",
        "7: lists[5].key_file: cannot be read: Not a directory",
    ),
    "key_that_is_none": (
        "3: lists[1].key_file: leads to an empty key",
        f"4: lists[2].key_file: {NO_KEY}",
        f"5: lists[3].key_file: {NO_KEY}",
        "6: lists[4].key_env: leads to an empty key",
        "7: lists[5].key_env: names a variable that is not set",
    ),
    "key_for_a_list_without_keys": (
        "3: lists[0].key_env: dbl.spamhaus.org takes no key and would only learn yours: "
        "remove it, or name the operator's zone for key holders",
    ),
    "code_is_none": (
        f"6: lists[1].codes[127.0.0.256]: {CODE}",
        f"7: lists[1].codes[127.0.0.2-]: {CODE}",
        f"8: lists[1].codes.listed: {CODE}",
        f"9: lists[1].codes[127.0.0.1/24]: {CODE}",
        f"10: lists[1].codes[127.0.0.2,127.0.0.3]: {CODE}",
    ),
    "code_outside_127": (
        f"6: lists[1].codes[192.0.2.1]: {OUTSIDE}",
        f"7: lists[1].codes[126.255.255.255-127.0.0.1]: {OUTSIDE}",
        f"8: lists[1].codes[0.0.0.0/0]: {OUTSIDE}",
        f"9: lists[1].refusal_codes[0]: {OUTSIDE}",
        f"10: lists[1].neutral_codes[0]: {OUTSIDE}",
    ),
    "code_range_backwards": (f"5: lists[1].codes[127.0.0.7-127.0.0.4]: {OUTSIDE}",),
    "codes_that_overlap": (
        "8: lists[1].codes[127.0.0.0/30]: overlaps 127.0.0.2",
        "9: lists[1].codes[127.0.0.6]: overlaps 127.0.0.4-127.0.0.7",
    ),
    "codes_that_differ_on_a_sublist": (
        "7: lists[1].codes[127.0.0.3]: gives sublist A another class, impact, scope or cause than 127.0.0.2 does",
    ),
    "code_of_listing_and_refusal": (
        f"3: lists[1].refusal_codes[0]: 127.255.255.0/24 is also in codes: {ONE_THING}",
        f"6: lists[1].neutral_codes[0]: 127.0.0.0/30 is also in codes: {ONE_THING}",
        f"6: lists[1].neutral_codes[1]: 127.255.255.1 is also in refusal_codes: {ONE_THING}",
    ),
    "code_row_of_no_shape": (
        "6: lists[1].codes[127.0.0.2]: must be a mapping",
        "7: lists[1].codes[127.0.0.3].sublist: is missing",
        "8: lists[1].codes[127.0.0.4].sublist: must be 1 to 63 letters, digits, dots, hyphens or underscores",
        "9: lists[1].codes[127.0.0.5].sublist: must be 1 to 63 letters, digits, dots, hyphens or underscores",
        f"10: lists[1].codes[127.0.0.6].sublist: {TEXT}",
    ),
    "codes_of_no_shape": (
        "5: lists[1].codes: must be a mapping",
        "6: lists[1].refusal_codes: must be a list",
        f"7: lists[1].neutral_codes[0]: {TEXT}",
    ),
    "bits_without_bitmask": (
        "5: lists[1].codes[2]: is a bit: bits need `match: bitmask`",
        "6: lists[1].refusal_codes[0]: is a bit: bits need `match: bitmask`",
    ),
    "bits_that_are_none": (
        f"6: lists[1].codes[3]: {NO_BIT}",
        f"6: lists[1].codes[256]: {NO_BIT}",
        f"6: lists[1].codes[0]: {NO_BIT}",
        f"6: lists[1].codes[1024]: {CODE}",
        f"7: lists[1].refusal_codes[0]: {CODE}",
    ),
    "bit_given_twice": (
        "6: lists[1].codes[02]: overlaps 2",
        f"7: lists[1].refusal_codes[0]: 2 is also in codes: {ONE_THING}",
    ),
    "test_entries_of_another_kind": (
        "5: lists[1].test_entries.listed[0]: is of kind ipv6, which the list does not hold",
        "5: lists[1].test_entries.not_listed[0]: is of kind domain, which the list does not hold",
    ),
    "test_entries_of_no_shape": (
        "5: lists[1].test_entries.listed: must be a list",
        "5: lists[1].test_entries.not_listed: is missing",
        "8: lists[2].test_entries: must be a mapping",
    ),
    "test_entries_that_are_none": (
        "5: lists[1].test_entries.not_listed: must have at least one entry",
        "8: lists[2].test_entries.listed[0]: '127.0.0.256' is not a valid IP address",
        "8: lists[2].test_entries.not_listed[0]: '127.0.0.1/32' is not a domain: the label '1/32' is not allowed",
    ),
    "test_entry_on_both_sides": ("5: lists[1].test_entries.not_listed[1]: is also in listed: no answer could be right",),
    "target_of_no_shape": (
        f"3: targets[0]: {NO_TARGET}",
        f"4: targets[1]: {NO_TARGET}",
        "5: targets[2]: must have one of target, host, domain and files",
        f"6: targets[3]: {NO_TARGET}",
        f"7: targets[4].target: {TEXT}",
        "8: targets[5].label: unknown key; did you mean labels?",
    ),
    "target_is_no_address_or_domain": (
        "3: targets[0]: '203.0.113.256' is not a valid IP address",
        f"4: targets[1]: {PORT}",
        "5: targets[2]: '[2001:db8::1]' is not a valid IP address",
        "6: targets[3]: 'localhost' is neither an IP address nor a domain (no dot)",
        "7: targets[4]: '-a.example' is not a domain: the label '-a' is not allowed",
        "8: targets[5]: 'a_name.5' is neither an IP address nor a domain (its last label is a number)",
        "9: targets[6]: 'example.com ' is not a domain: the label 'com ' is not allowed",
        f"10: targets[7]: {PORT}",
        f"11: targets[8]: {PORT}",
        "12: targets[9]: 'fe80::1%eth0' has a scope (%…): only global addresses can be listed",
    ),
    "target_is_a_url_or_mailbox": (
        "3: targets[0]: is a URL: give its bare domain",
        "4: targets[1]: is a URL: give its bare domain",
        "5: targets[2]: is a mail address: give its domain, or the address of its server",
    ),
    "target_is_not_global": (
        f"3: targets[0]: 10.0.0.1 {NOT_GLOBAL}",
        f"4: targets[1]: 127.0.0.1 {NOT_GLOBAL}",
        f"5: targets[2]: 203.0.113.5 {NOT_GLOBAL}",
        f"6: targets[3]: 2001:db8::25 {NOT_GLOBAL}",
        f"7: targets[4]: fe80::1 {NOT_GLOBAL}",
        f"8: targets[5]: 224.0.0.1 {NOT_GLOBAL}",
        f"9: targets[6]: 192.168.0.1 {NOT_GLOBAL}",
    ),
    "target_that_no_list_takes": (
        "3: targets[0]: no configured list takes domain targets: add one, such as dbl.spamhaus.org, or the set domains",
        "4: targets[1]: no configured list takes ipv6 targets: add one, such as zen.spamhaus.org, or the set default",
    ),
    "many_problems": (
        "2: resolver: unknown key; did you mean resolvers?",
        f"3: query.timeout: {DURATION}",
        "3: query.attempts: must be at most 10",
        f"6: lists[0].key: {SECRET}",
        f"7: lists[0].interval: {DURATION}",
        "8: lists[0].codes[8]: is a bit: bits need `match: bitmask`",
        "9: lists[1].kinds: is missing; the zone is not in the catalogue: say what it lists, such as [ipv4]",
        "10: lists[1].match: must be 'exact', 'bitmask' or 'range'",
        "12: lists[1].impact: must be 'critical', 'high', 'medium', 'low' or 'info'",
        "13: lists[1].max_qps: must be a number without quotes",
        f"15: lists[1].key_file: {NO_FILE}",
        f"16: lists[1].includes[0]: {NO_DOMAIN}",
        f"17: lists[2].zone: {TEXT}",
        f"18: lists[2].interval: {DURATION}",
        "20: lists[3].kinds[0]: must be 'ipv4', 'ipv6' or 'domain'",
        "22: lists[4]: bl.example.com is given twice, first in line 19",
        f"26: targets[1]: {NO_TARGET}",
        f"27: history.keep: {DURATION}",
    ),
    "target_that_is_a_public_suffix": (
        f"3: targets[0]: co.uk {PUBLIC_SUFFIX}",
        f"4: targets[1]: xn--55qx5d.cn {PUBLIC_SUFFIX}",
        f"5: targets[2]: github.io {PUBLIC_SUFFIX}",
    ),
    "target_that_ends_in_a_colon": (
        "3: targets[0][2620:fe:]: has no value: write it in quotes",
        "4: exclude[0][2620:fe:]: has no value: write it in quotes",
        "4: exclude[0]: must be an address, a network or a domain, as text",
    ),
    "target_in_two_forms": (
        "3: targets[0].host: excludes target: an entry has one of target, host, domain and files",
        "4: targets[1].domain: excludes files: an entry has one of target, host, domain and files",
        "5: targets[2].expand: goes with domain only",
        "6: targets[3].expand: goes with domain only",
        "7: targets[4].hosts: unknown key; did you mean host?",
        "8: targets[5]: must have one of target, host, domain and files",
        "9: targets[6].foo: unknown key",
        "9: targets[6].host: excludes target: an entry has one of target, host, domain and files",
    ),
    "target_name_that_is_none": (
        "3: targets[0].host: is an address: only names are looked up",
        "4: targets[1].host: 'mail' is neither an IP address nor a domain (no dot)",
        "5: targets[2].domain: is an address: only names are looked up",
        "6: targets[3].domain: is a URL: give its bare domain",
        "7: targets[4].host: has a port: give the address or the domain alone",
        f"8: targets[5].host: {TEXT}",
        "9: targets[6].host: must be one line, without control characters",
        "10: targets[7].domain: is a network: a name is expected here",
        f"11: targets[8].host: {NO_VALUE}",
    ),
    "target_expanded_in_vain": (
        "3: targets[0].expand[0]: must be 'mx', 'spf' or 'a'",
        "4: targets[1].expand: must not name anything twice",
        "5: targets[2].expand: must be a list",
    ),
    "target_files_that_are_none": (
        "3: targets[0].files: must be a list",
        "4: targets[1].files: must have at least one entry",
        f"5: targets[2].files[0]: {TEXT}",
        "6: targets[3].files[1]: must not be empty",
        "7: targets[4].files[0]: must be one line, without control characters",
        "8: targets[5].files[0]: `**` does not reach below one folder: write a pattern for each depth, such as a/*.yml and "
        "a/*/*.yml",
    ),
    "target_network_that_is_none": (
        "3: targets[0]: '203.0.113.5/24' has bits beyond its prefix: write 203.0.113.0/24 for the network, or the address alone",
        "4: targets[1]: '203.0.113.0/33' is not a valid network, such as 198.51.100.0/24 or 2001:db8::/112",
        "5: targets[2]: 0.0.0.0/0 holds 4,294,967,296 addresses, and each would be a target: "
        "list the parts that are in use, each a /12 or smaller",
        f"6: targets[3]: ::/0 holds {1 << 128:,} addresses, and each would be a target: "
        "list the parts that are in use, each a /112 or smaller",
        "7: targets[4]: 16.0.0.0/11 holds 2,097,152 addresses, and each would be a target: "
        "list the parts that are in use, each a /12 or smaller",
        "8: targets[5].target: 'fe80::%eth0/112' has a scope (%…): only global addresses can be listed",
        "9: targets[6]: 16.0.0.0/11 holds 2,097,152 addresses, and each would be a target: "
        "list the parts that are in use, each a /12 or smaller",
        "10: targets[7]: is a URL: give its bare domain",
    ),
    "target_network_that_no_list_takes": (
        "3: targets[0]: no configured list takes ipv6 targets: add one, such as zen.spamhaus.org, or the set default",
        f"4: targets[1]: {ALL_SPECIAL.format('10.0.0.0/24')}",
        f"5: targets[2].target: {ALL_SPECIAL.format('198.51.100.0/24')}",
    ),
    "targets_that_are_too_many": (
        "7: targets[4]: makes more than 4,194,304 targets with the entries before it, and no more are watched",
    ),
    "names_that_no_list_takes": (
        "3: targets[0].host: leads to addresses, and no configured list takes any: add one, such as the set default",
        "4: targets[1].domain: leads to addresses, and no configured list takes any: add one, such as the set default",
    ),
    "label_that_is_none": (
        f"3: targets[0].labels.target: {LABEL_OF_OURS}",
        f"4: targets[1].labels.delist_url: {LABEL_OF_OURS}",
        "5: targets[2].labels.severity: is a label of our alerts: choose another name",
        "6: targets[3].labels.instance: is set by Prometheus when it scrapes: choose another name",
        "7: targets[4].labels.le: is what histograms and summaries are made of: choose another name",
        "8: targets[5].labels.__meta: starts with __, which Prometheus keeps for itself: choose another name",
        f"9: targets[6].labels.a-b: {LABEL_NAME}",
        f"10: targets[7].labels[1a]: {LABEL_NAME}",
        f"11: targets[8].labels[bücher]: {LABEL_NAME}",
        f"12: targets[9].labels.team: {TEXT}",
        "13: targets[10].labels.team: must be one line, without control characters",
        "14: targets[11].labels.team: must not be longer than 200 characters",
        "15: targets[12].labels: must be a mapping",
        "16: targets[13].labels: must have at most 20 entries",
        f"17: targets[14].labels.team: {NO_VALUE}",
        "18: targets[15].labels.team: is given twice, first in line 18",
    ),
    "exclude_that_is_none": (
        "3: exclude[0]: '203.0.113.256' is not a valid IP address",
        "4: exclude[1]: must be an address, a network or a domain, as text",
        "5: exclude[2]: must be an address, a network or a domain, as text",
        "6: exclude[3]: is a URL: give its bare domain",
        "7: exclude[4]: '10.0.0.1/8' has bits beyond its prefix: write 10.0.0.0/8 for the network, or the address alone",
    ),
    "exclude_of_nothing": (f"3: exclude: {NOT_A_LIST}",),
    "bad_expansion": (
        "4: expansion.interval: must be at least 1s",
        "5: expansion.largest_network: must be at least 1",
        "6: expansion.most_addresses: must be at most 1024",
        f"9: expansion.skip_includes[1]: {TEXT}",
        "10: expansion.skip: unknown key",
    ),
    "expansion_that_skips_no_name": (
        "5: expansion.skip_includes[1]: is an address: only names are looked up",
        "5: expansion.skip_includes[2]: 'spf' is neither an IP address nor a domain (no dot)",
    ),
    "target_that_is_too_long": ("5: targets[0]: makes too long a name with every list that takes domain targets",),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_file(name: str) -> None:
    """A bad file is refused with each of its problems, as `FILE:LINE: path: message`, and nothing else."""
    path = BAD / f"{name}.yml"
    with pytest.raises(ConfigError) as caught:
        load(path, ENVIRONMENT)
    assert str(caught.value).split("\n") == [f"{path}:{message}" for message in BAD_FILES[name]]


def test_every_bad_file_has_its_row() -> None:
    """No bad file lies there without being read."""
    assert sorted(BAD_FILES) == sorted(path.stem for path in BAD.glob("*.yml"))


@pytest.mark.parametrize("name", [name for name in BAD_FILES if "key" in name or "secret" in name])
def test_no_message_gives_a_secret_away(name: str) -> None:
    """A key in the wrong place is in no message, nor in anything that a traceback or a log would show."""
    with pytest.raises(ConfigError) as caught:
        load(BAD / f"{name}.yml", ENVIRONMENT)
    shown = f"{caught.value}{caught.value!r}{caught.value.problems}".lower()
    assert not [secret for secret in SECRETS if secret in shown]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The system's reason is the message."""
    with pytest.raises(ConfigError, match=r"missing\.yml:1: cannot be read: No such file or directory$"):
        load(tmp_path / "missing.yml", {})


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    """A folder is no config."""
    with pytest.raises(ConfigError, match=r":1: cannot be read: Is a directory$"):
        load(tmp_path, {})


def test_a_name_that_no_file_can_have() -> None:
    """A NUL in the name is a problem of the config, not of Python."""
    with pytest.raises(ConfigError, match=r":1: cannot be read: "):
        load(Path("a\0b"), {})
