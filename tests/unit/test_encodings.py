"""The short ways of JSON and forms give what the standard library gives, for plain input and for any other."""

import json
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.scenario.encodings import decode_form, decode_form_value, decode_json, encode_form, encode_json

TEXT = st.text() | st.text("abcXYZ019-._~") | st.text("a=&+% é")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=8,
)


def result(work: Any, *arguments: Any, **named: Any) -> str:
    """What a function returns or raises, NaN and sign of zero included."""
    try:
        return repr(work(*arguments, **named))
    except (ValueError, RecursionError) as error:
        return f"{type(error).__name__}: {error}"


@given(VALUES)
def test_json_is_encoded_as_by_the_standard_library(value: Any) -> None:
    assert encode_json(value) == json.dumps(value, separators=(",", ":"))


@given(
    st.one_of(
        VALUES.map(lambda value: json.dumps(value).encode()),
        VALUES.map(lambda value: json.dumps({"a": value}, ensure_ascii=False).encode("utf-8", "surrogatepass")),
        VALUES.map(lambda value: json.dumps({"a": value}).encode("utf-16")),
        st.dictionaries(TEXT, VALUES).map(lambda value: json.dumps(value).encode() + b" "),
        st.dictionaries(TEXT, VALUES).map(lambda value: json.dumps(value).encode()[:-1]),
        st.binary(),
        st.binary().map(lambda tail: b'{"' + tail),
    )
)
def test_json_is_decoded_as_by_the_standard_library(body: bytes) -> None:
    assert result(decode_json, body) == result(json.loads, body)


def test_json_that_is_nested_too_deeply_raises_as_by_the_standard_library() -> None:
    body = b'{"a":' * 100_000
    with pytest.raises(RecursionError):
        json.loads(body)
    with pytest.raises(RecursionError):
        decode_json(body)


@given(st.dictionaries(TEXT, TEXT), st.sampled_from(["strict", "surrogatepass"]))
def test_forms_are_encoded_as_by_the_standard_library(values: dict[str, str], errors: str) -> None:
    assert result(encode_form, values, errors=errors) == result(urlencode, values, errors=errors)


@given(TEXT | st.dictionaries(TEXT, TEXT).map(urlencode))
def test_forms_are_decoded_as_by_the_standard_library(text: str) -> None:
    assert result(decode_form, text) == result(parse_qsl, text, strict_parsing=True)
    assert result(decode_form_value, text) == result(unquote_plus, text)
