"""Bounds of validators: for how long a token is accepted after its expiry and its revocation, under any schedule."""

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.contracts import bounds, worst_cases
from support.cases import EVERY_PART, VARIED, Case, VariedCase, any_settings, name_of, with_lifetimes

seconds = st.sampled_from(bounds.DURATIONS_S) | st.floats(0.0, 40.0)
numbers = st.integers(0, 3)
actions = st.lists(
    st.one_of(
        st.tuples(st.just("issue")),
        st.tuples(st.just("present"), numbers),
        st.tuples(st.just("present"), numbers),
        st.tuples(st.just("advance"), seconds),
        st.tuples(st.just("revoke"), numbers),
        st.tuples(st.just("slow"), seconds, seconds),
        st.tuples(st.just("outage"), st.booleans()),
        st.tuples(st.just("cut")),
    ),
    max_size=25,
)
EACH_PART = pytest.mark.parametrize("case", EVERY_PART, ids=name_of)


@EACH_PART
@given(data=st.data())
@settings(max_examples=25)
def test_no_schedule_breaks_the_bounds(case: Case, data: st.DataObject) -> None:
    varied = data.draw(any_settings(case))
    stepped = varied.build(lifetime_s=data.draw(st.sampled_from(bounds.LIFETIMES_S)))
    bounds.check_bounds(stepped, data.draw(actions))


@EACH_PART
@given(data=st.data())
@settings(max_examples=12)
def test_a_valid_token_is_accepted_as_long_as_the_server_answers_at_once(case: Case, data: st.DataObject) -> None:
    varied = with_room(data.draw(any_settings(case)))
    stepped = varied.build(lifetime_s=data.draw(st.sampled_from(bounds.LIFETIMES_S)))
    bounds.check_availability(stepped, data.draw(actions))


def with_room(varied: VariedCase) -> VariedCase:
    """The same with room for every token: without calls a validator cannot find again what it had no room for."""
    kind = varied.case.validator
    if "capacity" in {each.name for each in fields(kind.Settings)} and not getattr(varied.settings, "ask", True):
        return varied._replace(settings=replace(varied.settings, capacity=kind.Settings().capacity))
    return varied


@pytest.mark.parametrize(("varied", "lifetime_s"), with_lifetimes(), ids=name_of)
def test_a_worst_case_reaches_nine_tenths_of_the_bound(varied: VariedCase, lifetime_s: float) -> None:
    worst_cases.check_revocation_bound(varied, lifetime_s)


@pytest.mark.parametrize("varied", VARIED, ids=name_of)
def test_a_token_is_accepted_after_its_expiry_for_the_declared_leeway_and_no_longer(varied: VariedCase) -> None:
    worst_cases.check_expiry_bound(varied)
