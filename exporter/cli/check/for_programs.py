"""What came of a check, for programs: one object."""

from dataclasses import asdict

from exporter.blocklist import Blocklist
from exporter.cli import steps
from exporter.cli.check.words import Picture, Result
from exporter.verdict import Hit, Listed, NotListed, Unknown


def as_json(picture: Picture) -> dict[str, object]:
    """All of it, whatever is left out for people."""
    return {
        "resolvers": list(picture.resolvers),
        "answered": picture.answered,
        "results": [_result(picture, result) for result in picture.results],
        "failed": [asdict(failed) for failed in picture.failed],
        "not_asked": [asdict(each) for each in picture.not_asked],
        "skipped": [asdict(skip) for skip in picture.skipped],
    }


def _result(picture: Picture, result: Result) -> dict[str, object]:
    blocklist, target = result.check.blocklist, result.check.target
    asked = blocklist.asked(target)
    shown: dict[str, object] = {"target": target.text, "list": blocklist.name, "health": result.health}
    if picture.others(target):
        shown["origins"] = list(picture.origins[target])
    if asked != target:
        shown["asked"] = asked.text
    match result.verdict:
        case Listed(hits):
            links = {
                "lookup_url": blocklist.lookup_url_for(target),
                "delist_url": blocklist.delist_url_for(target),
            }
            sublists = [_hit(blocklist, hit) for hit in hits]
            about = {"reason": result.reason, "expiry": blocklist.facts.expiry}
            return shown | {"verdict": "listed", "sublists": sublists} | about | links
        case Unknown(cause):
            return shown | {"verdict": "unknown", "cause": cause}
        case NotListed():
            return shown | {"verdict": "not_listed"}


def _hit(blocklist: Blocklist, hit: Hit) -> dict[str, object]:
    return {
        "sublist": hit.sublist,
        "codes": list(hit.codes),
        "meaning": blocklist.meaning_of(hit.sublist),
        "advice": steps.as_json(blocklist.sublist(hit.sublist)),
    }
