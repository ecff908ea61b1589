"""Lets the faults of a network happen while it runs: each begins and ends before anything else of its instant.

What becomes of requests when a host loses all that it is working on.

A task is one request with all the hosts that it is nested in. Where one of them is gone, the task falls apart: whoever
called that host goes on with a new task that brings the bad news; what the host was doing itself is over; and what it
had asked others to do, they finish for nobody.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from simlib.engine.calls import discard_answer
from simlib.engine.calls_with_faults import ALL_TARGETS, FaultyCalls
from simlib.engine.driver import Driver
from simlib.engine.faults import Faults, Job, Outage, Restart
from simlib.engine.hosts import Replica
from simlib.engine.kernel import Callbacks, Kernel, Occurrence
from simlib.engine.network import Network
from simlib.engine.request_log import RequestLog
from simlib.engine.task import RETIRED, CallFrame, Task, Timeout
from simlib.scenario.effects import Failed


def crash(replicas: list[Replica], driver: Driver, exchange: FaultyCalls, now: float) -> None:
    """All work of these replicas of one host is lost at this instant."""
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
    """Nobody is left in its queues, and its idle connections are closed."""
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
    if task.parent is None:  # the host's own work, which no other asked for
        _detach_callees(task, 0, waiting_in_vain)
    elif not calls:  # a call that waits for a connection
        _discard(task)


def _list_callees(task: Task, calls: list[int]) -> Iterator[Replica]:
    """Who was called, call by call: where the next one was made; of the last, where the task is now."""
    for number in calls[1:]:
        frame = task.frames[number]
        assert isinstance(frame, CallFrame)
        yield frame.host
    if calls:
        yield task.host


def _fail_caller(task: Task, number: int, driver: Driver, exchange: FaultyCalls, callee: Replica) -> Task:
    """A task of the caller's, on which the answer is that there will be none."""
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
    """Of a task, what others do for the host that is gone; nothing when it was all the host's."""
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
    task.parent = Timeout(None, (0.0, 0.0))
    task.log = None


def _discard(task: Task) -> None:
    """The task never fires again, and is not used again: it may still be in the event list."""
    task.frames = []
    task.callbacks = _NOTHING
    task.held = task.log = task.parent = None
    task.subject = RETIRED


_NOTHING: Callbacks = [lambda task: None]


FIRST = -1
"""The key of what comes before everything else at its instant."""


class FaultInjection:
    """The faults of one run. ``begin`` starts what a replica does by itself."""

    def __init__(
        self,
        faults: Faults,
        network: Network,
        kernel: Kernel,
        driver: Driver,
        exchange: FaultyCalls,
        replicas: dict[str, list[Replica]],
        begin: Callable[[str, Replica], None],
    ) -> None:
        self._faults = faults
        self._network = network
        self._kernel = kernel
        self._driver = driver
        self._exchange = exchange
        self._replicas = replicas
        self._begin = begin

    def schedule(self, first_number: int, journey: Callable[[Task], RequestLog] | None) -> None:
        """Put all of them into the event list; strangers' requests are numbered from ``first_number`` on.

        Raises ValueError for an outage of the host where requests start: nobody would hear of it.
        """
        faults = self._faults
        if any(outage.host == self._network.entry[0] for outage in faults.outages):
            raise ValueError(f"{self._network.entry[0]!r} is where requests start, so it cannot be down")
        for outage in faults.outages:
            self._schedule(outage.begin, partial(self._begin_outage, outage))
            self._schedule(outage.end, partial(self._end_outage, outage))
        for slow in faults.slowdowns:
            if not slow.operations:
                self._schedule(slow.begin, partial(self._set_speed, slow.host))
                self._schedule(slow.end, partial(self._set_speed, slow.host))
        for cut in faults.cuts:
            pair = frozenset((cut.one, cut.other))
            self._schedule(cut.begin, partial(self._cut, frozenset({pair})))
            self._schedule(cut.end, partial(self._reconnect, frozenset({pair})))
        for restart in faults.restarts:
            self._schedule(restart.at, partial(self._restart, restart))
        for number, job in enumerate(faults.jobs):
            self._schedule(job.at, partial(self._run_job, job, number), number)
        if faults.extra_arrivals is not None:
            self._schedule_extra(0, first_number, journey)

    def _schedule(self, instant: float, do: Callable[[], None], key: float = FIRST) -> None:
        self._kernel.schedule_at(Occurrence(self._kernel, [lambda _: do()]), instant, key)

    # --- servers -------------------------------------------------------------------------------------------------

    def _begin_outage(self, outage: Outage) -> None:
        conditions, host = self._exchange.conditions, outage.host
        if outage.target:
            conditions.refusing[host] = conditions.refusing.get(host, frozenset()) | {outage.target}
            return
        conditions.refusing[host] = ALL_TARGETS
        crash(self._replicas[host], self._driver, self._exchange, self._kernel._now)
        for route in (
            route for group in self._replicas.values() for replica in group for route in replica.routes.values()
        ):
            if route.local is None and route.replicas[0].name == host and route.connections is not None:
                route.connections.close_idle()

    def _end_outage(self, outage: Outage) -> None:
        refusing, host = self._exchange.conditions.refusing, outage.host
        left = refusing[host] - {outage.target}
        if outage.target and left:
            refusing[host] = left
            return
        del refusing[host]
        for replica in () if outage.target else self._replicas[host]:
            self._begin(host, replica)

    def _set_speed(self, host: str) -> None:
        now, speed = self._kernel._now, 1.0
        for slow in self._faults.slowdowns:
            if slow.host == host and not slow.operations and slow.begin <= now < slow.end:
                speed /= slow.factor
        for replica in self._replicas[host]:
            assert replica.station is not None
            replica.station.set_speed(speed, now)

    def _restart(self, restart: Restart) -> None:
        """New replicas take the place of the old ones, which still answer what they have in hand."""
        restart.forget()
        group = self._replicas[restart.host]
        for number, old in enumerate(list(group)):
            new = Replica(old.name_id, old.context, old.station, old.costs)
            new.threads, new.threads_id, new.routes = old.threads, old.threads_id, old.routes
            for target, (where, bind) in self._network.handlers.items():
                if where == restart.host:
                    new.handlers[target] = bind(new.context)
            self._replace(old, new)
            assert group[number] is new
            self._begin(restart.host, new)

    def _replace(self, old: Replica, new: Replica) -> None:
        """Wherever the old one could be reached, the new one is."""
        for replicas in self._replicas.values():
            lists = [replicas, *(route.replicas for r in replicas for route in r.routes.values() if not route.local)]
            for reached in lists:
                for place, replica in enumerate(reached):
                    if replica is old:
                        reached[place] = new

    def _run_job(self, job: Job, number: int) -> None:
        if job.host in self._exchange.conditions.refusing:
            return
        replica = self._replicas[job.host][0]
        self._driver.start(self._driver.new_task(-1, number), replica, job.make(replica.context))

    # --- ways ----------------------------------------------------------------------------------------------------

    def _cut(self, pairs: frozenset[frozenset[str]]) -> None:
        self._exchange.conditions.cut |= pairs

    def _reconnect(self, pairs: frozenset[frozenset[str]]) -> None:
        self._exchange.conditions.cut -= pairs

    # --- strangers -----------------------------------------------------------------------------------------------

    def _schedule_extra(self, index: int, first_number: int, journey: Callable[[Task], RequestLog] | None) -> None:
        """Only one stranger at a time is in the event list."""
        strangers = self._faults.extra_arrivals
        if strangers is None or index >= len(strangers.times):
            return
        task = self._driver.new_task(first_number + index, first_number + index)
        task.callbacks = [partial(self._admit_extra, index, first_number, journey)]
        self._kernel.schedule_at(task, strangers.times[index], task.key)

    def _admit_extra(
        self, index: int, first_number: int, journey: Callable[[Task], RequestLog] | None, task: Task
    ) -> None:
        strangers = self._faults.extra_arrivals
        assert strangers is not None
        self._schedule_extra(index + 1, first_number, journey)
        task.arrival = strangers.times[index]
        if journey is not None:
            journey(task)
        self._driver.start(task, self._replicas[strangers.host][0], strangers.make(index))
