"""Operations that a scenario charges are known before it runs, and a profile that lacks one is refused at once."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from simlib.deployment.required_operations import check_profile, list_needed_operations
from simlib.deployment.simulate import check_budget, simulate
from simlib.scenario.errors import InputError
from simlib.scenario.scenario import Scenario
from support.scenarios import design_of, scenario

JWT: dict[str, Any] = {"issuer": "jwt_access_token", "user_information": "token"}


def jwt(claims: int = 5, service: Any = None, **settings: Any) -> Scenario:
    design = design_of(
        "jwt_local",
        "jwt_access_token",
        user_information="token",
        service={"part": "jwt_local", **(service or {})},
        authorization_server={"part": "jwt_access_token", **settings},
    )
    return scenario(designs={"jwt": design}, world__user_information={"claims": claims, "value_bytes": 16})


def without(made: Scenario, operation: str) -> Scenario:
    left = {name: table for name, table in made.profile.quantiles.items() if name != operation}
    return replace(made, profile=replace(made.profile, quantiles=MappingProxyType(left)))


def charged(made: Scenario, design: str) -> set[str]:
    records = simulate(made.with_run(made.run.model_copy(update={"caches": "empty"})), design)
    return {records.names[number] for number in records.tables["operations"]["operation"]} - {"service.work"}


@pytest.mark.parametrize("store", ["dict", "sqlite"])
def test_nothing_is_charged_that_was_not_foreseen(store: str) -> None:
    made = scenario(world__store={"kind": store})
    for name, design in made.designs.items():
        assert charged(made, name) <= list_needed_operations(made, design)


VARIANTS: dict[str, Any] = {
    "hs256": ({"service": {"algorithms": ["HS256"]}, "algorithm": "HS256"}, "jwt.verify.HS256"),
    "large keys": ({"key_bits": 3072}, "jwt.verify.RS256-3072"),
    "pss": ({"algorithm": "PS256", "key_bits": 3072}, "jwt.verify.PS256-3072"),
    "p-384": ({"algorithm": "ES384"}, "jwt.verify.ES384"),
}


@pytest.mark.parametrize(("options", "operation"), VARIANTS.values(), ids=VARIANTS.keys())
def test_each_algorithm_is_charged_its_own_row_and_really_verified(options: Any, operation: str) -> None:
    made = jwt(**options)
    assert operation in list_needed_operations(made, made.designs["jwt"])
    records = simulate(made, "jwt")
    assert charged(made, "jwt") <= list_needed_operations(made, made.designs["jwt"])
    rows = records.tables["operations"]
    of_service = (rows["operation"] == records.names.index(operation)) & (
        rows["host"] == records.names.index("service")
    )
    (count,), (distinct,) = rows["count"][of_service], rows["distinct"][of_service]
    assert count >= distinct > 0
    assert (records.tables["requests"]["status"] == 200).any()


def test_a_shared_secret_makes_no_call_for_keys() -> None:
    made = jwt(service={"algorithms": ["HS256"]}, algorithm="HS256")
    assert not {"jwks.serve", "jwks.parse"} & charged(made, "jwt")
    assert {"jwks.serve", "jwks.parse"} <= charged(jwt(), "jwt")


def test_forty_claims_are_charged_more_than_ten_and_few_as_ever() -> None:
    assert "jwt.verify.RS256" in charged(jwt(claims=2), "jwt")
    (verify,) = (name for name in charged(jwt(claims=32), "jwt") if name.startswith("jwt.verify.RS256@"))
    made = jwt(claims=32)
    middle = np.array([0.5])
    few, many = (float(made.profile.invert(f"jwt.verify.RS256{ending}", middle)[0]) for ending in ("", ".40"))
    assert few < float(made.profile.invert(verify, middle)[0]) < many + (many - few)


@pytest.mark.parametrize(
    "operation", ["http.call_in", "jwt.sign.RS256", "jwt.verify.RS256", "jwks.parse", "token.hash"]
)
def test_a_missing_operation_is_told_before_anything_runs(operation: str) -> None:
    made = without(jwt(), operation)
    for check in (check_profile, check_budget):
        with pytest.raises(InputError) as caught:
            check(made)
        assert f"no operation '{operation}', which design 'jwt' needs" in str(caught.value)
        assert made.profile.name in str(caught.value)


def test_a_profile_without_rows_for_large_tokens_serves_small_ones_only() -> None:
    check_profile(without(jwt(claims=2), "jwt.verify.RS256.40"))
    with pytest.raises(InputError, match=r"no operation 'jwt.verify.RS256.40'"):
        check_profile(without(jwt(claims=32), "jwt.verify.RS256.40"))


def test_an_operation_that_no_design_needs_may_be_missing() -> None:
    check_profile(without(jwt(), "jwt.verify.ES256"))
    check_profile(without(jwt(), "cache.lookup"))


def test_a_secret_at_one_end_only_is_refused_by_the_loader() -> None:
    with pytest.raises(InputError, match=r"does not accept HS256"):
        jwt(algorithm="HS256")
    with pytest.raises(InputError, match=r"does not accept RS256"):
        jwt(service={"algorithms": ["HS256"]})


def test_a_user_signs_in_at_the_price_of_a_password_hash_under_live_timing_too() -> None:
    clients = [{"kind": "mobile", "share": 1.0, "session": {"kind": "constant", "value_s": 600.0}}]
    made = scenario(world__clients=clients, run__timing="live")
    records = simulate(made, "jwt_local", stopwatch=lambda work: (work(), 1e-6))
    rows = records.tables["operations"]
    at = rows["operation"] == records.names.index("user.authenticate")
    (count,), (spent,) = rows["count"][at], rows["seconds"][at]
    assert count > 0
    assert spent / count == pytest.approx(made.profile.mean("user.authenticate"), rel=0.2)
