"""Entries of ``targets:`` to sources of targets.

Rules:

1. What is written out is judged here: a target that no list takes is an error, since it would look watched. Of a network it is
   one if no address is taken; a part that is not is a warning.
2. Single targets that follow each other with the same labels are one portion, in which each is its own origin. A network is a
   portion of its own.
3. What names and files lead to is not known here.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath

from exporter.blocklist import Blocklist
from exporter.config.document import Note, Path, Value
from exporter.config.faults import keys_of, unknown_key, validated
from exporter.config.labels import read_labels
from exporter.config.matching import opened
from exporter.config.model import DomainEntry, FilesEntry, HostEntry, TargetEntry
from exporter.config.outlook import ADDRESSES, Outlook, taken_by
from exporter.config.written import SPECIAL, none_takes, only_non_global, read_name, read_target, why_not_accepted
from exporter.portions import MAX_TARGETS, Exclusion, Members, Portion, Taken, kind_of, members
from exporter.roster import Labels
from exporter.sources import Files, Named, Source, Way
from exporter.target import Kind, Network, Target

_Entry = TargetEntry | HostEntry | DomainEntry | FilesEntry
_FORMS: Mapping[str, type[_Entry]] = {"target": TargetEntry, "host": HostEntry, "domain": DomainEntry, "files": FilesEntry}
_KEYS = list(dict.fromkeys(key for form in _FORMS.values() for key in keys_of(form)))
_NO_SHAPE = "must be an address, a network or a domain, as text, or a mapping"
_NOT_DEEP = "`**` does not reach below one folder: write a pattern for each depth, such as a/*.yml and a/*/*.yml"
_NOTHING_LEFT = "`exclude` leaves nothing of it"


class Targets:
    """The entries read so far."""

    def __init__(
        self, lists: Sequence[Blocklist], excluded: Members, folder: FilePath, note: Note, warn: Note, *, judged: bool
    ) -> None:
        """``judged``: whether all lists are known, so that it can be said what none takes."""
        taken = taken_by(lists)
        self._lists = lists
        self._taken = taken
        self._folder = folder
        self._note = note
        self._warn = warn
        self._judged = judged
        self._excluded = Exclusion.of(excluded, Taken())
        self._untaken = Exclusion.of(Members(), taken)
        self._kept_out = Exclusion.of(excluded, taken)
        self._not_ordinary = Exclusion.of(excluded, Taken(taken.kinds, frozenset()))
        self._domain_lists = [blocklist for blocklist in lists if Kind.DOMAIN in blocklist.kinds]
        self._sources: list[Source] = []
        self._run: list[Target] = []
        self._labels_of_run: Labels = ()
        self._planned = 0
        self._addresses: set[Kind] = set()
        self._ordinary: set[Kind] = set()
        self._domains: list[str] = []

    def add(self, path: Path, value: Value) -> None:
        """Read one entry."""
        if isinstance(value, str):
            self._add_text(path, value, ())
        elif isinstance(value, dict):
            self._add_mapping(path, value)
        else:
            self._note(path, _NO_SHAPE)

    def sources(self) -> tuple[Source, ...]:
        """In the order of the entries, each name and pattern with its labels once."""
        self._end_run()
        seen: set[Source] = set()
        kept: list[Source] = []
        for source in self._sources:
            if isinstance(source, Portion):  # its members cannot be hashed, and may be many
                kept.append(source)
            elif source not in seen:
                seen.add(source)
                kept.append(source)
        return tuple(kept)

    def outlook(self) -> Outlook:
        """What there is to ask about, or may be."""
        return Outlook(self._addresses, self._ordinary, self._domains).awaiting(self._sources)

    def _add_mapping(self, path: Path, value: Mapping[str, Value]) -> None:
        entry = self._entry(path, value)
        if entry is None:
            return
        labels = read_labels(entry.labels, self._under((*path, "labels")))
        match entry:
            case TargetEntry():
                self._add_text((*path, "target"), entry.target, labels)
            case HostEntry():
                self._add_host((*path, "host"), entry.host, labels)
            case DomainEntry():
                self._add_domain((*path, "domain"), entry, labels)
            case FilesEntry():
                self._add_files((*path, "files"), entry.files, labels)

    def _entry(self, path: Path, value: Mapping[str, Value]) -> _Entry | None:
        forms = [key for key in value if key in _FORMS]
        unknown = [key for key in value if key not in _KEYS]
        if len(forms) == 1:
            return self._of_form(path, value, forms[0])
        for key in unknown:
            self._note((*path, key), unknown_key(key, _KEYS))
        if forms:
            self._note((*path, forms[1]), f"excludes {forms[0]}: an entry has one of target, host, domain and files")
        elif not unknown:
            self._note(path, "must have one of target, host, domain and files")
        return None

    def _of_form(self, path: Path, value: Mapping[str, Value], form: str) -> _Entry | None:
        if "expand" in value and form != "domain":
            self._note((*path, "expand"), "goes with domain only")
            value = {key: item for key, item in value.items() if key != "expand"}
        return validated(_FORMS[form], value, self._under(path))

    def _under(self, path: Path) -> Note:
        return lambda inside, message: self._note((*path, *inside), message)

    def _add_text(self, path: Path, text: str, labels: Labels) -> None:
        try:
            found = read_target(text)
        except ValueError as error:
            self._note(path, str(error))
            return
        if isinstance(found, Target):
            self._add_single(path, found, labels)
        else:
            self._add_network(path, found, labels)

    def _add_single(self, path: Path, target: Target, labels: Labels) -> None:
        if self._excluded.keeps_out(target):
            self._warn(path, _NOTHING_LEFT)
        elif self._judged and not self._takes(target):
            self._note(path, why_not_accepted(target, self._lists) or "")
        else:
            self._see(target)
        if labels != self._labels_of_run:
            self._end_run()
            self._labels_of_run = labels
        self._run.append(target)
        self._plan(path, 1)

    def _takes(self, target: Target) -> bool:
        if target.kind is Kind.DOMAIN:
            return any(blocklist.accepts(target) for blocklist in self._domain_lists)
        return not self._untaken.keeps_out(target)

    def _see(self, target: Target) -> None:
        if target.kind is Kind.DOMAIN:
            self._domains.append(target.text)
            return
        self._addresses.add(target.kind)
        if target.kind not in self._ordinary and not self._not_ordinary.keeps_out(target):
            self._ordinary.add(target.kind)

    def _add_network(self, path: Path, network: Network, labels: Labels) -> None:
        kind, size = kind_of(network), network.num_addresses
        taken = self._untaken.leaves(network)
        if not self._excluded.leaves(network):
            self._warn(path, _NOTHING_LEFT)
        elif self._judged and kind not in self._taken.kinds:
            self._note(path, none_takes(kind))
        elif self._judged and not taken:
            self._note(path, f"{network} is all {SPECIAL} addresses: {only_non_global('them')}")
        elif not self._kept_out.leaves(network):
            self._warn(path, _NOTHING_LEFT)
        elif taken < size:
            part = f"{size - taken:,} of its {size:,} addresses are left out: they are {SPECIAL} ones"
            self._warn(path, f"{part}, and {only_non_global('them')}")
        self._see_network(network)
        self._add_source(Portion(Members((network,)), str(network), labels))
        self._plan(path, size)

    def _see_network(self, network: Network) -> None:
        if self._kept_out.leaves(network):
            self._addresses.add(kind_of(network))
        if self._not_ordinary.leaves(network):
            self._ordinary.add(kind_of(network))

    def _add_host(self, path: Path, text: str, labels: Labels) -> None:
        name = self._name(path, text)
        if name is not None:
            self._look_up(path, [Named(Way.HOST, name, labels)])

    def _add_domain(self, path: Path, entry: DomainEntry, labels: Labels) -> None:
        name = self._name(path, entry.domain)
        if name is None:
            return
        if entry.expand and self._judged and not self._domain_lists:
            self._warn(path, f"{none_takes(Kind.DOMAIN)}; only what it leads to is watched")
        else:
            self._add_single(path, Target(name, Kind.DOMAIN), labels)
        if entry.expand:
            self._look_up(path, [Named(Way(way), name, labels) for way in entry.expand])

    def _look_up(self, path: Path, sources: Sequence[Source]) -> None:
        if self._judged and self._taken.kinds.isdisjoint(ADDRESSES):
            self._note(path, "leads to addresses, and no configured list takes any: add one, such as the set default")
        for source in sources:
            self._add_source(source)

    def _add_files(self, path: Path, patterns: Sequence[str], labels: Labels) -> None:
        for index, pattern in enumerate(patterns):
            if "**" in pattern:
                self._note((*path, index), _NOT_DEEP)
            self._add_source(Files(opened(pattern, self._folder), labels))

    def _name(self, path: Path, text: str) -> str | None:
        try:
            return read_name(text)
        except ValueError as error:
            self._note(path, str(error))
            return None

    def _add_source(self, source: Source) -> None:
        self._end_run()
        self._sources.append(source)

    def _end_run(self) -> None:
        if self._run:
            self._sources.append(Portion(members(self._run), "", self._labels_of_run))
            self._run = []

    def _plan(self, path: Path, more: int) -> None:
        """Count them; the entry that is one too many is noted, those after it follow from that."""
        before, self._planned = self._planned, self._planned + more
        if before <= MAX_TARGETS < self._planned:
            self._note(path, f"makes more than {MAX_TARGETS:,} targets with the entries before it, and no more are watched")
