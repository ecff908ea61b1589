"""A decision as a record in the form of MADR 4.0, Markdown Any Decision Records (https://adr.github.io/madr/).

Whoever was not there when it was made must understand it. It carries no date, so that equal runs give equal bytes: the
date of a decision is the day on which people accept it.
"""

from typing import Any

from simlib.decision.choice.results import Decision
from simlib.report.record.assumptions import assumption_sentence, inputs
from simlib.report.record.complexity import Complexity, indicator_rows, largest_items
from simlib.report.record.drivers import driven
from simlib.report.record.gain_rows import gain_rows
from simlib.report.record.narrative import (
    confirmation,
    context,
    decision_drivers,
    flips,
    made,
    method,
    notes,
    opponent_sentence,
    question,
)
from simlib.report.record.outcome import currency, equivalences, level, outcome_sentence, title, years
from simlib.report.record.pros_and_cons import arguments, consequences, options
from simlib.report.record.rows import (
    MARKS,
    Amount,
    Gained,
    RankingRow,
    limit_rows,
    out_sentences,
    ranking_rows,
    references,
)
from simlib.report.record.worth import sentences

_UNKNOWN = Complexity()
_ESCAPED = {"|": r"\|", "<": "&lt;", "`": r"\`", "*": r"\*", "\n": " ", "\r": " "}


def decision_record(decision: Decision, complexity: Complexity = _UNKNOWN) -> str:
    """The record as Markdown; equal decisions give equal text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("simlib.report", "templates"),
        autoescape=False,  # it is no HTML; see finalize
        finalize=_escaped,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    return environment.get_template("decision.md.j2").render(**_values(decision, complexity))


def _values(decision: Decision, complexity: Complexity) -> dict[str, Any]:
    return {
        "title": title(decision),
        "context": context(decision),
        "question": question(decision),
        "method": method(decision),
        "level": level(decision),
        "currency": currency(decision),
        "years": years(decision),
        "drivers": decision_drivers(decision),
        "designs": list(decision.scenario.designs),
        "options": [
            {
                **option._asdict(),
                "arguments": arguments(decision, option.name),
                "work": largest_items(complexity, option.name),
            }
            for option in options(decision)
        ],
        "limits": _limits(decision),
        "outs": out_sentences(decision),
        "sized": bool(decision.gain.sizes),
        "outcome": outcome_sentence(decision),
        "equivalences": equivalences(decision),
        "references": references(decision),
        "ranking": [_ranked(row) for row in ranking_rows(decision)],
        "opponent": opponent_sentence(decision),
        "consequences": consequences(decision),
        "confirmation": confirmation(decision),
        "gain": [
            [row.label, row.kind, *(row.told(name) for name in decision.scenario.designs)]
            for row in gain_rows(decision)
        ],
        "break_even": sentences(decision),
        "flips": flips(decision),
        "driven": driven(decision),
        "assumption": assumption_sentence(decision),
        "inputs": inputs(decision),
        "notes": notes(decision),
        "indicators": indicator_rows(complexity),
        "made": made(decision),
    }


def _limits(decision: Decision) -> list[dict[str, Any]]:
    return [
        {
            "wanted": row.wanted,
            "cells": [_cell(row.outcomes.get(name)) for name in decision.scenario.designs],
        }
        for row in limit_rows(decision)
    ]


def _cell(outcome: Any) -> str:
    return "" if outcome is None else f"{MARKS[outcome.word]} {outcome.found} ({outcome.word})"


def _ranked(row: RankingRow) -> list[str]:
    return [
        row.place,
        row.design,
        *(_amount(own) for own in (row.effort_days, row.yearly_days, row.running_cost, row.total_cost)),
        *(_gained(own) for own in row.gained),
        row.p_best,
    ]


def _amount(own: Amount) -> str:
    return f"{own.mean} ({own.interval})" if own.interval else own.mean


def _gained(own: Gained | None) -> str:
    return "itself" if own is None else f"{_amount(own.npv)}, positive in {own.p_positive}"


def _escaped(value: Any) -> Any:
    """What comes from a scenario must not become markup, and no link."""
    if not isinstance(value, str):
        return value
    return "".join(_ESCAPED.get(letter, letter) for letter in value).replace("](", r"]\(")
