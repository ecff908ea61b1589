"""Explanations of limits on latencies and failed requests that are not met, by further runs of the designs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from simlib.decision.comparison import Verdicts
from simlib.decision.failure_causes import explain_failures
from simlib.decision.latency_causes import add_causes, list_unexplained, trace_causes
from simlib.decision.latency_remedies import add_latency_remedies
from simlib.decision.limits import LimitOutcome
from simlib.decision.notes import describe_limits
from simlib.scenario.scenario import Scenario


def explain_limits(verdicts: Verdicts, workers: int = 1) -> Verdicts:
    """The verdicts with the cause in the reason of each limit on a latency, or on failed requests, that is not met."""
    limits = explain_outcomes(verdicts.limits, dict.fromkeys(verdicts.designs, verdicts.scenario), workers)
    if limits == verdicts.limits:
        return verdicts
    return replace(verdicts, limits=limits, limit_sentences=describe_limits(limits))


def explain_outcomes(
    outcomes: Sequence[LimitOutcome], scenarios: Mapping[str, Scenario], workers: int = 1
) -> tuple[LimitOutcome, ...]:
    """Outcomes with causes in their reasons; ``scenarios``: design -> the scenario in which it is run.

    Times that are measured in a run are not those of another, so such runs are not explained.
    """
    if any(scenario.run.timing == "live" for scenario in scenarios.values()):
        return tuple(outcomes)
    slow = {design: scenarios[design] for design in list_unexplained(outcomes)}
    explained = tuple(outcomes)
    if slow:
        causes = trace_causes(slow, outcomes, workers)
        explained = add_latency_remedies(add_causes(outcomes, causes), slow, causes, workers)
    return tuple(map(_name_enough, explain_failures(explained, scenarios, workers)))


def _name_enough(outcome: LimitOutcome) -> LimitOutcome:
    """The outcome with the value of the limit that would be met, where no setting was found that would do."""
    if outcome.enough is None or outcome.remedies:
        return outcome
    met = f"No other setting was found that would do; limits.{outcome.limit} = {outcome.enough:g} would be met."
    return replace(outcome, reason=f"{outcome.reason} {met}")
