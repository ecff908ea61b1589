"""Calls between hosts: both ends are charged, the link takes its time, connections are kept, callers may time out."""

from collections.abc import Callable
from typing import Any

from simlib.engine.answers import convert_failure, discard_answer
from simlib.engine.costs import USED
from simlib.engine.hosts import Route, Threads
from simlib.engine.kernel import NEVER, Callbacks, Kernel
from simlib.engine.links import Connections, Timeouts
from simlib.engine.request_log import NAN
from simlib.engine.task import RETIRED, CallFrame, Task, TaskRunner, Timeout
from simlib.scenario.effects import Call, Failed, Reply
from simlib.scenario.messages import StoreReply
from simlib.scenario.records import GIVEN_UP
from simlib.scenario.sinks import Row

CONNECT_OUT, CONNECT_IN = ("http.connect_out",), ("http.connect_in",)


_new_frame = tuple.__new__  # the same as CallFrame(...), without the detour through its generated __new__


class Calls:
    """Carrier of a task from the caller to the callee and back.

    A call without a timeout travels with its own task. A call with one gets a task of its own, so that the callee goes
    on working when its caller has given up.

    Every step returns the task that goes on at once, with its ``value``, or None when the task waits for an event: so
    a call whose steps run ahead of the event list (see `Kernel`) is carried through by the driver's one loop.
    """

    def __init__(self, kernel: Kernel, driver: TaskRunner, call_row: Callable[[Row], None] | None):
        self.kernel = kernel
        self.schedule_at = kernel.schedule_at
        self.driver = driver
        self._charge = driver.charge
        self._release = driver.release
        self._spare = driver.spare
        self._call_row = call_row
        self._on_left = self.make_callbacks(self._leave)
        self._on_connected = self.make_callbacks(self._finish_connecting)
        self._on_arrived = self.make_callbacks(self._arrive)
        self.on_begin = self.make_callbacks(self._begin)
        self._on_answered = self.make_callbacks(self._finish_call)
        self._timeouts = Timeouts(kernel, self._time_out)

    def make_callbacks(self, step: Callable[[Task], Task | None]) -> Callbacks:
        """Callbacks of an event at which a step is due."""
        advance = self.driver.advance

        def fire(task: Task) -> None:
            ready = step(task)
            if ready is not None:
                advance(ready, ready.value)

        return [fire]

    def call(self, task: Task, call: Call, route: Route) -> Task | None:
        """Send the call of a task to another host."""
        task.effect = call
        task.route = route
        operations = route.call_out
        if operations and task.host.station is not None and not self._charge(task, operations, self._on_left):
            return None
        return self._leave(task)

    def _leave(self, task: Task) -> Task | None:
        if task.held is not None:
            self._release(task)
        call: Call = task.effect
        if call.timeout is not None:
            task = self._detach(task, call, call.timeout)
        connections = task.route.connections
        if connections is None:
            return self._dispatch(task, 0.0, task.host.upcoming)
        return self._connect(task, connections)

    def _detach(self, task: Task, call: Call, timeout: float) -> Task:
        carrier = self._spare.pop() if self._spare else self.driver.new_task(task.subject, task.key)
        carrier.subject, carrier.place, carrier.key, carrier.log = task.subject, task.place, task.key, task.log
        carrier.parent = self._timeouts.start(task, timeout)
        carrier.effect = call
        carrier.route = task.route
        carrier.host = task.host
        carrier.send = discard_answer
        return carrier

    # --- connections ---------------------------------------------------------------------------------------------

    def _connect(self, task: Task, connections: Connections) -> Task | None:
        taken = connections.acquire(self.kernel._now)
        if taken == "reused":
            return self._dispatch(task, 0.0, task.host.upcoming)
        if taken == "full":
            connections.waiting.append(task)
            return None
        if task.route.call_out and task.host.station is not None:
            return self._finish_connecting(task) if self._charge(task, CONNECT_OUT, self._on_connected) else None
        return self._finish_connecting(task)

    def _finish_connecting(self, task: Task) -> Task | None:
        """The caller has done its part of opening a connection; the rest is round trips."""
        if task.held is not None:
            self._release(task)
        return self._dispatch(task, task.route.link.connect_round_trips, task.host.upcoming)

    # --- there ---------------------------------------------------------------------------------------------------

    def _dispatch(self, task: Task, round_trips: float, upcoming: list[Any]) -> Task | None:
        """Put the call on the link; it may run ahead of the events of ``upcoming``."""
        route = task.route
        link = route.link
        callee, place = route.replicas[0], task.place
        balance = route.balance
        if balance is not None:
            drawn = balance.values[place]
            if drawn >= 0.0:  # `DrawnColumn.take`, written out here and below
                balance.values[place] = USED - drawn
            else:
                drawn = balance.take_further(place)
            callee = route.replicas[int(drawn * len(route.replicas))]
        round_trip = link.fixed
        if round_trip is None:
            column = link.round_trip
            round_trip = column.values[place]
            if round_trip >= 0.0:
                column.values[place] = USED - round_trip
            else:
                round_trip = column.take_further(place)
        one_way = round_trip / 2
        delay = one_way if round_trips == 0.0 else one_way + round_trips * round_trip
        size = 0
        log = task.log
        if log is not None or self._call_row is not None or link.bandwidth is not None:
            size = link.head_out + task.effect.request.size
            if link.bandwidth is not None:
                delay += link.compute_transmission_time(size)
            if log is not None:
                log.bytes += size
                log.asked += log.validating and route.asks
        now = self.kernel._now
        task.frames.append(_new_frame(CallFrame, (task.send, task.host, route, one_way, now, size)))
        task.host = callee
        task.new_connection = round_trips > 0.0
        end, first = now + delay, upcoming[0]
        if end < first[0] or (end == first[0] and task.key < first[1]):
            self.kernel._now = end
            return self._arrive(task) if route.call_in or callee.threads is not None else self._begin(task)
        task.callbacks = self._on_arrived if route.call_in or callee.threads is not None else self.on_begin
        self.schedule_at(task, end, task.key)
        return None

    def _arrive(self, task: Task) -> Task | None:
        threads = task.host.threads
        return self._admit(task) if threads is None or threads.enter(task, self.kernel._now) else None

    def _admit(self, task: Task) -> Task | None:
        """The callee has a thread for the request, if it needs one."""
        operations = task.route.call_in
        if operations and task.host.station is not None:
            if task.new_connection:
                operations += CONNECT_IN
            if not self._charge(task, operations, self.on_begin):
                return None
        return self._begin(task)

    def _leave_thread(self, task: Task, threads: Threads) -> None:
        now = self.kernel._now
        since, following = threads.leave(task, now)
        self.driver.write_thread_visit(task, since, now)
        if following is not None:
            # In the middle of an event, so nothing may run ahead; at a host with threads nothing does.
            ready = self._admit(following)
            if ready is not None:
                self.driver.advance(ready, ready.value)

    def _begin(self, task: Task) -> Task:
        task.send = task.host.handlers[task.route.target](task.effect.request).send
        task.value = None
        return task

    # --- and back ------------------------------------------------------------------------------------------------

    def answer(self, task: Task, frame: CallFrame, value: Any) -> Task | None:
        """Send the callee's answer back over the link."""
        threads = task.host.threads
        if threads is not None:
            if task.held is not None:
                self._release(task)
            self._leave_thread(task, threads)
        return self._send_back(task, frame, value)

    def _send_back(self, task: Task, frame: CallFrame, value: Any) -> Task | None:
        if task.held is not None:
            self._release(task)
        delay = frame.one_way
        log = task.log
        link = frame.route.link
        if log is not None or self._call_row is not None or link.bandwidth is not None:
            size = link.head_back + value.size
            if link.bandwidth is not None:
                delay += link.compute_transmission_time(size)
            task.reply_bytes = size
            if log is not None:
                log.bytes += size
        end, first = self.kernel._now + delay, task.host.upcoming[0]
        if end < first[0] or (end == first[0] and task.key < first[1]):
            self.kernel._now = end
            return self._hand_answer(task, frame, value)
        task.frames.append(frame)
        task.value = value
        task.callbacks = self._on_answered
        self.schedule_at(task, end, task.key)
        return None

    def _finish_call(self, task: Task) -> Task | None:
        frame = task.frames.pop()
        assert frame.__class__ is CallFrame
        return self._hand_answer(task, frame, task.value)

    def _hand_answer(self, task: Task, frame: CallFrame, value: Any) -> Task | None:
        """The answer has reached the caller."""
        connections = frame.route.connections
        if connections is not None:
            self._hand_over(connections)
        if self._call_row is not None:
            self._write_row(task, frame, task.host.index, self.kernel._now, value.status, task.reply_bytes)
        kind = value.__class__
        if kind is StoreReply or (kind is Reply and value.status >= 429):
            value = convert_failure(value)
        clock = task.parent
        if clock is not None and frame.send is discard_answer:
            return self._deliver(task, clock, value)
        task.host = frame.host
        task.send = frame.send
        task.value = value
        return task

    def _hand_over(self, connections: Connections) -> None:
        """Pass the connection on to the longest waiting call whose caller has not given up."""
        while (taker := connections.release(self.kernel._now)) is not None:
            if taker.parent is None or taker.parent.waiting is not None:
                self._dispatch(taker, 0.0, NEVER)  # in the middle of an event
                return
            self.driver.retire(taker)

    # --- giving up -----------------------------------------------------------------------------------------------

    def _deliver(self, carrier: Task, clock: Timeout, value: Any) -> Task | None:
        waiting = clock.waiting
        clock.waiting = None
        carrier.log = carrier.parent = None  # `Driver.retire`, written out
        carrier.subject = RETIRED
        self._spare.append(carrier)
        if waiting is not None:
            waiting.value = value
        return waiting

    def _time_out(self, clock: Timeout) -> None:
        waiting = clock.waiting
        if waiting is not None:
            clock.waiting = None
            self.driver.advance(waiting, Failed("timed_out"))

    # --- rows ----------------------------------------------------------------------------------------------------

    def _write_row(
        self, task: Task, frame: CallFrame, replica: int, received: float, status: int, reply_bytes: int
    ) -> None:
        assert self._call_row is not None
        if task.parent is not None and frame.send is discard_answer and task.parent.waiting is None:
            status = GIVEN_UP
        self._call_row(
            (
                task.subject,
                frame.route.target_id,
                frame.host.name_id,
                frame.route.host_id,
                replica,
                frame.sent,
                received,
                status,
                frame.request_bytes,
                reply_bytes,
            )
        )

    def write_unanswered(self, task: Task, horizon: float) -> None:
        """At the end of a run: the calls that this task has under way."""
        if self._call_row is not None:
            frames = [frame for frame in task.frames if isinstance(frame, CallFrame)]
            # The callee of a call is where the next one was made; of the last, where the task is now.
            callees = [*(frame.host for frame in frames[1:]), task.host] if frames else []
            for frame, callee in zip(frames, callees, strict=True):
                if frame.sent < horizon:
                    self._write_row(task, frame, callee.index, NAN, 0, 0)
