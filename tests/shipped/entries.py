"""The catalogue's entries, as the loader reads them."""

from functools import cache
from importlib import resources
from pathlib import Path

from exporter import catalogue
from exporter.blocklist import Blocklist
from exporter.config.model import Checks, ListEntry
from exporter.config.words import to_blocklist

FILES = sorted(file.name for file in (resources.files(catalogue) / "lists").iterdir() if file.name.endswith(".yml"))
ZONES = list(catalogue.entries())


def text(file: str) -> str:
    """A file beside the loader: `defunct.yml`, `lists/uribl.yml`."""
    return resources.files(catalogue).joinpath(*file.split("/")).read_text("utf-8")


@cache
def entry_of(zone: str) -> ListEntry:
    """The entry in its shape."""
    return ListEntry.model_validate(catalogue.entries()[zone])


@cache
def list_of(zone: str) -> Blocklist:
    """The list of an entry; a note, but that its key is missing, is a fault."""
    notes: list[str] = []
    found = to_blocklist(entry_of(zone), Checks(), Path(), {}, lambda path, message: notes.append(f"{path}: {message}"))
    said = [note.partition(";")[0] for note in notes]
    assert said == (["('zone',): needs a key: give key_file or key_env"] if entry_of(zone).needs_key else [])
    return found
