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
from simlib.engine.stations import KieferWolfowitz
from simlib.engine.task import RETIRED, CallFrame, OnceFrame, Task, TaskRunner, stop_iteration
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
    ) -> None:
        self._kernel = kernel
        self._horizon = horizon
        self._draw = draw
        self._drawn: dict[str, DrawnColumn] = {}
        self._finish = finish
        self._verify = verifier
        self._visit_row = visit_row
        self.spare: list[Task] = []
        self.tasks: list[Task] = []
        self._on_computed: Callbacks = [self._finish_computing]
        self._on_resume: Callbacks = [self._resume]
        self._calls = calls(kernel, self)

    def new_task(self, subject: int, key: int) -> Task:
        """A task that owns the variates of ``subject``; the caller schedules it."""
        if self.spare:
            task = self.spare.pop()
        else:
            task = Task(self._kernel)
            self.tasks.append(task)
        task.subject = subject
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
        """Give the task's generator an answer and carry it to its next wait."""
        kernel = self._kernel
        send = task.send
        served = False
        while True:
            try:
                effect = send(value)
            except StopIteration as stop:
                frames = task.frames
                if not frames:
                    if task.held is not None:
                        self.release(task)
                    if task.subject >= 0:
                        self._finish(task, stop.value, kernel._now)
                    task.subject = RETIRED
                    self.spare.append(task)
                    return
                frame = frames.pop()
                if isinstance(frame, CallFrame):
                    self._calls.answer(task, frame, stop.value)
                    return
                value = stop.value
                self._finish_once(task.host, frame.key, value)
                send = task.send = frame.send
                continue
            kind = effect.__class__
            if kind is Compute:
                operation, work = effect
            elif kind is Call:
                route = task.host.routes[effect.target]
                local = route.local
                if local is None:
                    self._calls.call(task, effect, route)
                    return
                request = effect.request
                operation = local.operation_of(request)
                work = partial(local.execute, request)
            else:
                waits, value = self._perform(task, effect)
                if waits:
                    return
                send = task.send
                continue
            host = task.host
            station = host.station
            if station is None:
                value = None if work is None else work()
                continue
            cost = host.costs[operation]
            subject = task.subject
            seconds = cost.values[subject]
            if seconds >= 0.0:
                cost.values[subject] = USED - seconds
            else:
                seconds = cost.take_further(subject)
            now = kernel._now
            if station.__class__ is KieferWolfowitz:
                if served:
                    raise RuntimeError(f"host {host.name!r} promised known_on_arrival but computed twice in one visit")
                served = True
                end = station.serve(seconds, now)
                # Look ahead: nothing that happens until then can change what the job does. The event list sets the
                # clock anew for its next event, so the present may run ahead for the rest of this one.
                kernel._now = end
                if self._visit_row is not None:
                    self._write_visit(task, host, now, end)
                if work is None:
                    value = None
                else:
                    value = self._verify(work, host.name) if work.__class__ is Verification else work()
                continue
            task.work = work
            task.callbacks = self._on_computed
            if task.held is None:
                task.held = station
                task.entered = now
                station.enter(task, seconds, now)
            else:
                station.extend(task, seconds, now)
            return

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

    def _perform(self, task: Task, effect: Any) -> tuple[bool, Any]:
        """Perform an effect that is neither work nor call: whether the task waits now, else the answer."""
        kind = effect.__class__
        if kind is Mark:
            if task.log is not None:
                effect.note(task.log, self._kernel._now)
            return False, None
        if kind is Once:
            return self._join_or_start(task, effect)
        if kind is Draw:
            return False, self._draw_column(f"{task.host.name}.{effect.name}").take(task.subject)
        if kind is Sleep:
            self.release(task)
            task.value = None
            task.callbacks = self._on_resume
            self._kernel.schedule_at(task, self._kernel._now + effect.seconds, task.key)
            return True, None
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

    def charge(self, task: Task, operations: tuple[str, ...], then: Callbacks) -> None:
        """Serve the task on its host's station for some operations, then go on with ``then``."""
        task.callbacks = then
        host = task.host
        seconds = 0.0
        for operation in operations:
            seconds += host.costs[operation].take(task.subject)
        station = host.station
        assert station is not None
        now = self._kernel._now
        if task.held is None:
            task.held = station
            task.entered = now
            station.enter(task, seconds, now)
        else:
            station.extend(task, seconds, now)

    def _join_or_start(self, task: Task, effect: Once) -> tuple[bool, Any]:
        flights = task.host.flights
        waiting = flights.get(effect.key)
        if task.host.station.__class__ is KieferWolfowitz:
            raise RuntimeError(f"host {task.host.name!r} promised known_on_arrival but shares work between requests")
        if waiting is None:
            flights[effect.key] = []
            if effect.wait:
                task.frames.append(OnceFrame(task.send, effect.key))
                task.send = effect.work().send
            else:
                self._start_behind(task, effect)
            return False, None
        if not effect.wait:
            return False, None
        self.release(task)
        waiting.append(task)
        if task.log is not None:
            task.log.joined += task.log.validating
        return True, None

    def _start_behind(self, task: Task, effect: Once) -> None:
        """Start a single-flight work for which no task waits."""
        other = self.new_task(-1, task.key)
        other.frames.append(OnceFrame(stop_iteration, effect.key))
        other.host = task.host
        other.send = effect.work().send
        other.value = None
        other.callbacks = self._on_resume
        self._kernel.schedule_at(other, self._kernel._now, other.key)

    def _finish_once(self, host: Replica, key: Any, value: Any) -> None:
        for waiting in host.flights.pop(key):
            waiting.value = value
            waiting.callbacks = self._on_resume
            self._kernel.schedule_at(waiting, self._kernel._now, waiting.key)

    def write_unfinished(self) -> None:
        """Write the calls that are still under way and the jobs still at a station."""
        for task in self.tasks:
            self._calls.write_unanswered(task, self._horizon)
            if task.held is not None and self._visit_row is not None:
                self._write_visit(task, task.host, task.entered, NAN)
