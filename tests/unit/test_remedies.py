"""Remedies: the values that a refusal names let the design keep its limit, for every part and every wrapper."""

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.contracts.cases import list_issuers
from simlib.deployment.bounds import compute_design_bound, find_revocation_remedies
from simlib.deployment.loading import load_scenario_document
from simlib.experiment.sweep import change_scenario
from simlib.scenario.errors import InputError
from simlib.scenario.scenario import Scenario
from simlib.scenario.setting_changes import Remedy, describe_remedy
from simlib.strategies import GATEWAY_VALIDATORS, ISSUERS, VALIDATORS, WRAPPERS
from support.pairs import PAIRS, list_needed_regions, settings_of
from support.scenarios import SOURCE, design_of, document, scenario

LIMITS = (0.7, 5.0, 45.0)
SHARED = {
    "link": {"round_trip": {"kind": "constant", "value_s": 0.001}},
    "call": {"kind": "constant", "value_s": 0.0},
    "work": {"kind": "constant", "value_s": 0.0},
}
WORLD = {"world__shared_store": SHARED, "world__gateway": {"work": {"kind": "constant", "value_s": 0.0}}}


def build(design: dict[str, Any], **more: Any) -> Scenario:
    """The tiny scenario with this design alone, in a world with a gateway, a shared store and the regions it needs."""
    needed = list_needed_regions(ISSUERS[design["authorization_server"]["part"]])
    regions = {f"world__{name}": table for name, table in needed.items()}
    return scenario(designs={"mine": design}, **{**WORLD, **regions}, **more)


def describe(kind: type[Any], chosen: Any) -> dict[str, Any]:
    """The table of a part in a scenario file."""
    values = {field.name: getattr(chosen, field.name) for field in fields(chosen)}
    listed = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return {"part": kind.name, **{name: value for name, value in listed.items() if value is not None}}


def compute_lag(made: Scenario) -> float:
    return compute_design_bound(made, made.design("mine")).after_revocation_s


def apply(made: Scenario, remedy: Remedy) -> Scenario:
    return change_scenario(made, {change.key: change.value for change in remedy})


@pytest.mark.parametrize("setting", ["stale_if_error_s", "stale_while_revalidate_s"])
def test_a_setting_that_must_go_has_the_value_0_and_not_a_tiny_one(setting: str) -> None:
    service = {"part": "opaque_cached", "ttl_s": 5.0, "timeout_s": 2.0, setting: 60.0}
    design = {**design_of("opaque_cached", "reference_token"), "service": service, "user_information": "introspection"}
    made = build({**design, "token_lifetime_s": 300.0})
    changes = [change for remedy in find_revocation_remedies(made, made.design("mine"), 5.0) for change in remedy]
    assert changes
    assert all(change.value == 0 or change.value >= 0.001 for change in changes)


def check_remedies(made: Scenario, most: float) -> None:
    """Each remedy is enough, by the keys of the file; and there is one for every limit that tokens can keep."""
    remedies = find_revocation_remedies(made, made.design("mine"), most)
    for remedy in remedies:
        assert compute_lag(apply(made, remedy)) <= most, remedy
        assert all(change.value != change.now for change in remedy)
        if len(remedy) == 1 and isinstance(remedy[0].value, float) and remedy[0].value > 0:
            change = remedy[0]
            more = min(change.value * 1.02, change.now)
            assert compute_lag(apply(made, (change._replace(value=more),))) > most, "a larger value would do as well"
    assert remedies or most < 2, "a short life of its tokens is a remedy of any design"


def draw_design(data: st.DataObject, wrapper: type[Any] | None) -> dict[str, Any]:
    validator, issuer = data.draw(st.sampled_from(PAIRS))
    place = "gateway" if validator.name in GATEWAY_VALIDATORS else "service"
    chosen = design_of("jwt_local" if place == "gateway" else validator.name, issuer.name)
    chosen[place] = describe(validator, data.draw(settings_of(validator)))
    chosen["token_lifetime_s"] = data.draw(st.sampled_from([20.0, 300.0, 3600.0]))
    if wrapper is not None:
        chosen["wrappers"] = [describe(wrapper, data.draw(settings_of(wrapper)))]
    return chosen


@pytest.mark.parametrize("wrapper", [None, *WRAPPERS.values()], ids=lambda kind: kind.name if kind else "none")
@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_the_named_values_make_any_design_keep_its_limit(wrapper: type[Any] | None, data: st.DataObject) -> None:
    chosen, most = draw_design(data, wrapper), data.draw(st.sampled_from(LIMITS))
    try:
        made = build(chosen)
    except InputError:
        return
    if compute_lag(made) > most:
        check_remedies(made, most)


def test_a_remedy_holds_no_setting_that_stays_as_it_is() -> None:
    """Met once by the drawn designs above."""
    chosen = design_of("lightweight_jwt", "jwt_access_token")
    chosen |= {
        "service": {"part": "lightweight_jwt", "leeway_s": 7.0, "timeout_s": 5.0},
        "token_lifetime_s": 300.0,
        "wrappers": [{"part": "status_list", "ttl_s": 60.0, "lifetime_s": 60.0, "leeway_s": 60.0}],
    }
    check_remedies(build(chosen), 5.0)


@pytest.mark.parametrize("validator", VALIDATORS.values(), ids=lambda kind: kind.name)
def test_every_validator_has_a_remedy_under_its_default_settings(validator: type[Any]) -> None:
    made = build({**design_of(validator.name, list_issuers(validator)[0].name), "token_lifetime_s": 300.0})
    assert compute_lag(made) > 5
    check_remedies(made, 5.0)


OPAQUE = design_of("opaque_introspection", "reference_token")
JWT = {**design_of("jwt_local", "jwt_access_token"), "token_lifetime_s": 300.0}


@pytest.mark.parametrize(
    ("design", "most", "values"),
    [
        (OPAQUE, 5, {"service.timeout_s": 5.0}),  # min(10, 30)
        ({**OPAQUE, "service": {"part": "opaque_cached", "timeout_s": 2.0}}, 5, {"service.ttl_s": 5.0}),
        (
            {**OPAQUE, "service": {"part": "opaque_cached", "timeout_s": 10.0}},  # both of 30 and 10 s are too much
            5,
            {"service.ttl_s": 5.0, "service.timeout_s": 5.0},
        ),
        (
            {**OPAQUE, "service": {"part": "opaque_cached", "shared": True, "timeout_s": 4.0}},
            5,  # two calls, of 4 s each; an answer that has been under way for longer than its TTL is not written
            {"service.ttl_s": 1.0},
        ),
        (
            {**OPAQUE, "service": {"part": "opaque_cached", "ttl_s": 4.0, "timeout_s": 1.0, "stale_if_error_s": 9.0}},
            5,
            {"service.stale_if_error_s": 1.0},
        ),
        (JWT, 5, {"token_lifetime_s": 5.0}),
        ({**JWT, "service": {"part": "jwt_local", "leeway_s": 3.0}}, 5, {"token_lifetime_s": 2.0}),
        ({**JWT, "wrappers": [{"part": "denylist_polled"}]}, 60, {"wrappers.0.fail_open_s": 25.0}),  # 30 + 5 + 25
        ({**JWT, "wrappers": [{"part": "denylist_shared", "timeout_s": 9.0}]}, 5, {"wrappers.0.timeout_s": 5.0}),
        (
            {**JWT, "wrappers": [{"part": "status_list", "ttl_s": 60.0, "lifetime_s": 60.0}]},
            5,
            {"wrappers.0.ttl_s": 5.0, "wrappers.0.lifetime_s": 5.0},
        ),
        ({**OPAQUE, "wrappers": [{"part": "fail_open"}], "token_lifetime_s": 300.0}, 20, {"wrappers.0.longest_s": 20}),
        (
            {**OPAQUE, "wrappers": [{"part": "fail_open", "lets_in": "any"}], "token_lifetime_s": 300.0},
            60,
            {"wrappers.0.lets_in": "known"},
        ),
    ],
    ids=str,
)
def test_the_first_remedy_is_the_value_of_the_closed_form(
    design: dict[str, Any], most: float, values: dict[str, Any]
) -> None:
    made = build(design)
    remedies = find_revocation_remedies(made, made.design("mine"), most)
    named = [{change.key.removeprefix("designs.mine."): change.value for change in own} for own in remedies[:2]]
    assert values in named
    check_remedies(made, most)


def test_a_refusal_at_loading_names_the_setting_and_the_value_that_would_do() -> None:
    document_ = document(designs={"mine": {**OPAQUE, "max_revocation_lag_s": 5}})
    with pytest.raises(InputError, match=r"service\.timeout_s = 10 lets a revoked token work for 10 s; 5 would do"):
        load_scenario_document(document_, SOURCE)
    document_["designs"]["mine"]["service"]["timeout_s"] = 5
    assert load_scenario_document(document_, SOURCE).design("mine").max_revocation_lag_s == 5


def test_several_settings_are_named_together() -> None:
    made = build({**OPAQUE, "service": {"part": "opaque_cached"}})
    told = describe_remedy(find_revocation_remedies(made, made.design("mine"), 5)[0], "let a token work for 30 s")
    assert told == "service.ttl_s = 60 and service.timeout_s = 10 let a token work for 30 s; 5 and 5 would do"


def test_keys_of_wrappers_are_numbers_of_a_list() -> None:
    made = build({**JWT, "wrappers": [{"part": "denylist_polled"}]})
    again = change_scenario(made, {"designs.mine.wrappers.0.poll_s": 7.0})
    assert again.design("mine").wrappers[0].settings.poll_s == 7
    for key in ("designs.mine.wrappers.1.poll_s", "designs.mine.wrappers.x.poll_s"):
        with pytest.raises(InputError, match="has no table"):
            change_scenario(made, {key: 7.0})
    with pytest.raises(InputError, match="item of a list"):
        change_scenario(made, {"designs.mine.wrappers.0": {}})
