"""What becomes of requests when a host loses all that it is working on.

A task is one request with all the hosts that it is nested in. Where one of them is gone, the task falls apart: whoever
called that host goes on with a new task that brings the bad news; what the host was doing itself is over; and what it
had asked others to do, they finish for nobody.
"""

from collections.abc import Iterator
from typing import Any

from simlib.engine.driver import Driver
from simlib.engine.exchange import nobody
from simlib.engine.exchange_faulty import FaultyExchange
from simlib.engine.hosts import Replica
from simlib.engine.kernel import Callbacks
from simlib.engine.stations import FifoVarying, ProcessorSharing
from simlib.engine.task import OVER, CallFrame, Task, Timeout
from simlib.scenario.effects import Failed


def crash(replicas: list[Replica], driver: Driver, exchange: FaultyExchange, now: float) -> None:
    """All work of these replicas of one host is lost at this instant."""
    gone = {id(replica) for replica in replicas}
    waiting_in_vain: set[int] = set()
    for task in list(driver.tasks):
        if task.subject != OVER:
            _part(task, gone, driver, exchange, waiting_in_vain)
    for task in driver.tasks:
        if task.parent is not None and task.parent.waiting is not None and id(task.parent.waiting) in waiting_in_vain:
            task.parent.waiting = None
    for replica in replicas:
        _empty(replica, now)
        exchange.emptied(replica)


def _empty(replica: Replica, now: float) -> None:
    """Nobody is left in its queues, and its idle connections are closed."""
    if replica.station is not None:
        assert isinstance(replica.station, FifoVarying | ProcessorSharing)
        replica.station.crash(now)
    if replica.threads is not None:
        replica.threads.crash(now)
    replica.flights.clear()
    for route in replica.routes.values():
        if route.connections is not None:
            route.connections.waiting.clear()
            route.connections.close_idle()


def _part(task: Task, gone: set[int], driver: Driver, exchange: FaultyExchange, waiting_in_vain: set[int]) -> None:
    calls = [number for number, frame in enumerate(task.frames) if isinstance(frame, CallFrame)]
    callees = list(_callees(task, calls))
    on_line = bool(calls) and exchange.under_way(task)
    lost = next(
        (n for n, host in enumerate(callees) if id(host) in gone and not (on_line and n == len(calls) - 1)), None
    )
    if lost is not None:
        news = _tell_caller(task, calls[lost], driver, exchange, callees[lost])
        for number, callee in zip(calls[:lost], callees[:lost], strict=True):
            if callee.threads is not None:
                callee.threads.move((task, number + 1), (news, number + 1))
        _leave_behind(task, calls[lost] + 1, waiting_in_vain)
        return
    if task.subject >= 0 and task.parent is None:
        return  # a request that has not come yet, or that is with its client
    first: Any = task.frames[calls[0]] if calls else task
    if id(getattr(first, "host", None)) not in gone:
        return
    if task.parent is None:  # the host's own work, which no other asked for
        _leave_behind(task, 0, waiting_in_vain)
    elif not calls:  # a call that waits for a connection
        _discard(task)


def _callees(task: Task, calls: list[int]) -> Iterator[Replica]:
    """Who was called, call by call: where the next one was made; of the last, where the task is now."""
    for number in calls[1:]:
        frame = task.frames[number]
        assert isinstance(frame, CallFrame)
        yield frame.host
    if calls:
        yield task.host


def _tell_caller(task: Task, number: int, driver: Driver, exchange: FaultyExchange, callee: Replica) -> Task:
    """A task of the caller's, on which the answer is that there will be none."""
    frame = task.frames[number]
    assert isinstance(frame, CallFrame)
    news = driver.task(task.subject, task.key)
    news.arrival, news.journey, news.parent = task.arrival, task.journey, task.parent
    news.frames = task.frames[: number + 1]
    news.host, news.route, news.send = callee, frame.route, nobody
    if news.journey is not None:
        news.journey.validating = False
    exchange.fail(news, Failed("unreachable"), frame.one_way)
    return news


def _leave_behind(task: Task, begin: int, waiting_in_vain: set[int]) -> None:
    """Of a task, what others do for the host that is gone; nothing when it was all the host's."""
    calls = [n for n, frame in enumerate(task.frames) if n >= begin and isinstance(frame, CallFrame)]
    if not calls:
        waiting_in_vain.add(id(task))
        _discard(task)
        return
    frame, shift = task.frames[calls[0]], calls[0]
    assert isinstance(frame, CallFrame)
    for number, callee in zip(calls, _callees(task, calls), strict=True):
        if callee.threads is not None:
            callee.threads.move((task, number + 1), (task, number + 1 - shift))
    task.frames = [frame._replace(send=nobody), *task.frames[shift + 1 :]]
    task.parent = Timeout(None, (0.0, 0.0))
    task.journey = None


def _discard(task: Task) -> None:
    """The task never fires again, and is not used again: it may still be in the event list."""
    task.frames = []
    task.callbacks = _NOTHING
    task.held = task.journey = task.parent = None
    task.subject = OVER


_NOTHING: Callbacks = [lambda task: None]
