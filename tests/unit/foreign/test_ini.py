"""The lines of the files: what is read of them, and why a file is not read."""

import pytest

from exporter.foreign.ini import MAX_OCTETS, Ini, IniError, Section, Setting, read


@pytest.mark.parametrize(
    "line",
    [
        "server=zen.spamhaus.org",
        "  server = zen.spamhaus.org  ",
        "SERVER=zen.spamhaus.org",
        "server: zen.spamhaus.org",
        "server=zen.spamhaus.org ; the best",
        "server=zen.spamhaus.org # the best",
        "server=zen.spamhaus.org;the best",
        '\tserver="zen.spamhaus.org"',
        "server='zen.spamhaus.org'",
        "server=` zen.spamhaus.org `",
    ],
)
def test_a_setting_may_be_written_in_many_ways(line: str) -> None:
    """Spaces, case, separator, quotes and a comment after it do not matter."""
    (section,) = read(f"[rbl]\n{line}\n".encode()).sections
    assert section.settings == (Setting(2, "server", "zen.spamhaus.org"),)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf; first\n\n"])
def test_editors_of_all_systems_write_the_same(start: bytes, end: bytes) -> None:
    """With and without a byte order mark, and with any end of a line."""
    ini = read(start + end.join([b"[Targets]", b"server=one.example", b"server=two.example"]))
    (section,) = ini.sections
    assert (section.name, [setting.value for setting in section.settings]) == ("targets", ["one.example", "two.example"])


def test_a_repeated_key_counts_every_time() -> None:
    """In its order and with its line, also if the section comes again."""
    ini = read(b"[rbl]\nserver=a.example\nserver=a.example\n\n[other] ; not ours\nx=1\n[rbl]\nserver=b.example\n")
    assert ini.sections == (
        Section(1, "rbl", (Setting(2, "server", "a.example"), Setting(3, "server", "a.example"))),
        Section(5, "other", (Setting(6, "x", "1"),)),
        Section(7, "rbl", (Setting(8, "server", "b.example"),)),
    )


def test_lists_in_comments_are_counted() -> None:
    """Other comments are not."""
    ini = read(b"; server of ours\n[rbl]\n; server=a.example\n#server = b.example\n;; Server=c.example\n; done\n")
    assert ini.commented_out == 3


def test_an_empty_file_has_no_section() -> None:
    """There is nothing to name."""
    assert read(b"") == read(b"\n\n; nothing\n") == Ini((), 0)


@pytest.mark.parametrize(
    ("raw", "line", "said"),
    [
        (b"[rbl]\nzen.spamhaus.org\n", 2, "no key=value"),
        (b"[rbl\nserver=a.example\n", 1, r"no \[section\]"),
        (b"lists:\n  - zen.spamhaus.org\n", 2, "no key=value"),
        (b'{"rbl": []}', 1, "no key=value"),
        (b"[rbl]\n=zen.spamhaus.org\n", 2, "no key=value"),
        (b"[rbl]\nserver=a\x00b\n", 2, r"control character U\+0000"),
        (b"[rbl]\r\n\r\nserver=\x1b[31m\r\n", 3, r"control character U\+001B"),
        ("[rbl]\n; a\u2028[targets]\n".encode(), 2, r"control character U\+2028"),
        (b"[rbl]\n; gr\xfcn\n", 2, "not UTF-8"),
        ("[rbl]\n".encode("utf-16"), 1, "not UTF-8"),
        (b"\x7fELF\x02\x01\x01\x00", 1, "control character"),
        (b";" * (MAX_OCTETS + 1), 1, "larger than 8 MiB"),
    ],
)
def test_a_file_that_is_none_of_ours_says_in_which_line(raw: bytes, line: int, said: str) -> None:
    """And nothing of it is used."""
    with pytest.raises(IniError, match=said) as caught:
        read(raw)
    assert caught.value.line == line


def test_an_error_repeats_nothing_of_the_file() -> None:
    """It could be a key."""
    with pytest.raises(IniError) as caught:
        read(b"[rbl]\nk3yk3yk3yk3yk3yk3yk3yk3y zen.dq.spamhaus.net\n")
    assert "k3y" not in str(caught.value)
