"""Causes of latencies behind limits: the station and the operation that take most of the time of slow requests.

Where a limit on a latency is not met, one replication of the design is traced, the first of the comparison.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from simlib.analysis.metrics import METRICS
from simlib.analysis.tail_causes import QUANTILES, Cause, find_causes
from simlib.decision.limits import LimitOutcome
from simlib.deployment.trace import simulate_traced
from simlib.experiment.workers import run_all
from simlib.scenario.loads import ReplayLoad
from simlib.scenario.scenario import Scenario

Causes = Mapping[str, tuple[Cause, ...]]
"""Latency metric -> causes, the largest first."""
HOSTS = {
    "authorization_server": "the authorization server",
    "service": "the resource server",
    "gateway": "the gateway",
    "store": "the token store",
    "shared_store": "the shared store",
    "backend": "the backend",
}
OPERATIONS = {
    "user.authenticate": "checking a password",
    "client.authenticate": "checking a client's secret",
    "service.work": "the work of the API",
    "gateway.work": "the gateway's own work",
    "http.call_in": "receiving a request",
    "http.call_out": "sending a request",
}
"""Operations of a cost profile for readers; others go by their names."""
LONG = ("broken", "undecided")
TRACED_REQUESTS, MOST_REQUESTS = 50_000, 400_000


def list_unexplained(outcomes: Sequence[LimitOutcome]) -> tuple[str, ...]:
    """Designs with a limit on a latency that is not surely met."""
    return tuple(dict.fromkeys(outcome.design for outcome in outcomes if _is_long(outcome)))


def _is_long(outcome: LimitOutcome) -> bool:
    return outcome.limit in QUANTILES and outcome.word in LONG


def trace_causes(
    scenarios: Mapping[str, Scenario], outcomes: Sequence[LimitOutcome], workers: int = 1
) -> Mapping[str, Causes]:
    """Design -> causes of its latencies behind outcomes, in the first replication of its scenario."""
    metrics = {
        design: tuple(outcome.limit for outcome in outcomes if outcome.design == design and _is_long(outcome))
        for design in scenarios
    }
    jobs = [(scenario, design, metrics[design]) for design, scenario in scenarios.items()]
    return dict(zip(scenarios, run_all(_trace, jobs, workers), strict=True))


def _trace(job: tuple[Scenario, str, tuple[str, ...]]) -> Causes:
    scenario, design, metrics = shorten_run(job[0]), job[1], job[2]
    if scenario.expected_requests > MOST_REQUESTS:  # a replayed log cannot be shortened
        return dict.fromkeys(metrics, ())
    records, visits = simulate_traced(scenario, design)
    return find_causes(records, visits, scenario.run.warm_up_s, metrics)


def shorten_run(scenario: Scenario) -> Scenario:
    """The scenario with a run of about `TRACED_REQUESTS` after its warm-up: each visit takes memory, each try time."""
    per_second = scenario.expected_requests / scenario.horizon_s
    if scenario.expected_requests <= TRACED_REQUESTS or isinstance(scenario.world.load, ReplayLoad):
        return scenario
    length_s = min(scenario.run.length_s, scenario.run.warm_up_s + TRACED_REQUESTS / per_second)
    return scenario.with_run(scenario.run.model_copy(update={"length_s": length_s}))


def add_causes(outcomes: Sequence[LimitOutcome], causes: Mapping[str, Causes]) -> tuple[LimitOutcome, ...]:
    """Outcomes with the cause at the end of their reason; ``causes``: design -> causes."""
    return tuple(
        _add_cause(outcome, causes[outcome.design][outcome.limit])
        if _is_long(outcome) and outcome.design in causes
        else outcome
        for outcome in outcomes
    )


def _add_cause(outcome: LimitOutcome, causes: tuple[Cause, ...]) -> LimitOutcome:
    return replace(outcome, reason=f"{outcome.reason} {describe_causes(outcome.limit, causes)}") if causes else outcome


def describe_causes(metric: str, causes: Sequence[Cause]) -> str:
    """Sentence about what takes most of the time of the requests behind a latency."""
    which = "all requests" if metric == "mean_s" else f"requests at or above the {METRICS[metric].label.split()[0]}"
    first = causes[0]
    at_stations = [cause for cause in causes if cause.host]
    if first.host or not at_stations:
        return f"Of the time of {which}, {_describe(first)}."
    return f"Of the time of {which}, {_describe(first)}; most at one station: {_describe(at_stations[0])}."


def _describe(cause: Cause) -> str:
    share = f"{cause.share * 100:.0f} %"
    if not cause.host:
        return f"{share} is the network and waiting for calls of other requests"
    host, operation = HOSTS.get(cause.host, cause.host), _name_operation(cause.operation)
    if cause.waiting >= cause.working:
        return f"{share} is waiting at {host} while its workers are busy with {operation}"
    return f"{share} is {operation} at {host}"


def _name_operation(operation: str) -> str:
    if not operation:
        return "work that was lost"
    return f"{OPERATIONS[operation]} ({operation})" if operation in OPERATIONS else operation
