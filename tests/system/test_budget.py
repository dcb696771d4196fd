"""A day's budget as the list sees it: whatever becomes of the process, nothing starts it anew, and every packet is paid for."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.servers import mischief
from tests.servers.ask import prefix
from tests.servers.behaviour import UNLISTED_RANGES, Behaviour, healthy, listed
from tests.servers.daemon import wait_until
from tests.servers.exporter import Exporter
from tests.servers.rude import Rude
from tests.system.holding import holding
from tests.system.settings import QUICK, Settings, addresses_on, config

LIMITED, FREE = "limited.example", "free.example"
TARGETS = [f"192.0.2.{number}" for number in range(100)]
DAILY = 200
AT_ONCE = 20
"""And then one in eight minutes."""
A_TEST = 3


def two_lists(rude: Rude, limit: Settings, checks: Settings = QUICK) -> str:
    """A list with a daily limit, and one without that is asked all the time."""
    return config(rude.address, [addresses_on(LIMITED, **limit), addresses_on(FREE)], TARGETS, checks)


SELDOM_TESTED = {**QUICK, "test_interval": "1h"}
ONCE = {"max_queries_per_day": DAILY}


def targets_asked(rude: Rude) -> set[str]:
    """Targets that the list with a limit was asked about."""
    wanted = {f"{prefix(target)}.{LIMITED}" for target in TARGETS}
    return wanted & {each.name.lower() for each in rude.questions}


def times_tested(rude: Rude) -> int:
    """How often the list with a limit was tested: each test has an entry of its own."""
    names = [each.name.lower() for each in rude.questions]
    return len({name for name in names if any(name.endswith(f"{end}.{LIMITED}") for end in UNLISTED_RANGES)})


def wait_for_laps(exporter: Exporter) -> None:
    """Return when the list without a limit was asked about everything, and again: there was time for the other one too."""
    enough = (exporter.value("dnsbl_checks_total", list=FREE) or 0) + 2 * len(TARGETS)
    exporter.wait(lambda it: (it.value("dnsbl_checks_total", list=FREE) or 0) >= enough, "laps go by")


def sent_about(rude: Rude) -> int:
    """All packets that came to the list with a limit."""
    return rude.count(LIMITED) + rude.count(LIMITED, "TXT")


def level(folder: Path) -> float:
    """What the file says is left."""
    with closing(sqlite3.connect(f"file:{folder / 'history.db'}?mode=ro", uri=True)) as file:
        ((left,),) = file.execute("SELECT level FROM budgets WHERE list = ?", (LIMITED,)).fetchall()
    return float(left)


def terminate(exporter: Exporter) -> None:
    assert exporter.terminate() == 0


@pytest.mark.parametrize("limit", [ONCE, ONCE | {"max_qps": 50}])
def test_a_restart_gives_no_new_budget(tmp_path: Path, rude: Rude, limit: Settings) -> None:
    """Stopped and started again, it asks nothing more of a list whose budget was used, tests included; and the file agrees with
    the list about how much that was."""
    rude.behave(LIMITED, holding())
    rude.behave(FREE, holding())
    with Exporter(tmp_path, two_lists(rude, limit, SELDOM_TESTED)) as exporter:
        exporter.wait(lambda _: rude.count(LIMITED) >= AT_ONCE, "the budget is used")
        wait_for_laps(exporter)
        for _ in range(2):
            terminate(exporter)
            exporter.start()
            wait_for_laps(exporter)
        terminate(exporter)
        assert times_tested(rude) == 1
        assert len(targets_asked(rude)) <= AT_ONCE - A_TEST
        assert_paid(tmp_path, rude)


@pytest.mark.parametrize("limit", [ONCE, ONCE | {"max_qps": 1}])
def test_kills_give_no_new_budget(tmp_path: Path, rude: Rude, limit: Settings) -> None:
    """Killed again and again before anything of it is written down, it still asks no more than the budget has."""
    rude.behave(LIMITED, holding())
    rude.behave(FREE, holding())
    with Exporter(tmp_path, two_lists(rude, limit, SELDOM_TESTED)) as exporter:
        exporter.wait(lambda _: rude.count(LIMITED) > A_TEST, "the limited list is asked")
        for _ in range(5):
            wait_for_laps(exporter)
            exporter.kill()
            exporter.start()
        wait_for_laps(exporter)
        assert A_TEST * times_tested(rude) + len(targets_asked(rude)) <= AT_ONCE


def test_a_list_that_comes_back_has_no_new_budget(tmp_path: Path, rude: Rude) -> None:
    """Reloads that take the list away, bring it back or change its settings leave what was left as it was."""
    rude.behave(LIMITED, holding())
    rude.behave(FREE, holding())
    with Exporter(tmp_path, two_lists(rude, ONCE, SELDOM_TESTED)) as exporter:
        exporter.wait(lambda _: rude.count(LIMITED) >= AT_ONCE, "the budget is used")
        without = config(rude.address, [addresses_on(FREE)], TARGETS, SELDOM_TESTED)
        for text in (without, two_lists(rude, ONCE | {"delist_after": 3}, SELDOM_TESTED), two_lists(rude, ONCE, SELDOM_TESTED)):
            assert exporter.reload(text).status == 200
            wait_for_laps(exporter)
        terminate(exporter)
        assert len(targets_asked(rude)) <= AT_ONCE - A_TEST
        assert_paid(tmp_path, rude)


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(healthy(mischief.silent), id="silent"),
        pytest.param(healthy(mischief.truncated(listed("127.0.0.4", txt="Spam"))), id="listed, cut off, with a reason"),
    ],
)
def test_everything_that_was_sent_is_paid_for(tmp_path: Path, rude: Rude, behaviour: Behaviour) -> None:
    """Of a list that stays silent, or is asked for more, the file knows every packet: first ones, repeats, tests and reasons."""
    rude.behave(LIMITED, behaviour)
    rude.behave(FREE, holding())
    with Exporter(tmp_path, two_lists(rude, ONCE)) as exporter:
        exporter.wait(lambda _: rude.count(LIMITED) > AT_ONCE, "more is sent than was planned")
        wait_for_laps(exporter)
        terminate(exporter)
        assert_paid(tmp_path, rude)
        used = sent_about(rude)
        exporter.start()
        wait_for_laps(exporter)
        assert sent_about(rude) == used


def assert_paid(folder: Path, rude: Rude) -> None:
    """What is left and what the list was sent is what there was, and what came to it in a few minutes."""
    left = level(folder)
    wait_until(lambda: sent_about(rude) >= AT_ONCE - left, "all that is paid for is there")
    assert AT_ONCE - sent_about(rude) <= left < AT_ONCE - sent_about(rude) + 0.99
