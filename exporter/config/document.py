"""YAML to plain data that remembers its lines.

Rules:

1. Scalars are read as YAML 1.2 reads them: ``null``, ``true``, ``false``, decimal numbers; everything else is text. YAML 1.1 makes a
   number of the address ``1:2:3:4:5:6:7:8`` and a truth value of ``no``.
2. A key given twice is a problem, not the last value.
3. A file cannot make us work more than its size deserves: aliases are counted as often as they are used.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

Scalar = str | int | float | bool | None
Value = Scalar | list["Value"] | dict[str, "Value"]
Path = tuple[str | int, ...]

MAX_VALUES = 1_000_000

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where: ``path`` inside the file, ``line`` counted from 1."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (str(self.line), shown_path(self.path), self.message)))


@dataclass(frozen=True, slots=True)
class Document:
    """The data of a file, the lines of its values, and what is wrong with it already."""

    data: Value
    lines: dict[Path, int]
    problems: tuple[Problem, ...]

    def problem(self, path: Path, message: str) -> Problem:
        """A problem at ``path``, or at the nearest value around it that stands in the file."""
        known = next(part for part in _shorter(path) if part in self.lines)
        return Problem(path, self.lines[known], message)


def shown_path(path: Path) -> str:
    """``lists[0].interval``"""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def read(text: str) -> Document:
    """The document in ``text``; one that is no YAML has no data and one problem."""
    try:
        node = yaml.compose(text, Loader=_LOADER)
        reader = _Reader()
        data = None if node is None else reader.value(node, ())
    except yaml.MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 1
        return _unreadable(line, f"not valid YAML: {error.problem}")
    except (yaml.YAMLError, RecursionError):
        return _unreadable(1, "not valid YAML: control characters, or nested too deeply")
    except _TooLargeError:
        return _unreadable(1, f"holds more than {MAX_VALUES} values")
    return Document(data, {(): 1} | reader.lines, tuple(reader.problems))


def _unreadable(line: int, message: str) -> Document:
    return Document(None, {(): 1}, (Problem((), line, message),))


def _shorter(path: Path) -> Iterator[Path]:
    return (path[:length] for length in range(len(path), -1, -1))


class _TooLargeError(Exception):
    """The document holds more values than :data:`MAX_VALUES`."""


class _Reader:
    """Walks the nodes once, keeping lines and problems beside the values."""

    __slots__ = ("lines", "problems")

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []

    def value(self, node: yaml.Node, path: Path) -> Value:
        if len(self.lines) >= MAX_VALUES:
            raise _TooLargeError
        self.lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem(path, line, "a key must be plain text"))
                continue
            key = str(key_node.value)
            if key in values:
                self.problems.append(Problem((*path, key), line, "is given twice"))
                continue
            values[key] = self.value(value_node, (*path, key))
            self.lines[*path, key] = line
        return values


def _scalar(node: yaml.Node) -> Scalar:
    text = str(node.value)
    if getattr(node, "style", None):  # quoted or a block: text, whatever it looks like (libyaml gives plain ones "")
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) < 20:
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    return text
