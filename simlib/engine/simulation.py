"""Simulation of one network: hosts, stations, links and driver are built from its values, run, and recorded."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from simlib.engine.arrival_times import ArrivalTimes, StoredTimes
from simlib.engine.arrivals import ClosedUsers, Cycles, schedule_arrivals
from simlib.engine.calls import Calls
from simlib.engine.calls_delay_only import DelayOnlyCalls
from simlib.engine.calls_with_admission import LimitedCalls
from simlib.engine.calls_with_faults import FaultyCalls, build_faulty_calls
from simlib.engine.costs import DrawnColumn, Identity
from simlib.engine.driver import Driver
from simlib.engine.fault_injection import FaultInjection
from simlib.engine.hosts import Replica, Threads
from simlib.engine.kernel import Kernel, Occurrence, pause_collector
from simlib.engine.live_timing import Stopwatch, build_timed_network
from simlib.engine.network import Host, Network
from simlib.engine.replicas import NO_FAULTS, build_replicas, connect_routes, name_threads, run_until_replaced
from simlib.engine.request_log import RequestLog
from simlib.engine.request_window import RequestWindow
from simlib.engine.run_rows import RunRows
from simlib.engine.stations import choose_station
from simlib.engine.task import Task, TaskRunner
from simlib.engine.verification_cache import VerificationCache
from simlib.scenario.effects import Flow
from simlib.scenario.records import Records
from simlib.scenario.sinks import MemorySink, Sink
from simlib.scenario.variates import Variates

SAMPLES = 200
"""Instants at which the stations' integrals are written, beside the end of the warm-up."""


def run_network(
    network: Network,
    arrivals: NDArray[np.float64] | ArrivalTimes | Cycles,
    horizon: float,
    variates: Variates,
    *,
    warm_up: float = 0.0,
    form: Literal["auto", "events"] = "auto",
    remember_verified: bool = True,
    detail: Literal["requests", "calls", "visits"] = "calls",
    sink: Sink | None = None,
    progress: Callable[[float], None] | None = None,
    stopwatch: Stopwatch | None = None,
) -> Records:
    """Run the network over the arrivals until the horizon (seconds) and return its records.

    ``arrivals`` are instants in seconds, ascending, in an array or read block by block, or the think times of a fixed
    number of users. With a ``stopwatch`` work is charged what it takes in this very run, and every token is really
    verified each time.

    Raises KeyError for an operation without a cost and RuntimeError for a host that breaks its promise.
    """
    sink = sink or MemorySink()
    run = Simulation(network, arrivals, horizon, variates, form, remember_verified, detail, sink, stopwatch)
    return run.run(warm_up, progress)


class Simulation:
    """One run of one network."""

    def __init__(
        self,
        network: Network,
        arrivals: NDArray[np.float64] | ArrivalTimes | Cycles,
        horizon: float,
        variates: Variates,
        form: Literal["auto", "events"],
        remember: bool,
        detail: str,
        sink: Sink,
        stopwatch: Stopwatch | None,
    ) -> None:
        self.verifier = VerificationCache(remember and stopwatch is None)
        if stopwatch is not None:
            network = build_timed_network(network, stopwatch, self.verifier)
        self.network = network
        self.horizon = horizon
        self.arrivals = StoredTimes(arrivals[arrivals < horizon]) if isinstance(arrivals, np.ndarray) else arrivals
        self.variates = variates
        self.sink = sink
        self._detail = detail
        self.kernel = Kernel()
        names = _list_names(network)
        self.forms: dict[str, str] = {}
        self.faults = network.faults or NO_FAULTS
        extra = self.faults.extra_count
        window = RequestWindow(len(self.arrivals) + extra, moves=not extra and not isinstance(arrivals, Cycles))
        self.replicas = {host.name: self._build_replicas(host, form, names, window) for host in network.hosts}
        connect_routes(network, self.replicas, names, variates, window)
        self.rows = RunRows(sink, names, self.replicas, horizon, network.open_log is not None)
        self.driver = Driver(
            self.kernel,
            draw=lambda purpose: DrawnColumn(purpose, Identity(), variates, window),
            finish=self._choose_finish(),
            verifier=self.verifier,
            calls=self._choose_calls(detail),
            visit_row=sink.open_writer("visits") if detail == "visits" else None,
            horizon=horizon,
            window=window,
        )
        host, bind = network.entry
        self._entry_host = self.replicas[host][0]
        self._entry = bind(self._entry_host.context)
        self._begin = None if network.open_log is None else self._begin_log
        self._users = self._build_users(arrivals) if isinstance(arrivals, Cycles) else None

    # --- set-up --------------------------------------------------------------------------------------------------

    def _build_replicas(
        self, host: Host, form: Literal["auto", "events"], names: tuple[str, ...], window: RequestWindow
    ) -> list[Replica]:
        known = host.known_on_arrival and not self._depends_on_order(host)
        station = choose_station(host.discipline, known, form, self.faults.has_varying_capacity(host.name))
        if host.workers is not None:
            self.forms[host.name] = station.form
        if host.threads is not None:
            self.forms[name_threads(host.name)] = Threads.form
        costs = self.network.costs_of.get(host.name, self.network.costs)
        return build_replicas(
            host, self.network.handlers, station, costs, self.faults, names, self.kernel, self.variates, window
        )

    def _depends_on_order(self, host: Host) -> bool:
        """Whether something must be recorded as it happens, so that a station must not look ahead of it.

        That is an entry of a request's log, which connections of a host are free, or which faults are present.
        """
        kept = (p for p in self.network.paths if p.connections is not None or p.keep_alive_s is not None)
        recorded = self.network.open_log is not None or self.network.faults is not None
        return recorded or any(path.caller == host.name for path in kept)

    def _build_users(self, cycles: Cycles) -> ClosedUsers:
        entries = self._list_entries()
        return ClosedUsers(self.kernel, self.driver, cycles, self._entry_host, self._entry, self._begin, entries)

    def _choose_finish(self) -> Callable[[Task, Any, float], None]:
        finish = self.rows.finish if self.network.open_log is None else self.rows.finish_log
        if not isinstance(self.arrivals, Cycles):
            return finish

        def finish_and_think(task: Task, value: Any, now: float) -> None:
            finish(task, value, now)
            assert self._users is not None
            if task.subject < len(self.arrivals):  # requests of a flood belong to no user
                self._users.note_answer(task.subject, now)

        return finish_and_think

    def _choose_calls(self, detail: str) -> Callable[[Kernel, TaskRunner], Calls]:
        """The calls of the network; where calls cost nothing and have no rows of their own, only delays matter."""
        network = self.network
        weighed = network.charge_calls or any(path.bandwidth is not None for path in network.paths)
        limits = {host.name: host.admission for host in network.hosts if host.admission is not None}
        weighed = weighed or any(host.threads is not None for host in network.hosts) or bool(limits)
        if detail == "requests" and network.open_log is None and network.faults is None and not weighed:
            return DelayOnlyCalls
        row = self.sink.open_writer("calls") if detail != "requests" else None
        if limits and not network.charge_calls:
            raise ValueError("a limit on admission is for networks that charge for calls: a refusal is not free")
        if network.faults is not None:
            return lambda kernel, driver: self._keep_faulty(build_faulty_calls(kernel, driver, row, limits))
        if limits:
            return lambda kernel, driver: LimitedCalls(kernel, driver, row, limits)
        return lambda kernel, driver: Calls(kernel, driver, row)

    def _keep_faulty(self, calls: FaultyCalls) -> FaultyCalls:
        self._faulty_calls = calls
        return calls

    # --- the run -------------------------------------------------------------------------------------------------

    def run(self, warm_up: float, progress: Callable[[float], None] | None) -> Records:
        """Run until the horizon and return the records."""
        self._schedule_samples(warm_up, progress)
        self._start_backgrounds()
        self._schedule_faults()
        self._schedule_after()
        self._schedule_requests()
        with pause_collector():
            self.kernel.run(until=self.horizon)
            self.rows.write_sample(self.horizon)
            self.rows.write_unfinished(self.driver.tasks)
            self.driver.write_unfinished()
            if self._detail == "visits":
                self.rows.write_held_threads()
            self.rows.write_operations(self.verifier.count_distinct)
            tables = self.sink.close()
        hosts = self.network.hosts
        workers = {host.name: host.workers for host in hosts if host.workers is not None}
        workers |= {name_threads(host.name): host.threads for host in hosts if host.threads is not None}
        return Records(tables, self.rows.names, self.horizon, workers, self.forms)

    def _schedule_requests(self) -> None:
        """Schedule requests that come from outside, or let users think who wait for their answers."""
        if self._users is not None:
            self._users.start()
        elif not isinstance(self.arrivals, Cycles):
            entries = self._list_entries()
            schedule_arrivals(
                *(self.kernel, self.driver, self.arrivals, self._entry_host, self._entry, self._begin, entries),
                flush=self.sink.flush,
            )

    def _list_entries(self) -> list[Replica] | None:
        """The host where each request starts; None when it is always the same one."""
        entries = self.network.entries
        return None if entries is None else [self.replicas[name][0] for name in entries]

    def _begin_log(self, task: Task) -> RequestLog:
        assert self.network.open_log is not None
        log = task.log = self.network.open_log(task.subject, task.arrival)
        return log

    def _schedule_after(self) -> None:
        """Schedule the further work of the network, which is part of no request."""
        tasks = []
        for key, (instant, host, flow) in enumerate(self.network.after, len(self.arrivals)):
            task = self.driver.new_task(-1, key)
            task.callbacks = [partial(self._start_after, host, flow)]
            tasks.append((instant, key, task))
        self.kernel.schedule_all(tasks)

    def _start_after(self, host: str, flow: Callable[[], Flow[Any]], task: Task) -> None:
        self.driver.start(task, self.replicas[host][0], flow())

    def _start_backgrounds(self) -> None:
        """Start the background work of replicas, before anything else at instant 0."""
        for host in self.network.backgrounds:
            for replica in self.replicas[host]:
                self._begin_backgrounds(host, replica)

    def _begin_backgrounds(self, host: str, replica: Replica) -> None:
        make = self.network.backgrounds.get(host)
        for flow in make(replica.context) if make is not None else ():
            if self.network.faults is not None:
                flow = run_until_replaced(flow, replica, self.replicas[host])
            task = self.driver.new_task(-1, -1)
            task.callbacks = [partial(self._start, replica, flow)]
            self.kernel.schedule_at(task, self.kernel._now, -1)

    def _start(self, replica: Replica, flow: Flow[Any], task: Task) -> None:
        self.driver.start(task, replica, flow)

    def _schedule_faults(self) -> None:
        if self.network.faults is None:
            return
        calls, begin = self._faulty_calls, self._begin_backgrounds
        injection = FaultInjection(self.faults, self.network, self.kernel, self.driver, calls, self.replicas, begin)
        injection.schedule(len(self.arrivals), self._begin)
        self.rows.write_faults(self.faults)

    def _schedule_samples(self, warm_up: float, progress: Callable[[float], None] | None) -> None:
        instants = {self.horizon * i / SAMPLES for i in range(SAMPLES)} | {warm_up}

        def take(_: Any) -> None:
            now = self.kernel._now
            self.rows.write_sample(now)
            self.sink.flush()
            if progress is not None:
                progress(now / self.horizon)

        # Key -1: a sample shows the state before anything else that happens at its instant.
        samples = ((instant, -1, Occurrence(self.kernel, [take])) for instant in sorted(instants))
        self.kernel.schedule_all(samples)


def _list_names(network: Network) -> tuple[str, ...]:
    threads = (name_threads(host.name) for host in network.hosts if host.threads is not None)
    names = (*(host.name for host in network.hosts), *threads, *sorted(network.handlers))
    faults = () if network.faults is None else [n for time, kind in network.faults.times for n in (time.name, kind)]
    return (*names, *(name for name in dict.fromkeys(faults) if name not in names))
