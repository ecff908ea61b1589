"""Replaying a trace faster or denser, and how often one token is used."""

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.scenario.errors import InputError
from simlib.scenario.traces import Arrivals, Trace, compute_requests_per_token, replay

REQUESTS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 4)), min_size=2, max_size=60)
COPIES = st.integers(1, 7)


def trace_of(requests: list[tuple[int, int]], copies: int = 1, known: bool = True) -> Trace:
    """A trace with stamps of 1 s whose length is a multiple of ``copies``, so that shifts are whole numbers."""
    length = copies * (max(time for time, _ in requests) // copies + 1)
    ordered = sorted({(0, 0), (length - 1, 0)}) + requests
    ordered.sort()
    times = np.array([time for time, _ in ordered], dtype=np.float64)
    users = np.array([user for _, user in ordered], dtype=np.int64) if known else None
    return Trace("t.csv", "", "csv", times, users, 5 if known else 0, len(times), 0, (), 0, 1.0)


def uniforms(count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.random.default_rng(3).random(count)


def known_users(arrivals: Arrivals) -> list[int]:
    assert arrivals.users is not None
    return [int(user) for user in arrivals.users]


def by_user(times: list[float], users: list[int]) -> dict[int, list[float]]:
    pairs = sorted(zip(users, times, strict=True))
    return {user: [time for _, time in group] for user, group in groupby(pairs, key=lambda pair: pair[0])}


@given(REQUESTS)
def test_a_plain_replay_is_the_trace(requests: list[tuple[int, int]]) -> None:
    trace = trace_of(requests)
    arrivals = replay(trace)
    assert trace.users is not None
    assert (arrivals.times.tolist(), known_users(arrivals)) == (trace.times.tolist(), trace.users.tolist())
    assert arrivals.users_count == trace.users_count


@given(REQUESTS, COPIES, st.floats(1e-3, 1e6))
def test_a_speed_up_divides_the_times_and_nothing_else(
    requests: list[tuple[int, int]], copies: int, speed_up: float
) -> None:
    trace = trace_of(requests)
    jitter = uniforms(len(trace.times))
    slow = replay(trace, copies=copies, jitter=jitter)
    fast = replay(trace, copies=copies, jitter=jitter, speed_up=speed_up)
    np.testing.assert_allclose(fast.times * speed_up, slow.times, rtol=1e-12)
    assert known_users(fast) == known_users(slow)


@given(REQUESTS, COPIES)
def test_copies_multiply_requests_and_users_and_keep_each_users_pattern(
    requests: list[tuple[int, int]], copies: int
) -> None:
    trace = trace_of(requests, copies)
    assert trace.users is not None
    arrivals = replay(trace, copies=copies)
    assert len(arrivals.times) == copies * len(trace.times)
    assert arrivals.users_count == copies * trace.users_count
    assert bool((np.diff(arrivals.times) >= 0).all())
    assert 0 <= arrivals.times[0] <= arrivals.times[-1] < trace.length_s
    original = by_user(trace.times.tolist(), trace.users.tolist())
    copied = by_user(arrivals.times.tolist(), known_users(arrivals))
    assert len(copied) == copies * len(original)
    for user, times in copied.items():
        copy, owner = divmod(user, trace.users_count)
        shift = copy * trace.length_s / copies
        assert sorted((time - shift) % trace.length_s for time in times) == original[owner]


@given(REQUESTS, COPIES)
def test_jitter_keeps_every_request_inside_its_stamp(requests: list[tuple[int, int]], copies: int) -> None:
    trace = trace_of(requests, copies)
    arrivals = replay(trace, copies=copies, jitter=uniforms(len(trace.times)))
    stamped = replay(trace, copies=copies)
    assert by_user(np.floor(arrivals.times).tolist(), known_users(arrivals)) == by_user(
        stamped.times.tolist(), known_users(stamped)
    )
    assert len(set(arrivals.times.tolist())) == len(arrivals.times)


def test_jitter_is_a_fraction_of_the_resolution_of_the_stamps() -> None:
    trace = Trace("t.csv", "", "csv", np.array([0.0, 0.0, 2.5]), None, 0, 3, 0, (), 0, 0.1)
    arrivals = replay(trace, jitter=np.array([0.5, 0.0, 0.9]), speed_up=10.0)
    assert arrivals.times.tolist() == pytest.approx([0.0, 0.005, 0.259])


def test_the_largest_jitter_does_not_carry_the_last_request_over_the_end() -> None:
    trace = Trace("t.csv", "", "csv", np.array([0.0, 1e9]), None, 0, 2, 0, (), 0, 1.0)
    assert replay(trace, jitter=np.array([0.5, np.nextafter(1.0, 0.0)])).times[-1] >= 1e9


def test_users_that_a_trace_does_not_tell_stay_untold() -> None:
    arrivals = replay(trace_of([(1, 0), (5, 0)], known=False), copies=3)
    assert arrivals.users is None
    assert arrivals.users_count == 0


@pytest.mark.parametrize(
    ("speed_up", "copies", "jitter", "message"),
    [
        (0.0, 1, None, "speed_up = 0.0; allowed: a finite number above 0"),
        (float("inf"), 1, None, "speed_up = inf"),
        (float("nan"), 1, None, "speed_up = nan"),
        (1.0, 0, None, "copies = 0; allowed: 1 or more"),
        (1.0, 1, [0.5], "jitter; allowed: 2 numbers, 0 or more and below 1"),
        (1.0, 1, [0.5, 1.0], "jitter; allowed: 2 numbers"),
        (1.0, 1, [float("nan"), 0.5], "jitter; allowed: 2 numbers"),
    ],
)
def test_a_replay_out_of_range_is_refused(
    speed_up: float, copies: int, jitter: list[float] | None, message: str
) -> None:
    trace = Trace("t.csv", "", "csv", np.array([0.0, 9.0]), None, 0, 2, 0, (), 0, 1.0)
    with pytest.raises(InputError, match=f"^t.csv: {message}"):
        replay(trace, speed_up=speed_up, copies=copies, jitter=None if jitter is None else np.array(jitter))


def windows_by_hand(requests: list[tuple[int, int]], lifetime: float) -> int:
    windows = 0
    for user in {user for _, user in requests}:
        waiting = sorted(time for time, owner in requests if owner == user)
        while waiting:
            windows += 1
            waiting = [time for time in waiting[1:] if time >= waiting[0] + lifetime]
    return windows


@given(REQUESTS, st.integers(0, 60))
@settings(max_examples=80)
def test_requests_per_token_is_requests_over_greedy_windows_in_any_order(
    requests: list[tuple[int, int]], lifetime: int
) -> None:
    times = np.array([time for time, _ in requests], dtype=np.float64)
    users = np.array([user for _, user in requests], dtype=np.int64)
    found = compute_requests_per_token(times, users, float(lifetime))
    assert found == len(requests) / windows_by_hand(requests, lifetime)


def test_a_steady_user_makes_lifetime_over_gap_requests_per_token() -> None:
    times = np.arange(1000, dtype=np.float64)
    assert compute_requests_per_token(times, np.zeros(1000, dtype=np.int64), 10.0) == 10.0
    assert compute_requests_per_token(times, np.zeros(1000, dtype=np.int64), 0.0) == 1.0
    assert compute_requests_per_token(times, np.arange(1000), 10.0) == 1.0


def test_a_million_requests_have_as_many_windows_as_a_token_lasts() -> None:
    times = np.arange(1_000_000, dtype=np.float64)
    assert compute_requests_per_token(times, np.arange(1_000_000) % 1000, 20_000.0) == 20.0


@pytest.mark.parametrize("lifetime", [-1.0, float("nan")])
def test_a_token_lifetime_that_is_no_length_of_time_is_refused(lifetime: float) -> None:
    with pytest.raises(InputError, match="allowed: 0 or more"):
        compute_requests_per_token(np.zeros(1), np.zeros(1, dtype=np.int64), lifetime)


def test_no_requests_have_no_requests_per_token() -> None:
    with pytest.raises(InputError, match="over 0 requests"):
        compute_requests_per_token(np.zeros(0), np.zeros(0, dtype=np.int64), 1.0)
