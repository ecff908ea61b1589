"""Decision among the designs of a scenario: limits first, then one Monte-Carlo over effort, prices and replications.

`decide` simulates, judges and chooses in one call; `choose_design` chooses from a simulated gain.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from simlib.decision.choice.alternatives import compute_alternatives, compute_common_costs
from simlib.decision.choice.break_even import assess_pair, compute_load_table
from simlib.decision.choice.build_case import build_case, complete_figures, describe_expected_exposure
from simlib.decision.choice.case import Case
from simlib.decision.choice.cost_causes import CAUSES, CostCause, list_figures
from simlib.decision.choice.cost_model import CostModel
from simlib.decision.choice.cost_pairs import compare_costs
from simlib.decision.choice.explaining import explain_decision
from simlib.decision.choice.frontier import SHOWN, compute_frontiers
from simlib.decision.choice.inputs import (
    Input,
    describe_inputs,
    draw_inputs,
    find_baseline,
    find_opponent,
    find_present_design,
    list_money_inputs,
)
from simlib.decision.choice.levers import Situation, search_switches
from simlib.decision.choice.limits import judge_limits, list_excluded_designs
from simlib.decision.choice.monte_carlo import Draws, compute_student_weights, draw_figures
from simlib.decision.choice.reasons import list_omissions, write_reason
from simlib.decision.choice.results import Decision, NetPresentValue, RankedDesign
from simlib.decision.choice.selection import Recommendation, Selection, rank_designs, recommend
from simlib.decision.choice.sensitivity import compute_sensitivities
from simlib.decision.choice.total_cost import Accounts, compute_spending
from simlib.decision.comparison import Verdicts, judge_comparison
from simlib.decision.effort import (
    EffortLedger,
    compute_expected_effort,
    describe_missing_items,
    draw_effort,
    load_ledger,
    resolve_counts,
)
from simlib.decision.gain import Budgets, StageProgress, measure_gain
from simlib.decision.gain.values import Gain
from simlib.decision.limits import LimitOutcome
from simlib.experiment.result_store import open_store, use_store
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates

DRAWS = 10_000
SAMPLES = 512


def choose_design(
    scenario: Scenario,
    gain: Gain,
    verdicts: Verdicts,
    ledger: EffortLedger,
    *,
    draws: int = DRAWS,
    seed: int | None = None,
    level: float | None = None,
    sensitivity: bool = True,
    samples: int = SAMPLES,
    causes: tuple[CostCause, ...] = CAUSES,
) -> Decision:
    """Choose among the designs of a scenario.

    ``gain`` and ``verdicts`` come from the same comparison. ``draws`` is the length of the Monte-Carlo and ``samples``
    the base sample of the Sobol indices (a power of 2); ``seed`` and ``level`` are by default those of the run;
    ``causes`` are the costs that are counted. Equal arguments return equal decisions. Raises InputError for an unknown
    baseline, present design or currency.
    """
    seed = scenario.run.seed if seed is None else seed
    level = scenario.run.level if level is None else level
    case, inputs = build_case(scenario, gain, verdicts.promises, causes), list_money_inputs(scenario, causes)
    drawn = _draw(case, gain, inputs, ledger, draws, seed)
    accounts, baseline = drawn.build_accounts(case), find_baseline(scenario)
    opponent = find_opponent(scenario, baseline)
    references = (baseline,) if opponent is None else (baseline, opponent)
    margin = _compute_margin(accounts, baseline)
    limits = judge_limits(case, verdicts)
    recommendation = recommend(case, drawn, limits, margin, level, _count_replications(gain))
    model = CostModel(case, gain.table, inputs, ledger)
    results, omissions = compute_sensitivities(model, references, seed, samples, level) if sensitivity else ((), ())
    decision = Decision(
        scenario=scenario,
        level=level,
        draws=draws,
        word=recommendation.word,
        chosen=recommendation.chosen,
        reason=write_reason(recommendation, limits, margin, case.years, scenario.prices.currency),
        equivalents=recommendation.equivalents,
        margin=margin,
        more_replications=recommendation.more_replications,
        limits=limits,
        ranking=_rank_designs(accounts, drawn, recommendation.selection, level, ledger),
        against=_assess_pairs(accounts, drawn, _add_reference(references, limits, recommendation), level),
        sensitivity=results,
        effort=drawn.effort,
        gain=gain,
        verdicts=verdicts,
        inputs=describe_inputs(case, inputs, resolve_counts(scenario), ledger),
        baseline=baseline,
        opponent=opponent,
        open_because=recommendation.open_because,
        frontiers=compute_frontiers(accounts, drawn.figures, drawn.effort, level, verdicts.pairs, margin),
        causes=causes,
        left_out=(*_list_left_out(case, gain, drawn, inputs, ledger), *omissions),
    )
    return _add_robustness(
        decision, Situation(accounts, drawn, inputs, ledger, seed, case.designs), recommendation.selection
    )


def _add_robustness(decision: Decision, situation: Situation, selection: Selection | None) -> Decision:
    """Decision with every pair, with what turns it, and with the costs that its designs have in common."""
    case = situation.accounts.case
    totals = situation.draws.compute_totals(case)
    kept = situation if selection is None else replace(situation, designs=selection.order)
    return replace(
        decision,
        pairs=compare_costs(totals, case.designs, decision.margin, decision.level),
        switches=search_switches(kept, selection),
        alternatives=compute_alternatives(kept, selection, decision.margin, decision.level),
        common=compute_common_costs(situation, decision.level),
    )


def _rank_designs(
    accounts: Accounts, drawn: Draws, selection: Selection | None, level: float, ledger: EffortLedger
) -> tuple[RankedDesign, ...]:
    """Ranking with the means of effort themselves in place of those of the draws: the numbers of `simlib effort`."""
    scenario = accounts.case.scenario
    counts, present = resolve_counts(scenario), find_present_design(scenario)
    means = compute_expected_effort(ledger, scenario.designs, counts, present=present)
    return tuple(
        replace(
            ranked,
            effort_days=replace(ranked.effort_days, mean=means[ranked.design].one_off_days),
            yearly_days=replace(ranked.yearly_days, mean=means[ranked.design].yearly_days),
        )
        for ranked in rank_designs(accounts, drawn.effort, selection, level)
    )


def _add_reference(
    references: tuple[str, ...], limits: tuple[LimitOutcome, ...], recommendation: Recommendation
) -> tuple[str, ...]:
    """References, and the best design where none of these keeps the limits: break-even needs a pair of such designs."""
    excluded = list_excluded_designs(limits)
    if recommendation.selection is None or any(name not in excluded for name in references):
        return references
    return tuple(dict.fromkeys((*references, recommendation.selection.best)))


def _list_left_out(
    case: Case, gain: Gain, drawn: Draws, inputs: Mapping[str, Input], ledger: EffortLedger
) -> tuple[str, ...]:
    omissions = list_omissions(case, drawn.figures, inputs, _count_replications(gain))
    missing_items = describe_missing_items(ledger, case.scenario.designs)
    return (*describe_expected_exposure(case, gain), *missing_items, *omissions)


def _count_replications(gain: Gain) -> int:
    return int(gain.table["replication"].nunique())


def _draw(case: Case, gain: Gain, inputs: Mapping[str, Input], ledger: EffortLedger, draws: int, seed: int) -> Draws:
    scenario, variates = case.scenario, Variates(seed, 0)
    replications = _count_replications(gain)
    names = tuple(dict.fromkeys((*list_figures(case.causes), *SHOWN)))
    uniforms = [variates.draw_column(f"decision.replication.{number}", draws) for number in range(replications + 1)]
    figures = draw_figures(gain.table, case.designs, names, compute_student_weights(np.array(uniforms)))
    effort = draw_effort(
        ledger, scenario.designs, resolve_counts(scenario), draws, seed, present=find_present_design(scenario)
    )
    return Draws(
        draw_inputs(inputs, draws, seed), complete_figures(case, figures), effort, scenario.terms.discount_rate
    )


def _compute_margin(accounts: Accounts, baseline: str) -> float:
    """Margin of indifference: stated in the scenario, or a share of what is spent on the baseline.

    Losses that are only valued (waiting, hours down, stolen tokens) are not spent: with them, the larger the loss, the
    larger a difference would count as none.
    """
    scenario = accounts.case.scenario
    if scenario.terms.indifference is not None:
        return scenario.terms.indifference
    return scenario.margins.relative * float(np.mean(compute_spending(accounts, baseline)))


def _assess_pairs(
    accounts: Accounts, draws: Draws, references: tuple[str, ...], level: float
) -> dict[str, dict[str, NetPresentValue]]:
    table = compute_load_table(accounts)
    return {
        rival: {
            design: assess_pair(accounts, draws.state, table, design, rival, level)
            for design in accounts.case.designs
            if design != rival
        }
        for rival in references
    }


DRAWING = "drawing effort, prices and runs"
_USUAL = Budgets()


def decide(
    scenario: Scenario,
    ledger: EffortLedger | None = None,
    *,
    draws: int = DRAWS,
    sensitivity: bool = True,
    workers: int = 1,
    progress: StageProgress | None = None,
    budgets: Budgets = _USUAL,
    store: str | Path | None = None,
) -> Decision:
    """Simulate the designs of a scenario, size their servers, and choose among them.

    ``ledger`` is the bundled one by default. ``sensitivity`` adds what drives the answer, from further runs.
    ``budgets`` in CPU seconds determine the lengths of runs. The result does not depend on ``workers``.
    ``store`` is a folder in which results of runs are kept, so that other estimates and prices simulate nothing again.
    Raises what `measure_gain` and `choose_design` raise.
    """
    report_progress = progress or _ignore_progress
    with use_store(None if store is None else open_store(store)):
        comparison, gain = measure_gain(
            scenario, surfaces=sensitivity, workers=workers, progress=report_progress, budgets=budgets
        )
    report_progress(DRAWING, 0, 1)
    decision = choose_design(
        scenario,
        gain,
        judge_comparison(comparison),
        load_ledger() if ledger is None else ledger,
        draws=draws,
        sensitivity=sensitivity,
    )
    report_progress(DRAWING, 1, 1)
    return explain_decision(decision, workers)


def _ignore_progress(stage: str, done: int, total: int) -> None:
    """Progress is not shown."""
