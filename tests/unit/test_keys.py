"""Key sets travel and come back, in bytes of constant size, and reject what they cannot use."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from simlib.tokens import ALGORITHMS, Algorithm, KeySet, MalformedKeySet, VerificationKey, generate_signing_key
from simlib.tokens.jwk import parse_public_key
from simlib.tokens.jwk_members import MalformedKey

# The example of RFC 7638 section 3.1, with the thumbprint that the RFC computes for it.
RFC_7638_KEY = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB"
    "ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8"
    "KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
    "xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
    "alg": "RS256",
    "kid": "2011-04-29",
}


def jwks(*entries: Any) -> bytes:
    return json.dumps({"keys": entries}).encode()


def entry(algorithm: Algorithm = "ES256", **changes: Any) -> dict[str, Any]:
    members = {**generate_signing_key(algorithm, "k").verification_key.jwk, **changes}
    return {name: value for name, value in members.items() if value is not None}


def test_the_thumbprint_is_that_of_the_rfc() -> None:
    key = VerificationKey(parse_public_key(RFC_7638_KEY), "any", "RS256")
    assert key.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_set_survives_the_wire(algorithm: Algorithm) -> None:
    key = generate_signing_key(algorithm, "2026-01").verification_key
    returned = KeySet.from_jwks(KeySet((key,)).to_jwks())
    assert returned.find("2026-01") == key
    assert returned.find("2026-02") is None


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_set_holds_no_private_member(algorithm: Algorithm) -> None:
    (members,) = json.loads(KeySet((generate_signing_key(algorithm, "k").verification_key,)).to_jwks())["keys"]
    assert not set(members) & {"d", "p", "q", "dp", "dq", "qi", "k"}


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_sizes_never_vary_by_key(algorithm: Algorithm) -> None:
    generate = generate_signing_key.__wrapped__
    sizes = {len(KeySet((generate(algorithm, "k").verification_key,)).to_jwks()) for _ in range(300)}
    assert len(sizes) == 1


@pytest.mark.parametrize("private", [1, 5000])
def test_a_coordinate_with_leading_zeros_keeps_its_width(private: int) -> None:
    # Found by search, since one point in 128 has a coordinate that fits into 31 bytes.
    key, short = next(
        (key, name)
        for key in (_p256_key(candidate) for candidate in range(private, private + 5000))
        for name in ("x", "y")
        if _coordinate(key, name).bit_length() <= 248
    )
    assert {len(key.jwk["x"]), len(key.jwk["y"])} == {43}
    assert KeySet.from_jwks(KeySet((key,)).to_jwks()).find("k") == key
    stripped = base64.urlsafe_b64encode(_coordinate(key, short).to_bytes(31, "big")).rstrip(b"=").decode()
    assert KeySet.from_jwks(jwks({**key.jwk, short: stripped})).keys == ()


def _p256_key(private: int) -> VerificationKey:
    return VerificationKey(ec.derive_private_key(private, ec.SECP256R1()).public_key(), "k", "ES256")


def _coordinate(key: VerificationKey, name: str) -> int:
    assert isinstance(key.public_key, ec.EllipticCurvePublicKey)
    return int(getattr(key.public_key.public_numbers(), name))


def test_keys_are_equal_by_thumbprint_and_algorithm_and_not_by_label() -> None:
    key = generate_signing_key("RS256", "a").verification_key
    other = generate_signing_key("RS256", "b").verification_key
    renamed = replace(key, kid="b")
    assert renamed == key
    assert hash(renamed) == hash(key)
    assert other != key
    assert replace(other, kid="a") != key
    assert key != "a"


def test_a_generated_key_is_remembered_by_algorithm_and_name() -> None:
    assert generate_signing_key("ES256", "same") is generate_signing_key("ES256", "same")
    assert generate_signing_key("ES256", "same") is not generate_signing_key("ES256", "other")


def test_an_unknown_algorithm_is_refused() -> None:
    with pytest.raises(ValueError, match="RS256, ES256, EdDSA"):
        generate_signing_key("HS256", "k")


UNUSABLE = {
    "a number": 7,
    "no type": entry(kty=None),
    "a secret": {"kty": "oct", "k": "c2VjcmV0", "kid": "k"},
    "another curve": entry(crv="P-521"),
    "another use": entry(use="enc"),
    "other operations": entry(key_ops=["encrypt"]),
    "operations that are no list": entry(key_ops="verify"),
    "no name": entry(kid=None),
    "a name that is no text": entry(kid=3),
    "another algorithm": entry(alg="ES512"),
    "an algorithm of another type of key": entry("RS256", alg="ES256"),
    "a coordinate off the curve": entry(x="A" * 43),
    "a short coordinate": entry(x="AQAB"),
    "a coordinate outside base64url": entry(x="!" * 43),
    "a coordinate that is no text": entry(x=1),
    "a tiny modulus": entry("RS256", n="AQAB"),
    "a huge modulus": entry("RS256", n="_" * 2000),
    "an even exponent": entry("RS256", e="AQAA"),
    "an exponent above the modulus": entry("RS256", e="_" * 342),
    "an exponent that makes verifying slow": entry("RS256", e="_" * 340),
    "an OKP key of wrong length": entry("EdDSA", x="AQAB"),
    "an OKP key for key agreement": entry("EdDSA", crv="X25519"),
}


@pytest.mark.parametrize("unusable", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_an_unusable_key_is_left_out_and_the_others_stay(unusable: Any) -> None:
    good = entry("EdDSA", kid="good")
    found = KeySet.from_jwks(jwks(unusable, good))
    assert [key.kid for key in found.keys] == ["good"]


def test_an_algorithm_and_a_use_may_be_left_open() -> None:
    found = KeySet.from_jwks(jwks(entry(alg=None, use=None))).find("k")
    assert found is not None
    assert found.algorithm == "ES256"


def test_of_two_keys_with_one_name_the_first_is_found() -> None:
    first, second = generate_signing_key("ES256", "k"), generate_signing_key("EdDSA", "k")
    key_set = KeySet((first.verification_key, second.verification_key))
    assert key_set.find("k") == first.verification_key


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"{}", b'{"keys": {}}', b"null", b"[" * 100_000])
def test_what_is_no_key_set_is_told(body: bytes) -> None:
    with pytest.raises(MalformedKeySet):
        KeySet.from_jwks(body)


@pytest.mark.parametrize("name", [["P-256"], {"P-256": 1}, 256, None], ids=str)
def test_a_curve_that_is_no_text_is_malformed(name: Any) -> None:
    with pytest.raises(MalformedKey, match="unsupported curve"):
        parse_public_key({**entry("ES256"), "crv": name})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
members = st.fixed_dictionaries(
    {"kty": st.sampled_from(["RSA", "EC", "OKP", 3]), "kid": st.just("k")},
    optional={name: json_values | st.text("AQ_-") for name in ("n", "e", "x", "y", "crv", "alg", "use", "key_ops")},
)


@given(st.lists(members | json_values, max_size=4))
def test_no_key_set_of_garbage_raises(entries: list[Any]) -> None:
    assert len(KeySet.from_jwks(jwks(*entries)).keys) <= len(entries)


def test_a_generated_rsa_key_has_2048_bits_and_the_usual_exponent() -> None:
    private = generate_signing_key("RS256", "a").private_key
    assert isinstance(private, rsa.RSAPrivateKey)
    assert private.key_size == 2048
    assert private.public_key().public_numbers().e == 65537
