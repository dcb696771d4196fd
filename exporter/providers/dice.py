"""Random IDs and choices, taken from the operating system in bulk.

A forger who could foresee an ID, a source port or the case of a name would have to guess less (RFC 5452 §4.3, §9.2), so these
come from a generator fit for cryptography; asking it for each query alone would cost a system call.
"""

import os
import struct
from collections.abc import Callable, Iterator

_THROW = struct.Struct("2sBB")
_AT_ONCE = 1024

Throw = tuple[bytes, int, int]
"""An ID, and two numbers below 256: for the socket and for the spelling."""


class Dice:
    """``randomness`` gives so many random octets."""

    def __init__(self, randomness: Callable[[int], bytes] = os.urandom) -> None:
        self._randomness = randomness
        self._throws: Iterator[Throw] = iter(())

    def throw(self) -> Throw:
        throw = next(self._throws, None)
        if throw is None:
            self._throws = _THROW.iter_unpack(self._randomness(_THROW.size * _AT_ONCE))
            throw = next(self._throws)
        return throw
