"""What the inputs of a decision are called, in words; the key stands behind them, for that is what can be changed."""

from collections.abc import Mapping
from types import MappingProxyType

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "vcpu_hour": "price of a vCPU",
        "database_vcpu_hour": "price of a vCPU of the database",
        "gigabyte": "price of traffic",
        "storage_gigabyte_month": "price of storage",
        "developer_day": "price of a developer's day",
        "second": "a second less of one request",
        "hour_down": "an hour without service",
        "exposed_hour": "an hour for which a revoked token works",
        "requests_per_year": "requests in a year",
        "revocations_per_year": "revocations in a year",
        "outage_hours_per_year": "outages of the authorization server",
        "load": "load",
        "user_rate": "how often one user asks",
        "round_trip_s": "way to the authorization server and back",
        "ttl_factor": "how long answers are kept",
        "lifetime_factor": "life of access tokens",
        "cpu_factor": "CPU times",
        "horizon_years": "horizon",
        "discount_rate": "discount rate",
        "target_utilisation": "utilisation of servers that are not sized",
        "effort": "work items",
        "team_factor": "team factor",
        "organisation": "organisation",
    }
)
"""Input -> words; work items and groups of inputs have names that are words already."""


def words_of(name: str) -> str:
    """An input in words alone."""
    return WORDS.get(name, name)


def told_input(name: str, more: str = "") -> str:
    """An input in words, with its key and ``more`` in brackets: ``an hour without service (hour_down)``."""
    words = words_of(name)
    inside = [one for one in ("" if _is_said(name, words) else name, more) if one]
    return f"{words} ({': '.join(inside)})" if inside else words


def _is_said(name: str, words: str) -> bool:
    return name.replace("_", " ") == words
