"""How a scrape is written: the form that the client prefers, and what is compressed once and sent often.

Rules:

1. The client's word is compared with what we can write; nothing of it comes back in the answer.
2. A compressed body is one gzip member (RFC 1952 §2.3) of many deflate streams: groups of blocks, each compressed once until one
   of its blocks changes and ended on an octet boundary (RFC 1951 §3.2.4, an empty stored block), and the rest, compressed each
   time. The CRC-32 of the whole follows from those of its parts: what is before a part changes its CRC as it changes that of as
   many zeros, which cost less than to join the text again.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.openmetrics.exposition import (
    generate_latest as generate_openmetrics,
)
from prometheus_client.registry import Collector

Form = Literal["text", "openmetrics"]

CONTENT_TYPES: Mapping[Form, str] = {
    "text": "text/plain; version=0.0.4; charset=utf-8",
    "openmetrics": "application/openmetrics-text; version=1.0.0; charset=utf-8",
}


_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
"""Deflate, no name, no time, fastest, unknown system (RFC 1952 §2.3.1)."""
_LEVEL = 1
_SOME_ZEROS = memoryview(bytes(1 << 20))
_BLOCKS_IN_A_PIECE = 128


@dataclass(frozen=True, slots=True)
class Scrape:
    """A body of so many octets, gzip if that was asked for; ``pieces`` are put together as they are taken."""

    form: Form
    length: int
    pieces: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Plain:
    """The heads and the blocks of families. A large body is never whole in memory: its blocks are, and shared by all bodies."""

    families: tuple[tuple[bytes, Sequence[bytes]], ...]

    def with_tail(self, tail: bytes) -> tuple[int, Iterator[bytes]]:
        """How long this text and ``tail`` are together, and both in pieces worth a system call."""
        length = sum(len(head) + sum(map(len, blocks)) for head, blocks in self.families)
        return length + len(tail), self._pieces(tail)

    def _pieces(self, tail: bytes) -> Iterator[bytes]:
        for head, blocks in self.families:
            yield head
            for start in range(0, len(blocks), _BLOCKS_IN_A_PIECE):
                yield b"".join(blocks[start : start + _BLOCKS_IN_A_PIECE])
        yield tail


@dataclass(frozen=True, slots=True)
class Part:
    """Text as a deflate stream that ends on an octet boundary, so another may follow, with its CRC-32, its length, and the CRC-32
    of as many octets of zero."""

    deflated: bytes
    crc: int
    length: int
    zeros: int


@dataclass(frozen=True, slots=True)
class Packed:
    """Parts that make a text, with what a gzip trailer needs: its CRC-32 and its length."""

    parts: tuple[Part, ...] = ()
    crc: int = 0
    length: int = 0

    def with_tail(self, tail: bytes) -> bytes:
        """A whole gzip file of this text and ``tail``."""
        last = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        crc = zlib.crc32(tail, self.crc)
        length = self.length + len(tail) & 0xFFFFFFFF
        trailer = crc.to_bytes(4, "little") + length.to_bytes(4, "little")
        return b"".join((_GZIP_HEAD, *(part.deflated for part in self.parts), last.compress(tail), last.flush(), trailer))


def pack(text: bytes) -> Part:
    """Compress a text."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    deflated = packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH)
    return Part(deflated, zlib.crc32(text), len(text), _zeros(len(text)))


def chained(parts: Sequence[Part]) -> Packed:
    """The texts one after the other."""
    crc = length = 0
    for part in parts:
        crc = _zeros(part.length, crc) ^ part.zeros ^ part.crc
        length += part.length
    return Packed(tuple(parts), crc, length)


def _zeros(octets: int, crc: int = 0) -> int:
    """The CRC-32 after so many octets of zero."""
    while octets > len(_SOME_ZEROS):
        crc = zlib.crc32(_SOME_ZEROS, crc)
        octets -= len(_SOME_ZEROS)
    return zlib.crc32(_SOME_ZEROS[:octets], crc)


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header takes gzip (RFC 9110 §12.5.3)."""
    for choice in header.lower().split(","):
        coding, _, quality = choice.partition(";")
        if coding.strip() in ("gzip", "*"):
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def negotiate(accept: str) -> Form:
    """OpenMetrics 1.0 if the client prefers it to text 0.0.4, by the quality values of RFC 9110 §12.4.2; else text."""
    best: dict[str, float] = {"text": 0.0, "openmetrics": 0.0}
    for choice in accept.split(","):
        media, *parameters = (part.strip().lower() for part in choice.split(";"))
        named = dict(parameter.split("=", 1) for parameter in parameters if "=" in parameter)
        try:
            quality = float(named.get("q", "1"))
        except ValueError:
            quality = 0.0
        if media == "application/openmetrics-text" and named.get("version", "1.0.0") == "1.0.0":
            best["openmetrics"] = max(best["openmetrics"], quality)
        elif media in ("text/plain", "text/*", "*/*") and named.get("version", "0.0.4") == "0.0.4":
            best["text"] = max(best["text"], quality)
    return "openmetrics" if best["openmetrics"] > best["text"] else "text"


def render(families: Iterable[Metric], form: Form) -> bytes:
    """The body of a scrape."""
    registry = _Collected(families)
    encode: Callable[[CollectorRegistry], bytes] = generate_openmetrics if form == "openmetrics" else generate_latest
    return encode(registry)


class _Collected(CollectorRegistry):
    """Families already collected, in the shape that the encoders take."""

    def __init__(self, families: Iterable[Metric]) -> None:
        super().__init__(auto_describe=False)
        self.register(_Families(families))


class _Families(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families
