"""A decision as one page: no script, nothing from elsewhere, figures inside.

The figures of a decision record, each with a description for those who cannot see it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from simlib.decision.choice.results import Decision
from simlib.decision.gain.values import Size, Trial
from simlib.report.decision_figures import breakeven_figure, cost_bars_figure, tornado_figure
from simlib.report.describe import told_provenance, told_world
from simlib.report.frontier_figure import frontier_figure
from simlib.report.html import Drawn, page_environment
from simlib.report.record.assumptions import assumption_sentence, inputs
from simlib.report.record.complexity import Complexity, indicator_rows, largest_items
from simlib.report.record.drivers import driven, main_sensitivity
from simlib.report.record.formatting import number
from simlib.report.record.gain_rows import gain_rows
from simlib.report.record.narrative import flips, method, notes, opponent_sentence
from simlib.report.record.outcome import currency, equal_designs, equivalences, level, title, verdict, years
from simlib.report.record.pros_and_cons import arguments, options
from simlib.report.record.rows import MARKS, limit_rows, open_sentences, out_sentences, ranking_rows, references
from simlib.report.record.worth import decisive, sentences

_UNKNOWN = Complexity()


def decision_page(decision: Decision, figures: Sequence[Drawn], complexity: Complexity = _UNKNOWN) -> str:
    """The page; equal decisions give an equal page."""
    scenario = decision.scenario
    return (
        page_environment()
        .get_template("decision.html.j2")
        .render(
            title=title(decision),
            scenario=scenario,
            method=method(decision),
            names=list(scenario.designs),
            marks=MARKS,
            limits=limit_rows(decision),
            outs=(*out_sentences(decision), *open_sentences(decision)),
            word=decision.word,
            verdict=verdict(decision),
            equal=equal_designs(decision),
            equivalences=equivalences(decision),
            level=level(decision),
            draws=f"{decision.draws:,}",
            currency=currency(decision),
            years=years(decision),
            references=references(decision),
            ranking=ranking_rows(decision),
            opponent=opponent_sentence(decision),
            gain=gain_rows(decision),
            figures=[{"svg": f.inline(), "caption": f.caption} for f in figures],
            worth=sentences(decision),
            flips=flips(decision),
            driven=driven(decision),
            options=[
                {
                    **option._asdict(),
                    "arguments": arguments(decision, option.name),
                    "work": largest_items(complexity, option.name),
                }
                for option in options(decision)
            ],
            indicators=indicator_rows(complexity),
            sizes=[_tried(size, trial) for size in decision.gain.sizes.values() for trial in size.trials],
            assumption=assumption_sentence(decision),
            inputs=inputs(decision),
            notes=notes(decision),
            world=told_world(scenario),
            provenance=told_provenance(scenario),
        )
    )


def _tried(size: Size, trial: Trial) -> dict[str, Any]:
    own = (trial.service_vcpus, trial.authorization_server_vcpus, trial.database_vcpus)
    chosen = size.met and own == (size.service_vcpus, size.authorization_server_vcpus, size.database_vcpus)
    return {
        "design": size.design,
        "chosen": chosen,
        "service": own[0],
        "server": own[1],
        "database": own[2] or "-",
        "cost": number(trial.cost_per_hour),
        "word": "met" if trial.met else "broken",
        "told": ("yes, and taken" if chosen else "yes")
        if trial.met
        else "no"
        if trial.simulated
        else "no (not simulated)",
        "reasons": trial.reasons,
    }


NAMES = ("cost", "frontier", "breakeven", "tornado")
"""The figures that there may be, in the order of a page."""


def decision_figures(decision: Decision) -> tuple[Drawn, ...]:
    """Total cost by cause; and where there is anything to draw: frontier, break-even over the load, tornado."""
    return tuple(_figures(decision))


def _figures(decision: Decision) -> Iterator[Drawn]:
    currency = decision.scenario.prices.currency
    yield Drawn(
        "cost",
        *cost_bars_figure(decision),
        "What each design costs over the horizon, by cause, and the interval of the whole.",
    )
    if decision.frontiers:
        yield Drawn(
            "frontier",
            *frontier_figure(decision),
            "Gain against complexity: the lower left is best, and who stands on the line is beaten by nobody in both.",
        )
    drawn = [own for own in decisive(decision) if own.curve.loads]
    if drawn:
        load = decision.scenario.expected_requests / decision.scenario.horizon_s
        yield Drawn(
            "breakeven",
            *breakeven_figure(drawn, currency, load),
            "Net present value over the load, with its interval: above 0 it pays.",
        )
    driven = main_sensitivity(decision)
    if driven is not None and driven.tornado:
        yield Drawn(
            "tornado",
            *tornado_figure(driven, currency),
            "What moves the net present value: single inputs from their 5 % to their 95 % quantile, and indices.",
        )
