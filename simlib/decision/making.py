"""From a scenario to a decision in one call: simulate, judge, draw."""

from simlib.decision.choice.deciding import DRAWS, decide
from simlib.decision.choice.values import Decision
from simlib.decision.comparing import judge_comparison
from simlib.decision.effort import EffortLedger, load_ledger
from simlib.decision.gain import Budgets, StageProgress, gain_of
from simlib.scenario.scenario import Scenario

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
