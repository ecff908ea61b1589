"""Driver: resumes generators of effects in simulated time, charges what they use, and records what happens.

No SimPy process per request: a request is one reusable event that carries a generator from station to link to
station. One event per service, one per link.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from simlib.engine.calls import Calls
from simlib.engine.costs import USED, DrawnColumn
from simlib.engine.hosts import Replica
from simlib.engine.kernel import Callbacks, Kernel
from simlib.engine.request_log import NAN, Mark
from simlib.engine.request_window import RequestWindow
from simlib.engine.single_flight import SingleFlight
from simlib.engine.stations import FifoEvents, KieferWolfowitz
from simlib.engine.task import RETIRED, CallFrame, OnceFrame, Task, TaskRunner
from simlib.engine.verification_cache import VerificationCache
from simlib.scenario.effects import Call, Compute, Draw, Once, Sleep, refuse_effect
from simlib.scenario.sinks import Row
from simlib.tokens import Verification


class Driver:
    """Runner of tasks. It works with hosts, links and effects; of tokens it handles `Verification` only.

    ``finish`` is called with every request that is done; ``calls`` builds what carries calls between hosts.
    """

    def __init__(
        self,
        kernel: Kernel,
        *,
        finish: Callable[[Task, Any, float], None],
        draw: Callable[[str], DrawnColumn],
        verifier: VerificationCache,
        calls: Callable[[Kernel, TaskRunner], Calls],
        visit_row: Callable[[Row], None] | None,
        horizon: float,
        window: RequestWindow,
    ) -> None:
        self._kernel = kernel
        self.window = window
        self._schedule_at = kernel.schedule_at
        self._horizon = horizon
        self._draw = draw
        self._drawn: dict[str, DrawnColumn] = {}
        self._finish = finish
        self._verify = verifier
        self._visit_row = visit_row
        self.spare: list[Task] = []
        self.tasks: list[Task] = []
        self._on_computed: Callbacks = [self._finish_computing]
        self.on_resume: Callbacks = [self._resume]
        self._flights = SingleFlight(kernel, self)
        self._calls = calls(kernel, self)
        self._call, self._answer = self._calls.call, self._calls.answer  # looked up once: used for every call

    def new_task(self, subject: int, key: int) -> Task:
        """A task that owns the variates of ``subject``; the caller schedules it."""
        if self.spare:
            task = self.spare.pop()
        else:
            task = Task(self._kernel)
            self.tasks.append(task)
        task.subject = subject
        task.place = self.window.find_place(subject)
        task.key = key
        return task

    def retire(self, task: Task) -> None:
        """Take back a task that carries nothing any more; it may carry something else."""
        task.log = None
        task.parent = None
        task.subject = RETIRED
        self.spare.append(task)

    def start(self, task: Task, host: Replica, flow: Any) -> None:
        """Run a generator on a host from now on."""
        task.host = host
        task.send = flow.send
        self.advance(task, None)

    # --- the heart -----------------------------------------------------------------------------------------------

    def advance(self, task: Task, value: Any) -> None:
        """Give the task's generator an answer and carry it to its next wait.

        One loop for all that the task does until then, here and at the hosts that it calls: a request takes some twenty
        rounds of it, and another call of a function in each would be felt.
        """
        kernel = self._kernel
        while True:  # once per host
            send, host, place = task.send, task.host, task.place
            station, costs, upcoming = host.station, host.costs, host.upcoming
            form, served = station.__class__, False
            while True:  # once per effect
                try:
                    effect = send(value)
                except StopIteration as stop:
                    value = stop.value
                    if task.frames:
                        ready = self._return(task, task.frames.pop(), value)
                        break
                    if task.held is not None:
                        self.release(task)
                    if place >= 0:
                        self._finish(task, value, kernel._now)
                    task.subject = RETIRED
                    self.spare.append(task)
                    return
                kind = effect.__class__
                if kind is Compute:
                    operation, work = effect
                elif kind is Call:
                    route = host.routes[effect.target]
                    if route.local is None:
                        ready = self._call(task, effect, route)
                        break
                    operation = route.local.operation_of(effect.request)
                    work = partial(route.local.execute, effect.request)
                elif kind is Mark:
                    value = None
                    if task.log is not None:
                        effect.note(task.log, kernel._now)
                    continue
                else:
                    ready = self._perform(task, effect)
                    break
                if station is None:
                    value = None if work is None else work()
                    continue
                cost = costs[operation]
                seconds = cost.values[place]
                if seconds >= 0.0:
                    cost.values[place] = USED - seconds
                else:
                    seconds = cost.take_further(place)
                if form is FifoEvents:
                    if task.held is None and not self._begin_visit(task, station, seconds, work):
                        return
                    end, first = kernel._now + seconds, upcoming[0]
                    if end > first[0] or (end == first[0] and task.key >= first[1]):
                        task.work, task.callbacks = work, self._on_computed
                        self._schedule_at(task, end, task.key)
                        return
                    kernel._now = end
                elif form is KieferWolfowitz and not served:
                    served, now = True, kernel._now
                    # Look ahead: nothing that happens until the end, which is known, can change what the job does. The
                    # event list sets the clock anew for its next event, so the present may run ahead for the rest.
                    kernel._now = station.serve(seconds, now)  # type: ignore[attr-defined]
                    if self._visit_row is not None:
                        self._write_visit(task, host, now, kernel._now)
                else:
                    self._enter(task, station, seconds, work)
                    return
                if work is None:
                    value = None
                else:
                    value = self._verify(work, host.name) if work.__class__ is Verification else work()
            if ready is None:
                return
            task, value = ready, ready.value

    def _begin_visit(self, task: Task, station: Any, seconds: float, work: Any) -> bool:
        """Take a worker, or wait for one; whether the task is served at once."""
        now = self._kernel._now
        task.held = station
        task.entered = now
        if station.begin(task, seconds, now):
            return True
        task.work, task.callbacks = work, self._on_computed
        return False

    def _enter(self, task: Task, station: Any, seconds: float, work: Any) -> None:
        """Serve the task at a station of any other form, which makes it fire at the end."""
        if station.__class__ is KieferWolfowitz:
            raise RuntimeError(f"host {task.host.name!r} promised known_on_arrival but computed twice in one visit")
        task.work, task.callbacks = work, self._on_computed
        now = self._kernel._now
        if task.held is None:
            task.held = station
            task.entered = now
            station.enter(task, seconds, now)
        else:
            station.extend(task, seconds, now)

    def _return(self, task: Task, frame: CallFrame | OnceFrame, value: Any) -> Task | None:
        """A generator of the task has returned to another: the task that goes on, None when it waits."""
        if frame.__class__ is CallFrame:
            return self._answer(task, frame, value)
        self._flights.finish(task.host, frame.key, value)  # type: ignore[union-attr]
        task.send = frame.send
        task.value = value
        return task

    def _finish_computing(self, task: Task) -> None:
        work = task.work
        if work is None:
            self.advance(task, None)
        elif work.__class__ is Verification:
            self.advance(task, self._verify(work, task.host.name))
        else:
            self.advance(task, work())

    def _resume(self, task: Task) -> None:
        self.advance(task, task.value)

    def _perform(self, task: Task, effect: Any) -> Task | None:
        """Perform an effect that is neither work nor call nor mark: the task with its answer, None when it waits."""
        kind = effect.__class__
        if kind is Once:
            return self._flights.join_or_start(task, effect)
        if kind is Draw:
            task.value = self._draw_column(f"{task.host.name}.{effect.name}").take(task.place)
            return task
        if kind is Sleep:
            self.release(task)
            task.value = None
            task.callbacks = self.on_resume
            self._schedule_at(task, self._kernel._now + effect.seconds, task.key)
            return None
        refuse_effect(task.send, effect)

    def _draw_column(self, purpose: str) -> DrawnColumn:
        if purpose not in self._drawn:
            self._drawn[purpose] = self._draw(purpose)
        return self._drawn[purpose]

    def release(self, task: Task) -> None:
        """Give the worker back, if the task holds one."""
        held = task.held
        if held is not None:
            now = self._kernel._now
            task.held = None
            held.leave(task, now)
            if self._visit_row is not None:
                self._write_visit(task, task.host, task.entered, now)

    def _write_visit(self, task: Task, host: Replica, arrival: float, end: float) -> None:
        assert self._visit_row is not None
        self._visit_row((task.subject, host.name_id, host.index, arrival, end if end < self._horizon else NAN))

    def write_thread_visit(self, task: Task, since: float, now: float) -> None:
        """Record that a request has given its thread back."""
        if self._visit_row is not None:
            self._visit_row((task.subject, task.host.threads_id, task.host.index, since, now))

    def charge(self, task: Task, operations: tuple[str, ...], then: Callbacks) -> bool:
        """Serve the task on its host's station for some operations: True when they are over, else ``then`` is called.

        The last thing that an event does for its task, as the clock may have run ahead to their end.
        """
        host, place = task.host, task.place
        costs = host.costs
        seconds = 0.0
        for operation in operations:
            cost = costs[operation]
            drawn = cost.values[place]
            if drawn >= 0.0:
                cost.values[place] = USED - drawn
            else:
                drawn = cost.take_further(place)
            seconds += drawn
        station: Any = host.station
        now = self._kernel._now
        task.callbacks = then
        held = task.held is not None
        if not held:
            task.held = station
            task.entered = now
        if station.__class__ is not FifoEvents:
            (station.extend if held else station.enter)(task, seconds, now)
            return False
        if not held and not station.begin(task, seconds, now):
            return False
        end, first = now + seconds, host.upcoming[0]
        if end < first[0] or (end == first[0] and task.key < first[1]):
            self._kernel._now = end
            return True
        self._schedule_at(task, end, task.key)
        return False

    def write_unfinished(self) -> None:
        """Write the calls that are still under way and the jobs still at a station."""
        for task in self.tasks:
            self._calls.write_unanswered(task, self._horizon)
            if task.held is not None and self._visit_row is not None:
                self._write_visit(task, task.host, task.entered, NAN)
