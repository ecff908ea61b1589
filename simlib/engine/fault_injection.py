"""Fault injection: begins and ends the faults of a network while it runs, each before anything else of its instant."""

from collections.abc import Callable
from functools import partial

from simlib.engine.calls_with_faults import ALL_TARGETS, FaultyCalls
from simlib.engine.crash import crash
from simlib.engine.driver import Driver
from simlib.engine.faults import Faults, Job, Outage, Restart
from simlib.engine.hosts import Replica
from simlib.engine.kernel import Kernel, Occurrence
from simlib.engine.network import Network
from simlib.engine.request_log import RequestLog
from simlib.engine.task import Task

FIRST = -1
"""The key of what comes before everything else at its instant."""


class FaultInjection:
    """Faults of one run, as events. ``begin`` starts the background work of a replica."""

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

    def schedule(self, first_number: int, make_log: Callable[[Task], RequestLog] | None) -> None:
        """Put all faults into the event list; requests of floods are numbered from ``first_number`` on.

        Raises ValueError for an outage of the host where requests start: no client would be left to see it.
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
            self._schedule_extra(0, first_number, make_log)

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
        """Replace the replicas of a host by new ones; the old ones still answer the requests that they have."""
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
        """Replace one replica by another wherever it could be reached."""
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

    # --- floods --------------------------------------------------------------------------------------------------

    def _schedule_extra(self, index: int, first_number: int, make_log: Callable[[Task], RequestLog] | None) -> None:
        """Schedule the next request of a flood; only one at a time is in the event list."""
        strangers = self._faults.extra_arrivals
        if strangers is None or index >= len(strangers.times):
            return
        task = self._driver.new_task(first_number + index, first_number + index)
        task.callbacks = [partial(self._admit_extra, index, first_number, make_log)]
        self._kernel.schedule_at(task, strangers.times[index], task.key)

    def _admit_extra(
        self, index: int, first_number: int, make_log: Callable[[Task], RequestLog] | None, task: Task
    ) -> None:
        strangers = self._faults.extra_arrivals
        assert strangers is not None
        self._schedule_extra(index + 1, first_number, make_log)
        task.arrival = strangers.times[index]
        if make_log is not None:
            make_log(task)
        self._driver.start(task, self._replicas[strangers.host][0], strangers.make(index))
