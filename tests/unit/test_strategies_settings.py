"""Every part of the catalogue: its settings are checked in words, it is described, and it fits its place."""

import math
from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import Any

import pytest

from simlib.contracts.cases import vary_settings
from simlib.scenario.design import PLACES
from simlib.strategies import CATALOGUE
from support.pairs import PAIRS, name_of
from support.stage import deployment

PARTS = list({part for place in CATALOGUE.values() for part in place.values()})
PARTS.sort(key=lambda part: (part.name, part.__name__))
NUMBERS = [
    (part, field.name) for part in PARTS for field in fields(part.Settings) if type(field.default) in (int, float)
]


def test_the_catalogue_has_the_places_of_a_design() -> None:
    assert set(CATALOGUE) == {*PLACES, "wrappers"}
    assert all(part.name == name for place in CATALOGUE.values() for name, part in place.items())


@pytest.mark.parametrize("part", PARTS, ids=name_of)
def test_a_part_is_described_and_its_settings_are_frozen_with_defaults(part: Any) -> None:
    assert part.summary
    assert part.summary == part.summary.strip()
    assert "\n" not in part.summary
    settings = part.Settings()
    assert is_dataclass(settings)
    assert hash(settings) == hash(part.Settings())
    for field in fields(settings):
        with pytest.raises(FrozenInstanceError):
            setattr(settings, field.name, field.default)


@pytest.mark.parametrize("pair", PAIRS, ids=name_of)
def test_a_validator_promises_something_for_all_its_settings(pair: Any) -> None:
    for settings in vary_settings(pair[0]):
        bound = pair[0](settings, deployment()).compute_bound()
        assert all(0 <= seconds < math.inf for seconds in bound)


@pytest.mark.parametrize(("part", "setting"), NUMBERS, ids=name_of)
@pytest.mark.parametrize("value", [-1, -0.001, math.nan, math.inf, -math.inf])
def test_no_number_is_negative_or_without_end(part: Any, setting: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"^{setting} must be "):
        part.Settings(**{setting: value})


@pytest.mark.parametrize(("name", "setting"), [("jwt_access_token", "algorithm"), ("jwt_local", "algorithms")], ids=str)
@pytest.mark.parametrize("word", ["none", "HS1", "rs256", ""])
def test_only_known_algorithms_may_be_chosen(name: str, setting: str, word: str) -> None:
    part = next(part for part in PARTS if part.name == name)
    with pytest.raises(ValueError, match=rf"^{setting} must be one of RS256, ES256, EdDSA"):
        part.Settings(**{setting: word if setting == "algorithm" else ("RS256", word)})


@pytest.mark.parametrize("setting", ["timeout_s", "ttl_s", "jwks_lifetime_s"])
def test_a_duration_that_must_not_be_nothing_is_not_0(setting: str) -> None:
    owners = [part for part in PARTS if setting in {field.name for field in fields(part.Settings)}]
    if setting == "ttl_s":  # an exchanged token may be for one call only
        owners = [part for part in owners if part.name not in CATALOGUE["downstream"]]
    assert owners
    for part in owners:
        with pytest.raises(ValueError, match=f"{setting} must be a finite number (above 0|of at least 1)"):
            part.Settings(**{setting: 0.0})


@pytest.mark.parametrize("bits", [0, 1024, 2047, 2049, 4096])
def test_only_usual_sizes_of_rsa_keys_may_be_chosen(bits: int) -> None:
    issuer = next(part for part in PARTS if part.name == "jwt_access_token")
    with pytest.raises(ValueError, match=r"^key_bits must be 2048 or 3072"):
        issuer.Settings(key_bits=bits)


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "EdDSA", "HS256"])
def test_a_size_is_refused_where_keys_have_none(algorithm: str) -> None:
    issuer = next(part for part in PARTS if part.name == "jwt_access_token")
    assert issuer.Settings(algorithm=algorithm).key_bits == 2048
    with pytest.raises(ValueError, match=rf"^key_bits must be left out with {algorithm}"):
        issuer.Settings(algorithm=algorithm, key_bits=3072)
