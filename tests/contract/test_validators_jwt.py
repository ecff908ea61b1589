"""What every validator of JWTs refuses: forged, bent and misplaced tokens of each algorithm (RFC 9068, RFC 8725)."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simlib.scenario.effects import Verdict
from simlib.tokens import ALGORITHMS, KeySet, SigningKey
from simlib.tokens.forging import encode, forge_unsigned, read_claims, sign_claims, sign_with_hmac
from support.cases import FIRST, JWT_CASES, Case, name_of
from support.keys import impostor, key
from support.stage import ELSEWHERE, Stage

SIGNED = [
    (case, algorithm)
    for case in JWT_CASES
    for algorithm in (ALGORITHMS if case in FIRST else ("EdDSA",))  # the issuer and a wrapper verify no token
]
LISTING = [case for case in JWT_CASES if case in FIRST and "algorithms" in case.validator.Settings.__annotations__]


@pytest.fixture(params=SIGNED, ids=name_of)
def stage(request: pytest.FixtureRequest, make_stage: Callable[..., Stage]) -> Stage:
    case, algorithm = request.param
    made = make_stage(*case, issuer_settings=case.issuer.Settings(algorithm=algorithm)).at(1000.0)
    assert made.present(made.issue().token).accepted
    return made


def genuine(stage: Stage) -> tuple[dict[str, Any], SigningKey]:
    """The claims of a good token, and the key that good tokens are signed with."""
    return read_claims(stage.issue().token), stage.issuer.list_keys()[0]


def refusal(verdict: Verdict) -> str:
    """The reason of a 401 invalid_token."""
    assert (verdict.accepted, verdict.status) == (False, 401)
    assert verdict.challenge == 'Bearer error="invalid_token"'
    assert not verdict.claims
    return verdict.reason


def test_the_forger_of_these_tests_can_also_make_good_tokens(stage: Stage) -> None:
    claims, signing = genuine(stage)
    assert stage.present(sign_claims(claims, signing)).accepted


def test_a_foreign_key_is_refused_under_its_own_name_and_under_ours(stage: Stage) -> None:
    claims, ours = genuine(stage)
    foreign = key(ours.algorithm, "foreign")
    assert refusal(stage.present(sign_claims(claims, foreign))) == "unknown_key"
    assert refusal(stage.present(sign_claims(claims, impostor(ours)))) == "signature"


def test_a_key_of_another_algorithm_under_our_name_is_refused(stage: Stage) -> None:
    claims, ours = genuine(stage)
    for algorithm in ALGORITHMS:
        if algorithm != ours.algorithm:
            other = sign_claims(claims, key(algorithm, "foreign"), kid=ours.kid)
            assert refusal(stage.present(other)) == "algorithm"
            renamed = sign_claims(claims, key(algorithm, "foreign"), kid=ours.kid, alg=ours.algorithm)
            assert refusal(stage.present(renamed)) == "signature"


@pytest.mark.parametrize("kid", [..., None, "", 7, ["current"], "CURRENT", "current ", "../current"], ids=str)
def test_a_token_that_names_no_key_of_ours_is_refused(kid: Any, stage: Stage) -> None:
    assert refusal(stage.present(sign_claims(*genuine(stage), kid=kid))) == "unknown_key"


@pytest.mark.parametrize("typ", ["JWT", "jwt", "id+jwt", "logout+jwt", "", None, 1, ...], ids=str)
def test_a_token_of_another_type_is_refused(typ: Any, stage: Stage) -> None:
    assert refusal(stage.present(sign_claims(*genuine(stage), typ=typ))) == "type"


def test_an_identity_token_is_no_access_token(stage: Stage) -> None:
    claims, signing = genuine(stage)
    identity = {name: claims[name] for name in ("iss", "sub", "exp", "iat")} | {"aud": "shop", "nonce": "n"}
    assert refusal(stage.present(sign_claims(identity, signing, typ="JWT"))) == "type"
    assert refusal(stage.present(sign_claims(identity, signing))) == "audience"


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", "HS256"])
def test_a_token_without_signature_is_refused(name: str, stage: Stage) -> None:
    claims, signing = genuine(stage)
    assert refusal(stage.present(forge_unsigned(claims, signing.kid, name))) == "algorithm"
    assert refusal(stage.present(stage.issue().token.rpartition(".")[0] + ".")) == "signature"


def test_an_hmac_under_our_public_key_is_refused(stage: Stage) -> None:
    claims, signing = genuine(stage)
    public = signing.verification_key
    spki = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    secrets = [public.public_key.public_bytes(*form) for form in spki]
    secrets += [KeySet((public,)).to_jwks(), encode(dict(public.jwk)).encode(), public.thumbprint.encode(), b""]
    for secret in secrets:
        assert refusal(stage.present(sign_with_hmac(claims, signing.kid, secret))) == "algorithm"


def test_a_key_that_the_header_offers_is_never_used(stage: Stage) -> None:
    claims, ours = genuine(stage)
    foreign = impostor(ours)
    offer = {"jwk": dict(foreign.verification_key.jwk), "jku": f"{ELSEWHERE}/jwks", "x5u": f"{ELSEWHERE}/cert"}
    before = stage.calls["jwks"]
    assert refusal(stage.present(sign_claims(claims, foreign, **offer))) == "signature"
    assert stage.calls["jwks"] == before


@pytest.mark.parametrize("missing", ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"])
def test_each_claim_of_rfc_9068_is_required(missing: str, stage: Stage) -> None:
    assert refusal(stage.present(stage.misissue(**{missing: ...}))) in ("missing_claim", "issuer", "audience")


def test_a_payload_with_one_more_right_is_refused(stage: Stage) -> None:
    header, _, signature = stage.issue().token.split(".")
    claims, _ = genuine(stage)
    payload = encode({**claims, "scope": claims["scope"] + " admin"})
    assert refusal(stage.present(f"{header}.{payload}.{signature}")) == "signature"


def test_every_character_counts_even_where_its_bits_stand_for_nothing(stage: Stage) -> None:
    token = stage.issue().token
    ends = [at for at in range(len(token)) if token[at + 1 : at + 2] in (".", "")]
    assert len(ends) == 3
    for at in ends:
        for character in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
            if character != token[at]:
                refusal(stage.present(token[:at] + character + token[at + 1 :]))


def test_the_signature_of_another_token_does_not_fit(stage: Stage) -> None:
    first, second = stage.issue("user-1").token, stage.issue("user-2").token
    mixed = first.rpartition(".")[0] + "." + second.rpartition(".")[2]
    assert refusal(stage.present(mixed)) == "signature"


@pytest.mark.parametrize(
    "header", [{"crit": ["exp"]}, {"crit": ["b64"], "b64": True}, {"crit": []}, {"crit": None}], ids=str
)
def test_a_critical_extension_is_refused(header: dict[str, Any], stage: Stage) -> None:
    assert refusal(stage.present(sign_claims(*genuine(stage), **header))) == "malformed"


def test_refusing_a_forged_token_leaves_good_ones_good(stage: Stage) -> None:
    claims, ours = genuine(stage)
    good = stage.issue().token
    for forged in (sign_claims(claims, impostor(ours)), sign_claims(claims, key(ours.algorithm, "foreign")), "a.b.c"):
        stage.present(forged)
        assert stage.present(good).accepted


@pytest.mark.parametrize("case", LISTING, ids=name_of)
def test_only_the_listed_algorithms_are_accepted(case: Case, make_stage: Callable[..., Stage]) -> None:
    for listed in ALGORITHMS:
        for algorithm in ALGORITHMS:
            chosen = case.validator.Settings(algorithms=(listed,))
            stage = make_stage(*case, settings=chosen, issuer_settings=case.issuer.Settings(algorithm=algorithm))
            assert stage.present(stage.issue().token).accepted == (algorithm == listed)
