"""Inputs of a decision: name in words, value, source, kind (assumed, sourced, measured), owner of a better value."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from simlib.decision.choice.cost_causes import CAUSES, list_prices
from simlib.decision.choice.results import Decision
from simlib.decision.economics.prices import KEYS as PRICES
from simlib.scenario.economics import Worth

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
    return words in (name, name.replace("_", " "))


_MOST_NAMES = 5
ASSUMED, SOURCED, MEASURED = "assumed", "sourced", "measured"
_PRICES = ("the owner of the budget", "[prices] of the scenario; --price-developer-day")
_WORTH = ("the owner of the product", "[worth] of the scenario")
_TERMS = ("the decision makers", "[decision] of the scenario; --horizon, --discount-rate, --requests-per-year")
_OPERATIONS = ("the operators of the servers", "[decision] of the scenario")
_WORLD = ("the operators of the servers", "[world] of the scenario; --load access.log")
_TEAM = ("the team that will build it", "--effort CSV; see simlib effort --explain")
_OWNERS = {
    **dict.fromkeys(PRICES, _PRICES),
    **dict.fromkeys(Worth.model_fields, _WORTH),
    **dict.fromkeys(("horizon_years", "discount_rate", "requests_per_year"), _TERMS),
    **dict.fromkeys(("revocations_per_year", "outage_hours_per_year", "target_utilisation"), _OPERATIONS),
    **dict.fromkeys(("load",), _WORLD),
    **dict.fromkeys(("effort", "team_factor"), _TEAM),
    "organisation": ("the managers of the teams", "[organisation] of the scenario"),
}
_OTHER_OWNER = ("the author of the scenario", "the scenario file")


class Input(NamedTuple):
    """One input: its value with its source, the kind of that source, who can provide a better value, and where."""

    name: str
    value: str
    kind: str
    owner: str
    where: str

    @property
    def description(self) -> str:
        """The input in words, with its key."""
        return describe_input(self.name)


def list_inputs(decision: Decision) -> list[Input]:
    """Every input of a decision, in its order."""
    return [Input(name, value, classify_source(value), *_find_owner(name)) for name, value in decision.inputs.items()]


def list_assumed_inputs(decision: Decision) -> list[Input]:
    """Inputs that were neither measured nor published."""
    return [item for item in list_inputs(decision) if item.kind == ASSUMED]


def classify_source(value: str) -> str:
    """Kind of a value (sourced, measured or assumed), by the words that state its source."""
    if "assum" in value:
        return ASSUMED
    return SOURCED if "(sourced" in value else MEASURED if "measured" in value else ASSUMED


def describe_assumptions(decision: Decision) -> str:
    """Number of assumptions among the inputs, with the first names."""
    inputs, assumed = list_inputs(decision), list_assumed_inputs(decision)
    if not assumed:
        return f"None of the {len(inputs)} inputs is an assumption."
    names = ", ".join(find_words(item.name) for item in assumed[:_MOST_NAMES]) + (
        ", ..." if len(assumed) > _MOST_NAMES else ""
    )
    return f"{len(assumed)} of {len(inputs)} inputs are assumptions ({names}); each can be replaced."


def _find_owner(name: str) -> tuple[str, str]:
    return _OWNERS.get(name, _OTHER_OWNER)
