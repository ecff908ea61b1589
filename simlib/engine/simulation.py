"""One run of a network: hosts, stations, links and driver built from its values, run, and written down."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from simlib.engine.arrivals import ClosedUsers, Cycles, admit
from simlib.engine.calls import Exchange
from simlib.engine.calls_delay_only import DelaysOnly
from simlib.engine.calls_with_faults import FaultyExchange, LimitedAdmission, faulty_exchange
from simlib.engine.costs import DrawnColumn, Identity
from simlib.engine.driver import Driver
from simlib.engine.fault_injection import Disturbances
from simlib.engine.hosts import Replica, Threads
from simlib.engine.kernel import Kernel, Occurrence, collector_paused
from simlib.engine.live_timing import Stopwatch, timed_network
from simlib.engine.request_log import NAN, RequestLog, outcome_of
from simlib.engine.runtime import NO_FAULTS, connect, make_replicas, threads_of, while_it_stands
from simlib.engine.stations import choose_form
from simlib.engine.task import Task
from simlib.engine.verification_cache import Verifier
from simlib.scenario.effects import Flow
from simlib.scenario.records import FINISHED, UNFINISHED, Records
from simlib.scenario.sinks import Sink
from simlib.scenario.variates import Variates

if TYPE_CHECKING:
    from simlib.engine.network import Host, Network


SAMPLES = 200
"""Instants at which the stations' integrals are written, beside the end of the warm-up."""


class Simulation:
    """One run of one network."""

    def __init__(
        self,
        network: "Network",
        arrivals: NDArray[np.float64] | Cycles,
        horizon: float,
        variates: Variates,
        form: Literal["auto", "events"],
        remember: bool,
        detail: str,
        sink: Sink,
        stopwatch: Stopwatch | None,
    ) -> None:
        self.verifier = Verifier(remember and stopwatch is None)
        if stopwatch is not None:
            network = timed_network(network, stopwatch, self.verifier)
        self.network = network
        self.horizon = horizon
        self.arrivals = arrivals if isinstance(arrivals, Cycles) else arrivals[arrivals < horizon]
        self.variates = variates
        self.sink = sink
        self._detail = detail
        self.kernel = Kernel()
        self.names = _names(network)
        self.forms: dict[str, str] = {}
        self.faults = network.faults or NO_FAULTS
        requests = len(self.arrivals) + self.faults.visitors
        self.replicas = {host.name: self._replicas(host, form, requests) for host in network.hosts}
        connect(network, self.replicas, self.names, variates, requests)
        self._request_row = (
            sink.writer("requests", ("request", "arrival", "end", "outcome", "status"))
            if network.journeys is None
            else sink.writer("requests")
        )
        self.driver = Driver(
            self.kernel,
            draw=lambda purpose: DrawnColumn(purpose, Identity(), variates, requests),
            finish=self._finisher(),
            verifier=self.verifier,
            exchange=self._exchange(detail),
            visit_row=sink.writer("visits") if detail == "visits" else None,
            horizon=horizon,
        )
        host, bind = network.entry
        self._entry_host = self.replicas[host][0]
        self._entry = bind(self._entry_host.context)
        self._begin = None if network.journeys is None else self._begin_journey
        self._users = (
            ClosedUsers(self.kernel, self.driver, arrivals, self._entry_host, self._entry, self._begin, self._hosts())
            if isinstance(arrivals, Cycles)
            else None
        )

    # --- set-up --------------------------------------------------------------------------------------------------

    def _replicas(self, host: "Host", form: Literal["auto", "events"], requests: int) -> list[Replica]:
        known = host.known_on_arrival and not self._noted(host)
        chosen = choose_form(host.discipline, known, form, self.faults.varies(host.name))
        if host.workers is not None:
            self.forms[host.name] = chosen
        if host.threads is not None:
            self.forms[threads_of(host.name)] = Threads.form
        costs = self.network.costs_of.get(host.name, self.network.costs)
        return make_replicas(
            host, self.network.handlers, chosen, costs, self.faults, self.names, self.kernel, self.variates, requests
        )

    def _noted(self, host: "Host") -> bool:
        """Whether something must be noted when it happens, so that nobody may look ahead of it.

        That is a figure of a journey, which connections of a host are free, or what is wrong at present.
        """
        kept = (p for p in self.network.paths if p.connections is not None or p.keep_alive_s is not None)
        noted = self.network.journeys is not None or self.network.faults is not None
        return noted or any(path.caller == host.name for path in kept)

    def _exchange(self, detail: str) -> Callable[[Kernel, Driver], Exchange]:
        """Nobody looks at single calls and their bytes cost nothing, nor do their ends: then only delays matter."""
        network = self.network
        weighed = network.charge_calls or any(path.bandwidth is not None for path in network.paths)
        limits = {host.name: host.admission for host in network.hosts if host.admission is not None}
        weighed = weighed or any(host.threads is not None for host in network.hosts) or bool(limits)
        if detail == "requests" and network.journeys is None and network.faults is None and not weighed:
            return DelaysOnly
        row = self.sink.writer("calls") if detail != "requests" else None
        if limits and not network.charge_calls:
            raise ValueError("a limit on admission is for networks that charge for calls: a refusal is not free")
        if network.faults is not None:
            return lambda kernel, driver: self._faulty(faulty_exchange(kernel, driver, row, limits))
        if limits:
            return lambda kernel, driver: LimitedAdmission(kernel, driver, row, limits)
        return lambda kernel, driver: Exchange(kernel, driver, row)

    def _faulty(self, exchange: FaultyExchange) -> FaultyExchange:
        self._faulty_exchange = exchange
        return exchange

    # --- the run -------------------------------------------------------------------------------------------------

    def run(self, warm_up: float, progress: Callable[[float], None] | None) -> Records:
        self._schedule_samples(warm_up, progress)
        self._start_backgrounds()
        self._let_faults_happen()
        for number, (instant, host, flow) in enumerate(self.network.after):
            self._schedule_after(instant, host, flow, len(self.arrivals) + number)
        self._admit()
        with collector_paused():
            self.kernel.run(until=self.horizon)
            self._sample(self.horizon)
            self._write_unfinished()
            self.driver.write_unfinished()
            self._write_threads_held()
            self._write_operations()
            tables = self.sink.close()
        hosts = self.network.hosts
        workers = {host.name: host.workers for host in hosts if host.workers is not None}
        workers |= {threads_of(host.name): host.threads for host in hosts if host.threads is not None}
        return Records(tables, self.names, self.horizon, workers, self.forms)

    def _admit(self) -> None:
        """Let requests come, from outside or from users who wait for their answers."""
        if self._users is not None:
            self._users.start()
        elif not isinstance(self.arrivals, Cycles):
            times = self.arrivals.tolist()
            admit(self.kernel, self.driver, times, self._entry_host, self._entry, self._begin, self._hosts())

    def _hosts(self) -> list[Replica] | None:
        """Where each request starts, when that is not always the same host."""
        entries = self.network.entries
        return None if entries is None else [self.replicas[name][0] for name in entries]

    def _begin_journey(self, task: Task) -> RequestLog:
        assert self.network.journeys is not None
        journey = task.journey = self.network.journeys(task.subject, task.arrival)
        return journey

    def _schedule_after(self, instant: float, host: str, flow: Callable[[], Flow[Any]], key: int) -> None:
        task = self.driver.task(-1, key)
        task.callbacks = [lambda fired: self.driver.start(fired, self.replicas[host][0], flow())]
        self.kernel.schedule_at(task, instant, key)

    def _start_backgrounds(self) -> None:
        """What replicas do by themselves begins before anything else at instant 0."""
        for host in self.network.backgrounds:
            for replica in self.replicas[host]:
                self._begin_backgrounds(host, replica)

    def _begin_backgrounds(self, host: str, replica: Replica) -> None:
        make = self.network.backgrounds.get(host)
        for flow in make(replica.context) if make is not None else ():
            if self.network.faults is not None:
                flow = while_it_stands(flow, replica, self.replicas[host])
            task = self.driver.task(-1, -1)
            task.callbacks = [partial(self._start, replica, flow)]
            self.kernel.schedule_at(task, self.kernel._now, -1)

    def _let_faults_happen(self) -> None:
        if self.network.faults is None:
            return
        exchange, begin, count = self._faulty_exchange, self._begin_backgrounds, len(self.arrivals)
        happening = Disturbances(self.faults, self.network, self.kernel, self.driver, exchange, self.replicas, begin)
        happening.schedule(count, self._begin)
        row = self.sink.writer("faults")
        for time, kind in self.faults.times:
            row((self.names.index(time.name), self.names.index(kind), time.begin, time.end))

    def _start(self, replica: Replica, flow: Flow[Any], task: Task) -> None:
        self.driver.start(task, replica, flow)

    def _schedule_samples(self, warm_up: float, progress: Callable[[float], None] | None) -> None:
        instants = {self.horizon * i / SAMPLES for i in range(SAMPLES)} | {warm_up}

        def take(_: Any) -> None:
            now = self.kernel._now
            self._sample(now)
            self.sink.flush()
            if progress is not None:
                progress(now / self.horizon)

        for instant in sorted(instants):
            # Key -1: a sample shows the state before anything else that happens at its instant.
            self.kernel.schedule_at(Occurrence(self.kernel, [take]), instant, -1)

    # --- rows ----------------------------------------------------------------------------------------------------

    def _finisher(self) -> Callable[[Task, Any, float], None]:
        finish = self._finish if self.network.journeys is None else self._finish_journey
        if not isinstance(self.arrivals, Cycles):
            return finish

        def finish_and_think(task: Task, value: Any, now: float) -> None:
            finish(task, value, now)
            assert self._users is not None
            if task.subject < len(self.arrivals):  # strangers do not think
                self._users.answered(task.subject, now)

        return finish_and_think

    def _finish(self, task: Task, value: Any, now: float) -> None:
        if now < self.horizon:
            self._request_row((task.subject, task.arrival, now, FINISHED, 200))
        else:  # a station looked ahead beyond the end of the run
            self._request_row((task.subject, task.arrival, NAN, UNFINISHED, 0))

    def _finish_journey(self, task: Task, value: Any, now: float) -> None:
        assert task.journey is not None
        outcome, status = outcome_of(value)
        self._request_row(task.journey.row(now, outcome, status))
        task.journey = None

    def _write_unfinished(self) -> None:
        under_way = [t for t in self.driver.tasks if t.subject >= 0 and t.parent is None]
        for task in sorted(under_way, key=lambda t: t.subject):
            if task.journey is None:
                self._request_row((task.subject, task.arrival, NAN, UNFINISHED, 0))
            else:
                self._request_row(task.journey.row(NAN, UNFINISHED, 0))

    def _write_threads_held(self) -> None:
        if self._detail != "visits":
            return
        row = self.sink.writer("visits")
        for replicas in self.replicas.values():
            for replica in replicas:
                for task, since in replica.threads.present() if replica.threads is not None else ():
                    row((task.subject, replica.threads_id, replica.index, since, NAN))

    def _sample(self, now: float) -> None:
        row = self.sink.writer("stations")
        for replicas in self.replicas.values():
            for replica in replicas:
                if replica.station is not None:
                    row((replica.name_id, replica.index, now, *replica.station.sample(now)))
                if replica.threads is not None:
                    row((replica.threads_id, replica.index, now, *replica.threads.sample(now)))

    def _write_operations(self) -> None:
        row = self.sink.writer("operations")
        for host, replicas in self.replicas.items():
            for operation, count, seconds in replicas[0].costs.used():
                kind, _, algorithm = operation.rpartition(".")
                distinct = self.verifier.distinct(host, algorithm) if kind == "jwt.verify" else count
                if operation not in self.names:
                    self.names = (*self.names, operation)
                row((self.names.index(host), self.names.index(operation), count, seconds, distinct))


def _names(network: "Network") -> tuple[str, ...]:
    threads = (threads_of(host.name) for host in network.hosts if host.threads is not None)
    names = (*(host.name for host in network.hosts), *threads, *sorted(network.handlers))
    told = () if network.faults is None else [n for time, kind in network.faults.times for n in (time.name, kind)]
    return (*names, *(name for name in dict.fromkeys(told) if name not in names))
