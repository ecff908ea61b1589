"""The short cut in PyJWT's decoder judges every segment as PyJWT does."""

from base64 import urlsafe_b64encode

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.tokens.jws import _QuickJWS, build_quick_decoder, build_stock_decoder, list_missing_names

ALPHABET = "ABCXYZabcxyz0189-_=+/!. "


def outcome(decoder: type[jwt.PyJWS], segment: bytes) -> bytes | str:
    try:
        return decoder._decode_base64url_segment(segment, "payload")
    except jwt.DecodeError as error:
        return str(error)


@given(st.binary(max_size=60))
def test_what_is_well_formed_decodes_to_what_was_encoded(content: bytes) -> None:
    segment = urlsafe_b64encode(content).rstrip(b"=")
    assert outcome(_QuickJWS, segment) == content == outcome(jwt.PyJWS, segment)


@given(st.one_of(st.text(ALPHABET, max_size=12).map(str.encode), st.binary(max_size=12)))
def test_any_segment_has_the_outcome_that_pyjwt_gives_it(segment: bytes) -> None:
    assert outcome(_QuickJWS, segment) == outcome(jwt.PyJWS, segment)


@pytest.mark.parametrize("segment", [b"QQ==", b"QQ=", b"QR", b"Q", b"", b"Q!Q", b"AAAAA"])
def test_the_borderline_cases_have_the_outcome_that_pyjwt_gives_them(segment: bytes) -> None:
    assert outcome(_QuickJWS, segment) == outcome(jwt.PyJWS, segment)


def test_pyjwt_still_has_the_private_names_that_the_short_cut_needs() -> None:
    missing = ", ".join(list_missing_names(build_stock_decoder()))
    assert not missing, (
        f"PyJWT {jwt.__version__} has no {missing}: it was renamed or removed, and tokens are verified without the "
        "short cut of simlib/tokens/jws.py; override the new name there, or remove the short cut"
    )


def test_pyjwt_still_decodes_each_segment_by_the_overridden_method(monkeypatch: pytest.MonkeyPatch) -> None:
    overridden, decoded = _QuickJWS._decode_base64url_segment, []

    def note(segment: bytes, name: str) -> bytes:
        decoded.append(segment.decode())
        return overridden(segment, name)

    monkeypatch.setattr(_QuickJWS, "_decode_base64url_segment", staticmethod(note))
    token = jwt.encode({"sub": "user"}, "k" * 32, algorithm="HS256")
    build_quick_decoder().decode(token, "k" * 32, algorithms=["HS256"])
    assert sorted(decoded) == sorted(token.split(".")), (
        f"PyJWT {jwt.__version__} decodes segments in another way than by PyJWS._decode_base64url_segment, "
        "which simlib/tokens/jws.py overrides; look for the method that decode calls now"
    )


def test_a_renamed_method_is_named_and_tokens_are_verified_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(jwt.PyJWS, "_decode_base64url_segment")
    assert list_missing_names(build_stock_decoder()) == ("_decode_base64url_segment",)
    assert not isinstance(build_quick_decoder()._jws, _QuickJWS)


def test_the_short_cut_is_in_place_and_the_stock_decoder_has_none() -> None:
    assert isinstance(build_quick_decoder()._jws, _QuickJWS)
    assert not isinstance(build_stock_decoder()._jws, _QuickJWS)
