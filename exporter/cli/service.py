"""The assembly: config, history, engine, metrics and web made into one running service.

Rules:

1. The history opens before anything listens, so the first scrape after a restart shows what was known; and everything listens
   before any list is asked, so a service that cannot start bothers nobody.
2. A reload makes everything new before anything is swapped; a config with a fault changes nothing.
3. What takes long of a new plan is done in a thread: with a million targets it is seconds. New plans follow one another.
4. SIGTERM and SIGINT end the service; what was found is written first.
"""

import asyncio
import gc
import logging
import secrets
import signal
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from exporter import __version__, web
from exporter.config import Config, ConfigError
from exporter.engine import Engine
from exporter.history import History
from exporter.inquiry import Providers, say_defect
from exporter.metrics import Metrics, own_registry
from exporter.metrics.blocks import Blocks
from exporter.origins import Origins
from exporter.plan import Plan, Shard, build
from exporter.portions import MAX_TARGETS
from exporter.providers import PROVIDERS, Asking
from exporter.providers.names import Names
from exporter.schedule import look_ahead
from exporter.tally import Reloads, Tally
from exporter.vouching import Hooks, guarded

_log = logging.getLogger(__name__)

_BETWEEN_PLANS_SECONDS = 0.2
_AFTER_A_DEFECT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says. ``history_path`` overrides the config's."""

    load: Callable[[], Config]
    listen: Sequence[tuple[str | None, int]]
    shard: Shard = field(default_factory=Shard)
    history_path: Path | None = None
    hooks: Hooks = field(default_factory=Hooks)


def make_providers(config: Config) -> Providers:
    """One provider of each kind."""
    return {kind: make(_asking(config)) for kind, make in PROVIDERS.items()}


def make_names(config: Config) -> Names:
    """What asks for names, through the resolvers of all lists."""
    return Names(_asking(config))


def settle() -> None:
    """Spare the garbage collector what is here to stay: with many checks it would look through it again and again, and hold up
    everything else meanwhile."""
    gc.collect()
    gc.freeze()


def steady_clock() -> Callable[[], float]:
    """Seconds that start at Unix time and then follow the monotonic clock, so a clock that is set moves no lap."""
    ahead = time.time() - time.monotonic()
    return lambda: time.monotonic() + ahead


class Running:
    """A service and its config; a reload swaps both, and what names and files lead to swaps the plan."""

    def __init__(self, options: Options, config: Config, history: History) -> None:
        self._options = options
        self._config = config
        self._providers = make_providers(config)
        self._history = history
        self._clock = steady_clock()
        self._news = asyncio.Event()
        """Whether other targets were found."""
        self._swapping = asyncio.Lock()
        self._reloading: asyncio.Task[str | None] | None = None
        """A reload that waits for its turn: whoever wants one meanwhile shares it."""
        self._left_out: tuple[str, ...] = ()
        self.origins = Origins(config, make_names(config).ask, history, time.time, self._news.set)
        self._looking = asyncio.Event()
        self.tally = Tally()
        self.reloads = Reloads(last_success=time.time())
        hooks = options.hooks
        self.engine = Engine(
            self._plan(config, self.origins),
            self._providers,
            history,
            Hooks((self.tally.outcome, *hooks.outcome), hooks.change, hooks.tested),
            self._clock,
            time.time,
            lambda: secrets.randbits(96),
        )

    async def run(self) -> None:
        """Check, and look names and files up, until the engine is stopped."""
        others = [asyncio.create_task(self._look_up()), asyncio.create_task(self._follow())]
        try:
            await self.engine.run()
        finally:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    def metrics(self) -> Metrics:
        """What is exposed of it."""
        return Metrics(
            running=self.engine,
            history=self._history,
            tally=self.tally,
            reloads=self.reloads,
            resolvers=self._resolvers,
            origins=lambda: self.origins.origins(),
            exposed_checks=lambda: self._config.exposed_checks,
            clock=self._clock,
            version=__version__,
            registry=own_registry(),
            blocks=Blocks(self._history),
        )

    async def reload(self) -> str | None:
        """Read the config again and go on with it, or keep the old one and say why."""
        if self._reloading is None:
            self._reloading = asyncio.create_task(self._reload_in_turn())
        return await asyncio.shield(self._reloading)

    async def _reload_in_turn(self) -> str | None:
        async with self._swapping:
            self._reloading = None
            try:
                config = await asyncio.to_thread(self._options.load)
                await self._take_over(config)
            except ConfigError as error:
                problem = str(error)
                _log.error("config not reloaded, the old one stays", extra={"fields": {"problems": problem}})
            except Exception as defect:  # noqa: BLE001 - a defect must not end the service, and is to be seen
                problem = "a defect of this program, see its log"
                say_defect("reloading", defect)
            else:
                self.reloads.successful, self.reloads.last_success = True, time.time()
                _log.info("config reloaded", extra={"fields": self._size()})
                self.warn()
                return None
            self.reloads.successful = False
            return problem

    async def _take_over(self, config: Config) -> None:
        """Make everything new, and then go on with it."""
        if config.history_path != self._config.history_path and self._options.history_path is None:
            _log.warning("history.path changes at the next start only")
        if config.history_keep != self._config.history_keep:
            _log.warning("history.keep changes at the next start only")
        same_questions = _asking(config) == _asking(self._config)
        origins = await asyncio.to_thread(self.origins.successor, config, make_names(config).ask)
        providers = self._providers if same_questions else make_providers(config)
        await self._swap(config, origins, providers)
        self._config, self.origins, self._providers = config, origins, providers
        self._looking.set()

    def warn(self) -> None:
        """Say what the user should mind."""
        for warning in self._config.warnings:
            _log.warning("the config is used, but mind this", extra={"fields": {"warning": str(warning)}})
        plan = self.engine.plan
        for blocklist in filter(plan.shard.is_short, self._config.lists):
            limit = {
                "list": blocklist.name,
                "max_queries_per_day": blocklist.pace.max_queries_per_day,
                "shards": plan.shard.total,
            }
            if blocklist.name in plan.lists:
                _log.warning("too few queries a day for so many shards: together they may send more", extra={"fields": limit})

    def _size(self) -> dict[str, object]:
        plan = self.engine.plan
        return {"targets": len(plan.roster), "lists": len(plan.lists)}

    def say_started(self) -> None:
        """Say that all is up, and how much there is to do."""
        _log.info("started", extra={"fields": {"version": __version__} | self._size()})

    async def _look_up(self) -> None:
        """Look up what the present config wants looked up; when another takes over, what that wants."""
        while True:
            self._looking.clear()
            looking = asyncio.create_task(_again_and_again(self.origins.run))
            await self._looking.wait()
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    async def _follow(self) -> None:
        """Make a new plan when other targets were found; many finds are one, and planning takes a part of the time only."""
        while True:
            await self._news.wait()
            self._news.clear()
            began = time.monotonic()
            async with self._swapping:
                await guarded(self._swap(self._config, self.origins, self._providers))
            await asyncio.sleep(max(_BETWEEN_PLANS_SECONDS, 4 * (time.monotonic() - began)))

    async def _swap(self, config: Config, origins: Origins, providers: Providers) -> None:
        plan = await asyncio.to_thread(self._plan, config, origins)
        ahead = await asyncio.to_thread(look_ahead, self.engine.plan, plan, self._clock(), self._history.standing)
        self.engine.swap(plan, providers, ahead)

    def _plan(self, config: Config, origins: Origins) -> Plan:
        shard = self._options.shard
        assembled = config.roster(origins.found(), None if shard.total == 1 else shard.owns)
        self._say_left_out(tuple(portion.origin for portion in assembled.left_out))
        return build(assembled.roster, config.in_use(assembled.roster, config.sources), shard)

    def _say_left_out(self, origins: tuple[str, ...]) -> None:
        """Once, not with every plan."""
        if origins and origins != self._left_out:
            fields = {"origins": ", ".join(origins[:10]), "most": MAX_TARGETS}
            _log.error("too many targets: those of some origins are not watched", extra={"fields": fields})
        self._left_out = origins

    def _resolvers(self) -> Mapping[str, bool]:
        return {name: up for provider in self._providers.values() for name, up in provider.resolvers().items()}


async def _again_and_again(work: Callable[[], Coroutine[None, None, None]]) -> None:
    """Until cancelled, whatever ends it."""
    while True:
        await guarded(work())
        await asyncio.sleep(_AFTER_A_DEFECT_SECONDS)


async def serve(options: Options, config: Config) -> None:
    """Run until told to end. Raises ``HistoryError`` or ``OSError`` if it cannot start."""
    history = History(options.history_path or config.history_path, config.history_keep, time.time)
    try:
        running = Running(options, config, history)
        _watch_signals(running)
        engine = running.engine
        app = web.application(web.Service(running.metrics(), lambda: engine.alive, lambda: engine.answered, running.reload))
        runner = await web.listen(app, options.listen)
        for address in runner.addresses:
            _log.info("listening", extra={"fields": {"address": _shown(address)}})
        settle()
        running.say_started()
        running.warn()
        await running.run()
        await runner.cleanup()
    finally:
        await history.close()
    _log.info("ended")


def _watch_signals(running: Running) -> None:
    loop = asyncio.get_running_loop()
    reloading: set[asyncio.Task[str | None]] = set()

    def reload() -> None:
        task = loop.create_task(running.reload())
        reloading.add(task)
        task.add_done_callback(reloading.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, running.engine.stop)


def _asking(config: Config) -> Asking:
    return Asking(config.resolvers, config.timeout, config.attempts)


def _shown(address: tuple[object, ...]) -> str:
    host, port = str(address[0]), address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
