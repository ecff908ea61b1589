"""Sealed text opens with its secret only; an identity token says who signed in and for whom."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.tokens import EPOCH, build_id_token_claims, make_store_key, seal, unseal

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
nonces = st.binary(min_size=12, max_size=12)


@given(texts, texts, nonces)
def test_what_was_sealed_comes_back_for_whoever_has_the_secret(secret: str, text: str, nonce: bytes) -> None:
    sealed = seal(secret, text, nonce)
    assert unseal(secret, sealed) == text
    assert len(text) < 8 or text not in sealed


@given(texts, texts, texts, nonces)
def test_another_secret_opens_nothing(secret: str, other: str, text: str, nonce: bytes) -> None:
    assert unseal(other, seal(secret, text, nonce)) == (text if other == secret else None)


def test_the_name_of_a_row_does_not_open_it() -> None:
    assert unseal(make_store_key("secret"), seal("secret", "text", bytes(12))) is None


@given(st.integers(0, 42), st.integers(1, 255), nonces)
def test_what_was_altered_opens_no_more(position: int, change: int, nonce: bytes) -> None:
    raw = bytearray(urlsafe_b64decode(seal("secret", "an access token", nonce)))
    raw[position] ^= change
    assert unseal("secret", urlsafe_b64encode(raw).decode()) is None


@given(st.text(max_size=40))
def test_what_was_never_sealed_opens_nothing(text: str) -> None:
    assert unseal("secret", text) is None


@pytest.mark.parametrize("length", [0, 11, 13, 16])
def test_a_nonce_has_twelve_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="12 bytes"):
        seal("secret", "text", bytes(length))


def test_an_identity_token_is_for_the_client_and_says_no_more_than_it_was_told() -> None:
    claims = build_id_token_claims("https://as", "shop", "user-1", 10.9, 300.5)
    assert claims == {"iss": "https://as", "sub": "user-1", "aud": "shop", "iat": EPOCH + 10, "exp": EPOCH + 310}


def test_further_claims_replace_none_of_the_usual_ones() -> None:
    extra = {"iss": "x", "sub": "x", "aud": "x", "iat": 0, "exp": 0, "auth_time": 0, "nonce": "x", "name": "N"}
    claims = build_id_token_claims("https://as", "shop", "user-1", 10.0, 300.0, auth_time=5.5, nonce="n", extra=extra)
    assert (claims["auth_time"], claims["nonce"], claims["name"]) == (EPOCH + 5, "n", "N")
    assert {claims[name] for name in ("iss", "sub", "aud")} == {"https://as", "user-1", "shop"}
