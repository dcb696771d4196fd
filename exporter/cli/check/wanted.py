"""What the command line asks for: each TARGET read, whatever its form.

=====================  ==========================================================================================
TARGET                 asks for
=====================  ==========================================================================================
an address             itself
a network              each of its addresses
a domain               itself, and the addresses that ``--expand`` leads to
``host:NAME``          the addresses of the name
``file:PATH``          the targets in the file, as ``files`` of the config would take them
=====================  ==========================================================================================

Rules:

1. No address and no domain has a colon behind ``host`` or ``file``, so the prefixes take nothing away.
2. Whoever types addresses may mean a few more than a thousand only by mistake: more come from a file.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from exporter.blocklist import Blocklist
from exporter.cli.check.words import Skip
from exporter.config.matching import content, shown
from exporter.config.target_files import MAX_BYTES, TargetFileError, read_target_file
from exporter.config.written import read_name, read_target
from exporter.portions import MAX_TARGETS, Members, Portion
from exporter.sources import Named, Way
from exporter.target import Kind, Network, Target

MOST_ADDRESSES = 1024
_HOST, _FILE = "host:", "file:"


@dataclass(slots=True)
class Wanted:
    """In the order of the command line, each once."""

    singles: dict[Target, None] = field(default_factory=dict)
    networks: dict[Network, None] = field(default_factory=dict)
    named: dict[Named, None] = field(default_factory=dict)
    files: dict[str, Sequence[Portion]] = field(default_factory=dict)
    """By path."""
    skipped: list[Skip] = field(default_factory=list)
    """What of the files no list takes."""

    def portions(self) -> list[Portion]:
        """What is written out, but for single targets of the command line."""
        networks = [Portion(Members((network,)), str(network)) for network in self.networks]
        return [*networks, *(portion for portions in self.files.values() for portion in portions)]


def read(texts: Iterable[str], ways: Iterable[Way], lists: Sequence[Blocklist]) -> Wanted:
    """What the texts ask for; ``ways`` lead on from domains. Raises ``ValueError`` with what is wrong with one."""
    wanted = Wanted()
    for text in texts:
        if text.startswith(_FILE):
            _add_file(wanted, text.removeprefix(_FILE), lists)
        else:
            _add(wanted, text, ways)
    typed = sum(network.num_addresses for network in wanted.networks)
    typed += sum(target.kind is not Kind.DOMAIN for target in wanted.singles)
    if typed > MOST_ADDRESSES:
        raise ValueError(
            f"these are {typed:,} addresses, and the command line takes {MOST_ADDRESSES:,}: "
            f"give the parts that are in use, or a file that names them ({_FILE}PATH)"
        )
    if sum(len(portion.members) for portion in wanted.portions()) > MAX_TARGETS:
        raise ValueError(f"the files hold more than {MAX_TARGETS:,} targets")
    return wanted


def _add(wanted: Wanted, text: str, ways: Iterable[Way]) -> None:
    try:
        if text.startswith(_HOST):
            wanted.named[Named(Way.HOST, read_name(text.removeprefix(_HOST)))] = None
            return
        found = read_target(text)
    except ValueError as error:
        raise ValueError(str(error) if text in str(error) else f"{text!r}: {error}") from None
    if not isinstance(found, Target):
        wanted.networks[found] = None
        return
    wanted.singles[found] = None
    if found.kind is Kind.DOMAIN:
        wanted.named |= dict.fromkeys(Named(way, found.text) for way in ways)


def _add_file(wanted: Wanted, path: str, lists: Sequence[Blocklist]) -> None:
    name = shown(Path(path), Path())
    if name in wanted.files:
        return
    try:
        found = read_target_file(name, content(Path(path), MAX_BYTES), (), lists)
    except (OSError, ValueError) as error:  # a ValueError: a path that cannot be one
        raise ValueError(f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    except TargetFileError as error:
        raise ValueError(str(error)) from None
    wanted.files[name] = found.portions
    wanted.skipped += [Skip(name, skipped.what, skipped.reason, skipped.why) for skipped in found.skipped]
