"""Files that are made to crash, hang or fill the memory: they are refused like any other."""

from itertools import pairwise

import pytest

from exporter.config import ConfigError, document
from tests.unit.config.conftest import Load


@pytest.mark.parametrize("content", ["[" * 100_000, "[" * 500 + "]" * 500, "a: " + "{a: " * 100_000, "- " * 100_000])
def test_depth(loaded: Load, content: str) -> None:
    """The parser of libyaml recurses in C: without a bound of ours, depth ends the process."""
    with pytest.raises(ConfigError, match=r":1: nested more than 20 levels deep$"):
        loaded(content)


def test_depth_in_lines(loaded: Load) -> None:
    """The line is the one that goes too deep."""
    with pytest.raises(ConfigError, match=r":21: nested more than 20 levels deep$"):
        loaded("\n".join(" " * level + "a:" for level in range(100)))


def test_a_billion_laughs(loaded: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Aliases count as often as they are used."""
    monkeypatch.setattr(document, "MAX_VALUES", 10_000)
    anchors = [f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in pairwise("abcdefghij")]
    with pytest.raises(ConfigError, match=r":1: the file holds more than 10000 values$"):
        loaded("\n".join(["a: &a [x, x, x]", *anchors]))


def test_a_mapping_inside_itself(loaded: Load) -> None:
    """An alias may stand inside its own anchor; nobody can follow it to its end."""
    with pytest.raises(ConfigError, match=r"nested more than 20 levels deep$"):
        loaded("checks: &checks\n  interval: *checks\n")


def test_an_endless_name(loaded: Load) -> None:
    """Names are bounded before anything is computed of them, and shown in short."""
    with pytest.raises(ConfigError) as caught:
        loaded(f"lists: [dbl.spamhaus.org, {'ü' * 20_000}]\ntargets: [{'ü' * 20_000}, {'a' * 20_000}]\n{'k' * 500}: 1\n")
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize("number", ["9" * 100_000, "9" * 300, "1e999999999", "-" + "9" * 5000, "." + "9" * 5000])
def test_an_endless_number(loaded: Load, number: str) -> None:
    """Digits cost no more than letters."""
    with pytest.raises(ConfigError, match=r":1: query.attempts: must be "):
        loaded(f"query: {{attempts: {number}}}\nlists: [dbl.spamhaus.org]\ntargets: [example.com]\n")


def test_a_hundred_thousand_targets(loaded: Load) -> None:
    """They load in seconds, as one portion; the runner has a bound for what takes for ever."""
    lines = "".join(f"- 16.{number >> 16}.{number >> 8 & 255}.{number & 255}\n" for number in range(100_000))
    config = loaded(f"targets:\n{lines}")
    assert len(config.sources) == 1
    assert len(config.roster().roster) == 100_000


def test_a_million_addresses_in_a_line(loaded: Load) -> None:
    """Lists are chosen by counts, and what is excluded by ranges."""
    config = loaded("targets: [16.0.0.0/12]\nexclude: [16.1.0.0/16, '::/0']")
    roster = config.roster().roster
    assert len(roster) == (1 << 20) - (1 << 16)
    assert {blocklist.name for blocklist in config.in_use(roster)} >= {"zen.spamhaus.org"}


def test_an_endless_table(loaded: Load) -> None:
    """Each row is compared with each, so there are not more of them than any list has."""
    rows = ", ".join(f"127.0.{number >> 8}.{number & 255}: {{sublist: A}}" for number in range(1001))
    with pytest.raises(ConfigError, match=r":1: lists\[0\].codes: must have at most 1000 entries$"):
        loaded(f"lists: [{{zone: bl.example.net, kinds: [domain], codes: {{{rows}}}}}]\ntargets: [example.com]\n")
