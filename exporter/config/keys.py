"""The keys of lists: where they come from, and how one that stands where it must not is noticed.

Rules:

1. A key comes from a file or a variable. Neither the key nor the name of its file or variable is part of a message: the name may
   be the key itself, written in the wrong place.
2. A key is one DNS label, since it becomes one in every query name.
"""

import re
import stat
from collections.abc import Mapping
from pathlib import Path

from exporter.blocklist import Key

_KEY = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
# No label of a zone that anybody runs is this long with digits in it; every key that is sold is.
_LOOKS_LIKE_A_KEY = re.compile(r"(?=.*[0-9])[a-z0-9]{20,63}")
LIKE_A_KEY = re.compile(r"(?=[A-Za-z]*[0-9])[A-Za-z0-9]{20,}")
"""Also as a part of a label, which no key is: whoever mixed it up with something else does not want it to show either."""
_MORE_THAN_ANY_KEY = 1000


def holds_key(name: str) -> bool:
    """Whether one of the labels of ``name`` looks like a key."""
    return any(_LOOKS_LIKE_A_KEY.fullmatch(label) for label in name.lower().split("."))


def starred(text: str) -> str:
    """The text without what looks like a key in it."""
    return LIKE_A_KEY.sub("********", text)


def from_file(path: Path) -> Key:
    """The key that is all of a file, but for white space around it. Raises ``ValueError`` with a sentence."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError("must name a regular file")
        with path.open(encoding="utf-8-sig") as file:
            return _read(file.read(_MORE_THAN_ANY_KEY))
    except FileNotFoundError:
        raise ValueError("there is no such file; a relative path starts in the folder of the config") from None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(_NO_KEY) from None


def from_variable(name: str, environment: Mapping[str, str]) -> Key:
    """The key in a variable of the environment. Raises ``ValueError`` with a sentence."""
    if name not in environment:
        raise ValueError("names a variable that is not set")
    return _read(environment[name])


_NO_KEY = "leads to something that is no key: one line of up to 63 letters, digits and hyphens is expected"


def _read(text: str) -> Key:
    if not text.strip():
        raise ValueError("leads to an empty key")
    if not _KEY.fullmatch(text.strip()):
        raise ValueError(_NO_KEY)
    return Key(text.strip())
