"""The decision: limits first, then one Monte-Carlo over effort, prices and what simulation leaves uncertain.

From a scenario to a decision in one call: simulate, judge, draw.
"""

from collections.abc import Mapping

import numpy as np

from simlib.decision.choice.break_even import assess_pair, compute_load_table
from simlib.decision.choice.build_case import build_case, complete_figures, describe_expected_exposure
from simlib.decision.choice.case import Case
from simlib.decision.choice.cost_model import CostModel
from simlib.decision.choice.frontier import SHOWN, compute_frontiers
from simlib.decision.choice.inputs import (
    Input,
    derive_counts,
    describe_inputs,
    draw_inputs,
    find_baseline,
    find_opponent,
    find_present_design,
    list_money_inputs,
)
from simlib.decision.choice.limits import judge_limits
from simlib.decision.choice.monte_carlo import Draws, compute_student_weights, draw_figures
from simlib.decision.choice.reasons import list_omissions, write_reason
from simlib.decision.choice.results import Decision, NetPresentValue
from simlib.decision.choice.selection import rank_designs, recommend
from simlib.decision.choice.sensitivity import compute_sensitivities
from simlib.decision.choice.total_cost import FIGURES, SPENT, Accounts, compute_yearly_costs
from simlib.decision.comparison import Verdicts, judge_comparison
from simlib.decision.effort import EffortLedger, draw_effort, load_ledger
from simlib.decision.gain import Budgets, StageProgress, measure_gain
from simlib.decision.gain.values import Gain
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates

DRAWS = 10_000
SAMPLES = 512
DRAWN = tuple(dict.fromkeys((*FIGURES, *SHOWN)))


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
) -> Decision:
    """Choose among the designs of a scenario.

    ``gain`` and ``verdicts`` come from the same comparison. ``draws`` is the length of the Monte-Carlo and ``samples``
    the base sample of the Sobol indices (a power of 2); ``seed`` and ``level`` are by default those of the run. Equal
    arguments give an equal decision. Raises InputError for a baseline, present design or currency that is not there.
    """
    seed = scenario.run.seed if seed is None else seed
    level = scenario.run.level if level is None else level
    case, inputs = build_case(scenario, gain), list_money_inputs(scenario)
    every = _draws(case, gain, inputs, ledger, draws, seed)
    accounts = every.build_accounts(case)
    baseline = find_baseline(scenario)
    opponent = find_opponent(scenario, baseline)
    rivals = tuple(name for name in (baseline, opponent) if name is not None)
    margin = _margin(accounts, baseline)
    limits = judge_limits(case, verdicts, inputs)
    replications = int(gain.table["replication"].nunique())
    outcome = recommend(case, every, limits, margin, level, replications)
    model = CostModel(case, gain.table, inputs, ledger)
    driven, silent = compute_sensitivities(model, rivals, seed, samples, level) if sensitivity else ((), ())
    return Decision(
        scenario=scenario,
        level=level,
        draws=draws,
        word=outcome.word,
        chosen=outcome.chosen,
        reason=write_reason(outcome, limits, margin, case.years, scenario.prices.currency),
        equivalents=outcome.equivalents,
        margin=margin,
        more_replications=outcome.more_replications,
        limits=limits,
        ranking=rank_designs(accounts, every.effort, outcome.selection, level),
        against=_against(accounts, every, rivals, level),
        sensitivity=driven,
        effort=every.effort,
        gain=gain,
        verdicts=verdicts,
        inputs=describe_inputs(case, inputs, derive_counts(scenario), ledger),
        baseline=baseline,
        opponent=opponent,
        open_because=outcome.open_because,
        frontiers=compute_frontiers(accounts, every.figures, every.effort, level),
        left_out=(
            *describe_expected_exposure(case, gain),
            *list_omissions(case, every.figures, inputs, replications),
            *silent,
        ),
    )


def _draws(case: Case, gain: Gain, inputs: Mapping[str, Input], ledger: EffortLedger, draws: int, seed: int) -> Draws:
    scenario, variates = case.scenario, Variates(seed, 0)
    replications = int(gain.table["replication"].nunique())
    uniforms = [variates.column(f"decision.replication.{number}", draws) for number in range(replications + 1)]
    figures = draw_figures(gain.table, case.designs, DRAWN, compute_student_weights(np.array(uniforms)))
    effort = draw_effort(
        ledger, scenario.designs, derive_counts(scenario), draws, seed, present=find_present_design(scenario)
    )
    return Draws(
        draw_inputs(inputs, draws, seed), complete_figures(case, figures), effort, scenario.terms.discount_rate
    )


def _margin(accounts: Accounts, baseline: str) -> float:
    """The difference in total cost that does not matter: as stated, or a share of what is spent on the baseline.

    What is only valued, waiting, hours down and stolen tokens, is not spent: the dearer it were, the less would matter.
    """
    scenario = accounts.case.scenario
    if scenario.terms.indifference is not None:
        return scenario.terms.indifference
    yearly = compute_yearly_costs(accounts, baseline)
    spent = accounts.costs[baseline].one_off + accounts.annuity * sum(yearly[cause] for cause in SPENT)
    return scenario.margins.relative * float(np.mean(spent))


def _against(
    accounts: Accounts, draws: Draws, rivals: tuple[str, ...], level: float
) -> dict[str, dict[str, NetPresentValue]]:
    table = compute_load_table(accounts)
    return {
        rival: {
            design: assess_pair(accounts, draws.state, table, design, rival, level)
            for design in accounts.case.designs
            if design != rival
        }
        for rival in rivals
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
) -> Decision:
    """Simulate the designs of a scenario, size their servers, and choose among them.

    ``ledger`` is the bundled one by default. ``sensitivity`` asks what drives the answer, for further runs. ``budgets``
    of CPU seconds decide how long runs are. The result does not depend on ``workers``.
    Raises what `measure_gain` and `choose_design` raise.
    """
    told = progress or _silent
    comparison, gain = measure_gain(scenario, surfaces=sensitivity, workers=workers, progress=told, budgets=budgets)
    told(DRAWING, 0, 1)
    decision = choose_design(
        scenario,
        gain,
        judge_comparison(comparison),
        load_ledger() if ledger is None else ledger,
        draws=draws,
        sensitivity=sensitivity,
    )
    told(DRAWING, 1, 1)
    return decision


def _silent(stage: str, done: int, total: int) -> None:
    """Nobody asked."""
