"""Rows of one run: requests, held threads, station samples, operations and faults, written to the sink."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from simlib.engine.faults import Faults
from simlib.engine.hosts import Replica
from simlib.engine.request_log import NAN, classify_outcome
from simlib.engine.task import Task
from simlib.scenario.records import FINISHED, UNFINISHED
from simlib.scenario.sinks import Sink

BARE_REQUEST = ("request", "arrival", "end", "outcome", "status")
"""Columns of a request without a log."""
VERIFICATION = "jwt.verify"
"""Operation, before the name of its key, whose verifications the cache counts by distinct token."""


class RunRows:
    """Writer of the rows of one run. ``names`` grows by the operations that are charged.

    ``logged``: every request has a log, so its row has all columns.
    """

    def __init__(
        self, sink: Sink, names: tuple[str, ...], replicas: Mapping[str, list[Replica]], horizon: float, logged: bool
    ) -> None:
        self.names = names
        self._sink = sink
        self._replicas = replicas
        self._horizon = horizon
        self._request_row = sink.open_writer("requests") if logged else sink.open_writer("requests", BARE_REQUEST)

    def finish(self, task: Task, value: Any, now: float) -> None:
        """Write a finished request that has no log."""
        if now < self._horizon:
            self._request_row((task.subject, task.arrival, now, FINISHED, 200))
        else:  # a station looked ahead beyond the end of the run
            self._write_unfinished(task)

    def finish_log(self, task: Task, value: Any, now: float) -> None:
        """Write a request with its log; ``value`` is the client's last answer."""
        assert task.log is not None
        outcome, status = classify_outcome(value)
        self._request_row(task.log.build_row(now, outcome, status))
        task.log = None

    def _write_unfinished(self, task: Task) -> None:
        if task.log is None:
            self._request_row((task.subject, task.arrival, NAN, UNFINISHED, 0))
        else:
            self._request_row(task.log.build_row(NAN, UNFINISHED, 0))

    def write_unfinished(self, tasks: Iterable[Task]) -> None:
        """Write the requests that are under way at the end of the run, in the order of their numbers."""
        for task in sorted((t for t in tasks if t.subject >= 0 and t.parent is None), key=lambda t: t.subject):
            self._write_unfinished(task)

    def write_held_threads(self) -> None:
        """Write a visit without an end for each thread that is held at the end of the run."""
        row = self._sink.open_writer("visits")
        for replica in self._list_replicas():
            for task, since in replica.threads.held if replica.threads is not None else ():
                row((task.subject, replica.threads_id, replica.index, since, NAN))

    def write_sample(self, now: float) -> None:
        """Write the integrals of every station and thread pool."""
        row = self._sink.open_writer("stations")
        for replica in self._list_replicas():
            if replica.station is not None:
                row((replica.name_id, replica.index, now, *replica.station.sample(now)))
            if replica.threads is not None:
                row((replica.threads_id, replica.index, now, *replica.threads.sample(now)))

    def write_operations(self, count_verified: Callable[[str, str], int]) -> None:
        """Write how often each operation was charged on each host, and how many verifications were distinct.

        ``count_verified``: a host and the choice of a key -> distinct verifications.
        """
        row = self._sink.open_writer("operations")
        for host, replicas in self._replicas.items():
            for operation, count, seconds in replicas[0].costs.count_used():
                kind, _, algorithm = operation.rpartition(".")
                distinct = count_verified(host, algorithm) if kind == VERIFICATION else count
                if operation not in self.names:
                    self.names = (*self.names, operation)
                row((self.names.index(host), self.names.index(operation), count, seconds, distinct))

    def write_faults(self, faults: Faults) -> None:
        """Write when each fault begins and ends."""
        row = self._sink.open_writer("faults")
        for time, kind in faults.times:
            row((self.names.index(time.name), self.names.index(kind), time.begin, time.end))

    def _list_replicas(self) -> Iterable[Replica]:
        return (replica for replicas in self._replicas.values() for replica in replicas)
