"""Every choice of algorithm and size: named as in a profile, of the stated size, and separate from the others."""

import json
from itertools import permutations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from simlib.tokens import (
    ALGORITHMS,
    KEY_CHOICES,
    KeySet,
    SigningKey,
    Verification,
    build_access_token_claims,
    generate_signing_key,
    name_key_choice,
    sign_access_token,
)

CLAIMS = build_access_token_claims("as", "api", "user-1", "app", "read", 0.0, 300.0, "jti-1")
SIGNATURE_BYTES = {"RS256": 256, "PS256": 256, "RS256-3072": 384, "PS256-3072": 384, "ES256": 64, "ES384": 96}


def verify(token: str, key: SigningKey) -> str:
    return Verification(token, key.verification_key, ALGORITHMS, "as", "api")().reason


def test_the_choices_are_those_of_the_field() -> None:
    assert set(KEY_CHOICES) == {*SIGNATURE_BYTES, "EdDSA"}
    assert name_key_choice("RS256") == name_key_choice("RS256", 2048) == "RS256"
    assert name_key_choice("PS256", 3072) == "PS256-3072"


@pytest.mark.parametrize("choice", KEY_CHOICES)
def test_a_key_is_called_what_it_was_chosen_by_also_after_its_way_through_a_key_set(choice: str) -> None:
    key = generate_signing_key(choice, "k")
    returned = KeySet.from_jwks(KeySet((key.verification_key,)).to_jwks()).find("k")
    assert returned is not None
    assert key.choice == key.verification_key.choice == returned.choice == choice
    assert returned == key.verification_key
    assert returned.algorithm == choice.partition("-")[0]


@pytest.mark.parametrize("choice", KEY_CHOICES)
def test_keys_and_signatures_have_the_size_that_the_algorithm_demands(choice: str) -> None:
    key = generate_signing_key(choice, "k")
    private = key.private_key
    if isinstance(private, rsa.RSAPrivateKey):
        assert private.key_size == (3072 if choice.endswith("3072") else 2048)
    if isinstance(private, ec.EllipticCurvePrivateKey):
        assert private.curve.name == {"ES256": "secp256r1", "ES384": "secp384r1"}[choice]
    signature = sign_access_token(CLAIMS, key).rpartition(".")[2]
    assert len(signature) == -(-SIGNATURE_BYTES.get(choice, 64) * 4 // 3)


@pytest.mark.parametrize("choice", ["ES384", "EdDSA"])
def test_the_size_of_a_key_set_does_not_depend_on_the_key(choice: str) -> None:
    generate = generate_signing_key.__wrapped__
    assert len({len(KeySet((generate(choice, "k").verification_key,)).to_jwks()) for _ in range(300)}) == 1


def test_one_rsa_key_under_two_algorithms_is_two_keys() -> None:
    key = generate_signing_key("RS256", "k")
    other = SigningKey(key.private_key, "k", "PS256")
    assert other.verification_key != key.verification_key
    assert verify(sign_access_token(CLAIMS, key), other) == "algorithm"
    assert verify(sign_access_token(CLAIMS, other), key) == "algorithm"


def test_no_choice_verifies_what_another_one_signed() -> None:
    for signer, verifier in permutations(KEY_CHOICES, 2):
        key, other = (generate_signing_key(choice, "k") for choice in (signer, verifier))
        expected = "signature" if key.algorithm == other.algorithm else "algorithm"
        assert verify(sign_access_token(CLAIMS, key), other) == expected


def test_a_key_set_member_names_its_algorithm_or_means_the_usual_one() -> None:
    members = dict(generate_signing_key("PS256", "k").verification_key.jwk)
    for named, expected in (("PS256", "PS256"), ("RS256", "RS256"), (None, "RS256")):
        entry = {**members, "alg": named} if named else {name: members[name] for name in members if name != "alg"}
        found = KeySet.from_jwks(json.dumps({"keys": [entry]}).encode()).find("k")
        assert found is not None
        assert found.algorithm == expected


@pytest.mark.parametrize("choice", ["HS256", "RS256-2048", "RS256-1024", "ES256-3072", "none", "", "rs256"])
def test_what_is_no_choice_makes_no_key_pair(choice: str) -> None:
    with pytest.raises(ValueError, match="is not one of"):
        generate_signing_key(choice, "k")
