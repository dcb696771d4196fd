"""The page as a whole: what it says, and that our own config's reader takes it."""

import string
import time
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.config import ConfigError
from exporter.foreign import ForeignError, convert
from exporter.foreign.asked import MAX_LISTS
from exporter.foreign.page import MOST_REMAINDERS, scalar, shown
from tests.unit.foreign.conversion import converted, loaded, page, watched

KEY = "k3yk3yk3yk3yk3yk3yk3yk3y"
OLD = """\
[rbl]
server=cbl.abuseat.org
server=bl.deadbeef.com
server=ix.dnsbl.manitu.net
server=b.barracudacentral.org
server=dnsbl.sorbs.net
server=bl.spamcop.net
server=pbl.spamhaus.org
server=xbl.spamhaus.org
server=zen.spamhaus.org
server=multi.surbl.org
server=list.dnswl.org
server=bl.example.net
server=1.e5
server=k3yk3yk3yk3yk3yk3yk3yk3y.zen.dq.spamhaus.net

; these are rather slow
;server=bl.csma.biz
"""

quick = settings(max_examples=200, deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize(
    ("files", "lists", "targets"),
    [
        (
            {"check_rbl": OLD + "host=9.9.9.9\nurl=example.com\ncritical=2\n"},
            {"b.barracudacentral.org", "bl.spamcop.net", "zen.spamhaus.org", "multi.surbl.org", "list.dnswl.org"}
            | {"bl.example.net", "1.e5"},
            {"9.9.9.9", "example.com"},
        ),
        ({"targets": "[targets]\nserver=9.9.9.9\n"}, {"zen.spamhaus.org", "dbl.spamhaus.org"}, {"9.9.9.9"}),
        (
            {"rbls": "[rbl]\nserver=zen.spamhaus.org\n", "targets": "[targets]\nserver=2620:fe::fe\nserver=10.0.0.1\n"},
            {"zen.spamhaus.org"},
            {"2620:fe::fe"},
        ),
        (
            {"rbls__domain": "[rbl]\nserver=dbl.spamhaus.org\n", "targets": "[targets]\nserver=Example.com.\nserver=9.9.9.9\n"},
            {"dbl.spamhaus.org"},
            {"example.com"},
        ),
        ({"rbls": "[rbl]\nserver=dnsbl.sorbs.net\nhost=9.9.9.9\n"}, {"zen.spamhaus.org"}, {"9.9.9.9"}),
        (
            {"targets": "[targets]\nserver=mail.example.com\nserver=9.9.9.9/31\n"},
            {"zen.spamhaus.org"},
            {"host: mail.example.com", "9.9.9.8", "9.9.9.9"},
        ),
    ],
)
def test_what_is_written_loads(files: dict[str, str], lists: set[str], targets: set[str], tmp_path: Path) -> None:
    """And holds what was asked for."""
    config = loaded(page(**files), tmp_path)
    assert {blocklist.name for blocklist in config.lists} >= lists
    assert watched(config) == targets


def test_the_lists_are_those_that_the_page_names(tmp_path: Path) -> None:
    """No other comes in beside them."""
    config = loaded(page(rbls="[rbl]\nserver=zen.spamhaus.org\nhost=9.9.9.9\n"), tmp_path)
    assert [blocklist.name for blocklist in config.lists] == ["zen.spamhaus.org"]


def test_a_page_without_targets_does_not_load(tmp_path: Path) -> None:
    """Whoever overlooks that watches nothing."""
    made = converted(check_rbl=OLD)
    assert not made.complete
    with pytest.raises(ConfigError, match="targets: has no value: give it one"):
        loaded(made.text, tmp_path)


def test_the_page_ends_with_a_summary() -> None:
    """What was kept and what was not, of lists and of targets."""
    made = converted(check_rbl=OLD + "host=9.9.9.9\nhost=10.0.0.1\n")
    assert made.summary == "8 lists kept, 1 waiting for a key, 5 dropped; 1 target, 1 refused."
    assert made.text.endswith(f"\n\n# {made.summary}\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("critical=2", "# - `critical` (check_rbl.ini:2): alerts follow the impact of each list, not a number of lists"),
        ("Query-Timeout=5", "# - `query-timeout` (check_rbl.ini:2): see `query.timeout`, which is 3s"),
        ("append=hunter2", "# - `append` (check_rbl.ini:2): has no counterpart"),
        (f"{KEY}=1", "# - `********` (check_rbl.ini:2): has no counterpart"),
        ("[check_http]\nurl=/", "# - the section [check_http] (check_rbl.ini:2): not one of lists or targets"),
        ("; server=a.example\n#server=b.example", "# - lines that are commented out in check_rbl.ini: 2"),
    ],
)
def test_what_is_not_imported_is_said_at_the_top(text: str, said: str) -> None:
    """With its file and line, and without its value."""
    head = page(check_rbl=f"[rbl]\n{text}\n").partition("\n\n")[0]
    assert said in head.split("\n")
    assert "hunter2" not in head


def test_the_top_stays_short() -> None:
    """What is left out beyond that is only counted."""
    head = page(check_rbl="[rbl]\n" + "workers=1\n" * (MOST_REMAINDERS + 7)).partition("\n\n")[0]
    assert "# - 7 more options and sections" in head
    assert head.count("`workers`") == MOST_REMAINDERS


def test_no_line_of_a_comment_is_too_long_to_read() -> None:
    """Comments are wrapped."""
    assert max(map(len, page(check_rbl=OLD).split("\n"))) <= 120


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no file of check_rbl or dnsbl_exporter"),
        ("[mysqld]\nserver=localhost\n", "is no file of check_rbl or dnsbl_exporter"),
        ("retry=1\n", "is no file of check_rbl or dnsbl_exporter"),
        ("\nserver=bl.example.net\n", "stands above the first section"),
        ("[rbl]\n" + "server=a.example\n" * (MAX_LISTS + 1), "names more than 2000 lists"),
    ],
)
def test_a_file_of_another_tool_is_refused(text: str, said: str) -> None:
    """With its name and what to do, whatever else could be read."""
    with pytest.raises(ForeignError, match=rf"^other\.ini:\d+: {said}") as caught:
        converted(rbls="[rbl]\nserver=zen.spamhaus.org\n", other=text)
    assert str(caught.value).count("\n") == 0


def test_every_file_that_is_refused_is_named() -> None:
    """All at once, with its line."""
    with pytest.raises(ForeignError) as caught:
        converted(one="", rbls="[rbl]\n", two="[rbl]\n\n?\n")
    assert [line.partition(": ")[0] for line in str(caught.value).split("\n")] == ["one.ini:1", "two.ini:3"]


@pytest.mark.parametrize("section", ["rbl", "RBL", " rbls ", "check_rbl", "my-dnsbl", "mail"])
def test_a_section_of_lists_may_have_any_name(section: str) -> None:
    """check_rbl is told it as a flag; a known list gives it away."""
    assert "  - zen.spamhaus.org\n" in page(plugins=f"[{section}]\nserver=zen.spamhaus.org\n")


@pytest.mark.parametrize(
    "text",
    [
        "1.2",
        "1.e5",
        "1e5",
        "0.0",
        "1.2.3.4",
        "a.example",
        "e.e",
        "1.5e.3",
        "-a.b",
        "2620:fe::",
        "no",
        "null",
        "_a.example",
        "9.9.9.0/24",
    ],
)
def test_a_scalar_is_read_as_the_text_that_it_is(text: str, tmp_path: Path) -> None:
    """By our reader, which notes what is no text, and by others."""
    assert yaml.safe_load(f"- {scalar(text)}\n") == [text]
    with pytest.raises(ConfigError) as caught:
        loaded(f"lists: [{scalar(text)}]\ntargets: [{scalar(text)}]\n", tmp_path)
    assert "must be" not in str(caught.value)


def test_what_is_shown_of_a_file_is_harmless() -> None:
    """Short, on one line, printable, and without a key."""
    assert shown(f"a\n\x1b[31m\u202e{KEY}!") == r"a\n\x1b[31m\u202e********!"
    assert shown("x y" * 40) == ("x y" * 40)[:77] + "..."
    assert shown("x" * 70 + " " + KEY) == "x" * 70 + " ********"


@pytest.mark.parametrize(
    "line", ["[rbl]\nserver=" + "server=" * 100_000, "[x]\nserver=" + "a." * 400_000, "[rbl]\n" + "a" * 800_000]
)
def test_a_long_line_costs_no_more_than_its_length(line: str) -> None:
    """A hostile file is read, or refused, at once."""
    begun = time.monotonic()
    with suppress(ForeignError):
        page(rbls=line)
    assert time.monotonic() - begun < 3


# ---- anything


@quick
@given(st.binary(max_size=300))
@example(b"[rbl]\nserver=\xed\xa0\x80\n")
def test_any_octets_are_a_page_or_an_error(raw: bytes) -> None:
    """Nothing leads to another exception."""
    try:
        made = convert([("any.ini", raw)])
    except ForeignError as error:
        assert str(error).startswith("any.ini:")  # noqa: PT017 - either end is fine
    else:
        assert made.text.endswith(f"# {made.summary}\n")


_ODD = st.text(st.characters(codec="utf-8", exclude_characters="\r\n#;"), max_size=12)
_KNOWN = [
    "zen.spamhaus.org",
    "xbl.spamhaus.org",
    "dnsbl.sorbs.net",
    "multi.surbl.org",
    "zen.dq.spamhaus.net",
    "b.barracudacentral.org",
]
_NETWORKS = ["9.9.9.0/24", "10.0.0.0/8", "192.0.0.0/12", "::/120", "2620:fe::/112"]
_TARGETS = ["9.9.9.9", "10.0.0.1", "2620:fe::fe", "::", "1:2:3:4:5:6:7:8", *_NETWORKS]
_YAML = ["1.e5", "1e5", "null", "- x", "{a: b}", "a: b", "!x", "&a", "*a", "..", "\u202e", "x.", "no.no"]
_PLAIN = st.text(string.ascii_letters + string.digits + ".-_/:", max_size=20)
_VALUES = st.one_of(st.sampled_from([*_KNOWN, *_TARGETS, *_YAML]), _ODD, _PLAIN)
_LINES = st.lists(st.builds("{}={}".format, st.sampled_from(["server", "server", "url", "critical"]), _VALUES), max_size=8)


@quick
@given(_LINES, _LINES, st.sampled_from(["", "-domain"]))
def test_whatever_the_files_hold_the_page_loads(
    tmp_path_factory: pytest.TempPathFactory, of_lists: list[str], of_targets: list[str], kind: str
) -> None:
    """Only control characters refuse the files."""
    files = {f"rbls{kind}.ini": ["[rbl]", *of_lists], f"targets{kind}.ini": ["[targets]", *of_targets]}
    try:
        made = convert([(name, "\n".join(lines).encode()) for name, lines in files.items()])
    except ForeignError as error:
        assert "control character" in str(error)  # noqa: PT017 - either end is fine
        return
    if made.complete:
        loaded(made.text, tmp_path_factory.mktemp("page"))


_AROUND = ["", "a.", ".zen.dq.spamhaus.net", ".bl.example", " x", "=", "://", ".9.9", "/24", ",", '"', "[", "\u00e9", "x" * 60]


@quick
@given(
    st.lists(st.sampled_from(_AROUND), max_size=3),
    st.lists(st.sampled_from(_AROUND), max_size=3),
    st.sampled_from(["[rbl]\nserver=", "[rbl]\nhost=", "[rbl]\nurl=", "[rbl]\nappend=", "[rbl]\n", "[targets]\nserver="]),
)
def test_a_key_never_shows(before: list[str], after: list[str], start: str) -> None:
    """Wherever in a line it stands: not in an error, not in a comment, not among the lists."""
    try:
        made = page(rbls="".join([start, *before, KEY, *after, "\n"]))
    except ForeignError as error:
        made = str(error)
    watched = [line for line in made.split("\n") if line in made.partition("\ntargets:\n")[2] and line.startswith("  - ")]
    assert KEY not in "\n".join(line for line in made.split("\n") if line not in watched)
