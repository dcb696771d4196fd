"""A file of targets to what it gives: :func:`read_target_file`.

Rules:

1. A file is good as a whole or not at all: whoever reads it again and again stays with the last good content, so that nothing
   vanishes because of a slip, nor because a file is read while somebody writes it.
2. What no list takes is no fault here, since files are made by programs: it is left out, and said.
3. A file cannot make us work more than its size deserves, and its size is bounded.
"""

import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from exporter.blocklist import Blocklist
from exporter.config import document
from exporter.config.document import Path, Problem, Value, shown_path
from exporter.config.leaving_out import left_out
from exporter.config.sifting import MOST_FAULTS, FullError, Sieve, check_size
from exporter.config.target_shapes import Shapes, places
from exporter.expansion import Skipped
from exporter.portions import MAX_TARGETS, Portion
from exporter.roster import Labels

MAX_BYTES = 256 << 20
MAX_YAML_BYTES = 16 << 20
"""YAML takes a hundred times as long to read as the same in JSON."""
_MAX_COMMAS = 4 * MAX_TARGETS
_AT_ONCE = 65_536
_SHOWN = 10
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_PLAIN = bytes(octet for octet in range(256) if not _CONTROL.fullmatch(bytes((octet,))))


@dataclass(frozen=True, slots=True)
class FileFound:
    """What a file gives, and what its owner should mind."""

    portions: tuple[Portion, ...]
    skipped: tuple[Skipped, ...] = ()
    """What no list takes: a few by name."""
    notices: tuple[str, ...] = ()
    """What else is not as it is written."""


class TargetFileError(Exception):
    """The file cannot be used; each problem is a line, with the file's name and where possible the line in it."""


def read_target_file(name: str, content: bytes, labels: Labels, lists: Sequence[Blocklist]) -> FileFound:
    """The targets in a file, whose form is told by the end of its name; ``name`` becomes their origin.

    Raises :class:`TargetFileError` if anything in it is wrong.
    """
    try:
        _check_bytes(name, content)
        if name.lower().endswith(".json"):
            return _shaped(name, _from_json(name, content), labels, lists)
        if _is_yaml(name):
            return _shaped(name, _from_yaml(name, content), labels, lists)
        return _plain(name, content, labels, lists)
    except UnicodeDecodeError:
        raise _problems(name, [Problem((), _line_that_is_no_text(content), "is not UTF-8 text")]) from None


def _line_that_is_no_text(content: bytes) -> int:
    """Looked for only now: the file may have been read in pieces."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return content.count(b"\n", 0, error.start) + 1
    return 0


def _is_yaml(name: str) -> bool:
    return name.lower().endswith((".yml", ".yaml"))


def _check_bytes(name: str, content: bytes) -> None:
    if not content:
        raise _error(name, "is empty: it may be half written. Write [] or a comment for no targets")
    if len(content) > MAX_BYTES:
        raise _error(name, f"is larger than {MAX_BYTES >> 20} MiB")
    if _is_yaml(name) and len(content) > MAX_YAML_BYTES:
        raise _error(name, f"is YAML and larger than {MAX_YAML_BYTES >> 20} MiB: write one target a line, or JSON")


def _error(name: str, *messages: str) -> TargetFileError:
    return TargetFileError("\n".join(f"{name}: {message}" for message in messages))


# ---- one target a line


def _plain(name: str, content: bytes, labels: Labels, lists: Sequence[Blocklist]) -> FileFound:
    # That there is any is told quickly: to search a large file takes long, is one step for Python, and would hold up all threads.
    odd = _CONTROL.search(content) if len(content.translate(None, _PLAIN)) > content.count(b"\r\n") else None
    if odd:
        raise _problems(name, [Problem((), content.count(b"\n", 0, odd.start()) + 1, f"the control character U+{odd[0][0]:04X}")])
    if not content.endswith(b"\n"):
        raise _error(name, "does not end with a newline: its last line may be half written")
    sieve = Sieve()
    lines = io.TextIOWrapper(io.BytesIO(content.removeprefix(_BYTE_ORDER_MARK)), "utf-8", newline="\n")
    try:
        while _sift(sieve, [line.partition("#")[0].strip() for line in islice(lines, _AT_ONCE)]):
            check_size(len(sieve))
    except FullError:
        pass
    if sieve.faults:
        raise _problems(name, [Problem((), fault.place + 1, fault.reason) for fault in sieve.faults])
    return _found(name, {labels: sieve}, lists)


def _sift(sieve: Sieve, texts: list[str]) -> bool:
    sieve.sift(texts)
    return bool(texts)


# ---- JSON and YAML


def _from_json(name: str, content: bytes) -> document.Document:
    if content.count(b",") > _MAX_COMMAS:
        raise _error(name, f"holds more than {_MAX_COMMAS:,} values")
    text = content.decode("utf-8-sig")
    try:
        data: Value = json.loads(text, object_pairs_hook=_mapping, parse_int=float, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _problems(name, [Problem((), error.lineno, f"not valid JSON: {error.msg}")]) from None
    except RecursionError:
        raise _error(name, "nested too deep") from None
    except ValueError as error:
        raise _error(name, str(error)) from None
    return document.Document(data, {}, ())


def _mapping(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        ((twice, _),) = Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"the key {shown_path((twice,))} is given twice in a mapping")
    return mapping


def _no_constant(text: str) -> float:
    raise ValueError(f"not valid JSON: {text}")


def _from_yaml(name: str, content: bytes) -> document.Document:
    found = document.read(content.decode("utf-8-sig"))
    if found.problems:
        raise _problems(name, found.problems)
    return found


def _shaped(name: str, found: document.Document, labels: Labels, lists: Sequence[Blocklist]) -> FileFound:
    problems: list[Problem] = []

    def note(path: Path, message: str) -> None:
        problems.append(Problem(path, found.line(path) if found.lines else 0, message))
        if len(problems) > MOST_FAULTS:
            raise FullError  # what is not shown is not worth finding

    items = found.data
    if not isinstance(items, list):
        raise _error(name, "holds nothing: write [] for no targets" if items is None else "must be a list")
    shapes = Shapes(labels, note)
    sieves: dict[Labels, Sieve] = {}
    total = 0
    try:
        shapes.add(items)
        for own, texts in shapes.texts.items():
            sieve = sieves[own] = Sieve()
            for start in range(0, len(texts), _AT_ONCE):
                sieve.sift(texts[start : start + _AT_ONCE])
                check_size(total + len(sieve))
            total += len(sieve)
    except FullError:
        pass
    with suppress(FullError):
        for path, reason in _located(items, sieves.values()):
            note(path, reason)
    if problems:
        raise _problems(name, problems)
    return _found(name, sieves, lists, shapes.dropped)


def _located(items: Sequence[Value], sieves: Iterable[Sieve]) -> Iterator[tuple[Path, str]]:
    """Where faults stand: looked for only now, since a place for each of many texts costs more than the text."""
    reasons = {fault.text: fault.reason for sieve in sieves for fault in sieve.faults}
    if reasons:
        yield from ((path, reasons[text]) for text, path in places(items) if text in reasons)


# ---- all forms


def _problems(name: str, problems: Iterable[Problem]) -> TargetFileError:
    """The first of them. Lines are unknown in JSON: there the path says where."""
    ordered = sorted(problems, key=lambda problem: problem.line)
    lines = [f"{name}:{problem}".replace(f"{name}:0: ", f"{name}: ", 1) for problem in ordered[:MOST_FAULTS]]
    return TargetFileError("\n".join([*lines, *([f"{name}: and more"] if len(ordered) > MOST_FAULTS else [])]))


def _found(name: str, sieves: Mapping[Labels, Sieve], lists: Sequence[Blocklist], dropped: Iterable[str] = ()) -> FileFound:
    try:
        check_size(sum(map(len, sieves.values())))
    except FullError:
        raise _error(name, f"holds more than {MAX_TARGETS:,} targets") from None
    hidden = [shown_path((label,)) for label in sorted(dropped)[:_SHOWN]]
    notices = [f"labels that are Prometheus's own are left out: {', '.join(hidden)}"] if hidden else []
    skipped = left_out(list(sieves.values()), lists)
    portions = tuple(Portion(sieve.members(), name, labels) for labels, sieve in sieves.items() if len(sieve))
    return FileFound(portions, skipped, tuple(notices))
