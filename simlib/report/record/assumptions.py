"""Inputs of a decision: value, source, kind (assumed, sourced, measured), and the owner of a better value."""

from typing import NamedTuple

from simlib.decision.choice.results import Decision
from simlib.decision.economics.prices import KEYS as PRICES
from simlib.report.input_names import describe_input, find_words
from simlib.scenario.economics import Worth

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
