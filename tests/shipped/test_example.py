"""The example config is what it says: it loads on a fresh machine and shows every option."""

import re
from pathlib import Path

import pytest
import yaml

from exporter.blocklist import Resolver
from exporter.config import load
from exporter.config.faults import keys_of
from exporter.config.model import (
    Checks,
    CodeEntry,
    ConfigFile,
    DomainEntry,
    Expansion,
    FilesEntry,
    History,
    HostEntry,
    ListEntry,
    Metrics,
    Query,
    ResolverEntry,
    TargetEntry,
    TestEntriesEntry,
)
from exporter.config.sets import members
from exporter.plan import Shard, build

EXAMPLE = Path(__file__).parents[2] / "config.example.yml"
TEXT = EXAMPLE.read_text("utf-8")
TARGETS = (TargetEntry, HostEntry, DomainEntry, FilesEntry)
SECTIONS = (ConfigFile, ResolverEntry, Query, Checks, Expansion, Metrics, History, ListEntry, CodeEntry, TestEntriesEntry)
CATALOGUE_ONLY = {"sets", "policy", "expiry", "source", "checked", "notes"}
"""What a list of one's own may have, too, but nobody needs."""

KEYED_LIST = re.compile(r"^  # (- zone: zen\.dq\.spamhaus\.net)\n  # (  key_file: .*)\n  # (  key_env: .*)$", re.MULTILINE)


def test_it_loads_as_it_is() -> None:
    """Without a variable, a key file or a network."""
    config = load(EXAMPLE, {})
    assert {blocklist.name for blocklist in config.lists} >= {"zen.spamhaus.org", "dbl.spamhaus.org", "bl.example.net"}


def test_every_target_is_checked_on_some_list() -> None:
    """Whoever starts it sees a series for each target."""
    config = load(EXAMPLE, {})
    roster = config.roster().roster
    plan = build(roster, config.lists, Shard())
    assert {check.target for checks in plan.checks.values() for check in checks} == set(roster)


def test_nothing_in_it_belongs_to_anybody() -> None:
    """Whoever starts it as it is asks about names and addresses for documentation only (RFC 2606, 3849, 5737)."""
    texts = [target.text for target in load(EXAMPLE, {}).roster().roster]
    assert all(text.startswith(("203.0.113.", "198.51.100.", "2001:db8::")) or text == "example.com" for text in texts)


@pytest.mark.parametrize("section", [*SECTIONS, *TARGETS])
def test_it_names_every_option(section: type[ConfigFile]) -> None:
    """A new option without an example fails here; options in comments count."""
    names = set(re.findall(r"(?:^[ #-]*|[{,] ?)([a-z_]+):(?: |$)", TEXT, re.MULTILINE))
    assert not set(keys_of(section)) - names - CATALOGUE_ONLY


def test_a_default_that_it_shows_is_the_default() -> None:
    """The sections are written with their defaults, so deleting one changes nothing."""
    shown = load(EXAMPLE, {})
    data = yaml.safe_load(TEXT)
    for model in (Query, Checks, Expansion, Metrics, History):
        assert model.model_validate(data[model.__name__.lower()]) == model()
    assert shown.resolvers == (Resolver("system"),)


def test_the_sets_can_be_uncommented(tmp_path: Path) -> None:
    """They go together with the lists that are named there."""
    text, count = re.subn(r"^  # (- (?:default|domains))$", r"  \1", TEXT, flags=re.MULTILINE)
    assert count == 2
    (tmp_path / "config.yml").write_text(text)
    config = load(tmp_path / "config.yml", {})
    assert {blocklist.name for blocklist in config.lists} == {*members("default"), *members("domains"), "bl.example.net"}


@pytest.mark.parametrize(("field", "place"), [("key_file", 2), ("key_env", 3)])
def test_the_list_with_a_key_can_be_uncommented(tmp_path: Path, field: str, place: int) -> None:
    """With its key, and without the list that it holds, it loads."""
    (tmp_path / "dqs.key").write_text("hunter2\n")
    text, count = KEYED_LIST.subn(rf"  \1\n  \{place}", TEXT)
    assert count == 1
    text = text.replace("/etc/dnsbl-exporter/dqs.key", "dqs.key").replace("  - zen.spamhaus.org ", "  # ")
    (tmp_path / "config.yml").write_text(text)
    config = load(tmp_path / "config.yml", {"DQS_KEY": "hunter2"} if field == "key_env" else {})
    assert [blocklist.suffix for blocklist in config.lists if blocklist.key] == ["hunter2.zen.dq.spamhaus.net"]
