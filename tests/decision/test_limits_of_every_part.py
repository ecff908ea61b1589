"""Limits that follow from settings, for every part: just below its bound refused, just above it met, and the values
that a refusal names, put at their keys into the file, make the design keep the limit."""

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.decision.gain.outages import compute_availability, compute_share_served_in_outage
from simlib.decision.limits import LimitOutcome, check_structural_limits, read_properties
from simlib.decision.promises import compute_bounds
from simlib.experiment.sweep import change_scenario
from simlib.scenario.economics import find_likely
from simlib.scenario.errors import InputError
from simlib.scenario.scenario import Scenario
from simlib.strategies import VALIDATORS, WRAPPERS
from support.pairs import PAIRS, settings_of
from support.scenarios import design_of, scenario
from support.worlds import constant, link

HITS, HEADER = 0.5, 900.0
WORLD = {
    "world__shared_store": {"link": link(), "work": constant(0.0), "call": constant(0.0)},
    "world__gateway": {"work": constant(0.0)},
    "world__service__sensitive_share": 0.1,
    "world__regions": {"names": ["eu", "us"], "shares": [0.5, 0.5], "round_trips": {"eu-us": constant(0.01)}},
    "world__clients": [{"kind": "web", "share": 1.0, "session": constant(500.0)}],
}


def judge(made: Scenario) -> LimitOutcome:
    """The outcome of the one limit that a scenario with one design states."""
    design = made.design("it")
    properties = read_properties(made, design, compute_bounds(made, design), HITS, HEADER)
    (outcome,) = check_structural_limits(made, design, properties)
    return outcome


def list_limits(design: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Limits around the bounds of a design, and how each must end ("": either, but a refusal names what would do)."""
    made = scenario(designs={"it": design}, **WORLD)
    yield {"opaque_to_clients": True}, ""
    yield {"no_as_dependency": True}, ""
    served = compute_share_served_in_outage(made, made.design("it"), HITS)
    observed = compute_availability(find_likely(made.terms.outage_hours_per_year), served)
    yield {"availability": observed * (1 - 1e-6)}, "met"
    if observed < 1:
        yield {"availability": observed + (1 - observed) * 0.01}, "broken"
    lag = compute_bounds(made, made.design("it")).after_revocation_s
    if math.isinf(lag):
        yield {"revocation_lag_s": 10.0}, "broken"
    else:
        yield {"revocation_lag_s": lag * 1.001}, "met"
        if lag > 2:  # no token in a file lives for less
            yield {"revocation_lag_s": lag * 0.999}, "broken"


def check(design: dict[str, Any]) -> None:
    for limits, word in list_limits(design):
        made = scenario(designs={"it": design}, limits=limits, **WORLD)
        outcome = judge(made)
        assert outcome.word in ([word] if word else ["met", "broken"]), limits
        assert bool(outcome.remedies) == (outcome.word == "broken"), outcome
        for remedy in outcome.remedies:
            changed = change_scenario(made, {change.key: change.value for change in remedy})
            assert judge(changed).word == "met", remedy
        for change in outcome.remedies[0] if outcome.remedies else ():
            assert f"{change.label} = " in outcome.reason


def place(validator: type[Any], issuer: type[Any]) -> dict[str, Any]:
    is_service = validator.name in VALIDATORS
    made = {**design_of(validator.name if is_service else "jwt_local", issuer.name), "token_lifetime_s": 300.0}
    sources = VALIDATORS[made["service"]["part"]].user_information_sources
    possible = getattr(issuer, "user_information_sources", sources)
    made["user_information"] = next(source for source in sources if source in possible)
    return made if is_service else {**made, "gateway": {"part": validator.name}}


@pytest.mark.parametrize(("validator", "issuer"), PAIRS, ids=lambda kind: str(kind.name))
def test_limits_around_the_bounds_of_every_part(validator: type[Any], issuer: type[Any]) -> None:
    check(place(validator, issuer))


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_limits_around_the_bounds_of_every_wrapper(wrapper: str) -> None:
    for validator, issuer in (("jwt_local", "jwt_access_token"), ("opaque_cached", "reference_token")):
        design = {**design_of(validator, issuer), "token_lifetime_s": 300.0, "wrappers": [{"part": wrapper}]}
        try:
            scenario(designs={"it": design}, **WORLD)
        except InputError:  # a wrapper of the other format
            continue
        check(design)


@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_limits_around_the_bounds_under_any_settings(data: st.DataObject) -> None:
    validator, issuer = data.draw(st.sampled_from(PAIRS))
    design = place(validator, issuer)
    where = "service" if validator.name in VALIDATORS else "gateway"
    drawn = {name: value for name, value in asdict(data.draw(settings_of(validator))).items() if value is not None}
    listed = {name: list(value) if isinstance(value, tuple) else value for name, value in drawn.items()}
    design[where] = {"part": validator.name, **listed}
    try:
        scenario(designs={"it": design}, **WORLD)
    except InputError:  # settings that contradict those of the issuer
        return
    check(design)
