"""What somebody registered: ``example.co.uk`` of ``mail.example.co.uk``, by the public suffix list.

Rules:

1. A domain is registrable if it has one label in front of a public suffix; a public suffix itself has none. A top-level domain
   that the list does not know is a public suffix.
2. Suffixes that companies open to others (``github.io``) count as much as those of registries. Whoever lists ``bad.github.io``
   must not cut it further, or all its neighbours would be accused, and whoever asks must cut at the same place: filters have long
   had tables of such hosters for the very lists that hold registrable domains only.
3. The list is read when it is first asked for: who does not need it, pays nothing.
"""

from collections.abc import Callable
from functools import cache


def registrable(domain: str) -> str | None:
    """The registrable domain that ``domain`` is or is below, or ``None`` if others register under it."""
    return _reader()(domain)


@cache
def _reader() -> Callable[[str], str | None]:
    from publicsuffixlist import PublicSuffixList  # here, by rule 3

    return PublicSuffixList().privatesuffix
