"""``demo``: the whole service on built-in lists, with a script that lists, delists and relists in two minutes.

Everything but the lists is what ``serve`` runs. Addresses and domains are from the ranges for documentation.
"""

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from exporter.blocklist import Blocklist
from exporter.cli import logs
from exporter.cli.demo_lists import DemoLists
from exporter.cli.service import Options, serve
from exporter.config import Config, load
from exporter.health import Health
from exporter.history import Key
from exporter.listing import Change, Event
from exporter.target import parse_test_entry
from exporter.vouching import Hooks

MIXED, MAIL, NAMES = "mixed.demo.example", "mail.demo.example", "names.demo.example"

_CONFIG = """
resolvers: ["{resolver}"]
query: {{timeout: 1s}}
checks: {{interval: 2s, confirm_interval: 2s, test_interval: 5s}}
lists:
  - zone: {mixed}
    operator: Demo
    kinds: [ipv4]
    non_global: true
    codes:
      127.0.0.2: {{sublist: SPAM, class: abuse, impact: high, meaning: "sent spam to a trap"}}
      127.0.0.4: {{sublist: EXPLOIT, class: exploit, impact: critical, meaning: "an infected or hijacked host"}}
    delist_url: "https://mixed.demo.example/remove?ip={{target}}"
  - {{zone: {mail}, operator: Demo, kinds: [ipv4], non_global: true, meaning: "sent spam"}}
  - {{zone: {names}, operator: Demo, kinds: [domain], meaning: "advertised in spam"}}
targets: [192.0.2.10, 192.0.2.20, 192.0.2.30, shop.example, example.org]
history: {{path: "{folder}/history.db"}}
"""

Entries = dict[str, tuple[tuple[str, ...], str]]


@dataclass(frozen=True, slots=True)
class Scene:
    """What happens to the lists ``at`` seconds after the start."""

    at: float
    told: str
    play: Callable[[DemoLists], None]


def _list(zone: str, target: str, *codes: str, reason: str = "") -> Callable[[DemoLists], None]:
    return lambda lists: lists.zones[zone].__setitem__(_entry(target), (codes, reason))


def _delist(zone: str, target: str) -> Callable[[DemoLists], None]:
    return lambda lists: lists.zones[zone].__delitem__(_entry(target))


SCENES: tuple[Scene, ...] = (
    Scene(8, "192.0.2.20 gets onto the SPAM part of the mixed list",
          _list(MIXED, "192.0.2.20", "127.0.0.2", reason="spam trap hit")),
    Scene(20, "192.0.2.20 gets onto its EXPLOIT part too: a second listing",
          _list(MIXED, "192.0.2.20", "127.0.0.2", "127.0.0.4", reason="infected")),
    Scene(32, "the mail list starts to refuse: it goes unknown, nobody is accused or cleared",
          lambda lists: lists.refusing.add(MAIL)),
    Scene(48, "the mail list answers again", lambda lists: lists.refusing.discard(MAIL)),
    Scene(58, "192.0.2.20 is removed from the mixed list", _delist(MIXED, "192.0.2.20")),
    Scene(76, "192.0.2.20 is put back: a repeat listing", _list(MIXED, "192.0.2.20", "127.0.0.2", reason="spam again")),
    Scene(90, "shop.example gets onto the domain list", _list(NAMES, "shop.example", "127.0.0.2", reason="seen in spam")),
    Scene(102, "192.0.2.10, listed from the start, is removed from the mail list", _delist(MAIL, "192.0.2.10")),
    Scene(116, "the script ends here; everything goes on running", lambda lists: None),
)  # fmt: skip


def run(listen: tuple[str | None, int], duration: float | None) -> None:
    """Run until Ctrl-C, or for ``duration`` seconds."""
    logs.configure("error", "logfmt")
    with tempfile.TemporaryDirectory(prefix="dnsbl-exporter-demo-") as folder:
        asyncio.run(_run(Path(folder), listen, duration, Console(highlight=False)))


async def _run(folder: Path, listen: tuple[str | None, int], duration: float | None, console: Console) -> None:
    start = asyncio.get_running_loop().time()

    def say(text: str, style: str = "") -> None:
        console.print(Text(f"{asyncio.get_running_loop().time() - start:6.1f}s  {text}", style), soft_wrap=True)

    lists = DemoLists(_first_entries())
    config = _config(folder, await lists.listen())
    hooks = Hooks(change=(lambda key, change: say(*_told(key, change)),), tested=(_say_health(say),))
    _say_where(console, listen)
    serving = asyncio.create_task(serve(Options(lambda: config, [listen], hooks=hooks), config))
    playing = asyncio.create_task(_play(lists, say))
    try:
        async with asyncio.timeout(duration):
            await serving
    except TimeoutError:
        say("the demo's time is over")
    finally:
        playing.cancel()
        with suppress(asyncio.CancelledError):
            await playing
        if lists.transport is not None:
            lists.transport.close()


async def _play(lists: DemoLists, say: Callable[..., None]) -> None:
    before = 0.0
    for scene in SCENES:
        await asyncio.sleep(scene.at - before)
        before = scene.at
        say(f"— {scene.told}", "dim")
        scene.play(lists)


def _first_entries() -> dict[str, Entries]:
    test: tuple[tuple[str, ...], str] = (("127.0.0.2",), "test entry")
    return {
        MIXED: {"2.0.0.127": test},
        MAIL: {"2.0.0.127": test, _entry("192.0.2.10"): (("127.0.0.2",), "listed long ago")},
        NAMES: {"test": test},
    }


def _entry(target: str) -> str:
    return parse_test_entry(target).name_under("").removesuffix(".")


def _config(folder: Path, resolver: str) -> Config:
    path = folder / "config.yml"
    path.write_text(_CONFIG.format(resolver=resolver, folder=folder, mixed=MIXED, mail=MAIL, names=NAMES))
    return load(path, {})


def _say_where(console: Console, listen: tuple[str | None, int]) -> None:
    url = f"http://{listen[0] or '127.0.0.1'}:{listen[1]}"
    console.print(
        f"Five sample targets on three built-in lists, checked every 2 seconds. Look at\n  {url}/  and\n  {url}/metrics"
    )
    console.print("Ctrl-C ends it; nothing is left behind.\n")


def _told(key: Key, change: Change) -> tuple[str, str]:
    """A change as a sentence and its colour."""
    target, name = key
    listing = change.listing
    where = f"{name} {listing.sublist}".rstrip()
    if change.event is Event.DELISTED:
        seconds = (listing.closed or listing.opened) - listing.opened
        return f"DELISTED  {target} from {where}, after {seconds:.0f}s", "green"
    how = f"repeat listing, number {listing.number}" if listing.number > 1 else "new listing"
    if not listing.onset_observed:
        how = "was listed before we looked"
    return f"LISTED    {target} on {where} ({', '.join(listing.codes)}; {listing.reason}): {how}", "red"


def _say_health(say: Callable[..., None]) -> Callable[[Blocklist, Health], None]:
    """Says a list's health when it is another than before."""
    known: dict[str, Health] = {}

    def tell(blocklist: Blocklist, health: Health) -> None:
        if known.get(blocklist.name) is not health:
            say(f"health    {blocklist.name} is {health}", "" if health.trusted else "yellow")
        known[blocklist.name] = health

    return tell
