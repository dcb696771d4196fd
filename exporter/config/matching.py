"""Which files a pattern of the config names now, and how each is called."""

import glob
from itertools import islice
from pathlib import Path

MOST_FILES = 1000


def opened(pattern: str, folder: Path) -> str:
    """A pattern as it is opened: if it is relative, from the folder of the config."""
    return str(Path(glob.escape(str(folder)), pattern))


def matching(pattern: str) -> list[Path]:
    """The regular files that an opened pattern names, sorted. Raises ``ValueError`` if there are too many."""
    found = list(islice(glob.iglob(pattern), MOST_FILES + 1))
    if len(found) > MOST_FILES:
        raise ValueError(f"{pattern} names more than {MOST_FILES} files")
    return sorted(path for path in map(Path, found) if path.is_file())


def content(path: Path, most: int) -> bytes:
    """What is in a file, but no more octets than to see that there are more than ``most``. Raises ``OSError``."""
    with path.open("rb") as file:
        return file.read(most + 1)


def written(pattern: str, folder: Path) -> str:
    """An opened pattern as it stands in the config."""
    return shown(Path(pattern), Path(glob.escape(str(folder))))


def shown(path: Path, folder: Path) -> str:
    """What a file is called: its path from the folder of the config, if it starts there, on one line."""
    name = str(path.relative_to(folder) if path.is_relative_to(folder) else path)
    return name if name.isprintable() else ascii(name)[1:-1]
