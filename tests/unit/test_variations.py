"""Variations of a sweep: what is written, the points that it makes, and keys that stand for several settings."""

import itertools
import math
from typing import Any

import pytest

from simlib.experiment.setting_keys import find_value, list_keys
from simlib.experiment.sweep import change_scenario
from simlib.experiment.sweep_plan import plan_sweep
from simlib.experiment.variation import (
    Sample,
    Variation,
    build_variations,
    describe_point,
    list_points,
    parse_sample,
    parse_variation,
)
from simlib.scenario.errors import InputError
from simlib.scenario.scenario import Scenario
from simlib.scenario.writing import export_scenario
from support.scenarios import design_of, scenario

RATE = "world.load.arrival_rate"
DESIGNS = {
    "opaque": design_of("opaque_introspection", "reference_token"),
    "cached": design_of("opaque_cached", "reference_token"),
    "jwt": design_of("jwt_local", "jwt_access_token"),
    "session": design_of("jwt_local", "jwt_access_token"),
}


@pytest.fixture(scope="module")
def small() -> Scenario:
    return scenario(designs=DESIGNS)


def test_values_are_numbers_truth_values_or_texts() -> None:
    assert parse_variation("k=1, 2.5,true,RS256,1e3").values == (1, 2.5, True, "RS256", 1000.0)
    assert parse_variation("load") == Variation("load")


@pytest.mark.parametrize(("low", "high", "count"), [(100, 2000, 8), (0, 1, 2), (-1, 3, 5), (0.1, 0.3, 3)])
def test_a_range_has_evenly_spaced_values_with_both_ends(low: float, high: float, count: int) -> None:
    values = parse_variation(f"k={low}:{high}:{count}").values
    assert len(values) == count
    assert (values[0], values[-1]) == (low, high)
    steps = [after - before for before, after in itertools.pairwise(values)]
    assert steps == pytest.approx([(high - low) / (count - 1)] * (count - 1))


@pytest.mark.parametrize("text", ["", "k=", "=1", "k=1,,2", "k=2:1:3", "k=1:1:3", "k=1:2:1", "k=1:2:1000001"])
def test_what_is_no_variation_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError, match="--vary") as refused:
        parse_variation(text)
    assert "\n" not in str(refused.value)


def test_numbers_are_like_the_present_ones(small: Scenario) -> None:
    document = export_scenario(small)
    assert [type(each) for each in parse_variation(f"{RATE}=5,6").fit(document).values] == [float, float]
    users = build_variations(document, {"world.population.users": "10:20:4"})[0]
    assert users.values == (10, 13, 17, 20)
    assert build_variations(document, {"world.population.users": [2.5]})[0].values == (2.5,), "given by a caller"


def test_a_grid_has_every_combination() -> None:
    points = list_points([Variation("a", (1, 2, 3)), Variation("b", ("x", "y"))])
    assert [tuple(point.values()) for point in points] == [*itertools.product((1, 2, 3), "xy")]
    with pytest.raises(InputError, match="6 cells"):
        list_points([Variation("a", (1, 2, 3)), Variation("b", ("x", "y"))], most=5)


def test_a_huge_grid_is_refused_before_it_is_made() -> None:
    with pytest.raises(InputError, match="--yes"):
        list_points([parse_variation(f"{key}=0:1:1000") for key in "abcdef"], most=10_000)


@pytest.mark.parametrize("kind", ["latin:16", "sobol:16"])
def test_a_sample_covers_every_range_and_list_evenly(kind: str) -> None:
    variations = [Variation("a", span=(100.0, 200.0)), Variation("b", ("x", "y", "z", "w"))]
    points = list_points(variations, parse_sample(kind), seed=7)
    assert len(points) == 16
    sixteenths = sorted(math.floor((point["a"] - 100) / 100 * 16) for point in points)
    assert sixteenths == [*range(16)], "one point in each sixteenth of the range"
    assert sorted(point["b"] for point in points) == sorted("xyzw" * 4)
    assert points == list_points(variations, parse_sample(kind), seed=7)
    assert points != list_points(variations, parse_sample(kind), seed=8)


def test_a_sample_of_whole_numbers_has_whole_numbers(small: Scenario) -> None:
    variations = build_variations(export_scenario(small), {"world.population.users": "2:9"})
    points = list_points(variations, Sample("latin", 12))
    assert {type(point["world.population.users"]) for point in points} == {int}
    assert {point["world.population.users"] for point in points} <= set(range(2, 10))


def test_a_bare_setting_is_that_of_every_design_that_has_it(small: Scenario) -> None:
    places = ("designs.jwt.authorization_server.algorithm", "designs.session.authorization_server.algorithm")
    assert list_keys(export_scenario(small), "algorithm") == places
    changed = export_scenario(change_scenario(small, {"algorithm": "RS256"}))
    assert [find_value(changed, place) for place in places] == ["RS256", "RS256"]
    untouched = export_scenario(small)
    for name in ("opaque", "cached"):
        assert changed["designs"][name] == untouched["designs"][name]


def test_runs_count_a_design_without_the_setting_once(small: Scenario) -> None:
    plan = plan_sweep(small, [Variation("algorithm", ("RS256", "ES256"))])
    assert plan.runs == (1 + 1 + 2 + 2) * 2
    both = plan_sweep(small, [Variation("algorithm", ("RS256", "ES256")), Variation("ttl", (1.0, 2.0, 3.0))])
    assert both.runs == (1 + 3 + 2 + 2) * 2


def test_a_table_takes_the_place_of_all_designs(small: Scenario) -> None:
    name = next(iter(small.designs))
    document = export_scenario(small)["designs"]
    made = change_scenario(
        small, {"designs": {"renamed": document[name]}, "run": {**export_scenario(small)["run"], "seed": 3}}
    )
    assert (list(made.designs), made.run.seed) == (["renamed"], 3)
    with pytest.raises(InputError, match="designs: no design has such a setting"):
        change_scenario(small, {"designs": "jwt"})


def test_another_part_keeps_the_settings_that_it_has_too(small: Scenario) -> None:
    key = "designs.cached.service.part"
    settings = export_scenario(small)["designs"]["cached"]["service"]
    changed = export_scenario(change_scenario(small, {key: "opaque_introspection"}))["designs"]["cached"]["service"]
    assert changed["part"] == "opaque_introspection"
    assert "ttl_s" in settings
    assert "ttl_s" not in changed
    shared = (settings.keys() & changed.keys()) - {"part"}
    assert {name: changed[name] for name in shared} == {name: settings[name] for name in shared}
    assert shared


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ({"algoritm": "RS256"}, "did you mean 'algorithm'"),
        ({"nonsense": 1}, "no design has such a setting"),
        ({"designs.jwtt.service.leeway_s": 1.0}, "did you mean 'jwt'"),
        ({"world.load.arival_rate": 1.0}, "arrival_rate"),
        ({"designs.cached.service.part": "opaque_cache"}, "opaque_cached"),
    ],
)
def test_unknown_keys_and_parts_are_refused_with_near_names(point: dict[str, Any], words: str, small: Scenario) -> None:
    with pytest.raises(InputError, match=words) as refused:
        change_scenario(small, point)
    assert "\n" not in str(refused.value)


def test_points_are_described_by_the_ends_of_their_keys() -> None:
    assert describe_point({RATE: 5.0}) == "5"
    assert describe_point({RATE: 5.0, "algorithm": "ES256"}) == "arrival_rate = 5, algorithm = ES256"
    assert describe_point({"a.x": 1, "b.x": True}) == "a.x = 1, b.x = true"
