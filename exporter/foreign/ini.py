"""The lines of an INI file, as the tools that we import from read them.

Rules:

1. A key may be repeated, and every line of it counts: the files are made of that, and ``configparser`` keeps one line at most.
2. ``#`` and ``;`` begin a comment, also after a value: no zone, name or address holds one of them.
3. A file is read as a whole or not at all. :class:`IniError` says where and why not, and repeats nothing of the file, since a
   key of a list may stand there.
4. A file costs no more than its size, which is bounded.
"""

import codecs
import re
from dataclasses import dataclass

MAX_OCTETS = 8 * 1024 * 1024
"""Enough for some 300,000 targets."""

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_COMMENT = re.compile(r"[#;]")
_COMMENTED_OUT = re.compile(r"[#;\s]*server\s*[=:]", re.IGNORECASE)
_SECTION = re.compile(r"\[([^\[\]]{1,100})\]")
_SETTING = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{0,39})\s*[=:](.*)")
_NO_LINE = (
    "is no [section], no key=value and no comment, of which files of check_rbl and dnsbl_exporter are made: correct the line, or "
    "give another file"
)
_QUOTES = ('"', "'", "`")


@dataclass(frozen=True, slots=True)
class Setting:
    """A ``key = value``: the key in lower case, the value without quotes and comment."""

    line: int
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Section:
    """The name in lower case, empty for what stands above the first one."""

    line: int
    name: str
    settings: tuple[Setting, ...]

    def values(self, *keys: str) -> list[Setting]:
        """The settings of these keys, in the order of the file."""
        return [setting for setting in self.settings if setting.key in keys]


@dataclass(frozen=True, slots=True)
class Ini:
    """A file; ``commented_out`` counts its ``server`` lines that are comments."""

    sections: tuple[Section, ...]
    commented_out: int


class IniError(Exception):
    """Why a file cannot be read, and in which line that shows."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        super().__init__(message)


def read(raw: bytes) -> Ini:
    """The sections of a file. Raises :class:`IniError`."""
    sections: list[Section] = []
    name, start, settings, commented_out = "", 1, list[Setting](), 0
    for number, text in enumerate(_lines(raw), 1):
        line = _COMMENT.split(text, maxsplit=1)[0].strip()
        if not line:
            commented_out += _COMMENTED_OUT.match(text) is not None
        elif section := _SECTION.fullmatch(line):
            sections.append(Section(start, name, tuple(settings)))
            name, start, settings = section[1].strip().lower(), number, []
        else:
            settings.append(_setting(number, line))
    sections.append(Section(start, name, tuple(settings)))
    return Ini(tuple(each for each in sections if each.name or each.settings), commented_out)


def _setting(number: int, line: str) -> Setting:
    found = _SETTING.fullmatch(line)
    if found is None:
        raise IniError(number, _NO_LINE)
    return Setting(number, found[1].lower(), _unquoted(found[2].strip()))


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] in _QUOTES and value[-1] == value[0]:
        return value[1:-1].strip()
    return value


def _lines(raw: bytes) -> list[str]:
    if len(raw) > MAX_OCTETS:
        raise IniError(1, f"is larger than {MAX_OCTETS // 1024 // 1024} MiB: give a smaller file, or its parts one by one")
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise IniError(line, "is not UTF-8 text: save the file as UTF-8, or give another file") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if odd := _CONTROL.search(text):
        line = text.count("\n", 0, odd.start()) + 1
        raise IniError(line, f"holds the control character U+{ord(odd[0]):04X}: remove it, or give a text file")
    return text.split("\n")
