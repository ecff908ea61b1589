"""Remedies for limits on latencies: more servers at the host at which slow requests wait, tried in one replication."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from simlib.analysis.summary import select_arrived, summarise_latencies
from simlib.analysis.tail_causes import Cause
from simlib.decision.latency_causes import Causes, shorten_run
from simlib.decision.limit_remedies import find_servers
from simlib.decision.limits import LimitOutcome
from simlib.deployment.simulate import simulate
from simlib.experiment.sweep import change_scenario
from simlib.experiment.workers import run_all
from simlib.scenario.errors import InputError
from simlib.scenario.scenario import Scenario
from simlib.scenario.setting_changes import Remedy, SettingChange, describe_remedy

FACTORS = (2, 3, 4, 6, 8, 12, 16)
"""Times as many servers as there are that are tried, the last one first: to see whether servers are any use."""
Job = tuple[Scenario, LimitOutcome, tuple[Cause, ...]]


def add_latency_remedies(
    outcomes: Sequence[LimitOutcome],
    scenarios: Mapping[str, Scenario],
    causes: Mapping[str, Causes],
    workers: int = 1,
) -> tuple[LimitOutcome, ...]:
    """Outcomes in which a broken limit on a latency that is spent waiting at a host has the servers that would do.

    ``scenarios``, ``causes``: design -> the scenario in which it is tried, and the causes of its latencies.
    """
    jobs = {
        number: (scenarios[outcome.design], outcome, causes[outcome.design][outcome.limit])
        for number, outcome in enumerate(outcomes)
        if outcome.word == "broken" and outcome.limit in causes.get(outcome.design, {})
    }
    explained = dict(zip(jobs, run_all(_explain, list(jobs.values()), workers), strict=True))
    return tuple(explained.get(number, outcome) for number, outcome in enumerate(outcomes))


def _explain(job: Job) -> LimitOutcome:
    scenario, outcome, causes = job
    host = find_crowded_host(causes)
    remedy = find_latency_remedy(shorten_run(scenario), outcome.design, outcome.limit, host) if host else ()
    if not remedy:
        return outcome
    reason = f"{outcome.reason.removesuffix('.')}: {describe_remedy(remedy, 'let them wait')}"
    return replace(outcome, reason=f"{reason}, tried in one replication.", remedies=(remedy,))


def find_crowded_host(causes: Sequence[Cause]) -> str:
    """Host whose workers slow requests mostly wait for; empty where more of their time is something else."""
    first = next(iter(causes), None)
    return first.host if first is not None and first.waiting >= first.working else ""


def find_latency_remedy(scenario: Scenario, name: str, metric: str, host: str) -> Remedy:
    """The least of `FACTORS` times as many servers with which a latency keeps its limit; empty when none is."""
    most: float = getattr(scenario.limits, metric)
    key, label, now = find_servers(scenario, scenario.design(name), host)

    def is_enough(factor: int) -> bool:
        return _measure(change_scenario(scenario, {key: now * factor}), name, metric) <= most

    try:
        if not is_enough(FACTORS[-1]):
            return ()
        value = now * next(factor for factor in FACTORS if factor == FACTORS[-1] or is_enough(factor))
    except InputError:  # a host whose servers are no setting
        return ()
    return (SettingChange(key, label, now, value),)


def _measure(scenario: Scenario, design: str, metric: str) -> float:
    return summarise_latencies(select_arrived(simulate(scenario, design), scenario.run.warm_up_s))[metric]
