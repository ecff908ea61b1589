"""What a decision was fed with: every input, where it is from, and who can say better."""

from typing import NamedTuple

from simlib.decision.choice.results import Decision
from simlib.decision.economics.prices import KEYS as PRICES
from simlib.report.input_names import told_input, words_of

_NAMED = 5
ASSUMED, SOURCED, MEASURED = "assumed", "sourced", "measured"
_PRICES = ("whoever pays for servers and people", "[prices] of the scenario; --price-developer-day")
_WORTH = ("the owner of the product", "[worth] of the scenario")
_TERMS = ("whoever decides", "[decision] of the scenario; --horizon, --discount-rate, --requests-per-year")
_OPERATIONS = ("whoever runs the servers", "[decision] of the scenario")
_WORLD = ("whoever runs the servers", "[world] of the scenario; --load access.log")
_TEAM = ("the team that will build it", "--effort CSV; see simlib effort --explain")
_WHO = {
    **dict.fromkeys(PRICES, _PRICES),
    **dict.fromkeys(("second", "hour_down", "exposed_hour"), _WORTH),
    **dict.fromkeys(("horizon_years", "discount_rate", "requests_per_year"), _TERMS),
    **dict.fromkeys(("revocations_per_year", "outage_hours_per_year", "target_utilisation"), _OPERATIONS),
    **dict.fromkeys(("load",), _WORLD),
    **dict.fromkeys(("effort", "team_factor"), _TEAM),
    "organisation": ("whoever knows the teams", "[organisation] of the scenario"),
}
_ELSEWHERE = ("whoever knows better", "the scenario file")


class Input(NamedTuple):
    """One input: its value with its source, of which kind that is, who can say better, and where."""

    name: str
    value: str
    kind: str
    who: str
    where: str

    @property
    def told(self) -> str:
        """The input in words, with its key."""
        return told_input(self.name)


def inputs(decision: Decision) -> list[Input]:
    """Every input of a decision, in its order."""
    return [Input(name, value, kind_of(value), *_who(name)) for name, value in decision.inputs.items()]


def assumed(decision: Decision) -> list[Input]:
    """The inputs that nobody has measured or published."""
    return [own for own in inputs(decision) if own.kind == ASSUMED]


def kind_of(value: str) -> str:
    """Whether a value was published, was measured, or is an assumption, by what is said about it."""
    if "assum" in value:
        return ASSUMED
    return SOURCED if "(sourced" in value else MEASURED if "measured" in value else ASSUMED


def assumption_sentence(decision: Decision) -> str:
    """How much of the decision is assumption, and the first names."""
    every, own = inputs(decision), assumed(decision)
    if not own:
        return f"None of the {len(every)} inputs is an assumption."
    names = ", ".join(words_of(one.name) for one in own[:_NAMED]) + (", ..." if len(own) > _NAMED else "")
    return f"{len(own)} of {len(every)} inputs are assumptions ({names}); every one can be replaced."


def _who(name: str) -> tuple[str, str]:
    return _WHO.get(name, _ELSEWHERE)
