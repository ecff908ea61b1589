"""Callers that ask again at once when they get no usable answer."""

from collections.abc import Callable
from functools import partial
from typing import Any

from simlib.engine.hosts import Handler, HostContext
from simlib.engine.network import Bind
from simlib.scenario.effects import Call, Context, Failed, Flow, Once

Storm = tuple[float, float, int]
"""From when to when (seconds), and how many times a call is repeated."""


def insistent(flow: Flow[Any], ctx: Context, storms: tuple[Storm, ...]) -> Flow[Any]:
    """The generator with its calls repeated while a storm lasts, those in shared work included."""
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value
        if isinstance(effect, Once):
            effect = effect._replace(work=partial(_again, effect.work, ctx, storms))
        answer = yield effect
        if answer.__class__ is Failed and isinstance(effect, Call):
            answer = yield from _repeated(effect, answer, ctx, storms)


def insistent_host(bind: Bind, storms: tuple[Storm, ...]) -> Bind:
    """A bind whose handlers call like that."""

    def bound(ctx: HostContext) -> Handler:
        handler = bind(ctx)
        return lambda request: insistent(handler(request), ctx, storms)

    return bound


def _repeated(call: Call, answer: Any, ctx: Context, storms: tuple[Storm, ...]) -> Flow[Any]:
    times = 0
    while answer.__class__ is Failed and times < _patience(ctx.now(), storms):
        times += 1
        answer = yield call
    return answer


def _patience(now: float, storms: tuple[Storm, ...]) -> int:
    return max((times for begin, end, times in storms if begin <= now < end), default=0)


def _again(work: Callable[[], Flow[Any]], ctx: Context, storms: tuple[Storm, ...]) -> Flow[Any]:
    return insistent(work(), ctx, storms)
