"""Validators of JWTs: each refuses forged, altered and misplaced tokens of each algorithm (RFC 9068, RFC 8725)."""

from collections.abc import Callable
from typing import Any

import pytest

from simlib.contracts import forgery
from simlib.contracts.stepped_deployment import SteppedDeployment
from simlib.tokens import ALGORITHMS
from support.cases import FIRST, JWT_CASES, Case, name_of

SIGNED = [
    (case, algorithm)
    for case in JWT_CASES
    for algorithm in (ALGORITHMS if case in FIRST else ("EdDSA",))  # the issuer and a wrapper verify no token
]
LISTING = [case for case in JWT_CASES if case in FIRST and "algorithms" in case.validator.Settings.__annotations__]
WITH_VALUE = [
    pytest.param(check, value, id=f"{name_of(check)}-{value}")
    for check, values in forgery.VALUE_CHECKS
    for value in values
]


@pytest.fixture(params=SIGNED, ids=name_of)
def stepped(request: pytest.FixtureRequest, make_stage: Callable[..., SteppedDeployment]) -> SteppedDeployment:
    case, algorithm = request.param
    made = make_stage(*case, issuer_settings=case.issuer.Settings(algorithm=algorithm)).at(1000.0)
    assert made.present(made.issue().token).accepted
    return made


@pytest.mark.parametrize("check", forgery.CHECKS, ids=name_of)
def test_forged_tokens_are_refused(check: Callable[[SteppedDeployment], None], stepped: SteppedDeployment) -> None:
    check(stepped)


@pytest.mark.parametrize(("check", "value"), WITH_VALUE)
def test_tokens_with_a_wrong_header_or_without_a_claim_are_refused(
    check: Callable[[SteppedDeployment, Any], None], value: Any, stepped: SteppedDeployment
) -> None:
    check(stepped, value)


@pytest.mark.parametrize("case", LISTING, ids=name_of)
def test_only_the_listed_algorithms_are_accepted(case: Case, make_stage: Callable[..., SteppedDeployment]) -> None:
    for listed in ALGORITHMS:
        for algorithm in ALGORITHMS:
            chosen = case.validator.Settings(algorithms=(listed,))
            stepped = make_stage(*case, settings=chosen, issuer_settings=case.issuer.Settings(algorithm=algorithm))
            assert stepped.present(stepped.issue().token).accepted == (algorithm == listed)
