"""Sentences of a decision record: context, question, method, decision drivers, confirmation, and what would flip it."""

from collections.abc import Iterator

from simlib.analysis.metrics import METRICS
from simlib.decision.choice.cost_causes import list_prices
from simlib.decision.choice.results import Decision, NetPresentValue
from simlib.report.cells import format_mean
from simlib.report.describe_world import describe_load, describe_users
from simlib.report.record.drivers import choose_sensitivity, describe_driver, rank_drivers
from simlib.report.record.formatting import format_number
from simlib.report.record.net_present_value import describe_flip, describe_paying_loads, list_kept_pairs, name_pair
from simlib.report.record.outcome import (
    end_sentence,
    find_currency,
    format_horizon,
    format_level,
    join_names,
    lower_first,
)
from simlib.report.record.rows import build_limit_rows
from simlib.scenario.economics import Amount, Estimate


def describe_context(decision: Decision) -> str:
    """The application and its load."""
    scenario = decision.scenario
    described = f"{scenario.description.rstrip('.')}. " if scenario.description else ""
    return (
        f"{scenario.title}: {described}Users: {describe_users(scenario)}. Load: {describe_load(scenario)}; "
        f"{_describe_requests(decision)}."
    )


def _describe_requests(decision: Decision) -> str:
    requests = decision.scenario.terms.requests_per_year
    if requests is None:
        return "the same load is assumed for the whole year"
    return f"{format_amount(requests)} requests a year"


def describe_question(decision: Decision) -> str:
    """The question that is decided."""
    names = list(decision.scenario.designs)
    return (
        f"How should clients prove, and the API check, that a request is authorized: {join_names(names)}? Does what a "
        "design gains in latency, servers and availability pay for the effort to build and to run it?"
    )


SHARES = (
    "A share of the draws holds given these estimates: it is no probability that a design is best, for the estimates "
    "themselves may be wrong."
)


def describe_method(decision: Decision) -> str:
    """The parts that the answer is made of: simulation, effort, prices."""
    lengths = decision.gain.lengths
    runs = f"{lengths['replications']:g} runs of {lengths['length_s']:g} s per design"
    return (
        f"The answer is made of three things: {runs}, simulated with real tokens under the same requests; work items "
        f"with estimates in person-days; and prices. {decision.draws:,} draws of the uncertain inputs give the "
        f"{format_level(decision)} intervals. {SHARES} {_describe_references(decision)}"
    )


def _describe_references(decision: Decision) -> str:
    present = decision.scenario.terms.present
    today = (
        f"{present} is in use today, and any other design needs a migration; changes of settings on which no work item "
        "depends, such as times, are not charged."
        if present
        else "No design is in use yet."
    )
    return f"Every design is compared with {join_names(_list_references(decision))}. {today}"


def _list_references(decision: Decision) -> list[str]:
    names = [f"{decision.baseline} (the baseline)"]
    if decision.opponent is not None and decision.opponent != decision.baseline:
        names.append(f"{decision.opponent} (which caches answers, as most deployments do)")
    return names


def describe_opponent(decision: Decision) -> str:
    """Reason why the design with a cache is a reference, or that there is none."""
    if decision.opponent is None:
        return (
            f"The baseline {decision.baseline} is the only reference: no other design caches answers of the "
            "authorization server, or the baseline is that design."
        )
    return (
        f"{decision.opponent} is a reference of its own: a deployment with opaque tokens can add a cache, so a design "
        "must be better than that one, and not only better than introspection for every request."
    )


def list_decision_drivers(decision: Decision) -> list[str]:
    """Limits first, then the causes of cost and the values."""
    scenario, unit = decision.scenario, find_currency(decision)
    limits = [f"Limit, which no saving can outweigh: {row.requirement}" for row in build_limit_rows(decision)]
    return [
        *(limits or ["No hard limits are set"]),
        f"Total cost over {format_horizon(decision)}, discounted by {scenario.terms.discount_rate * 100:g} % a year: "
        f"{', '.join(_list_spent(decision))}, and losses by the values of the next line",
        f"Values (assumed): {', '.join(_describe_worth(decision))}",
        f"Differences in total cost below {format_number(decision.margin)} {unit} do not matter"
        f"{_describe_margin(decision)}",
    ]


def _list_spent(decision: Decision) -> list[str]:
    """Causes of cost that are paid, in contrast to losses."""
    return [cause.name for cause in decision.causes if cause.is_spent]


def _describe_worth(decision: Decision) -> Iterator[str]:
    """Values of the scenario's ``worth``, each with its words."""
    worth, unit = decision.scenario.worth, find_currency(decision)
    for price in list_prices(decision.causes):
        if price.key in type(worth).model_fields:
            yield f"{price.words} {format_amount(getattr(worth, price.key))} {unit}"


def _describe_margin(decision: Decision) -> str:
    """Source of the margin."""
    if decision.scenario.terms.indifference is not None:
        return " (as the scenario states)"
    share = decision.scenario.margins.relative * 100
    return f" ({share:g} % of what is spent on {decision.baseline}: {join_names(_list_spent(decision))})"


def format_amount(amount: Amount) -> str:
    """An amount of the scenario, with its ends where it is an estimate."""
    if isinstance(amount, Estimate):
        return f"{format_number(amount.likely)} ({format_number(amount.low)} to {format_number(amount.high)})"
    return format_number(amount)


def describe_reproduction(decision: Decision) -> str:
    """Settings of the run, and the command that repeats the decision."""
    scenario = decision.scenario
    lengths = decision.gain.lengths
    runs = f"{lengths['replications']:g} replications of {lengths['length_s']:g} s"
    return (
        f"simlib decide, seed {scenario.run.seed}, {runs}, of which {lengths['warm_up_s']:g} s are warm-up, profile "
        f"{scenario.profile.name}. To repeat it: simlib decide run.json, with the run.json beside this file. All "
        "tables are beside it as CSV, all results in one document as decision.json, and the figures as SVG and PNG."
    )


def list_notes(decision: Decision) -> tuple[str, ...]:
    """Notes on the validity of the comparison, of the simulation and of the decision."""
    return (*decision.verdicts.notes, *decision.gain.notes, *decision.left_out)


_WATCHED = ("as_requests_per_s", "hit_ratio", "checking_mean_s")


def list_confirmations(decision: Decision) -> list[str]:
    """Measurements that would confirm the decision in operation, and how to repeat it."""
    again = "Repeat the decision with measured values: simlib decide run.json --load access.log --effort CSV."
    if decision.chosen is None:
        return ["No design was chosen, so there is nothing to confirm yet.", again]
    return [*_list_limit_checks(decision, decision.chosen), *_list_expected_figures(decision, decision.chosen), again]


def _list_limit_checks(decision: Decision, chosen: str) -> list[str]:
    return [
        f"Check this limit: {row.requirement}; in the simulation: {row.outcomes[chosen].found}."
        for row in build_limit_rows(decision)
        if chosen in row.outcomes
    ]


def _list_expected_figures(decision: Decision, chosen: str) -> list[str]:
    verdicts = decision.verdicts
    sentences = []
    for name in _WATCHED:
        interval, metric = verdicts.intervals[chosen][name], METRICS[name]
        if verdicts.is_steady(chosen, name) and interval.n and interval.mean > 0:
            text = f"{format_mean(metric, interval)} {metric.display_unit}".rstrip()
            sentences.append(f"Expect {metric.label}: {text} (measured in the simulation).")
    return sentences


def list_flips(decision: Decision) -> list[str]:
    """Loads, inputs and values at which the outcome would be different, as far as they concern the choice."""
    unit, chosen = find_currency(decision), decision.chosen
    pairs = [
        pair
        for pair in _drop_mirrored_pairs(list_kept_pairs(decision))
        if chosen is None or chosen in (pair.design, pair.against)
    ]
    sentences = [_describe_loads(pair) for pair in pairs if pair.crossings]
    sentences += [f"{name_pair(pair)}: it {describe_flip(pair, unit)}." for pair in pairs]
    sensitivity = choose_sensitivity(decision)
    if sensitivity is not None:
        drivers = (driver for driver in rank_drivers(sensitivity) if driver.flips)
        sentences += [end_sentence(f"Input: {describe_driver(driver, unit)}") for driver in drivers]
    sentences += [
        end_sentence(f"Limit of {outcome.design}: {lower_first(outcome.reason)}")
        for outcome in decision.limits
        if outcome.word == "undecided"
    ]
    return sentences or ["Nothing that was examined."]


def _drop_mirrored_pairs(pairs: list[NetPresentValue]) -> list[NetPresentValue]:
    """The pairs without those of the same two designs in the opposite order."""
    return list({frozenset((pair.design, pair.against)): pair for pair in reversed(pairs)}.values())[::-1]


def _describe_loads(worth: NetPresentValue) -> str:
    return f"Load: {name_pair(worth)} {describe_paying_loads(worth)}."
