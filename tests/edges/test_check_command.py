"""A defect about one name costs that name, and no other one; and what is too much to show is counted."""

import asyncio
import logging

import pytest

from exporter.cli.check.for_people import show
from exporter.cli.check.leads import follow
from exporter.cli.check.words import Picture, Skip
from exporter.config import built_in
from exporter.expansion import Answer, Question, RecordKind, Records
from exporter.sources import Named, Way


async def _answer(question: Question) -> Answer:
    if question.name == "odd.example":
        raise RuntimeError("secret")
    return Records(("9.9.9.9",)) if question.kind is RecordKind.A else Records(())


def test_a_defect_about_one_name_takes_no_other_down(caplog: pytest.LogCaptureFixture) -> None:
    """The other leads where it leads; the one is not known, and the log says where without the text."""
    config = built_in(["bl.spamcop.net"])
    names = [Named(Way.HOST, "odd.example"), Named(Way.HOST, "fine.example")]
    odd, fine = asyncio.run(follow(config, config.taken, names, _answer, progress=False))
    assert (odd.origin.up, len(odd.origin.found)) == (False, 0)
    assert [target.text for target in fine.origin.found.singles()] == ["9.9.9.9"]
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR] == ["defect"]


@pytest.mark.parametrize(("count", "end"), [(40, "  a.example spf: 39: Why."), (41, "  and 1 more; --json has them all.")])
def test_of_much_that_is_skipped_the_first_are_shown(capsys: pytest.CaptureFixture[str], count: int, end: str) -> None:
    """The rest is counted."""
    skipped = [Skip("a.example spf", str(number), "ptr", "Why.") for number in range(count)]
    show(Picture([], {}, [], [], skipped, (), answered=True))
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == end
    assert lines.count("  a.example spf: 39: Why.") == 1
