"""Which files a pattern of the config names now, what is in them, and how each is called."""

import errno
import glob
import os
import re
import stat
from itertools import islice
from pathlib import Path

MOST_FILES = 1000
_ESCAPED = re.compile(r"\[([*?[])\]")


def opened(pattern: str, folder: Path) -> str:
    """A pattern as it is opened: if it is relative, from the folder of the config."""
    return str(Path(glob.escape(str(folder)), pattern))


def matching(pattern: str) -> list[Path]:
    """The regular files that an opened pattern names, sorted; a file that is named itself, there or not.

    Raises ``ValueError`` if there are too many.
    """
    if not glob.has_magic(_ESCAPED.sub("", pattern)):
        return [Path(_ESCAPED.sub(r"\1", pattern))]
    found = list(islice(glob.iglob(pattern), MOST_FILES + 1))
    if len(found) > MOST_FILES:
        raise ValueError(f"names more than {MOST_FILES} files")
    return sorted(path for path in map(Path, found) if path.is_file())


def content(path: Path, most: int) -> bytes:
    """What is in a file, but no more octets than to see that there are more than ``most``. Raises ``OSError``."""
    with path.open("rb") as file:
        return file.read(most + 1)


def content_at_once(path: Path, most: int) -> bytes:
    """The same of a regular file only: a named pipe would have us wait for whoever writes into it. Raises ``OSError``."""
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        return file.read(most + 1)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def written(pattern: str, folder: Path) -> str:
    """An opened pattern as it stands in the config."""
    return shown(Path(pattern), Path(glob.escape(str(folder))))


def shown(path: Path, folder: Path) -> str:
    """What a file is called: its path from the folder of the config, if it starts there, on one line."""
    name = str(path.relative_to(folder) if path.is_relative_to(folder) else path)
    return name if name.isprintable() else ascii(name)[1:-1]
