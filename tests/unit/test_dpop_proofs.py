"""Proofs of RFC 9449 section 4.3: each check refuses what it is for."""

import hashlib
import string
from typing import Any

import jwt
import pytest

from simlib.tokens import ProofVerification, generate_proof_key, sign_proof
from simlib.tokens.forging import encode, forge_unsigned, sign_claims
from simlib.tokens.jwk import build_public_members
from support.keys import key

URI, TOKEN = "https://api.example/orders", "the.access.token"
KEY, OTHER = generate_proof_key(), generate_proof_key()
ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def proof(changes: dict[str, Any] | None = None, signed_by: Any = KEY, **header: Any) -> str:
    """A good proof, written from the RFC, with some claims or header members changed; ``...`` leaves one out."""
    ath = encode(hashlib.sha256(TOKEN.encode()).digest())
    claims = {"jti": "jti-1", "htm": "GET", "htu": URI, "iat": 1_767_225_600, "ath": ath, **(changes or {})}
    members = {"typ": "dpop+jwt", "jwk": build_public_members(KEY.verification_key.public_key), **header}
    algorithm = members.pop("alg", "ES256")
    return jwt.encode(
        {name: value for name, value in claims.items() if value is not ...},
        signed_by if isinstance(signed_by, str) else signed_by.private_key,
        algorithm=algorithm,
        headers={name: value for name, value in members.items() if value is not ...},
    )


def verified(text: str, **changes: Any) -> Any:
    return ProofVerification(text, "GET", URI, TOKEN)._replace(**changes)()


def test_a_good_proof_names_the_key_by_its_thumbprint() -> None:
    found = verified(proof({"nonce": "n-1"}))
    assert found == (KEY.verification_key.thumbprint, "jti-1", 1_767_225_600, "n-1", "")


def test_a_proof_has_one_text() -> None:
    """The last character of a signature of 64 bytes has four bits that stand for nothing; padding is none either."""
    good = proof()
    last = ALPHABET[ALPHABET.index(good[-1]) + 1]
    assert not verified(good).reason
    assert verified(good[:-1] + last).reason == "malformed"
    assert verified(good + "==").reason == "malformed"


def test_what_the_client_signs_is_what_the_server_wants() -> None:
    assert verified(sign_proof(KEY, "GET", URI, 1_767_225_600, "jti-1", TOKEN)) == verified(proof())
    without_token = sign_proof(KEY, "POST", URI, 1_767_225_600, "jti-1")
    assert verified(without_token, method="POST", token="").thumbprint == KEY.verification_key.thumbprint
    assert verified(without_token, method="POST").reason == "ath"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"htm": "POST"}, "htm"),
        ({"htm": "get"}, "htm"),
        ({"htm": ...}, "htm"),
        ({"htu": "https://api.example/other"}, "htu"),
        ({"htu": "https://evil.example/orders"}, "htu"),
        ({"htu": "http://api.example/orders"}, "htu"),
        ({"htu": "https://api.example:444/orders"}, "htu"),
        ({"htu": "https://[broken"}, "htu"),
        ({"htu": 7}, "htu"),
        ({"htu": ...}, "htu"),
        ({"ath": encode(hashlib.sha256(b"another token").digest())}, "ath"),
        ({"ath": ...}, "ath"),
        ({"jti": ...}, "claims"),
        ({"jti": ""}, "claims"),
        ({"jti": 7}, "malformed"),
        ({"iat": ...}, "claims"),
        ({"iat": True}, "claims"),
        ({"nonce": 7}, "claims"),
    ],
    ids=str,
)
def test_a_claim_that_does_not_fit_is_refused(changes: dict[str, Any], reason: str) -> None:
    found = verified(proof(changes))
    assert (found.thumbprint, found.reason) == ("", reason)


@pytest.mark.parametrize("htu", [URI + "?page=2", URI + "#part", "https://API.example:443/orders", "HTTPS" + URI[5:]])
def test_a_uri_is_compared_after_normalization_and_without_query(htu: str) -> None:
    assert not verified(proof({"htu": htu})).reason


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"typ": "at+jwt"}, "type"),
        ({"typ": "JWT"}, "type"),
        ({"jwk": ...}, "key"),
        ({"jwk": "text"}, "key"),
        ({"jwk": {"kty": "oct", "k": "c2VjcmV0"}}, "key"),
        ({"jwk": {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}}, "key"),
        ({"jwk": {**build_public_members(KEY.verification_key.public_key), "d": "AA"}}, "key"),
        ({"jwk": build_public_members(OTHER.verification_key.public_key)}, "signature"),
        ({"jwk": build_public_members(key("ES384").verification_key.public_key)}, "algorithm"),
        ({"crit": ["b64"]}, "malformed"),
    ],
    ids=[str(number) for number in range(10)],  # keys differ from process to process
)
def test_a_header_that_does_not_fit_is_refused(header: dict[str, Any], reason: str) -> None:
    assert verified(proof(**header)).reason == reason


@pytest.mark.parametrize("crit", [["b64"], ["exp"], ["x"], [], None])
def test_a_proof_that_needs_an_extension_is_refused(crit: Any) -> None:
    """Also the one that PyJWT supports, which its encoder leaves out of a header when it is true (RFC 7797)."""
    ath = encode(hashlib.sha256(TOKEN.encode()).digest())
    claims = {"jti": "jti-1", "htm": "GET", "htu": URI, "iat": 1_767_225_600, "ath": ath}
    header = {"typ": "dpop+jwt", "jwk": build_public_members(KEY.verification_key.public_key), "b64": True, "x": 1}
    assert not verified(sign_claims(claims, KEY, **header)).reason
    assert verified(sign_claims(claims, KEY, **header, crit=crit)).reason == "malformed"


def test_a_proof_of_another_key_is_refused() -> None:
    assert verified(proof(signed_by=OTHER)).reason == "signature"


def test_only_asymmetric_and_allowed_algorithms_are_accepted() -> None:
    assert verified(proof(signed_by="s" * 32, alg="HS256")).reason == "algorithm"
    assert verified(forge_unsigned({}, "kid")).reason == "type"
    assert verified(proof(), algorithms=("EdDSA",)).reason == "algorithm"


@pytest.mark.parametrize(
    "text",
    ["", "x", "a.b.c", "..", "ü.ü.ü", proof()[:-2], proof() + "A"],
    ids=["empty", "word", "letters", "dots", "no ASCII", "shorter", "longer"],  # keys differ from process to process
)
def test_what_is_no_proof_is_refused_and_raises_nothing(text: str) -> None:
    assert not verified(text).thumbprint
