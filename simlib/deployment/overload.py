"""Overload by faults: floods of requests with tokens that were never issued, and retry storms.

A flood comes from outside the population, with real bytes. In a retry storm callers repeat a failed call at once.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from simlib.deployment.fault_schedule import FaultSchedule, Storm
from simlib.engine.faults import ExtraArrivals
from simlib.engine.hosts import Handler, HostContext
from simlib.engine.network import Bind
from simlib.scenario.effects import Answer, Call, Context, Failed, Flow, Once
from simlib.scenario.fault_times import FaultTime
from simlib.scenario.faults import Flood, UnknownKidFlood
from simlib.scenario.messages import HttpRequest
from simlib.scenario.variates import Variates
from simlib.scenario.world import World
from simlib.tokens import (
    ACCESS_TOKEN_TYPE,
    SigningKey,
    build_access_token_claims,
    generate_signing_key,
    make_opaque_token,
    sign_jwt,
)

TIMEOUT_S = 30.0
"""Assumption: as patient as the usual client."""
LIFETIME_S = 300.0


class _Visit(NamedTuple):
    instant: float
    name: str
    ordinal: int


def build_flood_arrivals(
    world: World, floods: list[tuple[FaultTime, Flood]], host: str, variates: Variates
) -> ExtraArrivals | None:
    """The requests of all floods, in order of time; they start on ``host``. None without a flood."""
    visits = sorted(visit for time, flood in floods for visit in _draw_visits(time, flood, variates))
    kinds = {time.name: flood for time, flood in floods}
    if not visits:
        return None

    def make(number: int) -> Flow[Answer]:
        visit = visits[number]
        return _present_token(_make_token(world, kinds[visit.name], visit, variates))

    return ExtraArrivals(tuple(visit.instant for visit in visits), host, make)


def _draw_visits(time: FaultTime, flood: Flood, variates: Variates) -> Iterator[_Visit]:
    """A Poisson stream while the flood lasts. Several floods of one name have ordinals of their own."""
    first = int(time.begin * 1_000) * 1_000_000
    mean = flood.rate * (time.end - time.begin)
    count = int(mean + 6 * np.sqrt(mean) + 20)
    gaps = -np.log1p(-variates.draw_column(f"fault.{time.name}.{first}.visit", count)) / flood.rate
    for number, instant in enumerate((time.begin + np.cumsum(gaps)).tolist()):
        if instant < time.end:
            yield _Visit(instant, time.name, first + number)


def _present_token(token: str) -> Flow[Answer]:
    answer: Answer = yield Call("api", HttpRequest(f"Bearer {token}"), TIMEOUT_S)
    return answer


def _make_token(world: World, flood: Flood, visit: _Visit, variates: Variates) -> str:
    """Another one for each visit: a random string, or a JWT with everything right but the key and its name."""
    entropy = variates.random_bytes(f"fault.{visit.name}.token", visit.ordinal, 32)
    if not isinstance(flood, UnknownKidFlood):
        return make_opaque_token(entropy)
    key = generate_signing_key("ES256", "stranger")
    claims: dict[str, Any] = build_access_token_claims(
        world.authorization_server.issuer,
        world.service.audience,
        "user-0000000000",
        "client",
        world.service.scope,
        visit.instant,
        LIFETIME_S,
        entropy[:16].hex(),
        {},
    )
    return sign_jwt(claims, SigningKey(key.private_key, entropy[16:24].hex(), "ES256"), ACCESS_TOKEN_TYPE)


def repeat_calls(flow: Flow[Any], ctx: Context, storms: tuple[Storm, ...]) -> Flow[Any]:
    """The generator with its calls repeated while a storm lasts, those in shared work included."""
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value
        if isinstance(effect, Once):
            effect = effect._replace(work=partial(_repeat_shared, effect.work, ctx, storms))
        answer = yield effect
        if answer.__class__ is Failed and isinstance(effect, Call):
            answer = yield from _repeat_call(effect, answer, ctx, storms)


def bind_repeating(bind: Bind, storms: tuple[Storm, ...]) -> Bind:
    """A bind whose handlers call like that."""

    def bound(ctx: HostContext) -> Handler:
        handler = bind(ctx)
        return lambda request: repeat_calls(handler(request), ctx, storms)

    return bound


def _repeat_call(call: Call, answer: Any, ctx: Context, storms: tuple[Storm, ...]) -> Flow[Any]:
    times = 0
    while answer.__class__ is Failed and times < _count_repeats(ctx.now(), storms):
        times += 1
        answer = yield call
    return answer


def _count_repeats(now: float, storms: tuple[Storm, ...]) -> int:
    return max((times for begin, end, times in storms if begin <= now < end), default=0)


def _repeat_shared(work: Callable[[], Flow[Any]], ctx: Context, storms: tuple[Storm, ...]) -> Flow[Any]:
    return repeat_calls(work(), ctx, storms)


def wrap_handlers(schedule: FaultSchedule, handlers: dict[str, tuple[str, Bind]]) -> dict[str, tuple[str, Bind]]:
    """The handlers, those of hosts in a retry storm with their calls repeated."""
    storms = {host: schedule.list_storms(host) for host, _ in handlers.values()}
    return {
        target: (host, bind_repeating(bind, storms[host]) if storms[host] else bind)
        for target, (host, bind) in handlers.items()
    }


def wrap_client(schedule: FaultSchedule, ctx: Context, host: str, flow: Flow[Any]) -> Flow[Any]:
    """A client's request, its calls repeated in a retry storm."""
    if not schedule:
        return flow
    storms = schedule.list_storms(host)
    return repeat_calls(flow, ctx, storms) if storms else flow
