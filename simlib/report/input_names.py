"""Names of the inputs of a decision in words, with the key of each, under which it can be changed."""

from collections.abc import Mapping
from types import MappingProxyType

from simlib.decision.choice.cost_causes import CAUSES, list_prices

WORDS: Mapping[str, str] = MappingProxyType(
    {
        **{price.key: price.words for price in list_prices(CAUSES)},
        "requests_per_year": "requests per year",
        "revocations_per_year": "revocations per year",
        "outage_hours_per_year": "outages of the authorization server",
        "load": "load",
        "user_rate": "request rate of a user",
        "round_trip_s": "round trip to the authorization server",
        "ttl_factor": "lifetime of cached answers",
        "lifetime_factor": "lifetime of access tokens",
        "cpu_factor": "CPU times",
        "horizon_years": "horizon",
        "discount_rate": "discount rate",
        "target_utilisation": "utilisation of servers that are not sized",
        "effort": "work items",
        "team_factor": "team factor",
        "organisation": "organisation",
    }
)
"""Input -> words; names of work items and of groups of inputs are words themselves."""


def find_words(name: str) -> str:
    """An input in words, without its key."""
    return WORDS.get(name, name)


def describe_input(name: str, more: str = "") -> str:
    """An input in words, with its key and ``more`` in brackets: ``an hour without service (hour_down)``."""
    words = find_words(name)
    parts = [part for part in ("" if _is_same_name(name, words) else name, more) if part]
    return f"{words} ({': '.join(parts)})" if parts else words


def _is_same_name(name: str, words: str) -> bool:
    return name.replace("_", " ") == words
