"""What the tests of imports share."""

from pathlib import Path

from exporter.config import Config, load
from exporter.foreign import Conversion, convert
from exporter.portions import Portion, assemble
from exporter.sources import Named


def converted(**files: str) -> Conversion:
    """The config made of files by the names that stand before `.ini`; `__` stands for a hyphen."""
    return convert([(f"{name.replace('__', '-')}.ini", text.encode()) for name, text in files.items()])


def page(**files: str) -> str:
    """Its text."""
    return converted(**files).text


def lists(text: str) -> list[str]:
    """The lines of the page below `lists:`, without their indent."""
    return _block(text, "lists:\n", "\n\ntargets:")


def targets(text: str) -> list[str]:
    """The lines of the page below `targets:`, without their indent."""
    return _block(text, "\n\ntargets:\n", "\n\n# ")


def entries(lines: list[str]) -> list[str]:
    """Those that are no comments."""
    return [line for line in lines if not line.startswith("#")]


def loaded(text: str, folder: Path) -> Config:
    """The page as our own config's reader has it."""
    path = folder / "config.yml"
    path.write_text(text)
    return load(path, {})


def watched(config: Config) -> set[str]:
    """All that a config watches: targets, and names whose addresses are."""
    portions = [source for source in config.sources if isinstance(source, Portion)]
    named = {f"{source.way}: {source.name}" for source in config.sources if isinstance(source, Named)}
    return named | {target.text for target in assemble(portions).roster}


def _block(text: str, start: str, end: str) -> list[str]:
    found = text.partition(start)[2].rpartition(end)[0]
    return [line.removeprefix("  ") for line in found.split("\n")]
