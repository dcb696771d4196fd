"""Text of strangers, made fit to show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.blocklist import Key
from exporter.providers.reply import MAX_REASON, plain
from tests.unit.builders import a_list, quick

SECRET = "kq7f3x9vd2m8abcdefgh"
KEYED = a_list(key=SECRET)
OPEN = a_list()
PIECES = st.sampled_from(
    [SECRET, SECRET.upper(), SECRET.title(), "a", " ", "ß", "İ", "\x00", "\n", "\u2028", "\u202e", "é", "x" * 200]
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param(
            "Listed, see https://example.net/?ip=192.0.2.1", "Listed, see https://example.net/?ip=192.0.2.1", id="plain"
        ),
        pytest.param("Spam gesehen – böse", "Spam gesehen – böse", id="other letters"),
        pytest.param("two\nlines\r\n", "two lines", id="line feeds"),
        pytest.param("  much \t room  ", "much room", id="blanks"),
        pytest.param("\x1b[31mred\x1b[0m", "[31mred [0m", id="terminal escape"),
        pytest.param("nul\x00bell\x07del\x7f", "nul bell del", id="control characters"),
        pytest.param("level=info\u2028msg=fake", "level=info msg=fake", id="line separator"),
        pytest.param("abc\u202edef", "abc def", id="right-to-left override"),
        pytest.param("bad \udcff byte", "bad byte", id="lone surrogate"),
    ],
)
def test_a_reason_is_one_printable_line(text: str, shown: str) -> None:
    """Control characters, line ends and runs of blanks become one blank."""
    assert plain(text, OPEN) == shown


@pytest.mark.parametrize("length", [MAX_REASON - 1, MAX_REASON])
def test_a_short_reason_is_whole(length: int) -> None:
    """A text of up to 500 characters is shown as it is."""
    assert plain("x" * length, OPEN) == "x" * length


def test_a_long_reason_is_cut() -> None:
    """A longer text ends in an ellipsis at 500 characters."""
    assert plain("x" * 100_000, OPEN) == "x" * 499 + "…"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param(f"see {SECRET}.zen.example", "see ********.zen.example", id="as it is"),
        pytest.param(f"see {SECRET.upper()}.ZEN.example", "see ********.ZEN.example", id="upper case"),
        pytest.param(f"see {SECRET.title()}", "see ********", id="mixed case"),
        pytest.param(f"{SECRET}{SECRET} {SECRET}", "**************** ********", id="every occurrence"),
        pytest.param("x" * (MAX_REASON - 5) + SECRET, "x" * (MAX_REASON - 5) + "****…", id="across the cut"),
        pytest.param(f"böse\n{SECRET}", "böse ********", id="after other letters"),
        pytest.param("İ" * 20 + SECRET, "İ" * 20 + "********", id="after letters that grow in lower case"),
        pytest.param(SECRET.replace("k", "\u212a"), "********", id="with a Kelvin sign for its k"),
    ],
)
def test_the_key_is_starred(text: str, shown: str) -> None:
    """A key that a stranger's text repeats, in any case, is not shown."""
    assert plain(text, KEYED) == shown


@quick
@given(st.lists(PIECES, max_size=12))
def test_no_text_leaks_the_key_or_breaks_the_line(pieces: list[str]) -> None:
    """Whatever the text, what is shown is printable, short and without the key."""
    shown = plain("".join(pieces), KEYED)
    assert shown.isprintable()
    assert len(shown) <= MAX_REASON
    assert SECRET not in shown.lower()


def test_a_key_shows_stars_only() -> None:
    """Printing a key, or a list that has one, gives nothing of it away."""
    assert str(Key(SECRET)) == "********"
    assert SECRET not in repr(Key(SECRET))
    assert SECRET not in repr(KEYED)
    assert SECRET not in KEYED.name
    assert KEYED.suffix == f"{SECRET}.bl.example"


@pytest.mark.parametrize("text", ["", "nothing of it", SECRET[:-1], SECRET[1:]])
def test_other_text_is_not_starred(text: str) -> None:
    """A text without the whole key stays as it is."""
    assert Key(SECRET).redact(text) == text
