"""Retry storm: callers that repeat a failed call at once, while the storm lasts."""

from collections.abc import Callable
from functools import partial
from typing import Any

from simlib.deployment.fault_schedule import FaultSchedule, Storm
from simlib.engine.hosts import Handler, HostContext
from simlib.engine.network import Bind
from simlib.scenario.effects import Call, Context, Failed, Flow, Once


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
