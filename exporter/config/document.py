"""YAML to plain data that remembers its lines.

Rules:

1. Scalars are read as YAML 1.2 reads them: ``null``, ``true``, ``false``, decimal numbers; everything else is text.
   YAML 1.1 makes a number of the address ``1:2:3:4:5:6:7:8`` and a truth value of ``no``.
2. A key given twice is a problem, not the last value. So is a key without a value: nobody can tell what was meant.
3. A file cannot make us work more than its size deserves: aliases are counted as often as they are used, and depth is bounded.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import yaml

from exporter.config.keys import holds_key

Scalar = str | int | float | bool | None
Value = Scalar | list["Value"] | dict[str, "Value"]
Path = tuple[str | int, ...]
Note = Callable[[Path, str], None]
"""Takes a path and what is wrong there."""

MAX_VALUES = 1_000_000
MAX_DEPTH = 20

_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_NOT_ALLOWED = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_TAGS = {
    f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "str", "seq", "map", "merge", "timestamp", "value")
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Scalar] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True, repr=False)
class Problem:
    """One thing that is wrong, and where: ``path`` inside the file, ``line`` counted from 1. Only ``path`` may hold a secret."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (str(self.line), shown_path(self.path), self.message)))

    def __repr__(self) -> str:
        return f"Problem({str(self)!r})"


@dataclass(frozen=True, slots=True)
class Document:
    """The data of a file, the lines of its values, and what is wrong with it already."""

    data: Value
    lines: dict[Path, int]
    problems: tuple[Problem, ...]
    settled: frozenset[Path] = frozenset()
    """Where no plain value stands. That is a problem already; whatever else would be said there follows from it."""

    def line(self, path: Path) -> int:
        """The line of the value at ``path``, or of the nearest value around it that stands in the file."""
        return next(self.lines[part] for part in _shorter(path) if part in self.lines)


def shown_path(path: Path) -> str:
    """``lists[0].codes[127.0.0.2].impact``: on one line, and without what could be a secret in the wrong place."""
    return "".join(map(_shown_part, path)).removeprefix(".")


def _shown_part(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    if holds_key(part):
        return "[********]"
    if _PLAIN_KEY.fullmatch(part):
        return f".{part}"
    return f"[{part[:40] if part.isprintable() else ascii(part[:40])}]"


def read(text: str) -> Document:
    """The document in ``text``; one that is no YAML has no data and one problem."""
    try:
        _guard(text)
        node = yaml.compose(text, Loader=_LOADER)
        reader = _Reader()
        data = None if node is None else reader.value(node, (), _line(node.start_mark))
    except yaml.MarkedYAMLError as error:
        line = _line(error.problem_mark)
        return _unreadable(line, f"not valid YAML: {_reason(error)}{_tab_hint(text, line)}")
    except _UnreadableError as error:
        return _unreadable(error.line, str(error))
    return Document(data, {(): 1} | reader.lines, tuple(reader.problems), frozenset(reader.settled))


def _guard(text: str) -> None:
    """Refuse what would crash the parser: libyaml composes by recursion in C, where no ``RecursionError`` saves the process."""
    if odd := _NOT_ALLOWED.search(text):
        line = text.count("\n", 0, odd.start()) + 1
        raise _UnreadableError(line, f"not valid YAML: the control character U+{ord(odd[0]):04X}")
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _UnreadableError(event.start_mark.line + 1 if event.start_mark else 1, _TOO_DEEP)


_TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"


def _line(mark: yaml.Mark | None) -> int:
    return 1 if mark is None else mark.line + 1


def _reason(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "it cannot be parsed"
    return f"{error.context}, {problem}" if problem.startswith("but ") else problem


def _unreadable(line: int, message: str) -> Document:
    return Document(None, {(): 1}, (Problem((), line, message),))


def _tab_hint(text: str, line: int) -> str:
    lines = text.split("\n")
    indent = re.match(r"\s*", lines[line - 1] if line <= len(lines) else "")
    return " (indent with spaces, not with tabs)" if indent and "\t" in indent[0] else ""


def _shorter(path: Path) -> Iterator[Path]:
    return (path[:length] for length in range(len(path), -1, -1))


class _UnreadableError(Exception):
    """Why the document is not read any further."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        super().__init__(message)


class _Reader:
    """Walks the nodes once, keeping lines and problems beside the values."""

    __slots__ = ("lines", "problems", "settled")

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []
        self.settled: set[Path] = set()

    def value(self, node: yaml.Node, path: Path, line: int) -> Value:
        if len(self.lines) >= MAX_VALUES:
            raise _UnreadableError(line, f"the file holds more than {MAX_VALUES} values")
        if len(path) > MAX_DEPTH:  # by an alias: what stands in the text was counted before
            raise _UnreadableError(line, _TOO_DEEP)
        self.lines[path] = line
        if node.tag not in _TAGS:
            self._settle(path, line, "has a YAML tag (!…), which is not supported: write a plain value")
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index), _line(item.start_mark)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        return self._scalar(node, path, line)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for key_node, value_node in node.value:
            line = _line(key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem(path, line, "holds a key that is not plain text"))
                continue
            key = str(key_node.value)
            if key in values:
                first = self.lines[*path, key]
                self.problems.append(Problem((*path, key), line, f"is given twice, first in line {first}"))
                continue
            values[key] = self.value(value_node, (*path, key), line)
        return values

    def _scalar(self, node: yaml.Node, path: Path, line: int) -> Scalar:
        value = _scalar(node)
        if value is None and path:
            in_vain = str(path[-1]).endswith(":")  # an address such as 2001:db8:: is a key to YAML
            self._settle(path, line, f"has no value: {'write it in quotes' if in_vain else 'give it one, or remove it'}")
        return value

    def _settle(self, path: Path, line: int, message: str) -> None:
        self.problems.append(Problem(path, line, message))
        self.settled.add(path)


def _scalar(node: yaml.Node) -> Scalar:
    text = str(node.value)
    if getattr(node, "style", None):  # quoted or a block: text, whatever it looks like (libyaml gives plain ones "")
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    return text
