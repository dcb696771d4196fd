"""JSON and YAML that hold targets, to texts by their labels: Prometheus's ``file_sd`` groups, or a list of targets.

Rules:

1. A file holds targets and networks. Names that are looked up and further files stand in the config only.
2. A group's labels are laid over those of the entry that names the file.
3. Of a group, labels that start with two underscores are left out, as Prometheus does, and said. So are those that it sets when
   it scrapes: files that were written for it often have them.
"""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel

from exporter.config.document import Note, Path, Value
from exporter.config.faults import keys_of, unknown_key, validated
from exporter.config.labels import LabelTexts, read_labels
from exporter.config.model import STRICT, TargetEntry
from exporter.roster import Labels

_CONFIG_ONLY = {"host", "domain", "expand", "files"}
_SET_BY_SCRAPES = {"job", "instance"}
_NO_SHAPE = "must be a target as text, a mapping with target, or a group with targets"


class Group(BaseModel):
    """Targets with the same labels, in Prometheus's words."""

    model_config = STRICT

    targets: list[object]
    """Looked at by whoever reads them: there may be many, and each may be wrong."""
    labels: LabelTexts = {}


class Shapes:
    """The items read so far."""

    def __init__(self, labels: Labels, note: Note) -> None:
        self._labels = labels
        self._note = note
        self._known: dict[tuple[tuple[str, Value], ...], Labels] = {}
        self.texts: dict[Labels, list[str]] = {}
        """By all of their labels."""
        self.dropped: dict[str, None] = {}
        """Names of labels that were left out."""

    def add(self, items: Sequence[Value]) -> None:
        """Read all items of a file."""
        own = self._of(self._labels)
        for index, item in enumerate(items):
            if isinstance(item, str):
                own.append(item)
            elif not isinstance(item, dict):
                self._note((index,), _NO_SHAPE)
            elif not self._add_alike(item):
                self._add_mapping((index,), item)

    def _add_alike(self, item: Mapping[str, Value]) -> bool:
        """The short way: add a target whose labels were read before, if it is one."""
        text, labels = item.get("target"), item.get("labels")
        if len(item) > len(("target", "labels")) or not isinstance(text, str) or not isinstance(labels, dict):
            return False
        try:
            known = self._known.get(tuple(labels.items()))
        except TypeError:  # a value that is no text, and cannot be hashed
            return False
        if known is not None:
            self._of(known).append(text)
        return known is not None

    def _add_mapping(self, path: Path, item: Mapping[str, Value]) -> None:
        if banned := [key for key in item if key in _CONFIG_ONLY]:
            self._note((*path, banned[0]), "stands in the config only: a file holds targets and networks")
        elif "targets" in item:
            self._add_group(path, item)
        elif "target" in item:
            entry = validated(TargetEntry, item, self._under(path))
            if entry is not None:
                self._with(path, entry.labels).append(entry.target)
        elif unknown := [key for key in item if key != "labels"]:
            self._note((*path, unknown[0]), unknown_key(unknown[0], ["target", *keys_of(Group)]))
        else:
            self._note(path, _NO_SHAPE)

    def _add_group(self, path: Path, item: Mapping[str, Value]) -> None:
        labels = item.get("labels")
        if isinstance(labels, dict):
            self.dropped |= dict.fromkeys(filter(_is_left_out, labels))
            item = {**item, "labels": {name: text for name, text in labels.items() if not _is_left_out(name)}}
        group = validated(Group, item, self._under(path))
        if group is None:
            return
        texts = [text for text in group.targets if isinstance(text, str)]
        self._with(path, group.labels).extend(texts)
        if len(texts) < len(group.targets):
            wrong = next(index for index, text in enumerate(group.targets) if not isinstance(text, str))
            self._note((*path, "targets", wrong), "must be text, in quotes if it looks like a number")

    def _with(self, path: Path, texts: Mapping[str, str]) -> list[str]:
        """Where texts of these labels belong, which are read once."""
        key = tuple[tuple[str, Value], ...](texts.items())
        labels = self._known.get(key)
        if labels is None:
            more = read_labels(texts, self._under((*path, "labels")))
            labels = self._known[key] = tuple(sorted((dict(self._labels) | dict(more)).items()))
        return self._of(labels)

    def _of(self, labels: Labels) -> list[str]:
        return self.texts.setdefault(labels, [])

    def _under(self, path: Path) -> Note:
        return lambda inside, message: self._note((*path, *inside), message)


def _is_left_out(label: str) -> bool:
    return label.startswith("__") or label in _SET_BY_SCRAPES


def places(items: Sequence[Value]) -> Iterator[tuple[str, Path]]:
    """Each text that should be a target, and where it stands."""
    for index, item in enumerate(items):
        match item:
            case str():
                yield item, (index,)
            case {"targets": [*texts]}:
                yield from ((text, (index, "targets", place)) for place, text in enumerate(texts) if isinstance(text, str))
            case {"target": str(text)}:
                yield text, (index, "target")
