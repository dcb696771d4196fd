"""The JSON Schema that editors use says the same as the loader, as far as a schema can."""

import json
from pathlib import Path

import pytest
import yaml

from exporter.config import schema
from exporter.config.model import CodeEntry, ConfigFile, ListEntry
from exporter.config.sets import BY_DEFAULT, SETS
from tests.unit.config.json_schema import faults

EXAMPLE = Path(__file__).parents[3] / "config.example.yml"
LISTS = "lists: [dbl.spamhaus.org]\ntargets: [example.com]\n"


def _faults(text: str) -> list[str]:
    return sorted(faults(yaml.safe_load(text), schema(), schema()))


def test_it_is_json() -> None:
    """It can be printed, and names the draft it is written in."""
    assert json.loads(json.dumps(schema())) == schema()
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_example_fits() -> None:
    """What we ship is accepted, read by plain PyYAML as editors read it."""
    assert not _faults(EXAMPLE.read_text("utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        LISTS,
        "targets: [example.com]",
        "lists: [default, all, dnsbl.dronebl.org, domains]\ntargets: [example.com]",
        "lists: [{zone: dbl.spamhaus.org, interval: 1h}]\ntargets: [{target: example.com}]",
        "lists: [{zone: bl.example.net, kinds: [ipv4], test_entries: none, refusal_codes: [1]}]\ntargets: [9.9.9.9]",
        "targets: [9.9.9.0/24, {target: 9.9.9.9, labels: {team: a}}, {host: mail.example.com}, {domain: example.com}]",
        "targets: [{domain: example.com, expand: [mx, spf, a], labels: {}}, {files: [a.txt], labels: {team: a}}]",
        LISTS + "exclude: [9.9.9.9]\nexpansion: {interval: 1h, largest_network: 16, most_addresses: 64, skip_includes: []}",
        LISTS + "resolvers: [system, {address: 10.0.0.53}, {address: 10.0.0.54, mixed_case: false}]",
        "lists: [{zone: dbl.spamhaus.org, resolvers: [10.0.0.53, {address: '::1', mixed_case: false}]}]\ntargets: [example.com]",
    ],
)
def test_what_loads_fits(text: str) -> None:
    """An entry of the catalogue needs no kinds, test entries may be `none`, a bit is a number, a resolver has two forms."""
    assert not _faults(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{}", "$: breaks required: ['targets']"),
        ("lists: []\ntargets: [example.com]", "$.lists: breaks minItems: 1"),
        ("lists: [{interval: 1h}]\ntargets: [example.com]", "$.lists[0]: fits none of 3 choices"),
        ("lists: [{zone: bl.example.net, key: x}]\ntargets: [example.com]", "$.lists[0]: fits none of 3 choices"),
        (LISTS + "query: {attempts: '2'}", "$.query.attempts: breaks type: integer"),
        (LISTS + "query: {attempts: 11}", "$.query.attempts: breaks maximum: 10"),
        (LISTS + "query: {timeout: 3}", "$.query.timeout: breaks type: string"),
        (LISTS + "query:", "$.query: breaks type: object"),
        (LISTS + "resolvers: []", "$.resolvers: breaks minItems: 1"),
        (LISTS + "resolvers: [1.1]", "$.resolvers[0]: fits none of 2 choices"),
        (LISTS + "resolvers: [{mixed_case: false}]", "$.resolvers[0]: fits none of 2 choices"),
        (LISTS + "resolvers: [{address: 10.0.0.53, mixed_case: 0}]", "$.resolvers[0]: fits none of 2 choices"),
        (LISTS + "resolvers: [{address: 10.0.0.53, case: mixed}]", "$.resolvers[0]: fits none of 2 choices"),
        ("targets: [{host: mail.example.com, target: 9.9.9.9}]", "$.targets[0]: fits none of 5 choices"),
        ("targets: [{domain: example.com, expand: [host]}]", "$.targets[0]: fits none of 5 choices"),
        ("targets: [{domain: example.com, expand: [mx, mx]}]", "$.targets[0]: fits none of 5 choices"),
        ("targets: [{target: example.com, labels: {team: 5}}]", "$.targets[0]: fits none of 5 choices"),
        ("targets: [{files: []}]", "$.targets[0]: fits none of 5 choices"),
        (LISTS + "exclude: []", "$.exclude: breaks minItems: 1"),
        (LISTS + "expansion: {interval: 3600}", "$.expansion.interval: breaks type: string"),
        (LISTS + "expansion: {largest_network: 1025}", "$.expansion.largest_network: breaks maximum: 1024"),
        (LISTS + "metrics: {checks: none}", "$.metrics.checks: breaks enum: ['all', 'history']"),
    ],
)
def test_what_does_not_load_does_not_fit(text: str, fault: str) -> None:
    """An editor shows what `config check` would say."""
    assert _faults(text) == [fault]


def test_it_offers_the_sets() -> None:
    """An editor completes their names, and shows what is asked without `lists`."""
    properties = schema()["properties"]
    assert isinstance(properties, dict)
    assert {"enum": list(SETS), "type": "string"} in properties["lists"]["items"]["anyOf"]
    assert properties["lists"]["default"] == list(BY_DEFAULT)


def test_unknown_keys_do_not_fit() -> None:
    """Neither at the top nor further inside."""
    unknown = _faults(LISTS + "list: []\nchecks: {intervall: 1h}")
    assert unknown == ["$.checks: breaks additionalProperties: False", "$: breaks additionalProperties: False"]


def test_defaults_are_written_as_a_person_writes_them() -> None:
    """An editor that fills in a default writes one that loads."""
    definitions = schema()["$defs"]
    assert isinstance(definitions, dict)
    defaults = {
        name: [rule["default"] for rule in definition["properties"].values() if "default" in rule]
        for name, definition in definitions.items()
        if "properties" in definition
    }
    assert defaults["Checks"] == ["30m", 2, "5m", "1h"]
    assert defaults["History"] == ["dnsbl-exporter.db", "400d"]
    assert None not in [default for values in defaults.values() for default in values]


@pytest.mark.parametrize("model", [ConfigFile, ListEntry, CodeEntry])
def test_nothing_but_what_is_needed_is_required(model: type[ConfigFile | ListEntry | CodeEntry]) -> None:
    """The fewest keys that load."""
    definitions = schema()["$defs"]
    assert isinstance(definitions, dict)
    required = {"ConfigFile": ["targets"], "ListEntry": ["zone"], "CodeEntry": ["sublist"]}
    found = schema() if model is ConfigFile else definitions[model.__name__]
    assert found["required"] == required[model.__name__]
