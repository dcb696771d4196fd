"""Entries of ``targets:`` to targets."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from exporter.blocklist import Blocklist
from exporter.config.document import Note, Path, Value
from exporter.config.faults import validated
from exporter.config.model import TargetEntry
from exporter.registrable import registrable
from exporter.target import Kind, Target, parse

_SUPPORTED = "not supported in this version; give single addresses and bare domains"
_NOT_YET: Mapping[str, str] = {
    "host": "host names are",
    "domain": "a domain with the addresses behind it is",
    "expand": "a domain with the addresses behind it is",
    "files": "files of targets are",
    "cidr": "networks are",
    "labels": "labels of targets are",
}
_NETWORK = re.compile(r"[0-9A-Fa-f:.]+/[0-9]+")
_EXAMPLES = {
    Kind.IPV4: "zen.spamhaus.org, or the set default",
    Kind.IPV6: "zen.spamhaus.org, or the set default",
    Kind.DOMAIN: "dbl.spamhaus.org, or the set domains",
}


def target_text(path: Path, value: Value, note: Note) -> tuple[Path, str] | None:
    """What an entry says, and where it says it; a mapping has it under ``target``."""
    if isinstance(value, str):
        return path, value
    if not isinstance(value, dict):
        note(path, "must be an address or a domain, as text")
        return None
    rest = {key: item for key, item in value.items() if key not in _NOT_YET}
    later = [key for key in value if key in _NOT_YET]
    for key in later:
        note((*path, key), f"{_NOT_YET[key]} {_SUPPORTED}")
    if later and "target" not in rest:
        return None
    entry = validated(TargetEntry, rest, lambda inside, message: note((*path, *inside), message))
    return None if entry is None else ((*path, "target"), entry.target)


def read_target(text: str) -> Target:
    """The target in a text of the file. Raises ``ValueError`` with a sentence."""
    if _NETWORK.fullmatch(text):
        raise ValueError(f"networks are {_SUPPORTED}")
    if "/" in text:
        raise ValueError("is a URL: give its bare domain")
    if "@" in text:
        raise ValueError("is a mail address: give its domain, or the address of its server")
    return parse(text)


def why_not_accepted(target: Target, lists: Sequence[Blocklist]) -> str | None:
    """Why no list takes the target, if none does: it would look watched and never be asked about."""
    if any(blocklist.accepts(target) for blocklist in lists):
        return None
    of_kind = [blocklist for blocklist in lists if target.kind in blocklist.kinds]
    if not of_kind:
        return f"no configured list takes {target.kind} targets: add one, such as {_EXAMPLES[target.kind]}"
    if target.kind is Kind.DOMAIN and registrable(target.text) is None and any(blocklist.registrable for blocklist in of_kind):
        return (
            f"{target.text} is a public suffix, below which others have their domains: "
            "a list of registrable domains cannot hold it, and no other one takes it"
        )
    if target.is_global:
        return f"makes too long a name with every list that takes {target.kind} targets"
    return (
        f"{target.text} is a private, loopback, documentation or multicast address: "
        "only a list with `non_global: true` is asked about it, and none of these takes it"
    )


def idle(lists: Iterable[Blocklist], targets: Collection[Target]) -> list[str]:
    """The names of the lists that take none of the targets."""
    of_kind: dict[Kind, list[Target]] = {}
    for target in targets:
        of_kind.setdefault(target.kind, []).append(target)
    return [
        blocklist.name
        for blocklist in lists
        if not any(blocklist.accepts(target) for kind in blocklist.kinds for target in of_kind.get(kind, ()))
    ]
