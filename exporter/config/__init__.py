"""File to words: :func:`load` reads the config file and says everything that is wrong with it at once.

Rules:

1. Unknown keys are errors. So is a target that no list accepts: it would look watched and never be asked for.
2. Each entry is judged by itself, so one bad entry hides no problem of another.
3. Secrets come from files and variables. A message never repeats a value that could be one.
4. Nothing is started, opened or resolved here except the config file itself and the key files it names.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Literal, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from exporter import catalogue
from exporter.blocklist import Blocklist
from exporter.config import words
from exporter.config.document import Document, Path, Problem, Value, read
from exporter.config.model import (
    Checks,
    ConfigFile,
    History,
    ListEntry,
    Metrics,
    Query,
    TargetEntry,
)
from exporter.target import Target, parse

_Section = TypeVar("_Section", bound=BaseModel)

_SECRET_KEYS = {"key", "password", "secret", "token", "api_key", "apikey"}


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the config file says, in words. Times in seconds."""

    resolvers: tuple[str, ...]
    timeout: float
    attempts: int
    lists: tuple[Blocklist, ...]
    targets: Mapping[Target, tuple[str, ...]]
    """Each target once, with the entries it came from."""
    exposed_checks: Literal["all", "history"]
    history_path: FilePath
    history_keep: float


class ConfigError(Exception):
    """The config cannot be used; ``problems`` says why, in the order of the file."""

    def __init__(self, path: FilePath, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, str(problem.path))))
        super().__init__("\n".join(f"{path}:{problem}" for problem in self.problems))


def load(path: FilePath, environment: Mapping[str, str]) -> Config:
    """The config in the file at ``path``. Raises :class:`ConfigError` with all its problems."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(path, [Problem((), 1, f"cannot be read: {reason}")]) from None
    reading = _Reading(read(text), path.parent, environment)
    config = reading.config()
    if config is None or reading.problems:
        raise ConfigError(path, reading.problems)
    return config


def built_in(resolvers: tuple[str, ...] = ("system",)) -> Config:
    """What holds without a config file: every list of the catalogue that needs no key, and no target."""
    names = [zone for zone, entry in catalogue.entries().items() if not entry.get("needs_key")]
    document = Document({"resolvers": list(resolvers), "lists": list(names), "targets": []}, {(): 1}, ())
    reading = _Reading(document, FilePath(), {})
    lists = reading.lists(Checks())
    return Config(resolvers, Query().timeout, Query().attempts, lists, {}, "all", FilePath(History().path), History().keep)


def schema() -> dict[str, object]:
    """The JSON Schema of the config file, for editors."""
    return ConfigFile.model_json_schema(by_alias=True)


class _Reading:
    """One pass over one document; collects problems as it goes."""

    def __init__(self, document: Document, folder: FilePath, environment: Mapping[str, str]) -> None:
        self.document = document
        self.folder = folder
        self.environment = environment
        self.problems = list(document.problems)

    def config(self) -> Config | None:
        data = self.document.data
        if not isinstance(data, dict):
            if not self.problems:
                self._note((), "is empty: `lists` and `targets` are needed")
            return None
        for key in data.keys() - ConfigFile.model_fields.keys():
            self._note((key,), _unknown_key(key, ConfigFile.model_fields))
        query = self._section("query", Query) or Query()
        checks = self._section("checks", Checks) or Checks()
        metrics = self._section("metrics", Metrics) or Metrics()
        history = self._section("history", History) or History()
        resolvers = [text for _, text in self._items("resolvers", default=["system"]) if self._is_text(("resolvers",), text)]
        lists = self.lists(checks)
        return Config(
            resolvers=words.resolvers([str(text) for text in resolvers], ("resolvers",), self._note),
            timeout=query.timeout,
            attempts=query.attempts,
            lists=lists,
            targets=self._targets(lists),
            exposed_checks=metrics.checks,
            history_path=FilePath(history.path),
            history_keep=history.keep,
        )

    def lists(self, checks: Checks) -> tuple[Blocklist, ...]:
        found: dict[str, tuple[Path, ListEntry, Blocklist]] = {}
        for path, value in self._items("lists"):
            entry = self._list_entry(path, value)
            if entry is None:
                continue
            blocklist = words.to_blocklist(
                entry,
                checks,
                self.folder,
                self.environment,
                lambda rest, text, path=path: self._note((*path, *rest), text),  # type: ignore[misc]
            )
            if blocklist.name in found:
                self._note(path, f"{blocklist.name} is given twice, first in line {self._line(found[blocklist.name][0])}")
                continue
            found[blocklist.name] = (path, entry, blocklist)
        for name, (_, entry, _) in found.items():
            for part in entry.includes:
                if part in found:
                    self._note(found[part][0], f"{part} is part of {name}, which is asked too: one listing would count twice")
        return tuple(blocklist for _, _, blocklist in found.values())

    def _list_entry(self, path: Path, value: Value) -> ListEntry | None:
        """A catalogue name, or a mapping laid over the catalogue's entry for its zone."""
        own: dict[str, Value] = {"zone": value} if isinstance(value, str) else value if isinstance(value, dict) else {}
        if not own:
            self._note(path, "must be the name of a list of the catalogue, or a mapping with a zone")
            return None
        zone = own.get("zone")
        try:
            known = catalogue.entries().get(words.normal_zone(zone)) if isinstance(zone, str) else None
        except ValueError:
            known = None
        if known is None and isinstance(value, str):
            self._note(path, _unknown_list(value))
            return None
        merged = {**(known or {}), **own}
        return self._validated(ListEntry, merged, path)

    def _targets(self, lists: tuple[Blocklist, ...]) -> Mapping[Target, tuple[str, ...]]:
        origins: dict[Target, tuple[str, ...]] = {}
        # A list that could not be read might have taken the target.
        all_lists_known = not any(problem.path[:1] == ("lists",) for problem in self.problems)
        for path, value in self._items("targets"):
            text = value
            if isinstance(value, dict):
                entry = self._validated(TargetEntry, value, path)
                if entry is None:
                    continue
                path, text = (*path, "target"), entry.target
            if not self._is_text(path, text):
                continue
            try:
                target = parse(str(text))
            except ValueError as error:
                self._note(path, str(error))
                continue
            if all_lists_known and not any(blocklist.accepts(target) for blocklist in lists):
                self._note(path, _not_accepted(target))
                continue
            origins[target] = (*origins.get(target, ()), str(text))
        return {target: tuple(dict.fromkeys(texts)) for target, texts in origins.items()}

    def _section(self, key: str, model: type[_Section]) -> _Section | None:
        data = self.document.data
        if not isinstance(data, dict) or data.get(key) is None:
            return None
        return self._validated(model, data[key], (key,))

    def _items(self, key: str, default: list[Value] | None = None) -> Iterator[tuple[Path, Value]]:
        data = self.document.data
        values = data.get(key, default) if isinstance(data, dict) else default
        if not isinstance(values, list) or not values:
            if values != [] or default is not None or self.document.lines.get((key,)):
                self._note((key,), "must be a list with at least one entry")
            return
        yield from (((key, index), value) for index, value in enumerate(values))

    def _validated(self, model: type[_Section], value: object, path: Path) -> _Section | None:
        try:
            return TypeAdapter(model).validate_python(value)
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_context=False, include_input=False):
                rest = tuple(part for part in fault["loc"] if part != "[key]")
                self._note((*path, *rest), _in_words(fault["type"], fault["msg"], rest, model))
            return None

    def _is_text(self, path: Path, value: Value) -> bool:
        if not isinstance(value, str):
            self._note(path, "must be text")
        return isinstance(value, str)

    def _note(self, path: Path, message: str) -> None:
        self.problems.append(self.document.problem(path, message))

    def _line(self, path: Path) -> int:
        return self.document.problem(path, "").line


def _in_words(kind: str, message: str, path: Path, model: type[BaseModel]) -> str:
    """Pydantic's fault as a sentence about the value at the path."""
    if kind == "extra_forbidden":
        return _unknown_key(str(path[-1]), model.model_fields if len(path) == 1 else ())
    if kind == "missing":
        return "is missing"
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return "must be a mapping"
    return message.removeprefix("Value error, ").replace("Input should be", "must be").replace("List should", "must")


def _unknown_key(key: str, known: Iterable[str]) -> str:
    if key.lower() in _SECRET_KEYS:
        return "a secret must not stand in the config: name its file with key_file, or its variable with key_env"
    close = difflib.get_close_matches(key, list(known), n=1)
    return f"unknown key; did you mean {close[0]}?" if close else "unknown key"


def _unknown_list(name: str) -> str:
    close = difflib.get_close_matches(name, list(catalogue.entries()), n=1)
    hint = f"did you mean {close[0]}?" if close else "a list of your own is a mapping with zone and kinds"
    return f"is not in the catalogue; {hint}"


def _not_accepted(target: Target) -> str:
    if not target.is_global:
        return (
            f"{target.text} is a private, loopback, documentation or multicast address: "
            "only a list with `non_global: true` is asked about it, and none of these takes it"
        )
    return f"no configured list takes {target.kind} targets like this one, so it would never be checked"
