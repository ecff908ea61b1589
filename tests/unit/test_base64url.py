"""Base64url has one text for each sequence of bytes; every other text is refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.tokens.base64url import decode_base64url, encode_base64url, has_canonical_segments, is_base64url

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(st.binary(max_size=60))
def test_bytes_have_the_text_of_the_standard_library_without_padding(content: bytes) -> None:
    text = encode_base64url(content)
    assert text == base64.urlsafe_b64encode(content).rstrip(b"=").decode()
    assert decode_base64url(text) == content


@given(st.text(ALPHABET + "=+/ .\n\té", max_size=9))
def test_a_text_that_is_accepted_is_the_one_that_its_bytes_have(text: str) -> None:
    if is_base64url(text):
        assert encode_base64url(decode_base64url(text)) == text
    else:
        with pytest.raises(ValueError, match="base64url"):
            decode_base64url(text)


@pytest.mark.parametrize("content", [b"a", b"ab", b"abc", b"abcd"])
def test_of_all_last_letters_that_decode_to_the_same_bytes_one_is_accepted(content: bytes) -> None:
    text = encode_base64url(content)
    accepted = [letter for letter in ALPHABET if is_base64url(text[:-1] + letter)]
    # RFC 4648 section 3.5: 8, 16 or 24 bits fill 2, 3 or 4 letters, so the last one carries 2, 4 or 6 of them.
    assert len(accepted) == {1: 4, 2: 16, 0: 64}[len(content) % 3]
    assert len({decode_base64url(text[:-1] + letter) for letter in accepted}) == len(accepted)


@pytest.mark.parametrize(
    "text", ["QQ==", "QQ=", "=", "Q", "QR", "QQ\n", " QQ", "Q Q", "a+/b", "QUI=", "QUK", "\uff31\uff31"]
)
def test_other_texts_are_refused(text: str) -> None:
    assert not is_base64url(text)


def test_a_compact_token_is_canonical_in_each_segment() -> None:
    assert has_canonical_segments("e30.e30.QQ")
    for token in ("e30=.e30.QQ", "e30.e30=.QQ", "e30.e30.QQ==", "e30.e30 .QQ", "e30.e30.QR", "e30.e30.QQ\n"):
        assert not has_canonical_segments(token)
