"""One secret for signing and verifying, and two kinds of key of which neither is taken for the other."""

import hashlib
import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simlib.tokens import (
    ALGORITHMS,
    KEY_CHOICES,
    SharedSecret,
    Verification,
    build_access_token_claims,
    generate_shared_secret,
    generate_signing_key,
    sign_access_token,
)
from simlib.tokens.forging import forge_unsigned, sign_claims, sign_with_hmac

ISSUER, AUDIENCE = "https://as.example", "https://rs.example"
SECRET = generate_shared_secret("current")
CLAIMS = build_access_token_claims(ISSUER, AUDIENCE, "user-1", "app", "read", 0.0, 300.0, "jti-1")
EVERY = (*ALGORITHMS, "HS256")


def verify(token: str, key: Any, algorithms: tuple[str, ...]) -> Any:
    return Verification(token, key, algorithms, ISSUER, AUDIENCE)()


def test_a_token_signed_with_the_secret_holds_under_the_secret() -> None:
    token = sign_access_token(CLAIMS, SECRET)
    assert verify(token, SECRET, ("HS256",)) == (CLAIMS, "")
    assert verify(token, generate_shared_secret("other"), ("HS256",)).reason == "signature"
    assert verify(sign_with_hmac(CLAIMS, "current", SECRET.secret), SECRET, ("HS256",)).reason == ""


@pytest.mark.parametrize("length", [0, 1, 16, 31])
def test_a_secret_below_256_bits_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="256 bits"):
        SharedSecret(b"s" * length, "short")


def test_a_secret_is_new_per_name_and_known_again_by_it() -> None:
    assert generate_shared_secret("a") is generate_shared_secret("a")
    assert generate_shared_secret("a") != generate_shared_secret("b")
    assert len(SECRET.secret) == 32


def test_secrets_are_equal_by_thumbprint_which_is_that_of_rfc_7638() -> None:
    text = urlsafe_b64encode(SECRET.secret).rstrip(b"=").decode()
    digest = hashlib.sha256(json.dumps({"k": text, "kty": "oct"}, separators=(",", ":")).encode()).digest()
    assert SECRET.thumbprint == urlsafe_b64encode(digest).rstrip(b"=").decode()
    renamed = SharedSecret(SECRET.secret, "renamed")
    assert renamed == SECRET
    assert hash(renamed) == hash(SECRET)
    assert generate_signing_key("ES256", "current").verification_key != SECRET


def test_a_secret_never_shows_in_print() -> None:
    assert repr(SECRET.secret) not in repr(SECRET)
    assert SECRET.secret.hex() not in repr(SECRET)


@pytest.mark.parametrize("choice", KEY_CHOICES)
def test_a_shared_secret_never_accepts_what_a_key_pair_signed(choice: str) -> None:
    key = generate_signing_key(choice, "current")
    token = sign_access_token(CLAIMS, key)
    for listed in (EVERY, ("HS256",), (key.algorithm,), (key.algorithm, "HS256")):
        assert verify(token, SECRET, listed).reason == "algorithm"
        renamed = sign_claims(CLAIMS, key, alg="HS256")
        assert verify(renamed, SECRET, listed).claims is None


@pytest.mark.parametrize("choice", KEY_CHOICES)
def test_a_public_key_never_accepts_an_hmac_not_even_under_its_own_bytes(choice: str) -> None:
    public = generate_signing_key(choice, "current").verification_key
    forms = ((Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), (Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    secrets = [public.public_key.public_bytes(*form) for form in forms] + [SECRET.secret, public.thumbprint.encode()]
    for secret in secrets:
        for listed in (EVERY, ("HS256",), (public.algorithm,)):
            assert verify(sign_with_hmac(CLAIMS, "current", secret), public, listed).reason == "algorithm"


def test_a_secret_accepts_no_token_without_signature_and_no_empty_mac() -> None:
    for name in ("none", "None", "HS256", "HS512"):
        assert verify(forge_unsigned(CLAIMS, "current", name), SECRET, (*EVERY, "none", "HS512")).claims is None


@pytest.mark.parametrize("listed", [(), ("RS256",), ALGORITHMS])
def test_a_secret_is_not_used_when_the_list_leaves_hs256_out(listed: tuple[str, ...]) -> None:
    assert verify(sign_access_token(CLAIMS, SECRET), SECRET, listed).reason == "algorithm"
