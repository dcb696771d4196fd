"""The SPF records of providers that send for many: data, in ``providers.yml``.

Rule: a domain stands for itself and all below it. The addresses behind it are shared by the provider's customers, and the
provider watches them.
"""

from collections.abc import Collection
from functools import cache
from importlib import resources

import yaml

_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


@cache
def providers() -> dict[str, tuple[str, ...]]:
    """Each provider's domains, by its name."""
    text = (resources.files(__name__.rpartition(".")[0]) / "providers.yml").read_text("utf-8")
    rows = yaml.load(text, Loader=_LOADER)  # noqa: S506 - both are safe loaders; ruff does not look behind a name
    return {row["name"]: tuple(row["includes"]) for row in rows}


@cache
def includes() -> frozenset[str]:
    """All providers' domains."""
    return frozenset(domain for domains in providers().values() for domain in domains)


def covers(domains: Collection[str], name: str) -> bool:
    """Whether ``name``, which may begin with macros, is one of the domains or below one."""
    labels = name.lower().removesuffix(".").split(".")
    return any(".".join(labels[place:]) in domains for place in range(len(labels)))
