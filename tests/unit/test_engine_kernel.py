"""The kernel sits on SimPy's own event list; these tests say what it relies on there, and what it adds."""

from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from simpy import Environment
from simpy.events import NORMAL, URGENT

from simlib.engine.kernel import Kernel, Occurrence
from simlib.engine.links import Timeouts
from simlib.engine.task import Task


def test_simpy_keeps_its_events_as_the_kernel_supposes() -> None:
    environment = Environment()
    late, early = environment.timeout(5.0), environment.timeout(3.0)
    # A heap of (time, priority, number, event), the number from one counter, the present in _now.
    assert environment._queue == [(3.0, NORMAL, 1, early), (5.0, NORMAL, 0, late)]
    assert type(environment._eid) is type(count())
    assert next(environment._eid) == 2
    seen: list[float] = []
    early.callbacks.append(lambda _: seen.append(environment._now))
    environment.step()
    assert seen == [3.0] == [environment._now]
    # An event fires by its callbacks, which are then gone, and raises unless it is ok.
    assert early.callbacks is None
    assert early._ok


def test_a_run_stops_before_all_that_happens_at_its_end() -> None:
    assert URGENT == 0
    kernel, seen = Kernel(), []
    for key in (1, 5):
        kernel.schedule_at(Occurrence(kernel, [lambda _, key=key: seen.append(key)]), 2.0, key)
    kernel.schedule_at(Occurrence(kernel, [lambda _: seen.append("before")]), 2.0, -1)
    kernel.run(until=2.0)
    assert (seen, kernel.now) == (["before"], 2.0)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=30))
def test_events_fire_by_time_then_key_then_order_of_scheduling(events: list[tuple[int, int]]) -> None:
    kernel, seen = Kernel(), []
    for number, (time, key) in enumerate(events):
        kernel.schedule_at(Occurrence(kernel, [lambda _, n=number: seen.append(n)]), time / 4, key)
    kernel.run(until=10.0)
    assert seen == sorted(range(len(events)), key=lambda n: (*events[n], n))


def test_an_occurrence_can_be_used_again_and_time_is_exact() -> None:
    kernel, seen = Kernel(), []
    instants = [0.1, 0.1 + 0.2, 1 / 3 + 0.2, 1e6 + 0.1]
    occurrence = Occurrence(kernel)

    def again(_: Any) -> None:
        seen.append(kernel.now)
        if len(seen) < len(instants):
            occurrence.callbacks = [again]
            kernel.schedule_at(occurrence, instants[len(seen)], 0)

    occurrence.callbacks = [again]
    kernel.schedule_at(occurrence, instants[0], 0)
    kernel.run(until=2e6)
    assert seen == instants  # a delay added to the present would have lost the last bits


# --- clocks of callers ---


def waiting(kernel: Kernel, key: int) -> Task:
    task = Task(kernel)
    task.key = key
    return task


@given(
    st.lists(
        st.tuples(
            st.integers(0, 8),  # when it is set
            st.sampled_from([1.0, 2.0]),  # how long it runs
            st.integers(0, 8),  # whose
            st.one_of(st.none(), st.integers(0, 6)),  # when the answer comes after it was set
            st.integers(0, 3),  # how far ahead the caller looks
        ),
        max_size=25,
    )
)
def test_each_clock_that_runs_out_fires_once_in_time_and_in_order(
    clocks: list[tuple[int, float, int, int | None, int]],
) -> None:
    kernel = Kernel()
    fired: list[tuple[float, int, int]] = []
    names: dict[int, int] = {}

    def fire(clock: Any) -> None:
        fired.append((kernel.now, clock.waiting.key, names[id(clock)]))
        clock.waiting = None
        kernel._now += 5.0  # whoever goes on may look ahead

    timeouts = Timeouts(kernel, fire)
    kept, expected = [], []
    for number, (at, seconds, key, answer, ahead) in enumerate(clocks):

        def begin(_: Any, number: int = number, seconds: float = seconds, key: int = key, ahead: int = ahead) -> None:
            kernel._now += ahead / 4
            clock = timeouts.start(waiting(kernel, key), seconds)
            kept.append(clock)
            names[id(clock)] = number
            answer = clocks[number][3]
            if answer is not None:
                kernel.schedule_at(
                    Occurrence(kernel, [lambda _: setattr(clock, "waiting", None)]), kernel._now + answer / 4, key
                )

        kernel.schedule_at(Occurrence(kernel, [begin]), at / 4, key)
        start = at / 4 + ahead / 4
        if answer is None or answer / 4 >= seconds:  # an answer at the very instant is too late
            expected.append((start + seconds, key, number))
    kernel.run(until=1000.0)
    assert sorted(fired) == sorted(expected)
    assert [(time, key) for time, key, _ in fired] == sorted((time, key) for time, key, _ in fired)


def test_most_clocks_cost_no_event() -> None:
    kernel = Kernel()
    timeouts = Timeouts(kernel, lambda clock: None)
    for number in range(1000):
        timeouts.start(waiting(kernel, number), 10.0).waiting = None
    assert len(kernel._queue) == 1
