"""A token store that fails: what the authorization server's own code makes of it, and a store that takes no writes."""

from collections.abc import Callable
from typing import Any

from simlib.scenario.effects import Call, Compute, Context, Failed, Flow, Reply
from simlib.scenario.messages import StoreConsume, StorePut, StoreRequest, StoreRevoke
from simlib.scenario.places import STORE

WRITES = (StorePut, StoreRevoke, StoreConsume)
FULL = Failed("status", 500)

IsFull = Callable[[float], bool]
"""Whether the store takes no writes at an instant (seconds)."""


def may_fail(
    flow: Flow[Any], ctx: Context, is_full: IsFull, operation_of: Callable[[StoreRequest], str] | None
) -> Flow[Any]:
    """The work of a server that ends with 500 when its store fails, as after an exception that nobody caught (RFC 9110
    section 15.6.1). What it wrote before that stays written.

    ``operation_of``: of a store in the server's own process, what a request costs; None when a host of its own answers.
    """
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value
        if not isinstance(effect, Call) or effect.target != STORE:
            answer = yield effect
            continue
        if operation_of is not None and isinstance(effect.request, WRITES) and is_full(ctx.now()):
            yield Compute(operation_of(effect.request))
            answer = FULL
        else:
            answer = yield effect
        if answer.__class__ is Failed:
            flow.close()
            return Reply(500)


class FullAtTimes:
    """A store on a host of its own that refuses writes while it is full."""

    def __init__(self, execute: Callable[[StoreRequest], Any], is_full: IsFull, now: Callable[[], float]) -> None:
        self._execute = execute
        self._is_full = is_full
        self._now = now

    def execute(self, request: StoreRequest) -> Any:
        """The answer of the store, or that it failed."""
        return FULL if isinstance(request, WRITES) and self._is_full(self._now()) else self._execute(request)
