"""Causes of failed requests behind a limit, and values of the settings behind them that would do, tried by simulation.

The tries are runs of one replication of the design, shortened where it is long.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from simlib.analysis.failure_causes import FailureCause, find_failure_causes
from simlib.analysis.gain_figures import find_largest_header
from simlib.analysis.summary import count_outcomes, select_arrived
from simlib.decision.latency_causes import HOSTS, shorten_run
from simlib.decision.limits import LimitOutcome
from simlib.deployment.bounds import compute_design_bound
from simlib.deployment.simulate import simulate
from simlib.experiment.sweep import change_scenario
from simlib.experiment.workers import run_all
from simlib.scenario.errors import InputError
from simlib.scenario.hosts import AUTHORIZATION_SERVER
from simlib.scenario.records import GIVEN_UP, LOST, RESET
from simlib.scenario.scenario import Scenario
from simlib.scenario.setting_changes import Remedy, SettingChange, describe_remedy

FAILED_SHARE = "failed_share"
TRIES, FACTOR = 8, 3.0
TOO_MANY, UNAVAILABLE, TOO_LARGE = 429, 503, 431
STATUSES: Mapping[int, str] = MappingProxyType(
    {
        TOO_MANY: "was refused with 429 (rate limit)",
        TOO_LARGE: "was refused with 431 (headers too large)",
        UNAVAILABLE: "was answered 503",
        GIVEN_UP: "took longer than its caller waited",
        RESET: "was refused or cut off",
        LOST: "was lost",
    }
)


def explain_failures(
    outcomes: Sequence[LimitOutcome], scenarios: Mapping[str, Scenario], workers: int = 1
) -> tuple[LimitOutcome, ...]:
    """Outcomes in which a broken limit on failed requests has its cause, and a value that would do where one is found.

    ``scenarios``: design -> the scenario in which it is tried.
    """
    broken = [outcome for outcome in outcomes if _is_broken(outcome) and outcome.design in scenarios]
    jobs = [(scenarios[outcome.design], outcome) for outcome in broken]
    explained = dict(zip((outcome.design for outcome in broken), run_all(_explain, jobs, workers), strict=True))
    return tuple(explained.get(outcome.design, outcome) if _is_broken(outcome) else outcome for outcome in outcomes)


def _is_broken(outcome: LimitOutcome) -> bool:
    return outcome.limit == FAILED_SHARE and outcome.word == "broken"


def _explain(job: tuple[Scenario, LimitOutcome]) -> LimitOutcome:
    scenario, outcome = shorten_run(job[0]), job[1]
    records = simulate(scenario, outcome.design)
    causes = find_failure_causes(records, scenario.run.warm_up_s)
    if not causes:
        return outcome
    reason = f"{outcome.reason} {describe_failures(causes)}"
    settings = _list_settings(scenario, outcome.design, causes, find_largest_header(records))
    most = scenario.limits.failed_share or 0.0
    remedies = tuple(filter(None, (_search(scenario, outcome.design, *setting, most) for setting in settings)))
    if remedies:
        remedy = describe_remedy(remedies[0], "let them fail")
        reason = f"{reason.removesuffix('.')}: {remedy}, tried in one replication."
    return replace(outcome, reason=reason, remedies=remedies)


def describe_failures(causes: Sequence[FailureCause]) -> str:
    """Sentence about the most frequent cause of failed requests."""
    at_hosts = [cause for cause in causes if cause.host]
    if not at_hosts:
        return "No call of the failed requests failed by itself: they shared one of another request, or its answer."
    first = at_hosts[0]
    host, status = HOSTS.get(first.host, first.host), STATUSES.get(first.status, f"was answered {first.status}")
    return f"Of the failed requests, {first.share * 100:.0f} % made a call of {first.target} at {host} that {status}."


def _list_settings(
    scenario: Scenario, name: str, causes: Sequence[FailureCause], header: float
) -> Iterator[tuple[str, float, float]]:
    """Settings that may be behind the most frequent cause: key, value, and the next value to try."""
    first, design, world = (
        next((cause for cause in causes if cause.host), causes[0]),
        scenario.design(name),
        scenario.world,
    )
    limit = world.authorization_server.rate_limit
    if first.status == TOO_MANY and first.host == AUTHORIZATION_SERVER and limit is not None:
        yield (
            "world.authorization_server.rate_limit.requests_per_s",
            limit.requests_per_s,
            limit.requests_per_s * FACTOR,
        )
    if first.status == TOO_LARGE:
        now = getattr(getattr(world, first.host), "header_limit_bytes", None)
        if now is not None:
            yield f"world.{first.host}.header_limit_bytes", now, math.ceil(header)
    if first.status == UNAVAILABLE and first.host in design.admission:
        own = design.admission[first.host].limit
        yield f"designs.{name}.admission.{first.host}.limit", own, own * FACTOR
    if first.status == GIVEN_UP:
        timeouts = ((place, getattr(chosen.settings, "timeout_s", None)) for place, chosen in design.parts.items())
        yield from (
            (f"designs.{name}.{place}.timeout_s", own, own * FACTOR) for place, own in timeouts if own is not None
        )
    if first.status in (GIVEN_UP, UNAVAILABLE) and first.host in design.replicas:
        own = design.replicas[first.host]
        yield f"designs.{name}.replicas.{first.host}", own, own + 1


def _search(scenario: Scenario, design: str, key: str, now: float, value: float, most: float) -> Remedy:
    """The smallest of some rising values with which few enough requests fail; empty when none of them is."""
    kind = type(now)
    for _ in range(TRIES):
        tried = kind(float(f"{value:.2g}")) if value >= 1 else value
        try:
            changed = change_scenario(scenario, {key: tried})
        except InputError:
            return ()
        if _keeps_revocation_lag(changed, design) and _measure_failed_share(changed, design) <= most:
            return (SettingChange(key, key.removeprefix(f"designs.{design}."), now, tried),)
        value *= FACTOR
    return ()


def _keeps_revocation_lag(scenario: Scenario, design: str) -> bool:
    most = scenario.limits.revocation_lag_s
    return most is None or compute_design_bound(scenario, scenario.design(design)).after_revocation_s <= most


def _measure_failed_share(scenario: Scenario, design: str) -> float:
    return count_outcomes(select_arrived(simulate(scenario, design), scenario.run.warm_up_s))[FAILED_SHARE]
