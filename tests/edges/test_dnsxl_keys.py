"""A key stands in the query name and nowhere else."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

import pytest

from exporter.blocklist import Blocklist, Key
from exporter.inquiry import examine, inquire, reason
from exporter.providers import Reply
from exporter.target import Target
from exporter.verdict import Answer, Cause
from tests.edges.lists import ADDRESSES, ATTEMPT_SECONDS, TARGET, ZONE, T, dnsxl, run, unknown
from tests.servers import behaviour as honest
from tests.servers import mischief
from tests.servers.behaviour import Behaviour, Packet, Question
from tests.servers.garbage import GARBAGE
from tests.servers.rude import Rude

SECRET = "sekret0key9zz7qqa5wjmbp4h"
KEYED = replace(ADDRESSES, key=Key(SECRET))


def echo(text: str) -> Behaviour:
    """Listed with a reason in which `{name}` is the query name and `{NAME}` the same in capitals."""

    def answer(question: Question) -> list[Packet]:
        txt = text.format(name=question.name, NAME=question.name.upper())
        return list(honest.listed("127.0.0.4", txt=txt)(question))

    return answer


def holds_key(text: str) -> bool:
    """Whether the key, or a telling part of it, stands in a text."""
    return any(SECRET[start : start + 8] in text.lower() for start in range(len(SECRET) - 7))


def everything_said(rude: Rude, behaviour: Behaviour, caplog: pytest.LogCaptureFixture) -> str:
    """All that comes of asking a keyed list, its reason and its health, with all there is in the log."""
    rude.behave(ZONE, behaviour)
    provider = dnsxl(rude.address, timeout=ATTEMPT_SECONDS / 2, attempts=2)

    async def all_of_it() -> list[object]:
        return list(
            await asyncio.gather(
                provider.ask(KEYED, TARGET),
                provider.reason(KEYED, TARGET),
                inquire({"dnsxl": provider}, KEYED, TARGET),
                examine({"dnsxl": provider}, KEYED, 7),
            )
        )

    with caplog.at_level(logging.DEBUG):
        said = run(all_of_it())
    records = [str(record.__dict__) for record in caplog.records]
    return "\n".join([repr(said), repr(KEYED), str(KEYED), str(KEYED.key), repr(provider), repr(provider.resolvers()), *records])


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(honest.listed("127.0.0.4"), id="listed"),
        pytest.param(honest.absent, id="clean"),
        pytest.param(honest.echo_txt("127.0.0.4"), id="the reason repeats it"),
        pytest.param(echo("{NAME} {name}{name}"), id="the reason repeats it in capitals"),
        pytest.param(mischief.truncated(honest.echo_txt("127.0.0.4")), id="the reason repeats it over TCP"),
        pytest.param(honest.servfail, id="SERVFAIL"),
        pytest.param(mischief.silent, id="time-out"),
        pytest.param(mischief.cname_loop, id="CNAME loop"),
        pytest.param(mischief.wrong_question("127.0.0.4"), id="another name"),
        pytest.param(mischief.truncated_then_closed, id="hung up"),
        *(pytest.param(behaviour, id=name) for name, behaviour in GARBAGE.items()),
    ],
)
def test_a_key_is_asked_with_and_never_told(rude: Rude, caplog: pytest.LogCaptureFixture, behaviour: Behaviour) -> None:
    """The server sees `<target>.<key>.<zone>`; no result, no `repr`, no reason and no log line has the key."""
    said = everything_said(rude, behaviour, caplog)
    assert {asked.name.lower() for asked in rude.questions} >= {f"7.2.0.192.{SECRET}.{ZONE}", f"2.0.0.127.{SECRET}.{ZONE}"}
    assert all(asked.name.lower().endswith(f".{SECRET}.{ZONE}") for asked in rude.questions)
    assert not holds_key(said)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("see {name}.", f"see 7.2.0.192.********.{ZONE}.", id="once"),
        pytest.param("{NAME}{name}", f"7.2.0.192.********.{ZONE.upper()}7.2.0.192.********.{ZONE}", id="twice, in capitals too"),
        pytest.param("x" * 240 + "{name}", "x" * 240 + f"7.2.0.192.********.{ZONE}", id="across two strings"),
        pytest.param(
            "İ" * 30 + "{name}", "İ" * 30 + f"7.2.0.192.********.{ZONE}", id="behind letters that are longer in lower case"
        ),
    ],
)
def test_a_reason_comes_without_the_key(rude: Rude, text: str, expected: str) -> None:
    """Where the list repeats the key there are stars, and the rest of its words stays."""
    rude.behave(ZONE, echo(text))
    assert run(dnsxl(rude.address).reason(KEYED, TARGET)) == expected


class Broken:
    """A provider that breaks its promise, with the key in the text of what it raises."""

    def asker(self, blocklist: Blocklist, done: Callable[[T, Answer, float], None]) -> Callable[[Target, T], None]:
        def ask(target: Target, token: T) -> None:
            raise LookupError(target.name_under(blocklist.suffix))

        return ask

    def repeated(self, blocklist: Blocklist) -> int:
        return 0

    def room(self, blocklist: Blocklist) -> int:
        return 1

    async def ask(self, blocklist: Blocklist, target: Target) -> Reply:
        raise LookupError(target.name_under(blocklist.suffix))

    async def reason(self, blocklist: Blocklist, target: Target) -> str:
        raise LookupError(target.name_under(blocklist.suffix))

    def resolvers(self) -> dict[str, bool]:
        return {}

    def close(self) -> None:
        pass


def test_a_provider_that_raises_costs_an_unknown_and_tells_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    """A defect is one check unknown, no reason, and a log line that says where, without the exception's text."""

    async def both() -> tuple[object, str]:
        providers = {"dnsxl": Broken()}
        return (await inquire(providers, KEYED, TARGET)).verdict, await reason(providers, KEYED, TARGET)

    with caplog.at_level(logging.DEBUG):
        assert run(both()) == (unknown(Cause.INTERNAL), "")
    defects = [record for record in caplog.records if record.getMessage() == "defect"]
    assert [record.__dict__["fields"]["error"] for record in defects] == ["LookupError"] * 2
    assert all(record.__dict__["fields"]["where"].startswith(f"{__name__}:") for record in defects)
    assert all(record.exc_info is None for record in defects)
    assert not holds_key("\n".join(str(record.__dict__) for record in caplog.records))
