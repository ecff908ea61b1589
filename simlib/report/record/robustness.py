"""Robustness of a verdict in words: what turns it, what counts 0 or is not stated, and what no design differs in."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from simlib.decision.choice.cost_causes import list_prices
from simlib.decision.choice.levers import OWN_EFFORT
from simlib.decision.choice.results import Decision
from simlib.decision.choice.robustness import Alternative, Switch
from simlib.report.record.formatting import format_chance, format_mean, format_number
from simlib.report.record.inputs import describe_input
from simlib.report.record.outcome import find_currency, format_horizon, join_names
from simlib.scenario.economics import Amount, Estimate, Worth

SWITCH_TITLE = "one input at which another design costs as little, and beyond it less, all else equal"
MAIN = 3
"""Number of inputs that are named beside a verdict."""
_NEAR = 2.0
"""Factor within which the switch value of a certain input matters."""
_MOST_ITEMS = 12


class SwitchRow(NamedTuple):
    """One switch value as text: the input, its value, its own range, the switch value, the change, the other design."""

    input: str
    value: str
    range: str
    at: str
    change: str
    design: str
    within: str


def build_switch_rows(decision: Decision) -> list[SwitchRow]:
    """One row per switch value, the nearest first."""
    return [_build_row(switch) for switch in decision.switches]


def _build_row(switch: Switch) -> SwitchRow:
    unit = f" {switch.unit}" if switch.unit else ""
    own = "-" if switch.low == switch.high else f"{format_number(switch.low)} to {format_number(switch.high)}"
    return SwitchRow(
        describe_input(switch.input),
        f"{format_number(switch.value)}{unit}",
        own,
        format_number(switch.at),
        _describe_change(switch),
        switch.design,
        "yes" if switch.is_within and switch.low < switch.high else "no",
    )


def list_main_switches(decision: Decision, most: int = MAIN) -> list[Switch]:
    """The nearest switch values, one per input and one for the effort of designs, without inputs that count 0 now."""
    chosen: dict[str, Switch] = {}
    for switch in decision.switches:
        group = OWN_EFFORT if switch.input.startswith(OWN_EFFORT) else switch.input
        if switch.value > 0:
            chosen.setdefault(group, switch)
    return list(chosen.values())[:most]


def describe_switch(switch: Switch, more: str = "") -> str:
    """One switch value in words, with ``more`` about the input: its value there and now, and the design that wins."""
    unit = f" {switch.unit}" if switch.unit else ""
    about = [_describe_change(switch)]
    if switch.low < switch.high:
        about.append(f"its range is {format_number(switch.low)} to {format_number(switch.high)}")
    about += [more] if more else []
    return (
        f"{describe_input(switch.input)} at {format_number(switch.at)} in place of {format_number(switch.value)}{unit} "
        f"({'; '.join(about)}): {switch.design}"
    )


def _describe_change(switch: Switch) -> str:
    if math.isinf(switch.ratio):
        return "from 0" if switch.at > 0 else "to 0"
    more = "more" if switch.at > switch.value else "less"
    if switch.ratio < _NEAR:
        return f"{format_number(abs(switch.at / switch.value - 1) * 100, 2)} % {more}"
    return f"{format_number(switch.ratio, 2)} times {more if more == 'less' else 'as much'}"


def describe_main_switches(decision: Decision) -> list[str]:
    """The two or three inputs that turn the verdict first, each with the design that then costs least."""
    main = list_main_switches(decision)
    if not main:
        return (
            ["No value of a single input makes another design cost least in the mean."] if _has_rivals(decision) else []
        )
    sentences = [f"{describe_switch(own, 'the default' if _is_default(decision, own.input) else '')}." for own in main]
    if not any(switch.is_within and switch.low < switch.high for switch in decision.switches):
        return ["No input does within the range of its own estimate; the nearest:", *sentences]
    return sentences


def _has_rivals(decision: Decision) -> bool:
    placed = [ranked.design for ranked in decision.ranking if ranked.place]
    return bool(set(placed[1:]) - set(decision.equivalents))


def describe_assumed_values(decision: Decision) -> list[str]:
    """Values that count 0, and inputs left at their defaults near which the verdict turns."""
    return [*_list_zero_values(decision), *_list_unstated(decision)]


def _list_zero_values(decision: Decision) -> Iterator[str]:
    worth, unit = decision.scenario.worth, find_currency(decision)
    zero = [
        price
        for price in list_prices(decision.causes)
        if price.key in Worth.model_fields and _is_zero(getattr(worth, price.key))
    ]
    if zero:
        named = [f"{price.words} ({price.key}{_describe_turning(decision, price.key)})" for price in zero]
        yield f"Worth 0 {unit}, which is the default: {join_names(named)}."


def _describe_turning(decision: Decision, name: str) -> str:
    """From which value on an input that counts 0 turns the verdict; empty where there is no verdict to turn."""
    switch = next((own for own in decision.switches if own.input == name), None)
    if switch is None:
        return "; no value of it alone turns the verdict" if _has_rivals(decision) else ""
    return f"; from {format_number(switch.at)} {switch.unit} on, {switch.design} would cost least in the mean"


def _is_zero(amount: Amount) -> bool:
    return (amount.high if isinstance(amount, Estimate) else amount) == 0


def _list_unstated(decision: Decision) -> Iterator[str]:
    """Inputs that were left to their defaults, with a switch value in their range or near their value.

    Those among the main switch values are left out: these say so themselves.
    """
    main = list_main_switches(decision)
    for switch in decision.switches:
        matters = switch.is_within if switch.low < switch.high else switch.ratio <= _NEAR
        if matters and switch.value > 0 and switch not in main and _is_default(decision, switch.input):
            yield f"Left at its default: {describe_switch(switch)} would cost least in the mean."


def _is_default(decision: Decision, name: str) -> bool:
    """Whether a price or a term was left at its default; other inputs are estimates, or what was simulated.

    A record states every default, so that it cannot be distinguished from a value that was stated and is the default.
    """
    for table in (decision.scenario.prices, decision.scenario.terms):
        field = type(table).model_fields.get(name)
        if field is not None:
            return bool(getattr(table, name) == field.default)
    return False


def describe_alternatives(decision: Decision) -> list[str]:
    """The verdict under other assumptions: simlib's estimates, the other kind of authorization server."""
    return [_describe_alternative(decision, own) for own in decision.alternatives]


def _describe_alternative(decision: Decision, own: Alternative) -> str:
    least = (
        f"{own.best} would cost least in {format_chance(own.share)} of the draws{'' if own.decided else ', undecided'}"
    )
    effect = "that turns the verdict" if own.turns else "another verdict" if own.changes else "the same verdict"
    result = f"{least}: {effect}"
    if own.assumption == "bundled estimates":
        number = len(own.items)
        head = f"{number} work item{'' if number == 1 else 's'} with own estimates ({_list_items(own.items)})"
        return f"{head}. With the estimates of simlib {result}."
    server = decision.scenario.world.authorization_server
    default = ", the default" if server.kind == type(server).model_fields["kind"].default else ""
    if own.assumption == "built":
        head = (
            f'The authorization server is a product (kind in [world.authorization_server]{default}). If it were "built"'
        )
    else:
        head = (
            f'The authorization server counts as built (kind in [world.authorization_server]{default}). As a "product"'
        )
    bring = "had to be built" if own.assumption == "built" else "would come with it"
    return f"{head}, {_list_items(own.items)} {bring}, and {result}."


def _list_items(items: tuple[str, ...]) -> str:
    more = len(items) - _MOST_ITEMS
    return ", ".join(items[:_MOST_ITEMS]) + (f" and {more} more" if more > 0 else "")


def describe_common_costs(decision: Decision) -> list[str]:
    """Costs that no design differs in, in one sentence; none for a single design or without such costs."""
    common = decision.common
    if common is None or not common.total.mean:
        return []
    unit = find_currency(decision)
    parts = ", ".join(f"{cause} {format_mean(part)}" for cause, part in common.parts.items() if part.mean)
    work = (
        f"; {len(common.work_items)} work items, {format_mean(common.effort_days)} person-days once and "
        f"{format_mean(common.yearly_days)} a year"
        if common.work_items
        else ""
    )
    same = f"{format_mean(common.total)} {unit} are the same for every design and decide nothing"
    return [f"Of each total cost over {format_horizon(decision)}, {same} ({parts}{work})."]
