"""An origin: what a source leads to now, and how its last look-up or reading went. Pure: times are arguments, in Unix seconds.

Rules:

1. What was found holds until something else is found. A failure says so (``up``) and takes nothing away.
2. Records in permanent error are a failure too: what they led to before is kept. As long as there never was a look-up without
   such a fault, what can be made of them is taken.
3. A target that no list is asked about is skipped, and said.
"""

import json
from dataclasses import dataclass, replace

from exporter.expansion import Found, Reason, Skipped, Stopped
from exporter.portions import Exclusion, Members, Taken, members
from exporter.target import Target, parse

NOTHING = members(())
NOT_YET = "not looked up yet"
_NOTHING_OUT = Exclusion.of(NOTHING, Taken())


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of a source by the name of its origin."""

    name: str
    found: Members = NOTHING
    up: bool = False
    trouble: str = NOT_YET
    """What went wrong last; empty if it is up."""
    skipped: tuple[Skipped, ...] = ()
    succeeded_at: float = 0.0
    """When it was last looked up or read without a fault; 0 if never."""
    notices: tuple[str, ...] = ()
    """What else is not as it is written: no target is lost by it."""
    unanswered: bool = False
    """Whether DNS failed last: that may look different each time, and is the same trouble."""
    written_out: int = 0
    """How many targets a file gives: they may be too many to be ``found`` one by one."""

    @property
    def size(self) -> int:
        """How many targets it leads to, at most: some may be given twice."""
        return self.written_out + len(self.found)


def concluded(before: Origin, result: Found | Stopped, taken: Taken, now: float, excluded: Exclusion = _NOTHING_OUT) -> Origin:
    """The origin after a look-up."""
    match result:
        case Stopped(cause, question):
            return replace(before, up=False, trouble=f"{question.kind} of {question.name}: {cause}", unanswered=True)
        case Found(targets, skipped, broken):
            wanted, idle = _wanted(targets, taken, excluded)
            if broken and before.succeeded_at:
                return replace(before, up=False, trouble=broken, skipped=skipped + idle, unanswered=False)
            at = before.succeeded_at if broken else now
            return Origin(before.name, members(wanted), not broken, broken, skipped + idle, at)


def in_other_trouble(before: Origin, after: Origin) -> bool:
    """Whether something is wrong that was not before. A resolver that is down fails in many ways, and all of them are one."""
    return not after.up and after.trouble != before.trouble and not (before.unanswered and after.unanswered)


def _wanted(targets: tuple[Target, ...], taken: Taken, excluded: Exclusion) -> tuple[list[Target], tuple[Skipped, ...]]:
    wanted, skipped = [], []
    for target in targets:
        if excluded.keeps_out(target):
            skipped.append(Skipped(Reason.EXCLUDED, target.text, "The config excludes it."))
        elif target.kind not in taken.kinds:
            skipped.append(Skipped(Reason.NO_LIST, target.text, f"No configured list takes {target.kind} targets."))
        elif not target.is_global and target.kind not in taken.special:
            why = f"No configured list takes {target.kind} targets that strangers cannot know."
            skipped.append(Skipped(Reason.NOT_GLOBAL, target.text, why))
        else:
            wanted.append(target)
    return wanted, tuple(skipped)


def written(found: Members) -> bytes:
    """What was found, for the history."""
    texts = [target.text for target in found.singles()]
    return json.dumps(texts).encode()


def read(name: str, content: bytes, at: float) -> Origin:
    """The origin that :func:`written` once wrote at that time; one that never led anywhere if it cannot be read."""
    try:
        texts = json.loads(content)
        found = members([parse(text) for text in texts if isinstance(text, str)])
    except (ValueError, TypeError, RecursionError):
        return Origin(name)
    return Origin(name, found, up=True, trouble="", succeeded_at=at)
