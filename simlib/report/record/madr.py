"""Decision record in the form of MADR 4.0, Markdown Any Decision Records (https://adr.github.io/madr/).

It is complete for readers who know nothing of the run. It has no date, so that equal runs give equal bytes: the date
of a decision is the day on which people accept it.
"""

from typing import Any

from simlib.decision.choice.results import Decision
from simlib.report.record.complexity import Complexity, build_indicator_rows, list_largest_items
from simlib.report.record.drivers import summarise_drivers
from simlib.report.record.gain_rows import build_gain_rows
from simlib.report.record.inputs import describe_assumptions, list_inputs
from simlib.report.record.narrative import (
    describe_context,
    describe_method,
    describe_opponent,
    describe_question,
    describe_reproduction,
    list_confirmations,
    list_decision_drivers,
    list_flips,
    list_notes,
)
from simlib.report.record.net_present_value import describe_pairs
from simlib.report.record.outcome import (
    describe_equivalences,
    describe_outcome,
    find_currency,
    format_horizon,
    format_level,
    format_title,
)
from simlib.report.record.pros_and_cons import list_arguments, list_consequences, list_options
from simlib.report.record.robustness import (
    SWITCH_TITLE,
    build_switch_rows,
    describe_alternatives,
    describe_assumed_values,
    describe_common_costs,
    describe_main_switches,
)
from simlib.report.record.rows import (
    MARKS,
    Amount,
    NetValue,
    RankingRow,
    build_limit_rows,
    build_ranking_rows,
    describe_excluded_designs,
    describe_limit_caveats,
    list_references,
)

_UNKNOWN = Complexity()
_ESCAPED = {"|": r"\|", "<": "&lt;", "`": r"\`", "*": r"\*", "\n": " ", "\r": " "}


def format_decision_record(decision: Decision, complexity: Complexity = _UNKNOWN) -> str:
    """The record as Markdown; equal decisions give equal text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("simlib.report", "templates"),
        autoescape=False,  # it is no HTML; see finalize
        finalize=_escape,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    return environment.get_template("decision.md.j2").render(**_collect_values(decision, complexity))


def _collect_values(decision: Decision, complexity: Complexity) -> dict[str, Any]:
    return {
        "title": format_title(decision),
        "context": describe_context(decision),
        "question": describe_question(decision),
        "method": describe_method(decision),
        "level": format_level(decision),
        "currency": find_currency(decision),
        "years": format_horizon(decision),
        "drivers": list_decision_drivers(decision),
        "designs": list(decision.scenario.designs),
        "options": [
            {
                **option._asdict(),
                "arguments": list_arguments(decision, option.name),
                "work": list_largest_items(complexity, option.name),
            }
            for option in list_options(decision)
        ],
        "limits": _build_limits(decision),
        "outs": (*describe_excluded_designs(decision), *describe_limit_caveats(decision)),
        "sized": bool(decision.gain.sizes),
        "outcome": describe_outcome(decision),
        "equivalences": describe_equivalences(decision),
        "rests": (*describe_alternatives(decision), *describe_assumed_values(decision)),
        "switch_title": SWITCH_TITLE,
        "main_switches": describe_main_switches(decision),
        "switches": [tuple(row) for row in build_switch_rows(decision)],
        "common": describe_common_costs(decision),
        "references": list_references(decision),
        "ranking": [_format_ranking_row(row) for row in build_ranking_rows(decision)],
        "opponent": describe_opponent(decision),
        "consequences": list_consequences(decision),
        "confirmation": list_confirmations(decision),
        "gain": [
            [row.label, row.kind, *(row.format_value(name) for name in decision.scenario.designs)]
            for row in build_gain_rows(decision)
        ],
        "break_even": describe_pairs(decision),
        "flips": list_flips(decision),
        "driven": summarise_drivers(decision),
        "assumption": describe_assumptions(decision),
        "inputs": list_inputs(decision),
        "notes": list_notes(decision),
        "indicators": build_indicator_rows(complexity),
        "made": describe_reproduction(decision),
    }


def _build_limits(decision: Decision) -> list[dict[str, Any]]:
    return [
        {
            "requirement": row.requirement,
            "cells": [_format_cell(row.outcomes.get(name)) for name in decision.scenario.designs],
        }
        for row in build_limit_rows(decision)
    ]


def _format_cell(outcome: Any) -> str:
    return "" if outcome is None else f"{MARKS[outcome.word]} {outcome.found} ({outcome.word})"


def _format_ranking_row(row: RankingRow) -> list[str]:
    return [
        row.place,
        row.design,
        *(_format_amount(amount) for amount in (row.effort_days, row.yearly_days, row.running_cost, row.total_cost)),
        *(_format_net_value(amount) for amount in row.net_values),
        row.p_best,
    ]


def _format_amount(amount: Amount) -> str:
    return f"{amount.mean} ({amount.interval})" if amount.interval else amount.mean


def _format_net_value(value: NetValue | None) -> str:
    return "itself" if value is None else f"{_format_amount(value.npv)}, positive in {value.p_positive}"


def _escape(value: Any) -> Any:
    """Escape text of a scenario, so that it becomes neither markup nor a link."""
    if not isinstance(value, str):
        return value
    return "".join(_ESCAPED.get(letter, letter) for letter in value).replace("](", r"]\(")
