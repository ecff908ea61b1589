"""Claims are judged against the simulated clock alone, exactly at their boundaries."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.tokens import (
    EPOCH,
    build_access_token_claims,
    find_mistyped_claim,
    from_numeric_date,
    has_audience,
    has_scope,
    judge_time,
    split_scope,
    to_numeric_date,
)

instants = st.floats(0, 1e8)
leeways = st.integers(0, 600)


def claims_at(issued_at: float, lifetime: float = 300.0, **extra: Any) -> dict[str, Any]:
    return build_access_token_claims(
        "https://as", "https://rs", "sub", "app", "read write", issued_at, lifetime, "id", extra
    )


def test_the_claims_of_rfc_9068_are_there() -> None:
    assert claims_at(12.9) == {
        "iss": "https://as",
        "aud": "https://rs",
        "sub": "sub",
        "client_id": "app",
        "scope": "read write",
        "iat": EPOCH + 12,
        "exp": EPOCH + 312,
        "jti": "id",
    }


def test_several_audiences_become_a_list() -> None:
    claims = build_access_token_claims("i", ("a", "b"), "s", "c", "", 0.0, 1.0, "j")
    assert claims["aud"] == ["a", "b"]


def test_an_extra_claim_replaces_no_registered_one() -> None:
    claims = claims_at(0.0, iss="https://evil", exp=0, roles=["admin"])
    assert claims["iss"] == "https://as"
    assert claims["exp"] == EPOCH + 300
    assert claims["roles"] == ["admin"]


@given(instants)
def test_dates_are_whole_seconds_of_ten_digits_rounded_down(now: float) -> None:
    date = to_numeric_date(now)
    assert isinstance(date, int)
    assert len(str(date)) == 10
    assert from_numeric_date(date) == math.floor(now)


@given(instants, st.integers(1, 86400))
def test_a_token_lives_its_lifetime_from_the_whole_second_of_its_issue(issued_at: float, lifetime: int) -> None:
    claims = claims_at(issued_at, lifetime)
    end = float(math.floor(issued_at) + lifetime)
    assert judge_time(claims, math.nextafter(end, -math.inf)) is None
    assert judge_time(claims, end) == "expired"


@given(st.integers(0, 10**6), leeways)
def test_leeway_moves_each_boundary_by_itself(second: int, leeway: int) -> None:
    tick = 2.0**-20  # about a microsecond, and exact in every sum below
    expiring = {"exp": EPOCH + second}
    assert judge_time(expiring, float(second + leeway), leeway) == "expired"
    assert judge_time(expiring, second + leeway - tick, leeway) is None
    for claim, reason in (("nbf", "not_yet_valid"), ("iat", "issued_in_future")):
        starting = {"exp": EPOCH + second + 1, claim: EPOCH + second}
        assert judge_time(starting, float(second - leeway), leeway) is None
        assert judge_time(starting, second - leeway - tick, leeway) == reason


def test_the_reasons_are_told_apart() -> None:
    assert judge_time({}, 0.0) == "no_expiry"
    assert judge_time({"exp": EPOCH + 9, "nbf": EPOCH + 5, "iat": EPOCH + 5}, 4.0) == "not_yet_valid"
    assert judge_time({"exp": EPOCH + 9, "iat": EPOCH + 5}, 4.0) == "issued_in_future"


@pytest.mark.parametrize("value", [None, "9999999999", True, math.inf, -math.inf, math.nan, [1], {}])
def test_a_date_that_is_no_number_never_helps_a_token(value: object) -> None:
    assert judge_time({"exp": value}, 0.0) == "no_expiry"
    assert judge_time({"exp": EPOCH + 9, "nbf": value}, 0.0) == "not_yet_valid"
    assert judge_time({"exp": EPOCH + 9, "iat": value}, 0.0) == "issued_in_future"


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False), instants, leeways)
def test_no_number_is_too_large_to_judge(value: float, now: float, leeway: int) -> None:
    assert judge_time({"exp": value}, now, leeway) in (None, "expired")
    assert judge_time({"exp": 10**400, "nbf": value}, now, leeway) in (None, "not_yet_valid")


words = st.lists(st.text("abc:./", min_size=1, max_size=4), max_size=4)


@given(words, words)
def test_a_scope_is_enough_when_it_holds_every_word(granted: list[str], required: list[str]) -> None:
    assert has_scope({"scope": " ".join(granted)}, " ".join(required)) == (set(required) <= set(granted))


def test_a_part_of_a_word_is_no_scope() -> None:
    assert not has_scope({"scope": "orders:read-all"}, "orders:read")


@pytest.mark.parametrize("claims", [{}, {"scope": None}, {"scope": ["read"]}, {"scope": 1}])
def test_without_a_scope_of_text_nothing_is_granted(claims: dict[str, Any]) -> None:
    assert not has_scope(claims, "read")


@pytest.mark.parametrize(
    "separator", ["\t", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\xa0", "\u2003", "\u3000", ","]
)
def test_only_a_space_separates_the_words_of_a_scope(separator: str) -> None:
    assert split_scope(f"read{separator}write") == [f"read{separator}write"]
    assert not has_scope({"scope": f"read{separator}write"}, "read")
    assert not has_scope({"scope": "read write"}, f"read{separator}write")
    assert has_scope({"scope": "write  read"}, "read write")


@pytest.mark.parametrize("value", [7, 7.5, True, None, ["app"], {"id": "app"}])
@pytest.mark.parametrize("name", ["iss", "sub", "client_id", "jti", "username", "token_type"])
def test_a_claim_that_must_be_a_text_is_found_when_it_is_none(name: str, value: object) -> None:
    assert find_mistyped_claim(claims_at(0.0)) == ""
    assert find_mistyped_claim({**claims_at(0.0), name: value}) == name


@pytest.mark.parametrize(
    ("audience", "is_text", "is_named"),
    [
        ("https://rs", True, True),
        (["https://rs"], True, True),
        (["https://other", "https://rs"], True, True),
        ("https://rs https://other", True, False),
        ([], True, False),
        (["https://rs", 7], False, False),
        ({"https://rs": 1}, False, False),
        (7, False, False),
        (None, False, False),
    ],
)
def test_an_audience_is_a_text_or_a_list_of_texts(audience: object, is_text: bool, is_named: bool) -> None:
    claims = {**claims_at(0.0), "aud": audience}
    assert (find_mistyped_claim(claims) == "") == is_text
    assert has_audience(claims, "https://rs") == is_named
