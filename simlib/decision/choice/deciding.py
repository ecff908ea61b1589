"""The decision: limits first, then one Monte-Carlo over effort, prices and what simulation leaves uncertain."""

from collections.abc import Mapping

import numpy as np

from simlib.decision.choice.casing import case_of, completed, expected_instead
from simlib.decision.choice.drawing import Draws
from simlib.decision.choice.facts import Case
from simlib.decision.choice.frontier import SHOWN, frontiers
from simlib.decision.choice.inputs import Input, drawn, money_inputs, told_inputs
from simlib.decision.choice.limits import limit_outcomes
from simlib.decision.choice.lines import FIGURES, SPENT
from simlib.decision.choice.loads import load_table
from simlib.decision.choice.model import Model
from simlib.decision.choice.outcome import outcome_of
from simlib.decision.choice.pairs import baseline_of, counts_of, opponent_of, present_of
from simlib.decision.choice.present import Accounts, yearly_costs
from simlib.decision.choice.ranking import ranking
from simlib.decision.choice.reasons import left_out, reason
from simlib.decision.choice.sensitivity import sensitivities
from simlib.decision.choice.simulated import drawn_figures, student_weights
from simlib.decision.choice.values import Decision, Worthwhile
from simlib.decision.choice.worth import worthwhile
from simlib.decision.comparing import Verdicts
from simlib.decision.effort import EffortLedger, draw_effort
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
