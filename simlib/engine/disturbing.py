"""Lets the faults of a network happen while it runs: each begins and ends before anything else of its instant."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from simlib.engine.crashing import crash
from simlib.engine.driver import Driver
from simlib.engine.exchange_faulty import EVERYTHING, FaultyExchange
from simlib.engine.faults import Faults, Job, Outage, Restart
from simlib.engine.hosts import Replica
from simlib.engine.journey import Journey
from simlib.engine.kernel import Kernel, Occurrence
from simlib.engine.stations import FifoVarying, ProcessorSharing
from simlib.engine.task import Task

if TYPE_CHECKING:
    from simlib.engine.network import Network

FIRST = -1
"""The key of what comes before everything else at its instant."""


class Disturbances:
    """The faults of one run. ``begin`` starts what a replica does by itself."""

    def __init__(
        self,
        faults: Faults,
        network: "Network",
        kernel: Kernel,
        driver: Driver,
        exchange: FaultyExchange,
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

    def schedule(self, first_number: int, journey: Callable[[Task], Journey] | None) -> None:
        """Put all of them into the event list; strangers' requests are numbered from ``first_number`` on.

        Raises ValueError for an outage of the host where requests start: nobody would hear of it.
        """
        faults = self._faults
        if any(outage.host == self._network.entry[0] for outage in faults.outages):
            raise ValueError(f"{self._network.entry[0]!r} is where requests start, so it cannot be down")
        for outage in faults.outages:
            self._at(outage.begin, partial(self._go_down, outage))
            self._at(outage.end, partial(self._come_back, outage))
        for slow in faults.slowdowns:
            if not slow.operations:
                self._at(slow.begin, partial(self._set_speed, slow.host))
                self._at(slow.end, partial(self._set_speed, slow.host))
        for cut in faults.cuts:
            pair = frozenset((cut.one, cut.other))
            self._at(cut.begin, partial(self._cut_off, frozenset({pair})))
            self._at(cut.end, partial(self._reconnect, frozenset({pair})))
        for restart in faults.restarts:
            self._at(restart.at, partial(self._restart, restart))
        for number, job in enumerate(faults.jobs):
            self._at(job.at, partial(self._work, job, number), number)
        if faults.strangers is not None:
            self._expect(0, first_number, journey)

    def _at(self, instant: float, do: Callable[[], None], key: float = FIRST) -> None:
        self._kernel.schedule_at(Occurrence(self._kernel, [lambda _: do()]), instant, key)

    # --- servers -------------------------------------------------------------------------------------------------

    def _go_down(self, outage: Outage) -> None:
        conditions, host = self._exchange.conditions, outage.host
        if outage.target:
            conditions.refusing[host] = conditions.refusing.get(host, frozenset()) | {outage.target}
            return
        conditions.refusing[host] = EVERYTHING
        crash(self._replicas[host], self._driver, self._exchange, self._kernel._now)
        for route in (
            route for group in self._replicas.values() for replica in group for route in replica.routes.values()
        ):
            if route.local is None and route.replicas[0].name == host and route.connections is not None:
                route.connections.close_idle()

    def _come_back(self, outage: Outage) -> None:
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
            assert isinstance(replica.station, FifoVarying | ProcessorSharing)
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

    def _work(self, job: Job, number: int) -> None:
        if job.host in self._exchange.conditions.refusing:
            return
        replica = self._replicas[job.host][0]
        self._driver.start(self._driver.task(-1, number), replica, job.make(replica.context))

    # --- ways ----------------------------------------------------------------------------------------------------

    def _cut_off(self, pairs: frozenset[frozenset[str]]) -> None:
        self._exchange.conditions.cut |= pairs

    def _reconnect(self, pairs: frozenset[frozenset[str]]) -> None:
        self._exchange.conditions.cut -= pairs

    # --- strangers -----------------------------------------------------------------------------------------------

    def _expect(self, index: int, first_number: int, journey: Callable[[Task], Journey] | None) -> None:
        """Only one stranger at a time is in the event list."""
        strangers = self._faults.strangers
        if strangers is None or index >= len(strangers.times):
            return
        task = self._driver.task(first_number + index, first_number + index)
        task.callbacks = [partial(self._arrive, index, first_number, journey)]
        self._kernel.schedule_at(task, strangers.times[index], task.key)

    def _arrive(self, index: int, first_number: int, journey: Callable[[Task], Journey] | None, task: Task) -> None:
        strangers = self._faults.strangers
        assert strangers is not None
        self._expect(index + 1, first_number, journey)
        task.arrival = strangers.times[index]
        if journey is not None:
            journey(task)
        self._driver.start(task, self._replicas[strangers.host][0], strangers.make(index))
