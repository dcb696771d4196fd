"""How values look: colours, thresholds, and texts for numbers and words."""

from collections.abc import Mapping, Sequence

from grafana.build.words import HEALTHS, IMPACTS, Json

GREEN, BLUE, YELLOW, ORANGE, RED, PURPLE, GREY = "green", "blue", "yellow", "orange", "red", "purple", "#8e8e8e"
PLAIN = "text"

IMPACT_COLOURS = dict(zip(IMPACTS, (RED, ORANGE, "dark-yellow", BLUE, GREY), strict=True))
HEALTH_COLOURS = dict(zip(HEALTHS, (GREEN, BLUE, ORANGE, YELLOW, PURPLE, "dark-purple", RED), strict=True))

CAUSES = {
    "timeout": "no answer",
    "network": "resolver not reached",
    "servfail": "the resolver fails",
    "refused_rcode": "the resolver refuses",
    "formerr": "the resolver errs",
    "other_rcode": "the resolver errs",
    "malformed": "only garbage",
    "no_data": "rebinding?",
    "bogus": "address outside 127/8",
    "refused": "the list refuses us",
    "unhealthy": "fails its test",
    "internal": "defect of the exporter",
}
"""Why a check came to nothing, in words."""

REASONS = {
    "no_records": "nothing is there",
    "bad_record": "a faulty record",
    "null_mx": "takes no mail",
    "too_many_exchanges": "too many mail servers",
    "too_many_addresses": "too many addresses",
    "network_too_large": "too large a network",
    "not_global": "not a public address",
    "known_provider": "a provider's, not yours",
    "macro": "SPF with a macro",
    "exists": "SPF's exists",
    "ptr": "SPF's ptr",
    "neutral": "SPF says nothing of it",
    "fails_spf": "SPF refuses it",
    "unsure": "SPF may refuse it",
    "excluded": "the config excludes it",
    "no_list": "no list takes it",
    "more": "and more",
}
"""Why something that an origin leads to is not watched, in words."""


def steps(first: str, *more: tuple[float, str]) -> Mapping[str, Json]:
    """Thresholds: a colour, and others from values on."""
    rows: list[Json] = [{"color": first, "value": None}]
    rows += [{"color": colour, "value": value} for value, colour in more]
    return {"mode": "absolute", "steps": rows}


def good(*more: tuple[float, str]) -> Mapping[str, Json]:
    """Thresholds of what is good at 0, with what is less good from values on. No value at all is not good."""
    return steps(ORANGE, (0, GREEN), *more)


def texts(table: Mapping[str, str | tuple[str, str]]) -> Mapping[str, Json]:
    """A mapping of values to texts, or to texts with colours."""
    options: dict[str, Json] = {}
    for place, (value, said) in enumerate(table.items()):
        text, colour = (said, None) if isinstance(said, str) else said
        result: dict[str, Json] = {"index": place, "text": text}
        options[value] = result if colour is None else {**result, "color": colour}
    return {"type": "value", "options": options}


def pattern(regex: str, text: str) -> Mapping[str, Json]:
    """A mapping of all values that match to a text."""
    return {"type": "regex", "options": {"pattern": regex, "result": {"index": 0, "text": text}}}


def empty(text: str) -> Mapping[str, Json]:
    """A mapping of no value to a text."""
    return {"type": "special", "options": {"match": "empty", "result": {"index": 0, "text": text}}}


def impacts() -> Mapping[str, Json]:
    """Ranks, as in ``queries.ranked``, to impacts."""
    return texts({str(len(IMPACTS) - place): (impact, IMPACT_COLOURS[impact]) for place, impact in enumerate(IMPACTS)})


def healths() -> Mapping[str, Json]:
    """Places in ``HEALTHS`` to healths."""
    said = {"unreachable": "unreachable", "silent": "silent", "everything": "lists everything"}
    return texts({str(place): (said.get(name, name), HEALTH_COLOURS[name]) for place, name in enumerate(HEALTHS)})


def causes() -> Mapping[str, Json]:
    return texts({cause: f"{cause}: {said}" for cause, said in CAUSES.items()})


def reasons() -> Mapping[str, Json]:
    return texts(REASONS)


def fixed(name: str, colour: str) -> Mapping[str, Json]:
    """An override: the series of that name has a colour of its own."""
    return override(name, ("color", {"mode": "fixed", "fixedColor": colour}))


def override(name: str, *properties: tuple[str, Json]) -> Mapping[str, Json]:
    """Properties of the field of that name."""
    values: Sequence[Json] = [{"id": key, "value": value} for key, value in properties]
    return {"matcher": {"id": "byName", "options": name}, "properties": values}
