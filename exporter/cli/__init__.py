"""The command line: flags in, exit codes out. Each command's work is in a module of its own.

Exit codes: 0 fine, 1 says no (listed; a list is sick; cannot run), 2 usage or configuration, 3 (``check``) not listed but some
unknown.
"""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

import click

from exporter import __version__
from exporter.cli import logs
from exporter.config import Config, ConfigError, load, schema
from exporter.history import HistoryError
from exporter.plan import read_shard
from exporter.web import read_listen_address

_T = TypeVar("_T")

_CONFIG = click.option(
    "--config.file",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The config file.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dnsbl-exporter")
def main() -> None:
    """Watch addresses and domains on DNS blocklists, remember every listing, tell Prometheus."""


@main.command()
@click.option(
    "--config.file", "config_file", type=click.Path(path_type=Path), default="config.yml", show_default=True, metavar="FILE"
)
@click.option(
    "--web.listen-address",
    "listen",
    multiple=True,
    default=[":15782"],
    show_default=True,
    metavar="ADDRESS",
    help="Where to serve HTTP; repeatable.",
)
@click.option("--history.path", "history_path", type=click.Path(path_type=Path), metavar="FILE", help="Overrides the config.")
@click.option(
    "--shard",
    default="0",
    show_default=True,
    metavar="NUMBER|auto",
    help="This process's part of the targets, from 0; auto: the number at the end of this machine's name.",
)
@click.option("--total-shards", type=click.IntRange(min=1), default=1, show_default=True, help="Into how many parts.")
@click.option(
    "--log.level",
    "log_level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
)
@click.option("--log.format", "log_format", type=click.Choice(["logfmt", "json"]), default="logfmt", show_default=True)
def serve(
    config_file: Path,
    listen: tuple[str, ...],
    history_path: Path | None,
    shard: str,
    total_shards: int,
    log_level: str,
    log_format: Literal["logfmt", "json"],
) -> None:
    """Run the exporter. SIGHUP reloads the config, SIGTERM ends."""
    from exporter.cli.service import Options, serve

    own = _usage(lambda: read_shard(shard, total_shards, socket.gethostname()))
    addresses = _usage(lambda: [read_listen_address(text) for text in listen])
    logs.configure(log_level, log_format)
    config = _load(config_file)
    options = Options(lambda: load(config_file, os.environ), addresses, own, history_path)
    _run(lambda: asyncio.run(serve(options, config)))


@main.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@_CONFIG
@click.option("--list", "only", multiple=True, metavar="ZONE", help="Ask only this list (or, without a config, set); repeatable.")
@click.option(
    "--expand",
    multiple=True,
    type=click.Choice(["mx", "spf", "a", "none"]),
    default=["mx", "spf"],
    show_default=True,
    help="Which records of a domain lead on to addresses; repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(
    targets: tuple[str, ...], config_file: Path | None, only: tuple[str, ...], expand: tuple[str, ...], *, as_json: bool
) -> None:
    """Ask all lists about TARGET now, once. Without a config file: the catalogue's default and domains sets.

    \b
    A TARGET is
      an address          192.0.2.1, 2001:db8::1
      a network           192.0.2.0/24: each of its addresses
      a domain            example.com: itself, and the addresses behind its MX and SPF
      host:NAME           the addresses of a name
      file:PATH           the targets in a file, one a line or as JSON or YAML

    \b
    Exit code: 0 clean, 1 listed, 3 not listed but something is unknown, 2 usage or configuration.
    """
    from exporter.cli.check import Wish, run
    from exporter.config import BY_DEFAULT, built_in
    from exporter.sources import Way

    if "none" in expand and len(set(expand)) > 1:
        raise click.UsageError("--expand=none excludes the others")
    ways = [Way(way) for way in dict.fromkeys(expand) if way != "none"]
    if config_file is None:
        config = _usage(lambda: built_in(only or BY_DEFAULT))
        only = ()
    else:
        config = _load(config_file)
    sys.exit(_usage(lambda: run(config, Wish(targets, only, ways, as_json))))


@main.command("lists")
@_CONFIG
@click.option("--all", "every", is_flag=True, help="Show every list of the catalogue, and those that no longer exist.")
@click.option("--test", is_flag=True, help="Test each list by its test entries, through your resolvers.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def lists_(config_file: Path | None, *, every: bool, test: bool, as_json: bool) -> None:
    """Show lists: those of the config, or without one the catalogue's default and domains sets."""
    from exporter.cli.lists import Wish, run

    sys.exit(run(None if config_file is None else _load(config_file), Wish(every, test, as_json)))


@main.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
def import_(files: tuple[Path, ...]) -> None:
    """Print a config made of the config files of check_rbl (check_rbl.ini) or dnsbl_exporter (rbls.ini, targets.ini)."""
    from exporter.cli.imports import run

    sys.exit(run(files))


@main.group()
def config() -> None:
    """Look at a config file, or at what one may hold."""


@config.command("check")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@_CONFIG
def config_check(file: Path | None, config_file: Path | None) -> None:
    """Say everything that is wrong with the config file (config.yml if none is named), or that it is fine."""
    if file is not None and config_file is not None:
        raise click.UsageError("give the config file once")
    from exporter.cli.config_check import run

    path = file or config_file or Path("config.yml")
    sys.exit(run(path, _load(path)))


@config.command("schema")
def config_schema() -> None:
    """Print a JSON Schema of the config file, for editors."""
    click.echo(json.dumps(schema(), indent=2))


@main.command()
@click.option("--duration", metavar="TIME", help="End after this time, such as 3m; otherwise at Ctrl-C.")
@click.option("--web.listen-address", "listen", default="127.0.0.1:15782", show_default=True, metavar="ADDRESS")
def demo(duration: str | None, listen: str) -> None:
    """Show it at work: built-in lists that list, delist and relist sample targets in two minutes."""
    from exporter.cli.demo import run
    from exporter.config.durations import parse_duration

    seconds = None if duration is None else _usage(lambda: parse_duration(duration))
    address = _usage(lambda: read_listen_address(listen))
    _run(lambda: run(address, seconds))


def _load(path: Path) -> Config:
    try:
        return load(path, os.environ)
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)


def _usage(read: Callable[[], _T]) -> _T:
    try:
        return read()
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _run(work: Callable[[], None]) -> None:
    """Run a service; what keeps it from starting is one sentence, not a traceback."""
    try:
        work()
    except HistoryError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except OSError as error:
        click.echo(f"cannot start: {error.strerror or error}", err=True)
        sys.exit(1)
