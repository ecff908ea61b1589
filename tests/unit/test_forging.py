"""Forgeries are what they claim to be: an attack with bad bytes would be refused for the wrong reason."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.tokens import (
    Verification,
    encrypt_text,
    generate_encryption_key,
    make_opaque_token,
    read_header,
    sign_access_token,
)
from simlib.tokens.forging import (
    alter,
    count_alterations,
    decode,
    encode,
    encode_public_pem,
    forge_pbes2_token,
    malleate_signature,
    read_claims,
    replace_claims,
    sign_claims,
    sign_with_hmac,
    vary_encoding,
)
from simlib.tokens.jwe import decrypt
from simlib.tokens.vulnerable_jwe import MOST_ITERATIONS, decrypt_without_limits
from support.keys import key

ISSUER, AUDIENCE = "https://as.example", "https://api.example"
CLAIMS = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "user-1",
    "client_id": "shop",
    "exp": 2_000_000_000,
    "iat": 1_900_000_000,
    "jti": "1",
}


def verified(token: str, algorithm: str) -> str:
    verification = Verification(token, key(algorithm).verification_key, (algorithm,), ISSUER, AUDIENCE)
    return "holds" if verification().claims is not None else verification().reason


@pytest.mark.parametrize("algorithm", ["ES256", "ES384"])
def test_an_ecdsa_token_has_a_second_signature_that_holds(algorithm: str) -> None:
    token = sign_access_token(CLAIMS, key(algorithm))
    twin = malleate_signature(token)
    assert twin != token
    assert malleate_signature(twin) == token
    assert verified(token, algorithm) == verified(twin, algorithm) == "holds"


@given(st.binary(min_size=1, max_size=70))
def test_another_spelling_means_the_same_bytes_if_there_is_one(data: bytes) -> None:
    text = encode(data)
    other = vary_encoding(f"a.{text}").partition(".")[2]
    assert decode(other) == data
    assert (other == text) == (len(data) % 3 == 0)


def test_a_token_signed_with_the_right_key_holds_whoever_wrote_it() -> None:
    assert verified(sign_claims(CLAIMS, key("RS256")), "RS256") == "holds"
    assert verified(sign_claims(CLAIMS, replace(key("RS256", "stranger"), kid="current")), "RS256") == "signature"


def test_other_claims_keep_header_and_signature() -> None:
    token = sign_access_token(CLAIMS, key("EdDSA"))
    forged = replace_claims(token, sub="user-2", jti=...)
    assert read_claims(forged) == {**{name: value for name, value in CLAIMS.items() if name != "jti"}, "sub": "user-2"}
    assert forged.split(".")[::2] == token.split(".")[::2]


OPAQUE_TOKEN = make_opaque_token(bytes(32))
SIGNED_TOKEN = sign_access_token(CLAIMS, key("EdDSA"))


@pytest.mark.parametrize(
    ("token", "places"),
    [
        (OPAQUE_TOKEN, len(OPAQUE_TOKEN)),
        (SIGNED_TOKEN, len(decode(SIGNED_TOKEN.split(".")[1]))),
        (".".join(map(encode, (b"head", b"key", b"iv", b"content", b"tag"))), 19),
    ],
    ids=["opaque", "signed", "encrypted"],
)
def test_each_place_of_a_token_is_altered_once_before_they_repeat(token: str, places: int) -> None:
    altered = [alter(token, at) for at in range(places)]
    assert count_alterations(token) == places == len({*altered} - {token})
    assert alter(token, places) == altered[0]


def test_the_text_of_a_public_key_is_the_secret_of_a_key_confusion() -> None:
    pem = encode_public_pem(key("RS256").verification_key.jwk)
    assert pem.startswith(b"-----BEGIN PUBLIC KEY-----")
    assert read_header(sign_with_hmac(CLAIMS, "current", pem))["alg"] == "HS256"


class TestEncrypted:
    ENCRYPTION = generate_encryption_key("RSA-OAEP-256", AUDIENCE)

    def test_whoever_has_the_public_key_can_encrypt(self) -> None:
        sealed = encrypt_text(b"a.b.c", self.ENCRYPTION.published_jwk)
        assert decrypt(sealed, self.ENCRYPTION).token == "a.b.c"
        assert decrypt_without_limits(sealed, self.ENCRYPTION).token == "a.b.c"

    def test_the_published_key_has_no_private_half(self) -> None:
        assert set(self.ENCRYPTION.published_jwk) == {"kty", "n", "e", "use", "alg", "kid"}

    def test_a_bomb_opens_where_nobody_looks_and_nowhere_else(self) -> None:
        bomb = encrypt_text(b"A" * 5_000_000, self.ENCRYPTION.published_jwk, compressed=True)
        assert len(bomb) < 10_000
        assert len(decrypt_without_limits(bomb, self.ENCRYPTION).token or "") == 5_000_000
        assert decrypt(bomb, self.ENCRYPTION) == (None, "malformed")

    def test_iterations_are_done_by_whoever_believes_the_header(self) -> None:
        asking = forge_pbes2_token(2_000)
        assert decrypt_without_limits(asking, self.ENCRYPTION) == (None, "decryption", 2_000)
        assert (
            decrypt_without_limits(forge_pbes2_token(10 * MOST_ITERATIONS), self.ENCRYPTION).iterations
            == MOST_ITERATIONS
        )
        assert decrypt(asking, self.ENCRYPTION) == (None, "malformed")
        assert json.loads(decode(asking.partition(".")[0]))["p2c"] == 2_000

    def test_a_key_on_a_curve_opens_nothing_there(self) -> None:
        other = generate_encryption_key("ECDH-ES+A256KW", AUDIENCE)
        sealed = encrypt_text(b"a.b.c", other.published_jwk)
        assert decrypt(sealed, other).token == "a.b.c"
        assert decrypt_without_limits(sealed, other) == (None, "decryption", 0)

    @pytest.mark.parametrize("garbage", ["", "a.b", "a.b.c.d.e", make_opaque_token(bytes(32)), "\ud800.a.b.c.d"])
    def test_garbage_is_refused_even_by_the_careless(self, garbage: str) -> None:
        assert decrypt_without_limits(garbage, self.ENCRYPTION).token is None
