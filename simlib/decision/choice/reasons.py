"""Reasons of a decision: its recommendation in a sentence, and what was left out."""

from collections.abc import Iterator, Mapping

from simlib.decision.choice.case import Case
from simlib.decision.choice.cost_causes import EXPOSURE
from simlib.decision.choice.inputs import Input
from simlib.decision.choice.monte_carlo import Figures
from simlib.decision.choice.results import OpenBecause
from simlib.decision.choice.selection import Recommendation, Selection
from simlib.decision.limits import LimitOutcome

LEAST_SHARE = 0.05
"""Share of draws, as the best, below which groups of equivalent designs are not mentioned. An assumption."""
_OPEN: Mapping[OpenBecause, str] = {
    "effort": "The estimates of effort leave it open; more replications would not help, better estimates would.",
    "prices": "Prices and other amounts leave it open; more replications would not help, better amounts would.",
}


def write_reason(
    recommendation: Recommendation, limits: tuple[LimitOutcome, ...], margin: float, years: float, currency: str
) -> str:
    """Reason of a recommendation, one sentence or two."""
    if recommendation.selection is None:
        return f"No design keeps the limits: {_list_broken(limits)}."
    selection, horizon = recommendation.selection, f"over {years:g} year{'' if years == 1 else 's'}"
    best = selection.best
    share, more = describe_share(selection.p_best[best]), _describe_need(recommendation)
    if recommendation.word == "choose":
        if len(selection.order) == 1:
            return f"{best} is the only design that keeps the limits."
        return f"{best} has the lowest total cost {horizon} in {share}."
    if recommendation.word == "equivalent":
        names = ", ".join((best, *recommendation.equivalents))
        return (
            f"It does not matter: {names} differ by less than {margin:,.0f} {currency} in total cost {horizon}, "
            f"and one of them costs least in {describe_share(selection.p_equivalent)}."
        )
    leading = f"{best} costs least in the mean {horizon}, but only in {share}."
    if recommendation.open_because == "limits":
        return f"{best} costs least in the mean {horizon}, but whether limits are kept is open{more}."
    if recommendation.open_because == "simulation":
        return f"{leading} Simulation leaves it open{more}."
    return f"{leading} {_OPEN[recommendation.open_because]}{_describe_groups(selection, margin, currency)}"


def _describe_groups(selection: Selection, margin: float, currency: str) -> str:
    """Groups of designs that are equivalent in cost, where one of them may be the best; they share its draws."""
    return "".join(
        f" Among {', '.join(group)} it does not matter: they differ by less than {margin:,.0f} {currency}, and one of "
        f"them costs least in {describe_share(share)}."
        for group, share in selection.indifferent_groups
        if share > LEAST_SHARE
    )


def describe_share(share: float) -> str:
    """Share of the draws in words.

    It is no probability of being right: draws follow estimates, which may be wrong themselves. Near 0 and 1 it is a
    bound, for draws cannot show certainty.
    """
    number = "over 99" if share > 0.99 else "under 1" if share < 0.01 else f"{share * 100:.0f}"
    return f"{number} % of the draws, given these estimates"


def _describe_need(recommendation: Recommendation) -> str:
    more = recommendation.more_replications
    if more is None:
        return ": undecided, and no affordable number of replications would decide"
    return f": undecided, about {more} more replication{'' if more == 1 else 's'}"


def _list_broken(limits: tuple[LimitOutcome, ...]) -> str:
    broken: dict[str, list[str]] = {}
    for limit in limits:
        if limit.word in ("broken", "unstable"):
            broken.setdefault(limit.design, []).append(limit.limit)
    return "; ".join(f"{design} breaks {', '.join(names)}" for design, names in broken.items())


def list_omissions(case: Case, figures: Figures, inputs: Mapping[str, Input], replications: int) -> Iterator[str]:
    """Sentences about what total costs leave out."""
    if replications < 2:
        yield "One replication has no interval: the uncertainty of the simulation is not part of the spreads."
    unsized = [name for name, design_case in case.design_cases.items() if design_case.size is None]
    if unsized:
        yield (
            f"Servers of {', '.join(unsized)} were not sized: each request pays for the CPU time that it takes, on "
            f"servers that are {case.scenario.terms.target_utilisation * 100:.0f} % busy."
        )
    unobserved = [name for name, own in figures.items() if bool((own[EXPOSURE] != own[EXPOSURE]).any())]
    if unobserved and inputs["exposed_hour"].high > 0:
        yield f"Exposure of {', '.join(unobserved)} is unknown and costs nothing here."
