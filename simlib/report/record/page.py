"""Decision record as one HTML page with its figures and their alternative texts, without scripts and other files."""

from collections.abc import Iterator, Sequence
from typing import Any

from simlib.decision.choice.results import Decision
from simlib.decision.gain.values import Size, Trial
from simlib.report.decision_figures import breakeven_figure, cost_bars_figure, tornado_figure
from simlib.report.describe_comparison import describe_provenance
from simlib.report.describe_world import describe_world
from simlib.report.frontier_figure import frontier_figure
from simlib.report.html import ReportFigure, build_page_environment
from simlib.report.record.complexity import Complexity, build_indicator_rows, list_largest_items
from simlib.report.record.cost_pairs import build_cost_matrix
from simlib.report.record.drivers import choose_sensitivity, summarise_drivers
from simlib.report.record.formatting import format_number
from simlib.report.record.gain_rows import build_gain_rows
from simlib.report.record.inputs import describe_assumptions, list_inputs
from simlib.report.record.narrative import describe_method, describe_opponent, list_flips, list_notes
from simlib.report.record.net_present_value import describe_pairs, list_decisive_pairs
from simlib.report.record.outcome import (
    describe_equivalences,
    describe_verdict,
    find_currency,
    format_horizon,
    format_level,
    format_title,
    list_equal_designs,
)
from simlib.report.record.pros_and_cons import list_arguments, list_options
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
    build_limit_rows,
    build_ranking_rows,
    describe_excluded_designs,
    describe_limit_caveats,
    describe_undecided_limits,
    list_references,
)
from simlib.report.switches_figure import list_drawn_switches, switches_figure

_UNKNOWN = Complexity()


def render_decision_page(decision: Decision, figures: Sequence[ReportFigure], complexity: Complexity = _UNKNOWN) -> str:
    """The page as HTML; equal decisions give an equal page."""
    scenario = decision.scenario
    return (
        build_page_environment()
        .get_template("decision.html.j2")
        .render(
            title=format_title(decision),
            scenario=scenario,
            method=describe_method(decision),
            names=list(scenario.designs),
            marks=MARKS,
            limits=build_limit_rows(decision),
            outs=(
                *describe_excluded_designs(decision),
                *describe_undecided_limits(decision),
                *describe_limit_caveats(decision),
            ),
            word=decision.word,
            verdict=describe_verdict(decision),
            equal=list_equal_designs(decision),
            equivalences=describe_equivalences(decision),
            rests=(*describe_alternatives(decision), *describe_assumed_values(decision)),
            switch_title=SWITCH_TITLE,
            main_switches=describe_main_switches(decision),
            switches=build_switch_rows(decision),
            common=describe_common_costs(decision),
            level=format_level(decision),
            draws=f"{decision.draws:,}",
            currency=find_currency(decision),
            years=format_horizon(decision),
            references=list_references(decision),
            ranking=build_ranking_rows(decision),
            opponent=describe_opponent(decision),
            cost_matrix=build_cost_matrix(decision),
            gain=build_gain_rows(decision),
            figures=[{"svg": f.render_inline(), "caption": f.caption} for f in figures],
            worth=describe_pairs(decision),
            flips=list_flips(decision),
            driven=summarise_drivers(decision),
            options=[
                {
                    **option._asdict(),
                    "arguments": list_arguments(decision, option.name),
                    "work": list_largest_items(complexity, option.name),
                }
                for option in list_options(decision)
            ],
            indicators=build_indicator_rows(complexity),
            sizes=[_build_size_row(size, trial) for size in decision.gain.sizes.values() for trial in size.trials],
            assumption=describe_assumptions(decision),
            inputs=list_inputs(decision),
            notes=list_notes(decision),
            world=describe_world(scenario),
            provenance=describe_provenance(scenario),
        )
    )


def _build_size_row(size: Size, trial: Trial) -> dict[str, Any]:
    vcpus = (trial.service_vcpus, trial.authorization_server_vcpus, trial.database_vcpus)
    chosen = size.met and vcpus == (size.service_vcpus, size.authorization_server_vcpus, size.database_vcpus)
    return {
        "design": size.design,
        "chosen": chosen,
        "service": vcpus[0],
        "server": vcpus[1],
        "database": vcpus[2] or "-",
        "cost": format_number(trial.cost_per_hour),
        "word": "met" if trial.met else "broken",
        "verdict": ("yes, chosen" if chosen else "yes")
        if trial.met
        else "no"
        if trial.simulated
        else "no (not simulated)",
        "reasons": trial.reasons,
    }


FIGURE_NAMES = ("cost", "switches", "frontier", "breakeven", "tornado")
"""Names of all figures, in the order of a page."""


def draw_decision_figures(decision: Decision) -> tuple[ReportFigure, ...]:
    """Figures of a decision: total cost by cause, and where they are defined frontier, break-even and tornado."""
    return tuple(_draw_figures(decision))


def _draw_figures(decision: Decision) -> Iterator[ReportFigure]:
    currency = decision.scenario.prices.currency
    yield ReportFigure(
        "cost",
        *cost_bars_figure(decision),
        "Total cost of each design over the horizon, by cause, with the interval of the total; costs that are the same "
        "for every design are one bar apart.",
    )
    if list_drawn_switches(decision):
        yield ReportFigure(
            "switches",
            *switches_figure(decision),
            "Switch values: single inputs at which another design costs least in the mean, as multiples of their own.",
        )
    if decision.frontiers:
        yield ReportFigure(
            "frontier",
            *frontier_figure(decision),
            "Gain against effort: the lower left is best; in the means none is better in both than those on the line.",
        )
    drawn = [pair for pair in list_decisive_pairs(decision) if pair.curve.loads]
    if drawn:
        load = decision.scenario.expected_requests / decision.scenario.horizon_s
        yield ReportFigure(
            "breakeven",
            *breakeven_figure(drawn, currency, load),
            "Net present value over the load, with its interval; above 0 the design pays.",
        )
    driven = choose_sensitivity(decision)
    if driven is not None and driven.tornado:
        yield ReportFigure(
            "tornado",
            *tornado_figure(driven, currency),
            "Sensitivity of the net present value: single inputs from their 5 % to their 95 % quantile; Sobol indices.",
        )
