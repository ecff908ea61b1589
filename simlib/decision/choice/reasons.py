"""An outcome in a sentence, and what was not looked at."""

from collections.abc import Iterator, Mapping

from simlib.decision.choice.case import Case
from simlib.decision.choice.inputs import Input
from simlib.decision.choice.monte_carlo import Figures
from simlib.decision.choice.results import LimitOutcome, OpenBecause
from simlib.decision.choice.selection import Contest, Outcome
from simlib.decision.choice.total_cost import EXPOSURE

WORTH_TELLING = 0.05
"""A probability of being the best below which rivals are not told to be alike. An assumption."""
_OPEN: Mapping[OpenBecause, str] = {
    "effort": "The estimates of effort leave it open; more replications would not help, better estimates would.",
    "prices": "Prices and other amounts leave it open; more replications would not help, better amounts would.",
}


def reason(outcome: Outcome, limits: tuple[LimitOutcome, ...], margin: float, years: float, currency: str) -> str:
    """Why the outcome is what it is."""
    if outcome.contest is None:
        return f"No design keeps the limits: {_broken(limits)}."
    contest, horizon = outcome.contest, f"over {years:g} year{'' if years == 1 else 's'}"
    best = contest.best
    if outcome.word == "choose":
        if len(contest.order) == 1:
            return f"{best} is the only design that keeps the limits."
        return f"{best} costs least in all {horizon}, with a probability of {_chance(contest.p_best[best])}."
    if outcome.word == "equivalent":
        names = ", ".join((best, *outcome.equivalents))
        return (
            f"It does not matter: {names} differ by less than {margin:,.0f} {currency} in total cost {horizon}, "
            f"and one of them costs least with a probability of {_chance(contest.p_together)}."
        )
    leading = (
        f"{best} costs least in the mean {horizon}, but only with a probability of {_chance(contest.p_best[best])}."
    )
    if outcome.open_because == "limits":
        return f"{best} costs least in the mean {horizon}, but whether limits are kept is open{_asked(outcome)}."
    if outcome.open_because == "simulation":
        return f"{leading} Simulation leaves it open{_asked(outcome)}."
    return f"{leading} {_OPEN[outcome.open_because]}{_alike(contest, margin, currency)}"


def _alike(contest: Contest, margin: float, currency: str) -> str:
    """Rivals that are one and the same in money, where one of them may be the best; they share its draws."""
    return "".join(
        f" Among {', '.join(group)} it does not matter: they differ by less than {margin:,.0f} {currency}, and one of "
        f"them costs least with a probability of {_chance(share)}."
        for group, share in contest.alike
        if share > WORTH_TELLING
    )


def _chance(share: float) -> str:
    """A share of draws; what draws cannot tell from certainty is not called certain."""
    return "over 99 %" if share > 0.99 else f"{share * 100:.0f} %"


def _asked(outcome: Outcome) -> str:
    more = outcome.more_replications
    if more is None:
        return ": undecided, and no affordable number of replications would decide"
    return f": undecided, about {more} more replication{'' if more == 1 else 's'}"


def _broken(limits: tuple[LimitOutcome, ...]) -> str:
    told: dict[str, list[str]] = {}
    for one in limits:
        if one.word in ("broken", "unstable"):
            told.setdefault(one.design, []).append(one.limit)
    return "; ".join(f"{design} breaks {', '.join(names)}" for design, names in told.items())


def left_out(case: Case, figures: Figures, inputs: Mapping[str, Input], replications: int) -> Iterator[str]:
    """What the money does not hold, one sentence each."""
    if replications < 2:
        yield "One replication has no interval: what simulation leaves uncertain is not part of the spreads."
    unsized = [name for name, facts in case.facts.items() if facts.size is None]
    if unsized:
        yield (
            f"Servers of {', '.join(unsized)} were not sized: each request pays for the CPU time that it takes, on "
            f"servers that are {case.scenario.terms.target_utilisation * 100:.0f} % busy."
        )
    unseen = [name for name, own in figures.items() if bool((own[EXPOSURE] != own[EXPOSURE]).any())]
    if unseen and inputs["exposed_hour"].high > 0:
        yield f"Exposure of {', '.join(unseen)} is unknown and costs nothing here."
