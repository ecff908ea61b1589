"""How one will see that a decision was right, and what would flip it."""

from simlib.analysis.metrics import METRICS
from simlib.decision.choice.values import Decision, Worthwhile
from simlib.report.cells import mean_text
from simlib.report.record.drivers import drivers, main_sensitivity, told_driver
from simlib.report.record.limit_rows import limit_rows
from simlib.report.record.outcome import currency, ended, lowered
from simlib.report.record.worth_words import flip, pair, pairs, pays

_WATCHED = ("as_requests_per_s", "hit_ratio", "checking_mean_s")


def confirmation(decision: Decision) -> list[str]:
    """What to measure once it runs, and how to make the decision again."""
    again = "Make the decision again with what was measured: simlib decide run.json --load access.log --effort CSV."
    if decision.chosen is None:
        return ["Nothing was chosen, so there is nothing to confirm yet.", again]
    return [*_limits(decision, decision.chosen), *_figures(decision, decision.chosen), again]


def _limits(decision: Decision, chosen: str) -> list[str]:
    return [
        f"Check this limit: {row.wanted}; found here: {row.outcomes[chosen].found}."
        for row in limit_rows(decision)
        if chosen in row.outcomes
    ]


def _figures(decision: Decision, chosen: str) -> list[str]:
    verdicts = decision.verdicts
    told = []
    for name in _WATCHED:
        found, metric = verdicts.intervals[chosen][name], METRICS[name]
        if verdicts.steady(chosen, name) and found.n and found.mean > 0:
            shown = f"{mean_text(metric, found)} {metric.shown_unit}".rstrip()
            told.append(f"Expect {metric.label}: {shown} (measured in the simulation).")
    return told


def flips(decision: Decision) -> list[str]:
    """Loads, inputs and values at which the outcome would be another one; only what concerns the choice."""
    unit, chosen = currency(decision), decision.chosen
    concerned = [own for own in _once(pairs(decision)) if chosen is None or chosen in (own.design, own.against)]
    found = [_loads(own) for own in concerned if own.crossings]
    found += [f"{pair(own)}: it {flip(own, unit)}." for own in concerned]
    own = main_sensitivity(decision)
    if own is not None:
        found += [ended(f"Input: {told_driver(one, unit)}") for one in drivers(own) if one.flips]
    found += [
        ended(f"Limit of {one.design}: {lowered(one.reason)}") for one in decision.limits if one.word == "undecided"
    ]
    return found or ["Nothing that was looked at."]


def _once(every: list[Worthwhile]) -> list[Worthwhile]:
    """Without the same two designs seen from the other side."""
    return list({frozenset((own.design, own.against)): own for own in reversed(every)}.values())[::-1]


def _loads(worth: Worthwhile) -> str:
    return f"Load: {pair(worth)} {pays(worth)}."
