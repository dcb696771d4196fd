"""The HTTP face: metrics for Prometheus, liveness and reload for operators, runbooks and a page of links for people.

Rules:

1. A request asks no list, opens no file and judges nothing.
2. A scrape is written in pieces, so a million lines take no second copy.
"""

import html
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from itertools import islice

from aiohttp import web

from exporter.metrics import Metrics
from exporter.metrics.exposition import CONTENT_TYPES, accepts_gzip, negotiate
from exporter.origins import Origin

_SHUTDOWN_SECONDS = 1.0
_MOST_SHOWN = 64

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>dnsbl-exporter</title></head>
<body><h1>dnsbl-exporter {version}</h1>
<p>Watching {targets} on {lists}: {listed}.</p>
<ul>
<li><a href="/metrics">/metrics</a> — for Prometheus</li>
<li><a href="/origins">/origins</a> — what names and files of targets lead to, and what is skipped</li>
<li><a href="/-/healthy">/-/healthy</a> — the process lives</li>
<li><a href="/-/ready">/-/ready</a> — the history is open and first answers are in</li>
</ul></body></html>
"""

_ORIGINS = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>dnsbl-exporter: origins</title>
<style>body {{font: 1rem sans-serif}} td, th {{text-align: left; vertical-align: top; padding: .2rem 1rem .2rem 0}}</style></head>
<body><h1>Origins</h1>
<p>Names that are looked up and files that are read for targets. What fails keeps what it last led to.</p>
<table><thead><tr><th>Origin</th><th>Now</th><th>Leads to</th><th>Last success</th><th>Skipped</th></tr></thead>
<tbody>
{rows}
</tbody></table></body></html>
"""
_ORIGIN = "<tr><td>{name}</td><td>{now}</td><td>{leads_to}</td><td>{succeeded}</td><td>{skipped}</td></tr>"


@dataclass(frozen=True, slots=True)
class Service:
    """What the pages need. ``reload`` gives nothing, or the text of what was wrong with the new config."""

    metrics: Metrics
    alive: Callable[[], bool]
    ready: Callable[[], bool]
    reload: Callable[[], Awaitable[str | None]]


_SERVICE = web.AppKey("service", Service)
_RUNBOOKS = web.AppKey("runbooks", dict[str, str])


def application(service: Service) -> web.Application:
    """Every endpoint."""
    app = web.Application()
    app[_SERVICE] = service
    files = (resources.files("exporter") / "runbooks").iterdir()
    app[_RUNBOOKS] = {file.name.removesuffix(".md"): file.read_text("utf-8") for file in files}
    app.add_routes(
        [
            web.get("/", _landing),
            web.get("/metrics", _metrics),
            web.get("/origins", _origins),
            web.get("/-/healthy", _healthy),
            web.get("/-/ready", _ready),
            web.post("/-/reload", _reload),
            web.get("/runbooks/{alert:[A-Za-z]+}", _runbook),
        ]
    )
    return app


async def listen(app: web.Application, addresses: Sequence[tuple[str | None, int]]) -> web.AppRunner:
    """Serve on all addresses; ``None`` is every interface. Raises ``OSError`` if one cannot be had."""
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        for host, port in addresses:
            await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner


def read_listen_address(text: str) -> tuple[str | None, int]:
    """``:15782``, ``127.0.0.1:15782`` or ``[::1]:15782``. Raises ``ValueError``."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535 or (":" in host and not host.startswith("[")):
        raise ValueError(f"{text!r} is not an address to listen on: write :15782, 127.0.0.1:15782 or [::1]:15782")
    return host.strip("[]") or None, int(port)


async def _metrics(request: web.Request) -> web.StreamResponse:
    form = negotiate(request.headers.get("Accept", ""))
    compressed = accepts_gzip(request.headers.get("Accept-Encoding", ""))
    scrape = await request.app[_SERVICE].metrics.scrape(form, compressed=compressed)
    headers = {"Content-Type": CONTENT_TYPES[form], "Vary": "Accept, Accept-Encoding"}
    if compressed:
        headers["Content-Encoding"] = "gzip"
    response = web.StreamResponse(headers=headers)
    response.content_length = scrape.length
    await response.prepare(request)
    if request.method != "HEAD":
        for piece in scrape.pieces:
            await response.write(piece)
    return response


async def _landing(request: web.Request) -> web.Response:
    metrics = request.app[_SERVICE].metrics
    plan = metrics.running.plan
    async with metrics.blocks.fresh(plan, metrics.exposed_checks()):
        listed = metrics.blocks.listed_targets()
    page = _PAGE.format(
        version=html.escape(metrics.version),
        targets=_count(len(plan.roster), "target"),
        lists=_count(len(plan.lists), "list"),
        listed=f"{_count(listed, 'target')} listed now" if listed else "none known to be listed",
    )
    return web.Response(text=page, content_type="text/html")


async def _origins(request: web.Request) -> web.Response:
    origins = sorted(request.app[_SERVICE].metrics.origins(), key=lambda origin: (origin.up, origin.name))
    rows = "\n".join(map(_origin, origins)) or '<tr><td colspan="5">The config names none.</td></tr>'
    return web.Response(text=_ORIGINS.format(rows=rows), content_type="text/html")


def _origin(origin: Origin) -> str:
    when = datetime.fromtimestamp(origin.succeeded_at, UTC).isoformat(" ", "seconds") if origin.succeeded_at else "never"
    return _ORIGIN.format(
        name=html.escape(origin.name),
        now="fine" if origin.up else f"<strong>failing</strong>: {html.escape(origin.trouble)}",
        leads_to=_leads_to(origin),
        succeeded=when,
        skipped="<br>".join(map(html.escape, [*(f"{each.what}: {each.why}" for each in origin.skipped), *origin.notices])),
    )


def _leads_to(origin: Origin) -> str:
    """How many targets, and of those that were looked up the first."""
    found = ", ".join(html.escape(target.text) for target in islice(origin.found.singles(), _MOST_SHOWN))
    more = ", …" if len(origin.found) > _MOST_SHOWN else ""
    return f"{origin.size:,}: {found}{more}" if found else f"{origin.size:,}"


async def _healthy(request: web.Request) -> web.Response:
    alive = request.app[_SERVICE].alive()
    return web.Response(text="healthy\n" if alive else "the checks have stopped\n", status=200 if alive else 503)


async def _ready(request: web.Request) -> web.Response:
    ready = request.app[_SERVICE].ready()
    return web.Response(text="ready\n" if ready else "no answer yet\n", status=200 if ready else 503)


async def _reload(request: web.Request) -> web.Response:
    problem = await request.app[_SERVICE].reload()
    if problem is None:
        return web.Response(text="reloaded\n")
    return web.Response(text=f"not reloaded, the old config stays:\n{problem}\n", status=400)


async def _runbook(request: web.Request) -> web.Response:
    """As it is written: Markdown reads well as it is."""
    text = request.app[_RUNBOOKS].get(request.match_info["alert"])
    return web.Response(text="there is no such runbook\n", status=404) if text is None else web.Response(text=text)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
