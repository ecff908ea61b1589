"""The decision: limits first, then one Monte-Carlo over effort, prices and what simulation leaves uncertain.

From a scenario to a decision in one call: simulate, judge, draw.
"""

from collections.abc import Mapping

import numpy as np

from simlib.decision.choice.break_even import load_table, worthwhile
from simlib.decision.choice.build_case import case_of, completed, expected_instead
from simlib.decision.choice.case import Case
from simlib.decision.choice.cost_model import Model
from simlib.decision.choice.frontier import SHOWN, frontiers
from simlib.decision.choice.inputs import (
    Input,
    baseline_of,
    counts_of,
    drawn,
    money_inputs,
    opponent_of,
    present_of,
    told_inputs,
)
from simlib.decision.choice.limits import limit_outcomes
from simlib.decision.choice.monte_carlo import Draws, drawn_figures, student_weights
from simlib.decision.choice.reasons import left_out, reason
from simlib.decision.choice.results import Decision, Worthwhile
from simlib.decision.choice.selection import outcome_of, ranking
from simlib.decision.choice.sensitivity import sensitivities
from simlib.decision.choice.total_cost import FIGURES, SPENT, Accounts, yearly_costs
from simlib.decision.comparison import Verdicts, judge_comparison
from simlib.decision.effort import EffortLedger, draw_effort, load_ledger
from simlib.decision.gain import Budgets, StageProgress, gain_of
from simlib.decision.gain.values import Gain
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates

DRAWS = 10_000
SAMPLES = 512
DRAWN = tuple(dict.fromkeys((*FIGURES, *SHOWN)))


def decide(
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
    case, inputs = case_of(scenario, gain), money_inputs(scenario)
    every = _draws(case, gain, inputs, ledger, draws, seed)
    accounts = every.accounts(case)
    baseline = baseline_of(scenario)
    opponent = opponent_of(scenario, baseline)
    rivals = tuple(name for name in (baseline, opponent) if name is not None)
    margin = _margin(accounts, baseline)
    limits = limit_outcomes(case, verdicts, inputs)
    replications = int(gain.table["replication"].nunique())
    outcome = outcome_of(case, every, limits, margin, level, replications)
    model = Model(case, gain.table, inputs, ledger)
    driven, silent = sensitivities(model, rivals, seed, samples, level) if sensitivity else ((), ())
    return Decision(
        scenario=scenario,
        level=level,
        draws=draws,
        word=outcome.word,
        chosen=outcome.chosen,
        reason=reason(outcome, limits, margin, case.years, scenario.prices.currency),
        equivalents=outcome.equivalents,
        margin=margin,
        more_replications=outcome.more_replications,
        limits=limits,
        ranking=ranking(accounts, every.effort, outcome.contest, level),
        against=_against(accounts, every, rivals, level),
        sensitivity=driven,
        effort=every.effort,
        gain=gain,
        verdicts=verdicts,
        inputs=told_inputs(case, inputs, counts_of(scenario), ledger),
        baseline=baseline,
        opponent=opponent,
        open_because=outcome.open_because,
        frontiers=frontiers(accounts, every.figures, every.effort, level),
        left_out=(*expected_instead(case, gain), *left_out(case, every.figures, inputs, replications), *silent),
    )


def _draws(case: Case, gain: Gain, inputs: Mapping[str, Input], ledger: EffortLedger, draws: int, seed: int) -> Draws:
    scenario, variates = case.scenario, Variates(seed, 0)
    replications = int(gain.table["replication"].nunique())
    uniforms = [variates.column(f"decision.replication.{number}", draws) for number in range(replications + 1)]
    figures = drawn_figures(gain.table, case.designs, DRAWN, student_weights(np.array(uniforms)))
    effort = draw_effort(ledger, scenario.designs, counts_of(scenario), draws, seed, present=present_of(scenario))
    return Draws(drawn(inputs, draws, seed), completed(case, figures), effort, scenario.terms.discount_rate)


def _margin(accounts: Accounts, baseline: str) -> float:
    """The difference in total cost that does not matter: as stated, or a share of what is spent on the baseline.

    What is only valued, waiting, hours down and stolen tokens, is not spent: the dearer it were, the less would matter.
    """
    scenario = accounts.case.scenario
    if scenario.terms.indifference is not None:
        return scenario.terms.indifference
    yearly = yearly_costs(accounts, baseline)
    spent = accounts.bills[baseline].one_off + accounts.annuity * sum(yearly[cause] for cause in SPENT)
    return scenario.margins.relative * float(np.mean(spent))


def _against(
    accounts: Accounts, draws: Draws, rivals: tuple[str, ...], level: float
) -> dict[str, dict[str, Worthwhile]]:
    table = load_table(accounts)
    return {
        rival: {
            design: worthwhile(accounts, draws.state, table, design, rival, level)
            for design in accounts.case.designs
            if design != rival
        }
        for rival in rivals
    }


DRAWING = "drawing effort, prices and runs"
_USUAL = Budgets()


def make_decision(
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
    Raises what `gain_of` and `decide` raise.
    """
    told = progress or _silent
    comparison, gain = gain_of(scenario, surfaces=sensitivity, workers=workers, progress=told, budgets=budgets)
    told(DRAWING, 0, 1)
    decision = decide(
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
