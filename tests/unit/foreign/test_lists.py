"""What becomes of the lists."""

import pytest

from exporter import catalogue
from exporter.config import cautions
from tests.unit.foreign.conversion import entries, lists, page

KEY = "k3yk3yk3yk3yk3yk3yk3yk3y"


def of(*zones: str) -> list[str]:
    """What stands below `lists:` for a file that names these."""
    return lists(page(rbls="[rbl]\n" + "".join(f"server={zone}\n" for zone in zones)))


def joined(lines: list[str]) -> str:
    """Comments as one text, however they are wrapped."""
    return " ".join(line.removeprefix("# ") for line in lines)


@pytest.mark.parametrize(
    "text",
    [
        "zen.spamhaus.org",
        "ZEN.Spamhaus.org",
        "zen.spamhaus.org.",
        "server=zen.spamhaus.org",
        "server= SERVER=zen.spamhaus.org",
    ],
)
def test_a_list_of_the_catalogue_is_named_as_it_is_there(text: str) -> None:
    """Also the way a chart of dnsbl_exporter doubles the key."""
    assert of(text) == ["- zen.spamhaus.org"]


def test_a_list_that_has_ended_is_dropped_with_what_replaces_it() -> None:
    """The comment says where it stood, when and why it ended, and what to ask instead."""
    lines = of("ix.dnsbl.manitu.net", "zen.spamhaus.org")
    assert entries(lines) == ["- zen.spamhaus.org"]
    assert joined(lines[:-1]) == f"Dropped: rbls.ini:2: {cautions.ended('ix.dnsbl.manitu.net')}."


def test_a_zone_below_one_that_ended_as_a_whole_is_dropped() -> None:
    """As the catalogue knows of all of SORBS."""
    assert catalogue.defunct()["sorbs.net"].subtree
    assert "never-heard-of.sorbs.net" not in joined(entries(of("never-heard-of.sorbs.net")))


def test_a_list_that_wants_a_registration_is_kept_with_its_caution() -> None:
    """It is asked, and the comment says what its operator wants."""
    *remark, entry = of("b.barracudacentral.org")
    assert entry == "- b.barracudacentral.org"
    assert joined(remark).startswith("b.barracudacentral.org answers registered resolvers: register")


def test_an_allowlist_is_kept_and_said_to_be_one() -> None:
    """check_rbl takes every answer for a listing."""
    assert of("list.dnswl.org") == [
        "# list.dnswl.org lists nothing bad: to be on it is shown as information.",
        "- list.dnswl.org",
    ]


@pytest.mark.parametrize("order", [["xbl.spamhaus.org", "zen.spamhaus.org"], ["zen.spamhaus.org", "xbl.spamhaus.org"]])
def test_a_part_of_a_list_that_is_asked_is_dropped(order: list[str]) -> None:
    """Whichever stands first."""
    lines = of(*order)
    assert entries(lines) == ["- zen.spamhaus.org"]
    assert "# Dropped: xbl.spamhaus.org is part of zen.spamhaus.org, which is asked: one listing would count twice." in lines


def test_parts_without_their_whole_are_kept() -> None:
    """There is nothing to count twice."""
    assert of("sbl.spamhaus.org", "xbl.spamhaus.org") == ["- sbl.spamhaus.org", "- xbl.spamhaus.org"]


def test_a_list_given_again_is_dropped() -> None:
    """However it is spelt, and in whichever file; the comment says where it stood first."""
    made = page(check_rbl="[rbl]\nserver=bl.spamcop.net\n", rbls="[rbl]\nserver=psbl.surriel.com\nserver=BL.spamcop.net.\n")
    assert lists(made) == [
        "- bl.spamcop.net",
        "- psbl.surriel.com",
        "# Dropped: rbls.ini:3: bl.spamcop.net is given again, first in check_rbl.ini:2.",
    ]


def test_a_zone_outside_the_catalogue_becomes_a_list_of_ones_own() -> None:
    """Of addresses, with the advice to check that."""
    assert of("BL.example.net") == [
        "# bl.example.net is not in the catalogue: check that it lives, and that it lists what `kinds` says.",
        "- zone: bl.example.net",
        "  kinds: [ipv4]",
    ]


@pytest.mark.parametrize(
    ("file", "text", "kinds"),
    [
        ("rbls__domain", "[rbl]\nserver=bl.example.net\n", "domain"),
        ("rbls", "[rbl]\nserver=dbl.spamhaus.org\nserver=bl.example.net\n", "domain"),
        ("rbls", "[rbl]\nserver=dbl.spamhaus.org\nserver=zen.spamhaus.org\nserver=bl.example.net\n", "ipv4"),
        ("check_rbl", "[rbl]\nurl=example.com\nserver=bl.example.net\n", "domain"),
        ("check_rbl", "[rbl]\nurl=example.com\nhost=mx.example.com\nserver=bl.example.net\n", "ipv4"),
    ],
)
def test_an_own_list_is_of_domains_if_the_file_says_so(file: str, text: str, kinds: str) -> None:
    """By its name, by what is checked, or by the company it keeps."""
    lines = lists(page(**{file: text}))
    assert lines[lines.index("- zone: bl.example.net") + 1] == f"  kinds: [{kinds}]"


@pytest.mark.parametrize(
    ("zone", "written"), [("1.e5", '"1.e5"'), ("_dnsbl.example", '"_dnsbl.example"'), ("0spam.ru", "0spam.ru")]
)
def test_a_zone_that_looks_like_a_number_stays_text(zone: str, written: str) -> None:
    """YAML would read a number where none is meant."""
    assert entries(of(zone))[0] == f"- zone: {written}"


@pytest.mark.parametrize(
    "text", [f"{KEY}.zen.dq.spamhaus.net", f"{KEY.upper()}.ZEN.dq.spamhaus.net.", "short.zen.dq.spamhaus.net"]
)
def test_a_list_with_its_key_waits_for_a_file_with_the_key(text: str) -> None:
    """In a comment, since the config would refuse it; the key is not repeated, and what it holds is kept meanwhile."""
    lines = of(text, "zen.spamhaus.org")
    assert entries(lines) == ["- zen.spamhaus.org"]
    assert lines[-3:-1] == ["# - zone: zen.dq.spamhaus.net", "#   key_file: /etc/dnsbl-exporter/zen.dq.spamhaus.net.key"]
    remark = joined(lines[:-3])
    assert "and take the # away. Then remove zen.spamhaus.org, part of it." in remark
    assert not any(part in remark.lower() for part in (KEY, "short"))


def test_a_list_whose_key_is_missing_says_what_to_ask_without_one() -> None:
    """It waits as well."""
    lines = of("zen.dq.spamhaus.net", "bl.spamcop.net")
    assert entries(lines) == ["- bl.spamcop.net"]
    assert "without a key, ask zen.spamhaus.org" in joined(lines)


def test_a_key_in_front_of_an_unknown_zone_is_not_repeated() -> None:
    """The list waits, with its kinds."""
    lines = of(f"{KEY}.bl.example.net", "bl.spamcop.net")
    assert lines[-4:] == [
        "# - zone: bl.example.net",
        "#   kinds: [ipv4]",
        "#   key_file: /etc/dnsbl-exporter/bl.example.net.key",
        "- bl.spamcop.net",
    ]
    assert KEY not in joined(lines)


@pytest.mark.parametrize(
    "text",
    [
        f"{KEY}.zen.spamhaus.org",
        f"bl.{KEY}.example.net",
        f"{KEY}.{KEY}.example.net",
        f"{KEY} zen.dq.spamhaus.net",
        f"{KEY}-x.example.net",
        f"{KEY}é.example.net",
        f"https://{KEY}.zen.dq.spamhaus.net/",
        "foo bar",
        "",
        "localhost",
        "127.0.0.1",
        "2001:db8::1",
        f"{'a' * 64}.example.net",
        ".".join(["abcdefgh"] * 28),
    ],
)
def test_what_is_no_zone_is_dropped_and_not_repeated(text: str) -> None:
    """The comment names file and line."""
    lines = of(text, "bl.spamcop.net")
    assert entries(lines) == ["- bl.spamcop.net"]
    assert lines[0].startswith("# Dropped: rbls.ini:2: ")
    assert KEY not in joined(lines)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[rbl]\n", "The files name no list"),
        ("[rbl]\nserver=dnsbl.sorbs.net\n", "None of these lists can be asked as it stands"),
        ("[rbl]\nserver=zen.dq.spamhaus.net\n", "None of these lists can be asked as it stands"),
    ],
)
def test_where_no_list_is_left_the_usual_ones_stand_in(text: str, reason: str) -> None:
    """A config without lists would ask nobody."""
    lines = lists(page(rbls=text))
    assert lines[-3:] == [f"# {reason}, so the catalogue's usual ones are asked.", "- default", "- domains"]
