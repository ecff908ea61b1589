"""Presets: every value has a source, a word in a scenario stands for a product, and what is wrong is told."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from simlib.deployment.loading import load_scenario, load_scenario_document
from simlib.deployment.parts import PARTS
from simlib.scenario.base import find_bundled
from simlib.scenario.document import build_scenario_schema
from simlib.scenario.errors import InputError
from simlib.scenario.loading import build_scenario
from simlib.scenario.presets import Preset, expand_preset, find_preset, load_presets, read_preset
from simlib.scenario.writing import export_scenario
from simlib.strategies import CATALOGUE, WRAPPERS
from support.scenarios import SOURCE, design_of, document

ALL = list(load_presets().values())
EACH = pytest.mark.parametrize("preset", ALL, ids=lambda preset: preset.name)
PRODUCTS = (
    *("spring-security", "spring-security-opaque", "duende-introspection", "duende-introspection-cached"),
    *("kong-oauth2-introspection", "apisix-introspection", "apisix-jwks", "lua-resty-openidc", "envoy-jwt-authn"),
    *("django-oauth-toolkit", "zalando-planb-tokeninfo", "aws-api-gateway", "oathkeeper-introspection"),
    *("oathkeeper-jwt", "jose", "nimbus-jose-jwt", "pyjwt-2.12", "pyjwt-2.15"),
)
WHERE = re.compile(r"https://\S+|\w+\.(py|ts|java|cc|cs|go|lua|schema\.json)\b")


def loaded(**service: Any) -> Any:
    """The tiny scenario with one more design whose service is given."""
    issuer = "jwt_access_token" if "pyjwt" in str(service) or "spring-security'" in str(service) else "reference_token"
    validator = "jwt_local" if issuer == "jwt_access_token" else "opaque_introspection"
    return build_scenario(document(designs__mine={**design_of(validator, issuer), "service": service}), PARTS, SOURCE)


@pytest.mark.parametrize("word", PRODUCTS)
def test_each_product_is_one_word(word: str) -> None:
    preset = find_preset(word, "here")
    assert word in (preset.product, preset.name)


@EACH
def test_every_value_has_a_source_that_can_be_looked_up_or_is_called_an_assumption(preset: Preset) -> None:
    assert set(preset.sources) == set(preset.values)
    for setting, source in preset.sources.items():
        assert source.startswith("assumption: ") or WHERE.search(source), setting
        assert source == source.strip()
    assert preset.read
    assert sum(not source.startswith("assumption") for source in preset.sources.values()) >= 1


@EACH
def test_a_preset_is_made_of_parts_and_settings_that_there_are(preset: Preset) -> None:
    CATALOGUE["gateway"][preset.part].Settings(**preset.settings)
    for table in preset.wrappers:
        chosen = dict(table)
        WRAPPERS[chosen.pop("part")].Settings(**chosen)
    assert (find_bundled("presets") / f"{preset.name}.toml").is_file()


@EACH
def test_a_preset_stands_in_the_place_of_a_part(preset: Preset) -> None:
    jwt = preset.part == "jwt_local"
    design = design_of(preset.part, "jwt_access_token" if jwt else "reference_token")
    design["service"] = {"preset": preset.name}
    made = build_scenario(document(designs__mine=design), PARTS, SOURCE).designs["mine"]
    assert made.parts["service"].part == preset.part
    for name, value in preset.settings.items():
        assert getattr(made.get_settings("service"), name) == value
    assert [chosen.part for chosen in made.wrappers] == [table["part"] for table in preset.wrappers]
    assert made.presets == {"service": preset.name}


def test_settings_beside_a_preset_override_it_and_the_rest_stays() -> None:
    made = loaded(preset="pyjwt-2.12", jwks_lifetime_s=60.0, leeway_s=5.0).designs["mine"]
    settings = made.get_settings("service")
    assert (settings.jwks_lifetime_s, settings.leeway_s) == (60.0, 5.0)
    assert (settings.jwks_clear_on_error, settings.timeout_s) == (True, 30.0)


def test_a_wrapper_of_the_design_stands_in_the_place_of_an_implied_one() -> None:
    design = design_of("jwt_local", "jwt_access_token")
    design["service"] = {"preset": "apisix-jwks"}
    design["wrappers"] = [{"part": "verified_cache", "ttl_s": 5.0}, {"part": "retry"}]
    made = build_scenario(document(designs__mine=design), PARTS, SOURCE).designs["mine"]
    assert [chosen.part for chosen in made.wrappers] == ["verified_cache", "retry"]
    assert made.wrappers[0].settings.ttl_s == 5.0
    del design["wrappers"][0]
    made = build_scenario(document(designs__mine=design), PARTS, SOURCE).designs["mine"]
    assert [chosen.part for chosen in made.wrappers] == ["verified_cache", "retry"]
    assert made.wrappers[0].settings.ttl_s == 31_536_000


@pytest.mark.parametrize(
    ("service", "message"),
    [
        ({"preset": "pyjwt-2.13"}, r"mine\.service\.preset: unknown version '2\.13' of pyjwt; allowed: 2\.12, 2\.15$"),
        (
            {"preset": "pyjwt"},
            r"service\.preset: 'pyjwt' has several versions that differ; allowed: pyjwt-2\.12",
        ),
        (
            {"preset": "spring-securty"},
            r"service\.preset: unknown preset 'spring-securty' \(did you mean 'spring-",
        ),
        ({"preset": "nginx"}, r"service\.preset: unknown preset 'nginx'; allowed: apisix-introspection-3, "),
        ({"preset": 7}, r"service\.preset: must be the name of a preset; allowed: "),
        ({"preset": "pyjwt-2.12", "part": "jwt_local"}, r"mine\.service: needs either part or preset"),
        ({"preset": "pyjwt-2.12", "ttl_s": 5.0}, r"service\.ttl_s: unknown setting of jwt_local 'ttl_s'"),
        ({"preset": "pyjwt-2.12", "timeout_s": 0.0}, r"mine\.service: timeout_s must be a finite number above 0"),
        ({"preset": "kong-oauth2-introspection", "leeway_s": "x"}, r"service\.leeway_s: must be a number, not 'x'"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_with_file_and_key(service: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as told:
        loaded(**service)
    assert str(told.value).startswith("tiny.toml: designs.mine.service")
    assert "\n" not in str(told.value)


def test_a_preset_is_refused_where_its_part_cannot_stand() -> None:
    with pytest.raises(InputError, match=r"^here\.preset: pyjwt-2\.12 is not for this place; allowed: none$"):
        expand_preset({"preset": "pyjwt-2.12"}, CATALOGUE["authorization_server"], "here")


def test_a_run_can_be_repeated_without_the_preset_and_says_where_it_came_from() -> None:
    scenario = load_scenario("gateway-defaults")
    written = json.loads(json.dumps(export_scenario(scenario)))
    own = written["designs"]["pyjwt_2_12"]
    assert own["service"]["part"] == "jwt_local"
    assert own["service"]["jwks_clear_on_error"] is True
    assert "preset" not in own["service"]
    assert own["presets"] == {"service": "pyjwt-2.12"}
    again = load_scenario_document(written, Path("run.json"))
    assert again.designs == scenario.designs


def test_the_bundled_scenario_is_made_of_nothing_but_defaults() -> None:
    scenario = load_scenario("gateway-defaults")
    assert 2 <= len(scenario.designs) <= 8
    for design in scenario.designs.values():
        preset = load_presets()[design.presets["service"]]
        expected = CATALOGUE["service"][preset.part].Settings(**preset.settings)
        assert design.get_settings("service") == expected
    assert {"pyjwt-2.12", "pyjwt-2.15"} <= {design.presets["service"] for design in scenario.designs.values()}


def test_the_schema_knows_the_words_and_what_may_stand_beside_them() -> None:
    definitions = build_scenario_schema(PARTS)["$defs"]
    choices = definitions["DesignDocument"]["properties"]["service"]["oneOf"]
    assert {"$ref": "#/$defs/service.preset.pyjwt-2.12"} in choices
    one = definitions["service.preset.kong-oauth2-introspection-3"]
    assert one["properties"]["preset"]["enum"] == ["kong-oauth2-introspection-3", "kong-oauth2-introspection"]
    assert one["required"] == ["preset"]
    assert "ttl_s" in one["properties"]
    assert "part" not in one["properties"]
    assert definitions["service.preset.pyjwt-2.15"]["properties"]["preset"]["enum"] == ["pyjwt-2.15"]


GOOD = """
product = "thing"
version = "1"
title = "Thing"
read = "today"
part = "jwt_local"
[settings]
timeout_s = 5
[sources]
timeout_s = "assumption: none"
"""


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("thing-1", "", "", ""),
        ("thing-2", "", "", "thing-2.toml: the preset thing-1 belongs into a file of that name"),
        ("thing-1", '"assumption: none"', '" "', "sources.timeout_s is missing"),
        ("thing-1", "timeout_s = 5", "timeout_s = 5\nleeway_s = 1", "sources.leeway_s is missing"),
        ("thing-1", "timeout_s = 5\n", "", "sources.timeout_s belongs to no value"),
        ("thing-1", 'title = "Thing"', "", "thing-1.toml: title: is missing"),
        ("thing-1", 'title = "Thing"', 'title = "Thing"\ntitel = 1', "thing-1.toml: titel: unknown key"),
        ("thing-1", "[settings]", "[settings", "thing-1.toml: cannot be read as a preset"),
    ],
)
def test_a_file_that_is_no_preset_is_refused_with_its_name(
    name: str, old: str, new: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / f"{name}.toml"
    path.write_text(GOOD.replace(old, new) if old else GOOD)
    if not message:
        assert read_preset(path).name == name
        return
    with pytest.raises(InputError, match=re.escape(message)):
        read_preset(path)
