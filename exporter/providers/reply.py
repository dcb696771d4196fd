"""What every provider gives back, and how it treats text of strangers."""

from dataclasses import dataclass

from exporter.blocklist import Blocklist
from exporter.verdict import Answer

MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer, and how long each query for it took, in seconds."""

    answer: Answer
    durations: tuple[float, ...]


def plain(text: str, blocklist: Blocklist) -> str:
    """``text`` on one line, printable, without the list's key, and at most :data:`MAX_REASON` characters."""
    if blocklist.key is not None:
        text = blocklist.key.redact(text)
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return text if len(text) <= MAX_REASON else f"{text[: MAX_REASON - 1]}…"
