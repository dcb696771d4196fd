"""The config as a page of YAML: what is asked as entries, what changed as comments where it stood.

Rules:

1. What the config's reader takes for text stays as it is; what it might take for anything else stands in quotes.
2. A comment is made of printable characters on lines of our own, whatever it repeats of a file, and long runs of letters and
   digits in it are starred: they may be keys.
3. Lists of nothing are no config: sets of the catalogue stand in for lists. Nothing stands in for targets.
"""

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from exporter.config.keys import starred
from exporter.config.sets import BY_DEFAULT
from exporter.foreign import lists, targets
from exporter.foreign.asked import Asked, Remainder
from exporter.foreign.targets import Names

KEY_FOLDER = "/etc/dnsbl-exporter"
MOST_REMAINDERS = 50
"""Nobody reads more of what was left out."""

_WIDTH = 110
_LONGEST_QUOTE = 80
_MORE_THAN_SHOWN = 1000
_PLAIN = re.compile(r"[a-z0-9]([a-z0-9._/-]*[a-z0-9])?")
_NO_NUMBER = re.compile(r"[a-df-z]|\..*\.")
"""A letter other than that of an exponent, or a second dot."""
_OPTIONS = {
    **dict.fromkeys(("critical", "c", "warning", "w"), "alerts follow the impact of each list, not a number of lists"),
    **dict.fromkeys(("timeout", "t", "query-timeout"), "see `query.timeout`, which is 3s"),
    **dict.fromkeys(("retry", "r"), "see `query.attempts`, which is 2"),
    "workers": "each list has its own pace, see `max_qps`",
    **dict.fromkeys(("whitelistings", "wl"), "an allowlist is a list like any other, of class informational"),
}
_FLAGS = "the other tool's flags, which stand in no file: its resolver goes to `resolvers`, check_rbl's host (-H) to `targets`"


@dataclass(frozen=True, slots=True)
class Content:
    """All that is to be written."""

    asked: Sequence[Asked]
    lists: Sequence[lists.Fate]
    targets: Sequence[targets.Fate]
    again: int
    """Targets that were given more than once, beyond the first time."""
    names: Names


def page(content: Content, summary: str) -> str:
    """The text of the config file; ``summary`` is its last comment."""
    blocks = (_head(content.asked), _lists(content), _targets(content), _comment(summary))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def scalar(text: str) -> str:
    """``text`` so that YAML gives it back."""
    return text if _PLAIN.fullmatch(text) and "." in text and _NO_NUMBER.search(text) else json.dumps(text)


def shown(text: str) -> str:
    """Outside text, fit for a comment: short, printable, and without what could be a key."""
    safe = printable(text[:_MORE_THAN_SHOWN])  # starred before it is cut: half a key would not look like one
    return safe if len(safe) <= _LONGEST_QUOTE else f"{safe[: _LONGEST_QUOTE - 3]}..."


def printable(text: str) -> str:
    """Outside text on one line, without what could be a key."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in starred(text))


def _comment(text: str, indent: str = "", hanging: str = "") -> list[str]:
    start = f"{indent}# "
    return textwrap.wrap(
        printable(text),
        _WIDTH,
        initial_indent=start,
        subsequent_indent=start + hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _head(asked: Sequence[Asked]) -> list[str]:
    files = ", ".join(dict.fromkeys(printable(each.file) for each in asked))
    lines = _comment(f"Made by `dnsbl-exporter import` from {files}. Read the comments, then run `dnsbl-exporter config check`.")
    left_out = [*_left_out(asked)]
    lines += _comment("Left out, or to be done by hand:")
    for text in (*left_out[:MOST_REMAINDERS], *_more(left_out), _FLAGS):
        lines += _comment(f"- {text}", hanging="  ")
    return lines


def _more(left_out: Sequence[str]) -> Iterator[str]:
    if len(left_out) > MOST_REMAINDERS:
        yield f"{len(left_out) - MOST_REMAINDERS} more options and sections"


def _left_out(asked: Iterable[Asked]) -> Iterator[str]:
    for each in asked:
        yield from (_option(option) for option in each.options)
        yield from (
            f"the section [{shown(section.name)}] ({_place(section)}): not one of lists or targets" for section in each.sections
        )
        if each.commented_out:
            yield f"lines that are commented out in {printable(each.file)}: {each.commented_out}"


def _option(option: Remainder) -> str:
    return f"`{shown(option.name)}` ({_place(option)}): {_OPTIONS.get(option.name, 'has no counterpart')}"


def _place(remainder: Remainder) -> str:
    return f"{printable(remainder.place.file)}:{remainder.place.line}"


def _lists(content: Content) -> list[str]:
    lines = ["lists:"]
    for fate in content.lists:
        lines += _list(fate)
    if any(isinstance(fate, lists.Named | lists.Own) for fate in content.lists):
        return lines
    reason = "None of these lists can be asked as it stands" if content.lists else "The files name no list"
    lines += _comment(f"{reason}, so the catalogue's usual ones are asked.", "  ")
    return [*lines, *(f"  - {name}" for name in BY_DEFAULT)]


def _list(fate: lists.Fate) -> list[str]:
    remark = _remark(fate.remark)
    match fate:
        case lists.Named(zone):
            return [*remark, f"  - {scalar(zone)}"]
        case lists.Own(zone, blocklist):
            return [*remark, f"  - zone: {scalar(zone)}", f"    kinds: [{', '.join(sorted(blocklist.kinds))}]"]
        case lists.Waiting(zone, _, kinds):
            own = [f"  #   kinds: [{', '.join(kinds)}]"] if kinds else []
            return [*remark, f"  # - zone: {scalar(zone)}", *own, f"  #   key_file: {KEY_FOLDER}/{zone}.key"]
        case lists.Dropped():
            return _remark(f"Dropped: {fate.remark}")
        case _:
            assert_never(fate)


def _targets(content: Content) -> list[str]:
    found = content.targets
    lines = ["targets:"]
    if any(isinstance(fate, targets.Resolved) for fate in found) or content.names is not Names.HOSTS:
        lines += _comment(content.names.value, "  ")
    if any(isinstance(fate, targets.Watched) and "/" in fate.text for fate in found):
        lines += _comment("Networks are watched with their first and last address, which dnsbl_exporter leaves out.", "  ")
    for fate in found:
        lines += _target(fate)
    if all(isinstance(fate, targets.Refused) for fate in found):
        reason = "None of these can be watched" if found else "The files name no target"
        lines += _comment(f"{reason}: write your own below, such as", "  ")
        lines += ["  # - 203.0.113.5", "  # - {host: mail.example.com}", "  # - example.com"]
    return lines


def _target(fate: targets.Fate) -> list[str]:
    match fate:
        case targets.Watched(text, remark):
            return [*_remark(remark), f"  - {scalar(text)}"]
        case targets.Resolved(name):
            return [f"  - {{host: {scalar(name)}}}"]
        case targets.Refused(text, remark):
            return [*_remark(f"Refused: {remark}"), *([f"  # - {shown(text)}"] if text else [])]
        case _:
            assert_never(fate)


def _remark(text: str) -> list[str]:
    return _comment(text, "  ") if text else []
