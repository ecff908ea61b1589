"""Members of tokens and of answers that are of another type than their definition says: refused, and none raises."""

import json
import math
from typing import Any

import pytest

from simlib.flows.base import parse_token_response
from simlib.flows.device_authorization import _parse_codes
from simlib.strategies.denylist import read_denylist_entry
from simlib.strategies.split_token import read_half, read_push
from simlib.strategies.token_exchange import ACCESS_TOKEN, _is_usable
from simlib.tokens import MalformedStatusList, StatusList, find_mistyped_claim, is_finite_number
from simlib.tokens.forging import encode

NO_NUMBERS: tuple[Any, ...] = (True, False, None, "60", [60], {}, math.nan, math.inf, -math.inf, 10**400, -(10**400))
"""What JSON may hold, in the reading of Python, where a number of seconds is needed."""
NO_TEXTS: tuple[Any, ...] = (7, 7.5, True, None, ["a"], {"a": "b"})


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_no_finite_number_is_refused_wherever_seconds_are_read(value: Any) -> None:
    assert not is_finite_number(value)
    response = {"access_token": "a", "token_type": "Bearer", "expires_in": value}
    assert parse_token_response(response, 0.0) is None
    assert not _is_usable({**response, "issued_token_type": ACCESS_TOKEN})
    codes = {"device_code": "d", "user_code": "u", "expires_in": 600, "interval": 5}
    assert _parse_codes({**codes, "expires_in": value}, 0.0) is None
    assert _parse_codes({**codes, "interval": value}, 0.0) is None
    assert read_denylist_entry({"iss": "https://as", "jti": "1", "exp": value}) is None
    head = f"{encode({'alg': 'ES256'})}.{encode({'exp': value, 'iat': 0})}"
    assert read_half(head, 0.0) is None
    assert read_push({"key": "k" * 64, "head": "", "until": value}, 0.0) is None


@pytest.mark.parametrize("value", [0, -1, 60, 0.5, 1e308, 10**300])
def test_a_number_that_a_float_can_hold_is_one(value: float) -> None:
    assert is_finite_number(value)
    assert read_denylist_entry({"iss": "https://as", "jti": "1", "exp": value}) is not None
    assert parse_token_response({"access_token": "a", "token_type": "Bearer", "expires_in": value}, 0.0) is not None


@pytest.mark.parametrize("value", NO_TEXTS)
def test_a_type_of_token_that_is_no_text_is_refused(value: Any) -> None:
    response = {"access_token": "a", "token_type": value, "expires_in": 60, "issued_token_type": ACCESS_TOKEN}
    assert parse_token_response(response, 0.0) is None
    assert not _is_usable(response)
    assert _is_usable({**response, "token_type": "bearer"})
    assert not _is_usable({**response, "token_type": "bearer", "issued_token_type": value})
    assert not _is_usable({**response, "token_type": "bearer", "access_token": value})


@pytest.mark.parametrize("value", NO_TEXTS)
@pytest.mark.parametrize("member", ["jkt", "x5t#S256", "kid"])
def test_a_confirmation_is_an_object_of_texts(member: str, value: Any) -> None:
    assert find_mistyped_claim({"cnf": {member: value}}) == "cnf"
    assert find_mistyped_claim({"cnf": {member: "thumbprint", "jwk": {}}}) == ""
    assert find_mistyped_claim({"cnf": value}) == ("" if isinstance(value, dict) else "cnf")


@pytest.mark.parametrize("value", NO_TEXTS)
@pytest.mark.parametrize("member", ["sub", "iss", "client_id"])
def test_an_actor_is_an_object_of_texts_and_so_are_those_before_it(member: str, value: Any) -> None:
    assert find_mistyped_claim({"act": {member: value}}) == "act"
    assert find_mistyped_claim({"act": {"sub": "a", "act": {"sub": "b", "act": {member: value}}}}) == "act"
    assert find_mistyped_claim({"act": {"sub": "a", "act": {member: "b"}}}) == ""
    assert find_mistyped_claim({"act": {"sub": "a", "act": value}}) == ("" if isinstance(value, dict) else "act")


def test_actors_of_any_depth_are_read() -> None:
    claim: dict[str, Any] = {"sub": "first"}
    for _ in range(5000):
        claim = {"sub": "later", "act": claim}
    assert find_mistyped_claim({"act": claim}) == ""


@pytest.mark.parametrize("bits", [True, 1.0, 8.0, "1", None, [1], 3, 0, -1])
def test_the_number_of_bits_of_a_status_is_one_of_four_integers(bits: Any) -> None:
    claim = StatusList.create(16, [3]).to_claim()
    assert StatusList.from_claim(json.loads(json.dumps(claim)), 100).get(3) == 1
    with pytest.raises(MalformedStatusList):
        StatusList.from_claim({**claim, "bits": bits}, 100)


@pytest.mark.parametrize("text", [*NO_TEXTS, ""])
def test_the_list_of_statuses_is_a_text(text: Any) -> None:
    with pytest.raises(MalformedStatusList):
        StatusList.from_claim({"bits": 1, "lst": text}, 100)
