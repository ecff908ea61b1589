"""Trace of the visits to stations: arrival, end, and the operations of each, for explaining waits.

A traced run is the run itself: stations and costs are only observed, at the price of some time.
"""

from dataclasses import dataclass, field
from typing import Any

from simlib.engine.costs import HostCosts, MeasuredCost, OperationCost
from simlib.engine.hosts import Replica
from simlib.engine.simulation import Simulation
from simlib.engine.stations.base import Sample, Station
from simlib.engine.task import Task


@dataclass
class Visit:
    """One visit: its request (-1: background), host and replica, instants in seconds, and (operation, seconds) each.

    The seconds are what the operations take alone; ``end`` is None for a visit that had not ended.
    """

    request: int
    host: str
    replica: int
    arrival: float
    services: list[tuple[str, float]] = field(default_factory=list)
    end: float | None = None


class _TracedCosts:
    """Costs of a host that note which operation was charged last."""

    def __init__(self, costs: HostCosts) -> None:
        self._costs = costs
        self.last = ""

    def __getitem__(self, operation: str) -> OperationCost | MeasuredCost:
        self.last = operation
        return self._costs[operation]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._costs, name)


class _TracedStation:
    """Station that notes the visits to it."""

    def __init__(self, replica: Replica, station: Station, costs: _TracedCosts, visits: list[Visit]) -> None:
        self._replica = replica
        self._station = station
        self._costs = costs
        self._visits = visits
        self._present: dict[Task, Visit] = {}

    def enter(self, task: Task, seconds: float, now: float) -> None:
        visit = Visit(task.subject, self._replica.name, self._replica.index, now, [(self._costs.last, seconds)])
        self._present[task] = visit
        self._visits.append(visit)
        self._station.enter(task, seconds, now)

    def extend(self, task: Task, seconds: float, now: float) -> None:
        self._present[task].services.append((self._costs.last, seconds))
        self._station.extend(task, seconds, now)

    def leave(self, task: Task, now: float) -> None:
        self._present.pop(task).end = now
        self._station.leave(task, now)

    def sample(self, now: float) -> Sample:
        return self._station.sample(now)

    def set_speed(self, speed: float, now: float) -> None:
        self._station.set_speed(speed, now)

    def crash(self, now: float) -> None:
        self._present.clear()
        self._station.crash(now)


def trace_visits(simulation: Simulation) -> list[Visit]:
    """Observe every station of a simulation that has not begun, built with ``form="events"``; visits appear as it runs.

    Raises ValueError for a station that looks ahead, whose visits are not seen one by one.
    """
    visits: list[Visit] = []
    for replica in (replica for replicas in simulation.replicas.values() for replica in replicas):
        station = replica.station
        if station is None:
            continue
        if station.looks_ahead:
            raise ValueError("stations that look ahead cannot be traced; build the simulation with form='events'")
        costs: Any = _TracedCosts(replica.costs)
        traced: Any = _TracedStation(replica, station, costs, visits)
        replica.costs, replica.station = costs, traced
    return visits
