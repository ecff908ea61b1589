"""Crash of a host: what becomes of the requests that it was working on.

A task is one request with all the hosts that it is nested in. Where one of them crashes, the task is split: the caller
of that host continues with a new task whose answer is a failure, the host's own work ends, and calls that it had made
are finished with their answers discarded."""

from collections.abc import Iterator
from typing import Any

from simlib.engine.answers import discard_answer
from simlib.engine.calls_with_faults import FaultyCalls
from simlib.engine.driver import Driver
from simlib.engine.hosts import Replica
from simlib.engine.kernel import Callbacks
from simlib.engine.task import RETIRED, CallFrame, Task, Timeout
from simlib.scenario.effects import Failed


def crash(replicas: list[Replica], driver: Driver, exchange: FaultyCalls, now: float) -> None:
    """Lose all work of these replicas of one host at this instant."""
    gone = {id(replica) for replica in replicas}
    waiting_in_vain: set[int] = set()
    for task in list(driver.tasks):
        if task.subject != RETIRED:
            _split_task(task, gone, driver, exchange, waiting_in_vain)
    for task in driver.tasks:
        if task.parent is not None and task.parent.waiting is not None and id(task.parent.waiting) in waiting_in_vain:
            task.parent.waiting = None
    for replica in replicas:
        _empty_queues(replica, now)
        exchange.clear_admission(replica)


def _empty_queues(replica: Replica, now: float) -> None:
    """Empty a replica's queues and close its idle connections."""
    if replica.station is not None:
        replica.station.crash(now)
    if replica.threads is not None:
        replica.threads.crash(now)
    replica.flights.clear()
    for route in replica.routes.values():
        if route.connections is not None:
            route.connections.waiting.clear()
            route.connections.close_idle()


def _split_task(task: Task, gone: set[int], driver: Driver, exchange: FaultyCalls, waiting_in_vain: set[int]) -> None:
    calls = [number for number, frame in enumerate(task.frames) if isinstance(frame, CallFrame)]
    callees = list(_list_callees(task, calls))
    on_line = bool(calls) and exchange.is_on_link(task)
    lost = next(
        (n for n, host in enumerate(callees) if id(host) in gone and not (on_line and n == len(calls) - 1)), None
    )
    if lost is not None:
        news = _fail_caller(task, calls[lost], driver, exchange, callees[lost])
        for number, callee in zip(calls[:lost], callees[:lost], strict=True):
            if callee.threads is not None:
                callee.threads.move((task, number + 1), (news, number + 1))
        _detach_callees(task, calls[lost] + 1, waiting_in_vain)
        return
    if task.subject >= 0 and task.parent is None:
        return  # a request that has not come yet, or that is with its client
    first: Any = task.frames[calls[0]] if calls else task
    if id(getattr(first, "host", None)) not in gone:
        return
    if task.parent is None:  # the host's own work, outside any call
        _detach_callees(task, 0, waiting_in_vain)
    elif not calls:  # a call that waits for a connection
        _discard(task)


def _list_callees(task: Task, calls: list[int]) -> Iterator[Replica]:
    """The hosts called, call by call: where the next call was made; of the last call, where the task is now."""
    for number in calls[1:]:
        frame = task.frames[number]
        assert isinstance(frame, CallFrame)
        yield frame.host
    if calls:
        yield task.host


def _fail_caller(task: Task, number: int, driver: Driver, exchange: FaultyCalls, callee: Replica) -> Task:
    """A task of the caller's whose answer is that there will be none."""
    frame = task.frames[number]
    assert isinstance(frame, CallFrame)
    news = driver.new_task(task.subject, task.key)
    news.arrival, news.log, news.parent = task.arrival, task.log, task.parent
    news.frames = task.frames[: number + 1]
    news.host, news.route, news.send = callee, frame.route, discard_answer
    if news.log is not None:
        news.log.validating = False
    exchange.fail(news, Failed("unreachable"), frame.one_way)
    return news


def _detach_callees(task: Task, begin: int, waiting_in_vain: set[int]) -> None:
    """Leave of a task only what others do for the crashed host; nothing when it was all the host's own."""
    calls = [n for n, frame in enumerate(task.frames) if n >= begin and isinstance(frame, CallFrame)]
    if not calls:
        waiting_in_vain.add(id(task))
        _discard(task)
        return
    frame, shift = task.frames[calls[0]], calls[0]
    assert isinstance(frame, CallFrame)
    for number, callee in zip(calls, _list_callees(task, calls), strict=True):
        if callee.threads is not None:
            callee.threads.move((task, number + 1), (task, number + 1 - shift))
    task.frames = [frame._replace(send=discard_answer), *task.frames[shift + 1 :]]
    task.parent = Timeout(None, 0.0, 0.0)
    task.log = None


def _discard(task: Task) -> None:
    """Discard a task: it never fires again, and is not used again, as it may still be in the event list."""
    task.frames = []
    task.callbacks = _NOTHING
    task.held = task.log = task.parent = None
    task.subject = RETIRED


_NOTHING: Callbacks = [lambda task: None]
