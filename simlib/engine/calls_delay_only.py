"""Calls of which only the delay matters: for networks that charge no call and record none.

Queueing models without token traffic take this short way, which leaves out everything else that `Calls` does.
"""

from typing import Any

from simlib.engine.answers import convert_failure
from simlib.engine.calls import Calls
from simlib.engine.hosts import Route
from simlib.engine.kernel import Callbacks, Kernel
from simlib.engine.task import CallFrame, Task, TaskRunner
from simlib.scenario.effects import Call, Reply

_new_frame = tuple.__new__


class DelayOnlyCalls(Calls):
    """Short way for calls without timeout over links without connections; all others take the long way."""

    def __init__(self, kernel: Kernel, driver: TaskRunner) -> None:
        super().__init__(kernel, driver, call_row=None)
        self._advance = driver.advance
        self._on_returned: Callbacks = [self._resume_caller]
        self._on_there: Callbacks = [self._begin_at_callee]

    def call(self, task: Task, call: Call, route: Route) -> Task | None:
        """Send a call: it reaches the callee after half a round trip."""
        if call.timeout is not None or route.connections is not None or route.balance is not None:
            return super().call(task, call, route)
        task.effect = call
        task.route = route
        if task.held is not None:
            self._release(task)
        link = route.link
        one_way = (link.round_trip.take(task.place) if link.fixed is None else link.fixed) / 2
        now = self.kernel._now
        upcoming = task.host.upcoming
        task.frames.append(_new_frame(CallFrame, (task.send, task.host, route, one_way, now, 0)))
        task.host = route.replicas[0]
        end, first = now + one_way, upcoming[0]
        if end < first[0] or (end == first[0] and task.key < first[1]):
            self.kernel._now = end
            task.send = route.first(call.request).send
            task.value = None
            return task
        task.callbacks = self._on_there
        self.schedule_at(task, end, task.key)
        return None

    def _begin_at_callee(self, task: Task) -> None:
        task.send = task.route.first(task.effect.request).send
        self._advance(task, None)

    def answer(self, task: Task, frame: CallFrame, value: Any) -> Task | None:
        """Send an answer: it reaches the caller after the other half of the round trip."""
        if task.parent is not None or frame.route.connections is not None:
            return super().answer(task, frame, value)
        if task.held is not None:
            self._release(task)
        end, first = self.kernel._now + frame.one_way, task.host.upcoming[0]
        if end < first[0] or (end == first[0] and task.key < first[1]):
            self.kernel._now = end
            task.host = frame.host
            task.send = frame.send
            task.value = convert_failure(value) if value.__class__ is Reply else value
            return task
        task.frames.append(frame)
        task.value = value
        task.callbacks = self._on_returned
        self.schedule_at(task, end, task.key)
        return None

    def _resume_caller(self, task: Task) -> None:
        frame: CallFrame = task.frames.pop()  # type: ignore[assignment]  # a task that returns has its caller on top
        task.host = frame.host
        task.send = frame.send
        value = task.value
        self._advance(task, convert_failure(value) if value.__class__ is Reply else value)
