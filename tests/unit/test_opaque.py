"""An opaque token is its entropy and nothing else; the store learns only a hash."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.tokens import make_opaque_token, make_store_key

entropies = st.binary(min_size=32, max_size=32)


@given(entropies, entropies)
def test_a_token_is_as_unpredictable_as_its_bytes(one: bytes, other: bytes) -> None:
    assert (make_opaque_token(one) == make_opaque_token(other)) == (one == other)


@given(entropies)
def test_a_token_has_43_characters_that_need_no_escaping(entropy: bytes) -> None:
    token = make_opaque_token(entropy)
    assert len(token) == 43
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_any_other_amount_of_entropy_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="exactly 32 bytes"):
        make_opaque_token(bytes(length))


@given(st.text())
def test_the_key_of_the_store_is_the_hash_of_any_text(token: str) -> None:
    key = make_store_key(token)
    assert key == hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
    assert len(key) == 64


def test_a_lone_surrogate_is_hashed_too() -> None:
    assert len(make_store_key("\ud800")) == 64
