"""Single-flight: work that requests on one host share while it is under way, by its key."""

from typing import Any, Protocol

from simlib.engine.hosts import Replica
from simlib.engine.kernel import Callbacks, Kernel
from simlib.engine.stations import KieferWolfowitz
from simlib.engine.task import OnceFrame, Task, TaskRunner, stop_iteration
from simlib.scenario.effects import Once


class FlightRunner(TaskRunner, Protocol):
    """Driver of tasks, as seen by shared work."""

    on_resume: Callbacks
    """Callbacks of an event at which a task goes on with its ``value``."""


class SingleFlight:
    """Registry of shared work; each replica keeps its own in ``flights``."""

    def __init__(self, kernel: Kernel, driver: FlightRunner) -> None:
        self._kernel = kernel
        self._driver = driver

    def join_or_start(self, task: Task, effect: Once) -> Task | None:
        """Join work of this key or start it: the task when it goes on at once, None when it waits for the result."""
        host = task.host
        if host.station.__class__ is KieferWolfowitz:
            raise RuntimeError(f"host {host.name!r} promised known_on_arrival but shares work between requests")
        waiting = host.flights.get(effect.key)
        task.value = None
        if waiting is None:
            host.flights[effect.key] = []
            if effect.wait:
                task.frames.append(OnceFrame(task.send, effect.key))
                task.send = effect.work().send
            else:
                self._start_behind(task, effect)
            return task
        if not effect.wait:
            return task
        self._driver.release(task)
        waiting.append(task)
        if task.log is not None:
            task.log.joined += task.log.validating
        return None

    def _start_behind(self, task: Task, effect: Once) -> None:
        """Start work for which no task waits."""
        other = self._driver.new_task(-1, task.key)
        other.frames.append(OnceFrame(stop_iteration, effect.key))
        other.host = task.host
        other.send = effect.work().send
        self._resume(other, None)

    def finish(self, host: Replica, key: Any, value: Any) -> None:
        """Let all tasks go on that wait for work that is done."""
        for waiting in host.flights.pop(key):
            self._resume(waiting, value)

    def _resume(self, task: Task, value: Any) -> None:
        task.value = value
        task.callbacks = self._driver.on_resume
        self._kernel.schedule_at(task, self._kernel._now, task.key)
