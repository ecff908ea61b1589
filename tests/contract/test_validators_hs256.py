"""Validators of JWTs that share a secret with the issuer: no key set, no call, and no confusion of the two kinds."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simlib.contracts.cases import build_settings
from simlib.scenario.effects import Failed
from simlib.tokens import ALGORITHMS, KEY_CHOICES, KeySet, generate_shared_secret
from simlib.tokens.forging import forge_unsigned, read_claims, sign_claims, sign_with_hmac
from support.cases import JWT_CASES, name_of
from support.keys import key
from support.stage import Stage

SECRET_ONLY = [
    case[:2]
    for case in JWT_CASES
    if not case.wrappers
    and {"algorithms"} <= set(case.validator.Settings.__dataclass_fields__)
    and build_settings(case.validator, algorithms=("HS256",)) is not None
    and build_settings(case.issuer, algorithm="HS256") is not None
]


@pytest.fixture(params=SECRET_ONLY, ids=name_of)
def pair(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def stage(pair: Any, make_stage: Callable[..., Stage]) -> Stage:
    validator, issuer = pair
    return make_stage(
        validator,
        issuer,
        settings=validator.Settings(algorithms=("HS256",)),
        issuer_settings=issuer.Settings(algorithm="HS256"),
    ).at(1000.0)


def test_there_is_a_pair_to_test() -> None:
    assert SECRET_ONLY


def test_a_good_token_is_accepted_without_any_call_ever(stage: Stage) -> None:
    stage.answer_all(Failed("unreachable"))
    for instant in (1000.0, 1200.0, 100_000.0):
        assert stage.at(instant).present(stage.issue().token).accepted
        assert not stage.present(sign_with_hmac({}, "unknown", b"s" * 32)).accepted
    assert set(stage.calls) <= {"store"}  # which is the issuer's


def test_the_key_set_of_the_issuer_is_empty_and_shows_no_secret(stage: Stage) -> None:
    assert stage.issuer.list_keys() == ()
    served = stage.issuer.list_keys()
    body = KeySet(tuple(each.verification_key for each in served)).to_jwks()
    assert body == b'{"keys":[]}'


def test_a_resource_server_can_mint_what_every_other_one_believes(stage: Stage) -> None:
    claims = {**read_claims(stage.issue().token), "sub": "anybody"}
    shared = stage.deployment.shared_secret()
    assert stage.present(sign_with_hmac(claims, shared.kid, shared.secret)).accepted


def test_another_secret_is_refused_under_our_name_and_its_own(stage: Stage) -> None:
    claims, other = read_claims(stage.issue().token), generate_shared_secret("foreign")
    shared = stage.deployment.shared_secret()
    assert stage.present(sign_with_hmac(claims, shared.kid, other.secret)).reason == "signature"
    assert stage.present(sign_with_hmac(claims, other.kid, other.secret)).reason == "unknown_key"


@pytest.mark.parametrize("choice", KEY_CHOICES)
def test_a_validator_with_a_secret_never_accepts_a_key_pair(choice: str, stage: Stage) -> None:
    claims, shared = read_claims(stage.issue().token), stage.deployment.shared_secret()
    foreign = key(choice, "foreign")
    assert stage.present(sign_claims(claims, foreign, kid=shared.kid)).reason == "algorithm"
    assert stage.present(sign_claims(claims, foreign, kid=shared.kid, alg="HS256")).reason == "signature"
    assert not stage.present(forge_unsigned(claims, shared.kid)).accepted


@pytest.mark.parametrize("choice", KEY_CHOICES)
def test_a_validator_with_public_keys_never_accepts_an_hmac(
    choice: str, pair: Any, make_stage: Callable[..., Stage]
) -> None:
    algorithm, _, bits = choice.partition("-")
    settings = {"algorithm": algorithm, **({"key_bits": int(bits)} if bits else {})}
    stage = make_stage(*pair, issuer_settings=pair[1].Settings(**settings)).at(1000.0)
    token = stage.issue().token
    assert stage.present(token).accepted
    public = stage.issuer.list_keys()[0].verification_key
    pem = public.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    shared = stage.deployment.shared_secret()
    for secret in (pem, shared.secret, public.thumbprint.encode()):
        assert stage.present(sign_with_hmac(read_claims(token), public.kid, secret)).reason == "algorithm"
    assert stage.present(sign_with_hmac(read_claims(token), shared.kid, shared.secret)).reason == "unknown_key"


@pytest.mark.parametrize("listed", [("HS256", "RS256"), (*ALGORITHMS, "HS256"), ("HS256", "HS256")], ids=str)
def test_a_secret_and_key_pairs_are_never_accepted_side_by_side(listed: tuple[str, ...], pair: Any) -> None:
    with pytest.raises(ValueError, match="HS256 alone"):
        pair[0].Settings(algorithms=listed)


def test_expiry_and_revocation_at_the_server_work_as_with_any_token(stage: Stage) -> None:
    token = stage.issue().token
    stage.revoke(token)
    assert stage.stepper.finish(stage.issuer.inspect(stage.server_host, token), stage.server_host) is None
    assert stage.present(token).accepted  # nobody asked
    assert stage.at(1300.0).present(token).reason == "expired"
