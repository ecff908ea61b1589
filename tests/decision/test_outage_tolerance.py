"""Outage tolerance: a design that the limit calls met has no failed request in an outage of the stated length, and one
that it calls broken has none before the time that it names, and some afterwards."""

import math
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.contracts.cases import list_issuers
from simlib.decision.limits import LimitOutcome, check_structural_limits, read_properties
from simlib.decision.outage_tolerance import RARE, compute_outage_tolerance, find_stated_outage
from simlib.decision.promises import compute_bounds
from simlib.deployment.simulate import simulate
from simlib.experiment.sweep import change_scenario
from simlib.scenario.economics import Terms
from simlib.scenario.scenario import Scenario
from simlib.strategies import GATEWAY_VALIDATORS, VALIDATORS, WRAPPERS, RequestDemand
from simlib.strategies.protocols import list_server_dependencies
from support.pairs import list_needed_regions
from support.scenarios import design_of, scenario
from support.worlds import constant, link

BEGIN_S, LENGTH_S, RATE = 3.0, 6.0, 20.0
SHORT = {"jwks_lifetime_s": 3.0, "ttl_s": 2.0, "lifetime_s": 3.0, "poll_s": 1.5, "fail_open_s": 1.0, "timeout_s": 0.5}
SHORT |= {"unknown_kid_cooldown_s": 1.0, "longest_s": 2.5}
WORLD = {
    "world__shared_store": {"link": link(), "work": constant(0.0), "call": constant(0.0)},
    "world__service__user_information_share": 0.0,
    "world__service__sensitive_share": 0.2,
    "world__load__arrival_rate": RATE,
    "world__revocations__rate": 0.0,
    "world__population__users": 400,
    "world__faults": {"down": {"kind": "down", "host": "authorization_server", "at_s": BEGIN_S, "length_s": LENGTH_S}},
    "run__length_s": BEGIN_S + LENGTH_S + 2.0,
    "run__warm_up_s": 0.0,
}
JWT = {**design_of("jwt_local", "jwt_access_token"), "token_lifetime_s": 1e7}


def choose(kind: type[Any], **own: Any) -> dict[str, Any]:
    """The table of a part whose settings all end within the outage."""
    names = {each.name for each in fields(kind.Settings)}
    return {"part": kind.name, **{name: value for name, value in SHORT.items() if name in names}, **own}


def build(validator: str, *wrappers: dict[str, Any], **more: Any) -> Scenario:
    """A scenario of one design whose clients' tokens outlast the run, in which the server is down for a while."""
    kind: type[Any] = {**VALIDATORS, **GATEWAY_VALIDATORS}[validator]
    issuer = list_issuers(kind)[0]
    is_service = validator in VALIDATORS
    service = kind if is_service else VALIDATORS["jwt_local"]
    design = {**design_of(service.name, issuer.name, service=choose(service)), "token_lifetime_s": 1e7}
    design["user_information"] = "token" if "token" in service.user_information_sources else "introspection"
    if not is_service:
        design["gateway"] = choose(kind)
    if "algorithm" in {each.name for each in fields(issuer.Settings)}:
        design["authorization_server"]["algorithm"] = "ES256"
    design["wrappers"] = [choose(WRAPPERS[own["part"]], **own) for own in wrappers]
    gateway = {} if is_service else {"world__gateway": {"work": constant(0.0)}}
    regions = {f"world__{name}": value for name, value in list_needed_regions(issuer).items()}
    return scenario(designs={"it": design}, limits={"no_as_dependency": True}, **WORLD | gateway | regions | more)


def judge(made: Scenario) -> LimitOutcome:
    design = made.design("it")
    properties = read_properties(made, design, compute_bounds(made, design), math.nan, math.nan)
    (outcome,) = check_structural_limits(made, design, properties)
    return outcome


def list_failures(made: Scenario) -> Any:
    """Instants (s) after the beginning of the outage at which requests that began in it have failed."""
    requests = simulate(made, "it")["requests"]
    arrived = (requests["arrival"] >= BEGIN_S) & (requests["arrival"] < BEGIN_S + LENGTH_S)
    return np.sort(requests["end"][arrived & (requests["status"] != 200)] - BEGIN_S)


def check(made: Scenario) -> None:
    outcome, failures = judge(made), list_failures(made)
    tolerance_s = compute_outage_tolerance(made, made.design("it"))
    assert (outcome.word == "met") == (tolerance_s >= LENGTH_S)
    assert outcome.word == "met" or "would do" in outcome.reason
    if outcome.word == "met":
        assert failures.size == 0
        return
    assert failures.size > 0
    assert failures[0] >= tolerance_s
    repaired = change_scenario(made, {change.key: change.value for change in outcome.remedies[0]})
    assert judge(repaired).word == "met"
    assert list_failures(repaired).size == 0


@pytest.mark.parametrize("validator", [*VALIDATORS, *GATEWAY_VALIDATORS])
def test_an_outage_shows_what_every_validator_declares(validator: str) -> None:
    check(build(validator))


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_an_outage_shows_what_every_wrapper_declares(wrapper: str) -> None:
    check(build("jwt_local", {"part": wrapper}))


@pytest.mark.parametrize(
    ("validator", "wrappers"),
    [
        ("jwt_local", [{"part": "denylist_polled", "when_old": "accept"}]),
        ("jwt_local", [{"part": "circuit_breaker", "minimum_calls": 1}, {"part": "fail_open", "lets_in": "any"}]),
        ("jwt_local", [{"part": "status_list", "lifetime_s": 9.0}, {"part": "dpop", "nonce_s": 2.0}]),
        ("opaque_cached", [{"part": "fail_open", "lets_in": "any", "longest_s": 5.0}]),
        ("opaque_introspection", [{"part": "fail_open", "lets_in": "any", "longest_s": 4.0}]),
    ],
)
def test_an_outage_shows_what_parts_declare_behind_wrappers(validator: str, wrappers: list[dict[str, Any]]) -> None:
    check(build(validator, *wrappers))


def test_a_gateway_that_fails_open_has_no_credential_to_pass_on() -> None:
    open_for_long = {"part": "fail_open", "lets_in": "any", "longest_s": 1000.0}
    check(change_scenario(build("phantom_token", open_for_long), {"designs.it.service.jwks_lifetime_s": 300.0}))


@given(
    lifetime_s=st.floats(1.5, 20.0),
    ahead=st.floats(0.0, 0.9),
    stale_s=st.floats(0.0, 12.0),
    clears=st.booleans(),
    seed=st.integers(1, 99),
)
@settings(max_examples=8, deadline=None)
def test_keys_under_any_settings(lifetime_s: float, ahead: float, stale_s: float, clears: bool, seed: int) -> None:
    keys = {"jwks_lifetime_s": lifetime_s, "jwks_refresh_ahead_s": ahead * lifetime_s, "jwks_stale_if_error_s": stale_s}
    design = {**JWT, "service": {"part": "jwt_local", **keys, "jwks_clear_on_error": clears}}
    design["authorization_server"] = {"part": "jwt_access_token", "algorithm": "ES256"}
    made = scenario(designs={"it": design}, limits={"no_as_dependency": True}, run__seed=seed, **WORLD)
    gap_s = -math.log(RARE) / RATE
    expected = 0.0 if clears else max(ahead * lifetime_s + stale_s - gap_s, 0.0)
    assert compute_outage_tolerance(made, made.design("it")) == pytest.approx(expected)
    failures = list_failures(made)
    assert failures.size == 0 or failures[0] >= expected
    assert failures.size == 0 or judge(made).word == "broken"


class TestDeclaredTimes:
    """Closed forms, in a world whose requests are close together."""

    def compute(self, *wrappers: dict[str, Any], **service: Any) -> float:
        design = {**JWT, "service": {"part": "jwt_local", **service}, "wrappers": list(wrappers)}
        made = scenario(designs={"it": design}, **WORLD | {"world__load__arrival_rate": 1e7})
        return compute_outage_tolerance(made, made.design("it"))

    def test_a_denylist_lasts_for_its_grace_and_for_ever_where_old_ones_are_accepted(self) -> None:
        polled = {"part": "denylist_polled", "poll_s": 5.0, "timeout_s": 2.0, "fail_open_s": 5.0}
        stale = {"jwks_stale_if_error_s": 100.0}
        assert self.compute(polled, **stale) == pytest.approx(5.0)
        assert self.compute({**polled, "when_old": "accept"}, **stale) == pytest.approx(100.0)
        status = {"part": "status_list", "ttl_s": 10.0, "lifetime_s": 50.0}
        assert self.compute(status, **stale) == pytest.approx(50.0 - 10.0 - 1.0)
        assert self.compute(status, polled, **stale) == pytest.approx(5.0)

    def test_keys_that_end_in_the_outage_are_no_keys(self) -> None:
        assert self.compute(jwks_lifetime_s=10.0, unknown_kid_cooldown_s=1.0) == 0.0


class TestUndeclared:
    """Parts of others that do not declare what they need."""

    class Silent:
        asks_authorization_server = False

    class Asking(Silent):
        asks_authorization_server = True

    def test_a_part_that_calls_for_new_tokens_needs_the_server_at_once(self) -> None:
        validator: Any = self.Asking()
        assert list_server_dependencies(validator, RequestDemand(0.1))[0].lasts_s == 0.0

    def test_a_silent_part_is_not_checked_and_the_outcome_says_so(self) -> None:
        validator: Any = self.Silent()
        assert math.isnan(list_server_dependencies(validator, RequestDemand(0.1))[0].lasts_s)
        made = build("jwt_local")
        design = made.design("it")
        known = read_properties(made, design, compute_bounds(made, design), math.nan, math.nan)
        (outcome,) = check_structural_limits(made, design, known._replace(outage_tolerance_s=math.nan))
        assert outcome.word == "undefined"
        assert "does not declare" in outcome.reason


DOWN = {"kind": "down", "host": "authorization_server", "at_s": 1.0, "length_s": 900.0}


class TestStatedOutage:
    def find(self, faults: dict[str, Any], **decision: Any) -> tuple[float, str]:
        more = {"decision": decision} if decision else {}
        return find_stated_outage(scenario(world__faults=faults, run__length_s=2000.0, **more))

    def test_the_longest_of_the_file_counts(self) -> None:
        assert self.find({"long": DOWN}, outage_length_s=60.0) == (900.0, "world.faults.long.length_s")
        assert self.find({"short": {**DOWN, "length_s": 20.0}}, outage_length_s=60.0)[0] == 60.0
        cut = {"kind": "partition", "between": ["service", "authorization_server"]}
        drawn = {**cut, "mean_between_s": 500.0, "mean_length_s": 70.0}
        assert self.find({"cut": drawn}) == (70.0, "world.faults.cut.mean_length_s")

    def test_faults_of_other_hosts_do_not_count_and_what_is_assumed_is_named(self) -> None:
        for faults in ({}, {"own": {**DOWN, "host": "service"}}):
            length_s, source = self.find(faults)
            assert length_s == Terms().outage_length_s
            assert "assumption" in source
            assert "decision.outage_length_s" in source
