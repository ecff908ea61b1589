"""What every issuer of the mapping does: its tokens live, end, are revoked, and nobody else's mean anything to it."""

import math
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.scenario.messages import TokenRow
from simlib.stores import STORES
from simlib.strategies import ISSUERS, VALIDATORS
from simlib.tokens import JWT, OPAQUE, PASETO, SESSION, read_header
from simlib.tokens.forging import alter, encode
from support.pairs import name_of
from support.stage import AUDIENCE, ELSEWHERE, SCOPE, Stage

READ_FROM_ITSELF = (JWT, PASETO, SESSION)
"""Formats of tokens whose claims their issuer takes from the token, and not from its store."""


def taking(issuer: type[Any]) -> type[Any]:
    """Some validator of its tokens; which one does not matter here."""
    return next(kind for kind in VALIDATORS.values() if kind.token_format in (None, issuer.token_format))


@pytest.fixture(params=[(issuer, store) for issuer in ISSUERS.values() for store in STORES], ids=name_of)
def stage(request: pytest.FixtureRequest, make_stage: Callable[..., Stage]) -> Stage:
    issuer, store = request.param
    return make_stage(taking(issuer), issuer, store=store).at(1000.4)


def inspected(stage: Stage, token: str) -> TokenRow | None:
    """What the issuer says of a token."""
    row: TokenRow | None = stage.stepper.finish(stage.issuer.inspect(stage.server_host, token), stage.server_host)
    return row


def revoked(stage: Stage, token: str) -> bool:
    """Whether there was such a token to revoke."""
    known: bool = stage.stepper.finish(stage.issuer.revoke(stage.server_host, token), stage.server_host)
    return known


def test_a_token_stands_for_what_it_was_issued_for(stage: Stage) -> None:
    issued = stage.issue("user-3", "a b")
    assert (issued.subject, issued.issued_at, issued.expires_at) == ("user-3", 1000.0, 1300.0)
    assert inspected(stage, issued.token) == TokenRow("access", "user-3", "shop", "a b", AUDIENCE, 1000.0, 1300.0)


def test_it_ends_at_its_expiry_to_the_last_instant(stage: Stage) -> None:
    issued = stage.issue()
    assert inspected(stage.at(math.nextafter(issued.expires_at, 0.0)), issued.token) is not None
    assert inspected(stage.at(issued.expires_at), issued.token) is None


def test_it_ends_when_it_is_revoked_and_others_go_on(stage: Stage) -> None:
    first, second = stage.issue(), stage.issue()
    assert revoked(stage, first.token) is True
    assert inspected(stage, first.token) is None
    assert inspected(stage, second.token) is not None
    revoked(stage, first.token)
    assert inspected(stage, first.token) is None


def test_tokens_differ_and_are_equally_long(stage: Stage) -> None:
    tokens = [stage.issue(f"user-{number:04d}").token for number in range(40)]
    tokens += [stage.issue("user-0000").token for _ in range(10)]
    assert len(set(tokens)) == 50
    assert len({len(token) for token in tokens}) == 1
    assert all(token.isascii() and token.strip() == token and " " not in token for token in tokens)


def test_the_store_never_sees_a_token(stage: Stage) -> None:
    seen: list[Any] = []

    def execute(request: Any) -> Any:
        seen.append(request)
        return stage.store.execute(request)

    stage.server_host.local["store"] = execute
    token = stage.issue().token
    inspected(stage, token)
    revoked(stage, token)
    assert seen
    assert all(token not in repr(request) for request in seen)


def test_tokens_that_it_did_not_issue_mean_nothing(stage: Stage, make_stage: Callable[..., Stage]) -> None:
    other = make_stage(type(stage.validator), type(stage.issuer)).at(1000.4)
    other.rotate("foreign")
    not_ours = [other.issue().token for _ in range(5)][-1]  # the entropy of tests repeats in every stage
    for foreign in (not_ours, stage.refresh_token(), alter(stage.issue().token, 5)):
        assert inspected(stage, foreign) is None


def test_a_token_that_it_did_not_issue_cannot_be_revoked(stage: Stage) -> None:
    assert revoked(stage, "never-issued") is False
    assert revoked(stage, "a.b.c") is False


def test_a_token_that_has_ended_is_not_revoked_any_more(stage: Stage) -> None:
    issued = stage.issue()
    if type(stage.issuer).token_format in READ_FROM_ITSELF:  # else the store may still know it
        assert revoked(stage.at(issued.expires_at), issued.token) is False


def test_its_own_signature_under_another_name_means_nothing(stage: Stage) -> None:
    if type(stage.issuer).token_format in (JWT, PASETO):
        assert inspected(stage, stage.misissue()) is not None  # else there is nothing to test
        assert inspected(stage, stage.misissue(iss=ELSEWHERE)) is None


def test_a_token_that_names_another_key_is_not_worth_a_verification(stage: Stage) -> None:
    first, *rest = stage.issue().token.split(".")
    before = sum(count for name, count in stage.stepper.operations.items() if ".verify" in name)
    if type(stage.issuer).token_format == PASETO:
        other = ".".join([first, *rest[:-1], encode({"kid": "other"})])
    else:
        other = ".".join([encode({"alg": "ES256", "typ": "at+jwt", "kid": "other"}), *rest])
    assert inspected(stage, other) is None
    assert sum(count for name, count in stage.stepper.operations.items() if ".verify" in name) == before


@given(st.text(st.characters() | st.characters(categories=["Cs"]), max_size=40))
def test_no_garbage_raises(token: str) -> None:
    for issuer in ISSUERS.values():
        stage = Stage(taking(issuer), issuer)
        assert inspected(stage, token) is None
        assert revoked(stage, token) is False


def test_a_fraction_of_the_lifetime_is_dropped_not_added(make_stage: Callable[..., Stage]) -> None:
    for issuer in ISSUERS.values():
        issued = make_stage(taking(issuer), issuer, lifetime_s=10.9).at(5.9).issue()
        assert (issued.issued_at, issued.expires_at) == (5.0, 15.0)


def test_the_keys_it_serves_are_those_it_signs_with(stage: Stage) -> None:
    assert stage.present(stage.issue(scope=SCOPE).token).accepted
    sign = getattr(stage.issuer, "sign", None)
    if sign is None:
        assert stage.token_format != OPAQUE or stage.issuer.list_keys() == ()
        return
    claims = {"iss": stage.deployment.issuer, "nonce": "n"}
    token = stage.stepper.finish(sign(stage.server_host, claims, "JWT"), stage.server_host)
    (key,) = stage.issuer.list_keys()
    assert (read_header(token)["kid"], read_header(token)["typ"]) == (key.kid, "JWT")
    assert jwt.decode(token, key.verification_key.public_key, [key.algorithm]) == claims
