"""Configs in which everything happens soon."""

import json
from collections.abc import Iterable, Mapping

Settings = Mapping[str, object]

QUICK: Settings = {"interval": "500ms", "confirm_interval": "500ms", "test_interval": "1s"}
IMPATIENT: Settings = {"timeout": "500ms", "attempts": 1}


def addresses_on(zone: str, **more: object) -> Settings:
    """A list of ours that holds addresses of both families, documentation addresses too."""
    return {"zone": zone, "kinds": ["ipv4", "ipv6"], "non_global": True, **more}


def config(
    resolver: str,
    lists: Iterable[Settings],
    targets: Iterable[object],
    checks: Settings = QUICK,
    query: Settings = IMPATIENT,
    **more: object,
) -> str:
    """A config file; YAML reads JSON. `more` are further settings, or others for these."""
    document = {
        "resolvers": [resolver],
        "query": query,
        "checks": checks,
        "lists": list(lists),
        "targets": list(targets),
        "history": {"path": "history.db"},
        **more,
    }
    return json.dumps(document, indent=1)
