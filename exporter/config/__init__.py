"""File to words: :func:`load` reads the config file and says everything that is wrong with it at once.

Rules:

1. Unknown keys are errors. So is a target that no list accepts: it would look watched and never be asked about.
2. Each entry is judged by itself, so one bad entry hides no problem of another.
3. Secrets come from files and variables. A message never repeats a value that could be one.
4. Nothing is started, opened or resolved here except the config file itself and the key files it names. Files of targets are read
   by whoever has their content, with :func:`exporter.config.target_files.read_target_file`.
5. What is no fault but would surprise is a warning: the config is used, and whoever uses it says so.
6. A file is used, or :class:`ConfigError` says why not. Nothing that stands in a file leads to another exception.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path as FilePath
from typing import TypeVar

from pydantic import BaseModel

from exporter import catalogue
from exporter.blocklist import Blocklist, Resolver
from exporter.config import model as sections
from exporter.config.document import Document, Note, Path, Problem, Value, read
from exporter.config.faults import keys_of, unknown_key, validated
from exporter.config.lists import Lists, Place
from exporter.config.model import Checks, ConfigFile, History, ListEntry, Metrics, Query
from exporter.config.outlook import taken_by
from exporter.config.resolvers import read_resolvers
from exporter.config.schema import schema
from exporter.config.sets import BY_DEFAULT
from exporter.config.settings import Config, Expansion
from exporter.config.targets import Targets
from exporter.config.words import to_blocklist
from exporter.config.written import read_excluded, read_names
from exporter.portions import Members

__all__ = ["BY_DEFAULT", "Config", "ConfigError", "Expansion", "built_in", "catalogued", "load", "schema"]

_Section = TypeVar("_Section", bound=BaseModel)


class ConfigError(Exception):
    """The config cannot be used; ``problems`` says why, in the order of the file."""

    def __init__(self, path: FilePath, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(f"{path}:{problem}" for problem in self.problems))


def load(path: FilePath, environment: Mapping[str, str]) -> Config:
    """The config in the file at ``path``. Raises :class:`ConfigError` with all its problems."""
    reading = _Reading(read(_text(path)), path.parent, environment)
    config = reading.config()
    if config is None or reading.problems:
        raise ConfigError(path, reading.problems)
    return config


def built_in(names: Sequence[str] = BY_DEFAULT, resolvers: tuple[Resolver, ...] = (Resolver("system"),)) -> Config:
    """What holds without a config file: lists and sets of the catalogue, no target. Raises ``ValueError`` for what is neither."""
    reading = _Reading(Document({"lists": list(names)}, {(): 1}, ()), FilePath(), {})
    lists, query, history = reading.lists(Checks()), Query(), History()
    if reading.problems:
        raise ValueError("; ".join(f"{names[int(str(problem.path[1]))]}: {problem.message}" for problem in reading.problems))
    return Config(
        folder=FilePath(),
        resolvers=resolvers,
        timeout=query.timeout,
        attempts=query.attempts,
        lists=lists.all(),
        out_of_sets=lists.out_of_sets(),
        taken=taken_by(lists.all()),
        sources=(),
        exclude=Members(),
        expansion=reading.expansion(),
        exposed_checks=Metrics().checks,
        history_path=FilePath(history.path),
        history_keep=history.keep,
        warnings=(),
    )


def catalogued() -> Mapping[str, Blocklist]:
    """Every list of the catalogue by its zone, to be shown; also those that need a key, without it."""
    return {
        zone: to_blocklist(ListEntry.model_validate(entry), Checks(), FilePath(), {}, lambda path, message: None)
        for zone, entry in catalogue.entries().items()
    }


def _text(path: FilePath) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except ValueError:  # UnicodeDecodeError, or a path that cannot be one
        reason = "it is not UTF-8 text"
    raise ConfigError(path, [Problem((), 1, f"cannot be read: {reason}")])


class _Reading:
    """One pass over one document; collects problems as it goes."""

    def __init__(self, document: Document, folder: FilePath, environment: Mapping[str, str]) -> None:
        self.problems = list(document.problems)
        self._warnings: list[Problem] = []
        self._document = document
        self._top = document.data if isinstance(document.data, dict) else {}
        self._folder = folder
        self._environment = environment

    def config(self) -> Config | None:
        if not isinstance(self._document.data, dict):
            if not self.problems:
                self._note((), "must be a mapping with `lists` and `targets`")
            return None
        for key in self._top:
            if key not in ConfigFile.model_fields:
                self._note((key,), unknown_key(key, keys_of(ConfigFile)))
        query, checks = self._section("query", Query), self._section("checks", Checks)
        metrics, history = self._section("metrics", Metrics), self._section("history", History)
        resolvers = self._resolvers()
        lists = self.lists(checks)
        exclude = self._exclude()
        targets = self._targets(lists.all(), exclude)
        lists.warn_of_idle(targets.outlook())
        return Config(
            folder=self._folder,
            resolvers=resolvers,
            timeout=query.timeout,
            attempts=query.attempts,
            lists=lists.all(),
            out_of_sets=lists.out_of_sets(),
            taken=taken_by(lists.all()),
            sources=targets.sources(),
            exclude=exclude,
            expansion=self.expansion(),
            exposed_checks=metrics.checks,
            history_path=FilePath(history.path),
            history_keep=history.keep,
            warnings=tuple(sorted(self._warnings, key=lambda warning: warning.line)),
        )

    def lists(self, checks: Checks) -> Lists:
        lists = Lists(checks, self._folder, self._environment)
        default: list[tuple[Path, Value]] = [(("lists",), name) for name in BY_DEFAULT]
        for path, value in self._items("lists") if "lists" in self._top else default:
            lists.add(value, Place(self._document.line(path), self._under(path), self._warning_under(path)))
        lists.complete()
        return lists

    def _resolvers(self) -> tuple[Resolver, ...]:
        if "resolvers" not in self._top:
            return (Resolver("system"),)
        return read_resolvers([value for _, value in self._items("resolvers")], ("resolvers",), self._note)

    def _targets(self, lists: tuple[Blocklist, ...], excluded: Members) -> Targets:
        # A list that could not be read might have taken the target.
        all_lists_known = not any(problem.path[:1] == ("lists",) for problem in self.problems)
        targets = Targets(lists, excluded, self._folder, self._note, self._warning_under(()), judged=all_lists_known)
        for path, value in self._items("targets"):
            targets.add(path, value)
        return targets

    def _exclude(self) -> Members:
        return read_excluded(self._items("exclude"), self._note) if "exclude" in self._top else Members()

    def expansion(self) -> Expansion:
        given = self._section("expansion", sections.Expansion)
        names = given.skip_includes
        return Expansion(
            given.interval,
            given.largest_network,
            given.most_addresses,
            None if names is None else read_names(names, ("expansion", "skip_includes"), self._note),
        )

    def _section(self, key: str, model: type[_Section]) -> _Section:
        """The section as given, or its defaults: after a problem they stand in, so that the rest is judged as well."""
        given = self._top.get(key)
        found = None if given is None else validated(model, given, self._under((key,)))
        return found or model()

    def _items(self, key: str) -> list[tuple[Path, Value]]:
        values = self._top.get(key)
        if isinstance(values, list) and values:
            return [((key, index), value) for index, value in enumerate(values)]
        self._note(
            (key,), "must be a list with at least one entry" if key in self._top else "is missing: give at least one entry"
        )
        return []

    def _under(self, path: Path) -> Note:
        return lambda inside, message: self._note((*path, *inside), message)

    def _warning_under(self, path: Path) -> Note:
        def warn(inside: Path, message: str) -> None:
            where = (*path, *inside)
            self._warnings.append(Problem(where, self._document.line(where), message))

        return warn

    def _note(self, path: Path, message: str) -> None:
        if path not in self._document.settled:
            self.problems.append(Problem(path, self._document.line(path), message))
