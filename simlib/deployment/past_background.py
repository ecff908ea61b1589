"""Background work of replicas, such as pollers, that began before the run and goes on in it.

The same generators are run outside simulated time until they wait for an instant in the run, and then by the engine.
"""

from collections.abc import Callable
from functools import partial
from typing import Any
from zlib import crc32

from simlib.deployment.enforcement_points import EnforcementPoint
from simlib.deployment.offline_run import PastContext, run_until_sleep
from simlib.deployment.past import Past
from simlib.engine.hosts import HostContext
from simlib.scenario.effects import Context, Flow, Sleep
from simlib.strategies import BackgroundWorker

ROUNDS = 3
"""Periods for which it has been going on when the run begins, at least."""
NOTICED = 6
"""Mean times between two requests of a user, after which hardly a client has not noticed an earlier revocation."""
MOST_ROUNDS = 500
Schedule = Callable[[float, Callable[[], None]], None]
"""Has something done at an instant of the past (seconds, negative)."""


def begin_background(past: Past, schedule: Schedule, point: EnforcementPoint, replica: int, period_s: float) -> None:
    """Begin the background work of a replica some periods before the run."""
    validator, handlers = point.validator, past.deployment.handlers
    assert isinstance(validator, BackgroundWorker)
    context = _ChangingContext(PastContext(past.clock, replica))
    going_on: list[Flow[None]] = []
    own = crc32(f"{point.host}.{replica}".encode())  # whose draws these are
    begun = -period_s * _count_rounds(past, period_s)
    for flow in validator.list_background_tasks(context, handlers.find_state(point, replica)):
        schedule(begun, partial(_go_on, past, schedule, point, flow, begun, own, going_on))
    handlers.continue_background(point.host, replica, partial(_continue_all, context, going_on))


def _count_rounds(past: Past, period_s: float) -> float:
    """Rounds before the run: where tokens are revoked, so many that clients had time to notice the earlier ones."""
    deployment = past.deployment
    total = float(deployment.demand.rates.sum())
    if not deployment.world.revocations.rate > 0 or not total > 0:
        return ROUNDS
    noticed_s = min(NOTICED * len(deployment.demand.rates) / total, deployment.parts.config.token_lifetime_s)
    return max(ROUNDS, min(MOST_ROUNDS, noticed_s / period_s))


def _go_on(
    past: Past,
    schedule: Schedule,
    point: EnforcementPoint,
    flow: Flow[None],
    instant: float,
    own: int,
    going_on: list[Flow[None]],
) -> None:
    past.set_clock(instant, own)
    wait = run_until_sleep(flow, past.list_servers(point.region), None, past.clock)
    if wait is None:
        return
    until = instant + wait
    if until < 0:
        schedule(until, partial(_go_on, past, schedule, point, flow, until, own, going_on))
    else:
        going_on.append(_continue(flow, until))


class _ChangingContext:
    """The context of background work: in the past first, then the replica's own."""

    def __init__(self, past: Context) -> None:
        self.present: Any = past

    def now(self) -> float:
        """Seconds since the start of the run."""
        now: float = self.present.now()
        return now

    def random_bytes(self, purpose: str, length: int) -> bytes:
        """Bytes of the host."""
        data: bytes = self.present.random_bytes(purpose, length)
        return data


def _continue_all(context: _ChangingContext, flows: list[Flow[None]], own: HostContext) -> tuple[Flow[None], ...]:
    context.present = own
    return tuple(flows)


def _continue(flow: Flow[None], wait: float) -> Flow[None]:
    """The rest of a generator that waits."""
    yield Sleep(wait)
    yield from flow
