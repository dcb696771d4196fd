"""What becomes of the targets."""

import pytest

from tests.unit.foreign.conversion import entries, page, targets

KEY = "k3yk3yk3yk3yk3yk3yk3yk3y"
ADDRESSES = "[rbl]\nserver=zen.spamhaus.org\n"
DOMAINS = "[rbl]\nserver=dbl.spamhaus.org\n"
ONLY_IPV4 = "[rbl]\nserver=bl.example.net\n"


def of(*texts: str, rbls: str = ADDRESSES) -> list[str]:
    """What stands below `targets:` for a file that names these."""
    return targets(page(rbls=rbls, targets="[targets]\n" + "".join(f"server={text}\n" for text in texts)))


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("9.9.9.9", "9.9.9.9"),
        ("2620:FE:0::fe", '"2620:fe::fe"'),
        ("::ffff:9.9.9.9", "9.9.9.9"),
        ("9.9.9.0/24", "9.9.9.0/24"),
        ("9.9.9.9/32", "9.9.9.9"),
        ("2620:fe::/120", '"2620:fe::/120"'),
        ("Mail.Example.com.", "{host: mail.example.com}"),
        ("mäil.example.com", "{host: xn--mil-qla.example.com}"),
        ("0.e-mail.example", "{host: 0.e-mail.example}"),
        ("server=mail.example.com", "{host: mail.example.com}"),
    ],
)
def test_a_target_is_written_in_its_one_spelling(text: str, entry: str) -> None:
    """Addresses and networks as they are, names as hosts."""
    assert entries(of(text)) == [f"- {entry}"]


def test_no_more_is_watched_than_a_config_may_hold() -> None:
    """The network that is one too many is refused, and what comes after it still counts."""
    lines = of("9.0.0.0/12", "9.16.0.0/12", "9.32.0.0/12", "9.48.0.0/12", "9.64.0.0/12", "a.example")
    assert entries(lines) == ["- 9.0.0.0/12", "- 9.16.0.0/12", "- 9.32.0.0/12", "- 9.48.0.0/12", "- {host: a.example}"]
    assert "# - 9.64.0.0/12" in lines


def test_a_network_says_how_it_was_written() -> None:
    """Whoever writes the address of a machine with the bits of its network may have meant the machine."""
    assert of("9.9.9.9/24")[-2:] == ["# 9.9.9.0/24 was written as 9.9.9.9/24.", "- 9.9.9.0/24"]


def test_targets_given_again_are_written_once() -> None:
    """However they are spelt; the summary counts them."""
    text = page(
        targets="[targets]\nserver=9.9.9.9\nserver=a.example\nserver=::ffff:9.9.9.9\nserver=A.example\nserver=9.9.9.9/32\n"
    )
    assert entries(targets(text)) == ["- 9.9.9.9", "- {host: a.example}"]
    assert text.endswith("; 2 targets, 3 given again.\n")


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"rbls": ADDRESSES, "targets": "[targets]\nserver=a.example\n"}, ["- {host: a.example}"]),
        ({"targets": "[targets]\nserver=a.example\n"}, ["- {host: a.example}"]),
        ({"rbls": ADDRESSES + "server=dbl.spamhaus.org\n", "targets": "[targets]\nserver=a.example\n"}, ["- {host: a.example}"]),
        ({"rbls": DOMAINS, "targets": "[targets]\nserver=a.example\n"}, ["- a.example"]),
        ({"rbls__domain": DOMAINS, "targets": "[targets]\nserver=a.example\n"}, ["- a.example"]),
        (
            {"rbls": ADDRESSES, "rbls__domain": DOMAINS, "targets": "[targets]\nserver=a.example\n"},
            ["- {host: a.example}", "- a.example"],
        ),
        (
            {
                "rbls": ADDRESSES,
                "rbls__domain": DOMAINS,
                "targets": "[targets]\nserver=mx.a.example\n",
                "targets__domain": "[targets]\nserver=a.example\n",
            },
            ["- {host: mx.a.example}", "- a.example"],
        ),
        ({"check_rbl": DOMAINS + "server=zen.spamhaus.org\nhost=a.example\n"}, ["- {host: a.example}"]),
        ({"check_rbl": DOMAINS + "url=a.example\n"}, ["- a.example"]),
        ({"check_rbl": ADDRESSES + "H=9.9.9.9\n"}, ["- 9.9.9.9"]),
    ],
)
def test_a_name_is_what_the_other_tool_makes_of_it(files: dict[str, str], found: list[str]) -> None:
    """A host for lists of addresses, a domain for lists of domains, both where dnsbl_exporter asks both."""
    assert entries(targets(page(**files))) == found


@pytest.mark.parametrize(
    ("rbls", "said"),
    [
        (ADDRESSES, "# Names are hosts here: their addresses are looked up and watched, as check_rbl and dnsbl_exporter do."),
        (DOMAINS, "# Names are domains here, since these lists take domains and no address."),
    ],
)
def test_the_page_says_what_names_are(rbls: str, said: str) -> None:
    """The files do not."""
    assert of("a.example", rbls=rbls)[0] == said


@pytest.mark.parametrize(
    ("text", "rbls", "reason"),
    [
        ("999.1.1.1", ADDRESSES, "is not a valid IP address"),
        ("10.0.0.1", ADDRESSES, "is a private, loopback, documentation or multicast address"),
        ("10.0.0.0/24", ADDRESSES, "is all private, loopback, documentation or multicast addresses"),
        ("9.9.9.9", DOMAINS, "no configured list takes ipv4 targets"),
        ("2620:fe::fe", ONLY_IPV4, "no configured list takes ipv6 targets"),
        ("9.0.0.0/8", ADDRESSES, "list the parts that are in use"),
        ("2620:fe::/64", ADDRESSES, "list the parts that are in use"),
        ("9.9.9.0/24", DOMAINS, "no configured list takes ipv4 targets"),
        ("9.9.9.0/33", ADDRESSES, "is not a valid network"),
        ("https://a.example/", ADDRESSES, "is a URL"),
        ("postmaster@a.example", ADDRESSES, "is a mail address"),
        ("localhost", ADDRESSES, "no dot"),
        ("a b", ADDRESSES, "is not a domain"),
        ("a" * 1001, ADDRESSES, "is longer than 1000 characters"),
    ],
)
def test_what_cannot_be_watched_stands_in_a_comment_with_the_reason(text: str, rbls: str, reason: str) -> None:
    """It is not silently left out, and does not keep the config from loading."""
    lines = of(text, "a.example", rbls=rbls)
    assert len(entries(lines)) == 1
    said = " ".join(line.removeprefix("# ") for line in lines)
    assert "Refused: targets.ini:2: " in said
    assert reason in said


@pytest.mark.parametrize("text", [f"{KEY}.zen.dq.spamhaus.net", "hunter2.zen.dq.spamhaus.net", f"{KEY} x"])
def test_a_key_among_the_targets_is_not_repeated(text: str) -> None:
    """Somebody took the wrong file."""
    lines = of(text, "a.example")
    assert entries(lines) == ["- {host: a.example}"]
    assert not any(key in "".join(lines) for key in (KEY, "hunter2"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [("[targets]\n", "The files name no target"), ("[targets]\nserver=10.0.0.1\n", "None of these can be watched")],
)
def test_a_page_without_a_target_says_so(text: str, reason: str) -> None:
    """Nothing stands in for a target: it would be watched."""
    lines = targets(page(targets=text))
    assert entries(lines) == []
    assert f"# {reason}: write your own below, such as" in lines
