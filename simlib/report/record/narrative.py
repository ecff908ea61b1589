"""Why a decision had to be made and how it was made, for those who were not there.

How one will see that a decision was right, and what would flip it.
"""

from simlib.analysis.metrics import METRICS
from simlib.decision.choice.results import Decision, Worthwhile
from simlib.report.cells import mean_text
from simlib.report.describe import told_load, told_users
from simlib.report.record.drivers import drivers, main_sensitivity, told_driver
from simlib.report.record.formatting import number
from simlib.report.record.outcome import currency, ended, level, listed, lowered, years
from simlib.report.record.rows import limit_rows
from simlib.report.record.worth import flip, pair, pairs, pays
from simlib.scenario.economics import Amount, Estimate


def context(decision: Decision) -> str:
    """The application and its load."""
    scenario = decision.scenario
    described = f"{scenario.description.rstrip('.')}. " if scenario.description else ""
    return (
        f"{scenario.title}: {described}Users: {told_users(scenario)}. Load: {told_load(scenario)}; "
        f"{_requests(decision)}."
    )


def _requests(decision: Decision) -> str:
    own = decision.scenario.terms.requests_per_year
    if own is None:
        return "the same load is assumed for the whole year"
    return f"{told_amount(own)} requests a year"


def question(decision: Decision) -> str:
    """The question that is decided."""
    names = list(decision.scenario.designs)
    return (
        f"How should clients show, and the API check, that a request is allowed: {listed(names)}? Does what a design "
        "gains in latency, servers and availability pay for what it takes to build and to run?"
    )


def method(decision: Decision) -> str:
    """What the answer is made of."""
    lengths = decision.gain.lengths
    runs = f"{lengths['replications']:g} runs of {lengths['length_s']:g} s per design"
    return (
        f"The answer is made of three things: {runs}, simulated with real tokens under the same requests; work items "
        f"with estimates in person-days; and prices. {decision.draws:,} draws of all that is uncertain give the "
        f"{level(decision)} intervals. {_against(decision)}"
    )


def _against(decision: Decision) -> str:
    present = decision.scenario.terms.present
    today = f"Today {present} runs, and whatever replaces it has to be migrated to." if present else "Nothing runs yet."
    return f"Every design is held against {listed(_held_against(decision))}. {today}"


def _held_against(decision: Decision) -> list[str]:
    names = [f"{decision.baseline} (the baseline)"]
    if decision.opponent is not None and decision.opponent != decision.baseline:
        names.append(f"{decision.opponent} (which keeps answers in a cache, as most deployments do)")
    return names


def opponent_sentence(decision: Decision) -> str:
    """Why the design with a cache is shown, or that there is none."""
    if decision.opponent is None:
        return (
            f"The baseline {decision.baseline} is the only reference: no other design keeps answers of the "
            "authorization server in a cache, or it is the baseline itself."
        )
    return (
        f"{decision.opponent} is shown as a reference of its own: whoever has opaque tokens can add a cache, so "
        "a design must be better than that one, and not only better than asking at every request."
    )


def decision_drivers(decision: Decision) -> list[str]:
    """Limits first, then what money is made of."""
    scenario, unit = decision.scenario, currency(decision)
    limits = [f"Limit, not to be bought: {row.wanted}" for row in limit_rows(decision)]
    worth = scenario.worth
    return [
        *(limits or ["No hard limits are set"]),
        f"Total cost over {years(decision)}, discounted by {scenario.terms.discount_rate * 100:g} % a year: effort, "
        "servers, traffic, storage, and what is lost by the values of the next line",
        f"What things are worth (assumed): a second less of one request {told_amount(worth.second)} {unit}, an hour "
        f"without service {told_amount(worth.hour_down)} {unit}, an hour for which a revoked token still works "
        f"{told_amount(worth.exposed_hour)} {unit}",
        f"Differences in total cost below {number(decision.margin)} {unit} do not matter{_margin(decision)}",
    ]


def _margin(decision: Decision) -> str:
    """Where the margin is from."""
    if decision.scenario.terms.indifference is not None:
        return " (as the scenario states)"
    share = decision.scenario.margins.relative * 100
    return f" ({share:g} % of what is spent on {decision.baseline}: effort, servers, traffic and storage)"


def told_amount(amount: Amount) -> str:
    """An amount of the scenario, with its ends where it is an estimate."""
    if isinstance(amount, Estimate):
        return f"{number(amount.likely)} ({number(amount.low)} to {number(amount.high)})"
    return number(amount)


def made(decision: Decision) -> str:
    """How to make it again."""
    scenario = decision.scenario
    lengths = decision.gain.lengths
    runs = f"{lengths['replications']:g} replications of {lengths['length_s']:g} s"
    return (
        f"simlib decide, seed {scenario.run.seed}, {runs}, of which {lengths['warm_up_s']:g} s are warm-up, profile "
        f"{scenario.profile.name}. The same again: simlib decide run.json, from the run.json beside this file; all "
        "tables lie beside it as CSV, everything in one document as decision.json, and figures as SVG and PNG."
    )


def notes(decision: Decision) -> tuple[str, ...]:
    """What limits all of it: of the comparison, of what was shortened or assumed in simulating, of the decision."""
    return (*decision.verdicts.notes, *decision.gain.notes, *decision.left_out)


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
