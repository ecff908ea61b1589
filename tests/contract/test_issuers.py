"""Issuers: tokens of each live, end and are revoked, and no other text is a token of it."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.contracts import issuing
from simlib.contracts.configuration import SCOPE
from simlib.contracts.issuing import inspect_token
from simlib.contracts.stepped_deployment import SteppedDeployment
from simlib.stores import STORES
from simlib.strategies import ISSUERS, VALIDATORS
from simlib.tokens import JWT, OPAQUE, PASETO, read_header
from simlib.tokens.forging import encode
from support.pairs import name_of


def taking(issuer: type[Any]) -> type[Any]:
    """Some validator of its tokens; which one does not matter here."""
    return next(kind for kind in VALIDATORS.values() if kind.token_format in (None, issuer.token_format))


@pytest.fixture(params=[(issuer, store) for issuer in ISSUERS.values() for store in STORES], ids=name_of)
def stepped(request: pytest.FixtureRequest, make_stage: Callable[..., SteppedDeployment]) -> SteppedDeployment:
    issuer, store = request.param
    return make_stage(taking(issuer), issuer, store=store).at(1000.4)


@pytest.mark.parametrize("check", issuing.CHECKS, ids=name_of)
def test_an_issuer_meets_the_contract(check: Callable[[SteppedDeployment], None], stepped: SteppedDeployment) -> None:
    check(stepped)


def test_a_token_of_another_issuer_can_be_made_of_these_formats(stepped: SteppedDeployment) -> None:
    if stepped.token_format in (JWT, PASETO):  # else the contract would have nothing to check
        assert inspect_token(stepped, stepped.misissue()) is not None


def test_a_token_that_names_another_key_is_not_worth_a_verification(stepped: SteppedDeployment) -> None:
    first, *rest = stepped.issue().token.split(".")
    before = sum(count for name, count in stepped.stepper.operations.items() if ".verify" in name)
    if type(stepped.issuer).token_format == PASETO:
        other = ".".join([first, *rest[:-1], encode({"kid": "other"})])
    else:
        other = ".".join([encode({"alg": "ES256", "typ": "at+jwt", "kid": "other"}), *rest])
    assert inspect_token(stepped, other) is None
    assert sum(count for name, count in stepped.stepper.operations.items() if ".verify" in name) == before


@given(st.text(st.characters() | st.characters(categories=["Cs"]), max_size=40))
def test_no_garbage_raises(token: str) -> None:
    for issuer in ISSUERS.values():
        issuing.check_any_text(SteppedDeployment(taking(issuer), issuer), token)


@pytest.mark.parametrize("issuer", ISSUERS.values(), ids=name_of)
def test_a_fraction_of_the_lifetime_is_dropped_not_added(issuer: type[Any]) -> None:
    issuing.check_whole_seconds(SteppedDeployment(taking(issuer), issuer, lifetime_s=10.9).at(5.9))


def test_the_keys_it_serves_are_those_it_signs_with(stepped: SteppedDeployment) -> None:
    assert stepped.present(stepped.issue(scope=SCOPE).token).accepted
    sign = getattr(stepped.issuer, "sign", None)
    if sign is None:
        assert stepped.token_format != OPAQUE or stepped.issuer.list_keys() == ()
        return
    claims = {"iss": stepped.deployment.issuer, "nonce": "n"}
    token = stepped.stepper.finish(sign(stepped.server_host, claims, "JWT"), stepped.server_host)
    (key,) = stepped.issuer.list_keys()
    assert (read_header(token)["kid"], read_header(token)["typ"]) == (key.kid, "JWT")
    assert jwt.decode(token, key.verification_key.public_key, [key.algorithm]) == claims
