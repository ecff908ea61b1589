"""Scenario files: mistakes are told in one line that names file, key and what is allowed; the rest comes back."""

import json
import math
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.deployment.loading import load_scenario, load_scenario_document
from simlib.deployment.parts import PARTS
from simlib.scenario.base import bundled_scenarios
from simlib.scenario.errors import InputError
from simlib.scenario.loading import build_scenario
from simlib.scenario.reading import read_document
from simlib.scenario.scenario import Scenario
from simlib.scenario.writing import export_scenario
from simlib.strategies import VALIDATORS
from support.pairs import PAIRS, name_of, settings_of
from support.scenarios import COMPARED, SOURCE, design_of, document, scenario

JWT = "designs.jwt_local"
CACHED = "designs.opaque_cached"
LINK = "world.network.client_to_service"


def refused(whole: Any, source: Path = SOURCE) -> str:
    """The one line that refuses a document, without the file's name that it begins with."""
    with pytest.raises(InputError) as caught:
        build_scenario(whole, PARTS, source)
    message = str(caught.value)
    assert message.startswith(f"{source}: ")
    assert message.isprintable()
    return message.removeprefix(f"{source}: ")


def with_(key: str, value: Any) -> dict[str, Any]:
    """The tiny document with one value changed."""
    return document(**{key.replace(".", "__"): value})


# Key as it is written in the message, value, and what the message must say beside the key.
WRONG: list[tuple[str, Any, list[str]]] = [
    # misspelt keys
    ("wrld", {}, ["unknown key 'wrld'", "did you mean 'world'?", "allowed: format, name, title"]),
    ("world.load.arrival_rat", 1.0, ["did you mean 'arrival_rate'?", "allowed: kind, arrival_rate"]),
    (f"{LINK}.round_trip.medin_s", 1.0, ["did you mean 'median_s'?", "allowed: kind, median_s, p99_s"]),
    (f"{LINK}.conections", 1, ["did you mean 'connections'?"]),
    (f"{JWT}.token_lifetime", 1, ["did you mean 'token_lifetime_s'?"]),
    (f"{JWT}.replicas.servce", 1, ["did you mean 'service'?", "allowed: service, authorization_server"]),
    ("run.sead", 1, ["did you mean 'seed'?"]),
    ("limits.p99", 1, ["did you mean 'p99_s'?"]),
    ("margins.relativ", 1, ["did you mean 'relative'?"]),
    ("world.load.speed_up", 2.0, ["unknown key 'speed_up'", "allowed: kind, arrival_rate"]),
    # numbers that are none, or too small, or too large
    ("world.load.arrival_rate", -1.0, ["greater than 0", "not -1.0"]),
    ("world.load.arrival_rate", 0, ["greater than 0"]),
    ("world.load.arrival_rate", math.nan, ["finite", "nan"]),
    ("world.load.arrival_rate", math.inf, ["finite", "inf"]),
    ("world.load.arrival_rate", "fast", ["number", "'fast'"]),
    ("world.load.arrival_rate", [1.0], ["number"]),
    ("world.load.arrival_rate", ..., ["is missing"]),
    ("world.population.users", 0, ["greater than or equal to 1"]),
    ("world.population.users", 1.5, ["integer", "1.5"]),
    ("world.population.users", 10**12, ["less than or equal to 10000000"]),
    ("world.load.arrival_rate", True, ["valid number", "True"]),
    ("world.load.arrival_rate", "20", ["valid number", "'20'"]),
    ("world.population.zipf_exponent", -0.1, ["greater than or equal to 0"]),
    ("world.service.user_information_share", 1.5, ["less than or equal to 1"]),
    ("world.service.workers", 0, ["greater than or equal to 1"]),
    ("world.service.audience", "", ["at least 1 character"]),
    ("world.revocations.rate", -1, ["greater than or equal to 0"]),
    (f"{LINK}.round_trip.median_s", -0.1, ["greater than 0"]),
    (f"{LINK}.round_trip", {"kind": "lognormal", "median_s": 2, "p99_s": 1}, ["p99_s must be above median_s"]),
    ("world.service.work.mean_s", math.nan, ["finite"]),
    (f"{JWT}.token_lifetime_s", 0, ["greater than or equal to 2"]),
    (f"{JWT}.token_lifetime_s", math.nan, ["finite"]),
    (f"{JWT}.token_lifetime_s", ..., ["is missing"]),
    (f"{JWT}.replicas.service", 0, ["greater than or equal to 1"]),
    ("run.length_s", math.inf, ["finite"]),
    ("run.seed", -1, ["greater than or equal to 0"]),
    ("run.seed", 2**63, ["less than or equal to"]),
    ("run.replications", 0, ["greater than or equal to 1"]),
    ("run.level", 1.0, ["less than 1"]),
    ("limits.p99_s", -1, ["greater than or equal to 0"]),
    ("limits.failed_share", 5, ["less than or equal to 1, not 5"]),  # meant as 5 %, it would be kept by all
    ("limits.refused_valid_share", 1.5, ["less than or equal to 1"]),
    ("limits.busiest_utilisation", 70, ["less than or equal to 1"]),
    ("margins.as_utilisation", 5, ["less than or equal to 1"]),
    ("margins.relative", 0, ["greater than 0"]),
    # words that are not on the list
    ("format", 2, ["should be 1", "not 2"]),
    *(
        ("world.service.scope", text, ["must be words"])
        for text in ("", "a  b", " a", "a\u00a0b", "caf\u00e9", 'a"b', "a\\b")
    ),
    ("world.load", {"kind": "poison", "arrival_rate": 1}, ["'poison'", "'poisson'", "replay"]),
    ("world.load", {"arrival_rate": 1}, ["kind is missing"]),
    (f"{LINK}.round_trip", {"kind": "normal"}, ["'normal'", "constant, uniform", "quantiles"]),
    ("world.store.kind", "redis", ["'dict'", "'sqlite'", "'redis'"]),
    ("run.station_form", "kw", ["'auto'", "'events'"]),
    ("world.profile", "python-2025", ["unknown profile 'python-2025'", "did you mean", "the path of a .csv"]),
    ("world.profile", "gone.csv", ["unknown profile 'gone.csv'", "the path of a .csv"]),
    # tables that are none
    ("world", 5, ["must be a table"]),
    ("designs", [], ["must be a table"]),
    ("designs", {}, ["at least 1"]),
    ("designs", ..., ["is missing"]),
    ("run", ..., ["is missing"]),
    ("title", ..., ["is missing"]),
    (JWT, 5, ["must be a table"]),
    (f"{JWT}.service", "jwt_local", ["must be a table"]),
    # parts and their settings
    (f"{CACHED}.service.part", "opaque_cache", ["unknown part 'opaque_cache'", "did you mean 'opaque_cached'?"]),
    (f"{CACHED}.service.part", "zzz", [f"unknown part 'zzz'; allowed: {', '.join(VALIDATORS)}"]),
    (f"{CACHED}.service.part", ..., ["is missing; allowed: opaque_introspection"]),
    (f"{CACHED}.service.part", 7, ["allowed: opaque_introspection"]),
    (f"{JWT}.client.part", "beare", ["did you mean 'bearer'?"]),
    (
        f"{CACHED}.service.tttl_s",
        7,
        ["unknown setting of opaque_cached 'tttl_s'", "'ttl_s'?", "capacity, single_flight"],
    ),
    (f"{JWT}.service.ttl_s", 7, ["unknown setting of jwt_local 'ttl_s'", "allowed: jwks_lifetime_s"]),
    (f"{CACHED}.authorization_server.algorithm", "RS256", ["reference_token 'algorithm'", "it has none"]),
    (f"{CACHED}.service.ttl_s", "x", ["number", "'x'"]),
    (f"{CACHED}.service.capacity", 1.5, ["a whole number"]),
    (f"{CACHED}.service.capacity", True, ["a whole number", "True"]),
    (f"{CACHED}.service.ttl_s", "60", ["a number", "'60'"]),
    (f"{CACHED}.service.single_flight", "maybe", ["true or false", "'maybe'"]),
    (f"{JWT}.service.algorithms", "RS256", ["not 'RS256'"]),
    # parts that do not fit each other
    (f"{JWT}.service.algorithms", ["ES256"], ["does not accept RS256"]),
    (f"{JWT}.service.algorithms", [], ["does not accept RS256"]),
    (f"{JWT}.user_information", "introspection", ["not possible with jwt_local", "allowed: token, userinfo"]),
    (f"{CACHED}.user_information", "token", ["not possible with opaque_cached", "allowed: introspection, userinfo"]),
    (f"{JWT}.user_information", "magic", ["'token', 'introspection' or 'userinfo'"]),
]


@pytest.mark.parametrize(("key", "value", "words"), WRONG, ids=[f"{key}={value!r}"[:60] for key, value, _ in WRONG])
def test_what_is_wrong_is_told_with_its_key_and_what_is_allowed(key: str, value: Any, words: list[str]) -> None:
    message = refused(with_(key, value))
    assert message.startswith(f"{key}: ")
    for word in words:
        assert word in message


# Wrong in a table as a whole, or checked by the part: the table is named, and the key inside the message.
@pytest.mark.parametrize(
    ("key", "table", "value"),
    [
        ("ttl_s", f"{CACHED}.service", -7),
        ("ttl_s", f"{CACHED}.service", math.nan),
        ("ttl_s", f"{CACHED}.service", math.inf),
        ("leeway_s", f"{JWT}.service", -1),
        ("capacity", f"{CACHED}.service", 0),
        ("algorithms", f"{JWT}.service", ["none"]),
        ("algorithm", f"{JWT}.authorization_server", "HS1"),
        ("timeout_s", f"{JWT}.client", 0),
        ("warm_up_s", "run", 20.0),
        ("high_s", "world.network.client_to_authorization_server.round_trip", 0.01),
    ],
)
def test_what_does_not_fit_is_told_with_its_table(key: str, table: str, value: Any) -> None:
    whole = with_(f"{table}.{key}", value)
    if table.endswith("client"):
        whole = document(designs__jwt_local__client={"part": "bearer", key: value})
    assert refused(whole).startswith(f"{table}: {key} must be ")


def test_formats_that_do_not_fit_are_told_with_both_parts() -> None:
    for pair in PAIRS:
        for other in PAIRS:
            issued, taken = pair[1].token_format, other[0].token_format
            if issued != taken:
                message = refused(document(designs__x=design_of(other[0].name, pair[1].name)))
                assert message.startswith("designs.x.service.part: ")
                for word in (pair[1].name, other[0].name, f"{issued} tokens", f"{taken} tokens"):
                    assert word in message


@pytest.mark.parametrize("name", ["Jwt", "1st", "a-b", "a b", "", "a" * 41, "ü", "a\nb", "_a"])
def test_a_design_has_a_plain_name(name: str) -> None:
    message = refused({**document(), "designs": {name: design_of("jwt_local", "jwt_access_token")}})
    assert "a design's name is a lower-case letter" in message


@pytest.mark.parametrize("name", ["poisson", "constant", "service", "replicas", "title", "uniform"])
def test_a_design_may_be_named_like_anything_and_mistakes_in_it_are_still_found(name: str) -> None:
    assert name in scenario(designs={name: design_of("jwt_local", "jwt_access_token")}).designs
    negative = {name: design_of("jwt_local", "jwt_access_token", token_lifetime_s=-1)}
    assert refused(document(designs=negative)).startswith(f"designs.{name}.token_lifetime_s: ")
    misspelt = {name: design_of("jwt_local", "jwt_access_token", token_lifetim_s=1)}
    assert "did you mean 'token_lifetime_s'?" in refused(document(designs=misspelt))


def test_a_misspelt_key_is_told_before_the_one_that_it_leaves_missing() -> None:
    whole = document(world__load={"kind": "poisson", "arival_rate": 5.0})
    message = refused(whole)
    assert message.startswith("world.load.arival_rate: unknown key 'arival_rate' (did you mean 'arrival_rate'?)")
    assert message.endswith("(and 1 more)")


text = st.text(max_size=8) | st.sampled_from(["a\nb", "\r", "\u2028", "\x1b[31m", "\x00", "part", "service"])
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(text, inner, max_size=2),
    max_leaves=5,
)
KEYS = [
    *(key for key, _, _ in WRONG),
    f"{JWT}.client",
    f"{CACHED}.service",
    "world.user_information",
    "world.load.file",
]


@given(st.sampled_from(KEYS) | text.map(lambda name: f"world.{name}"), junk)
def test_whatever_is_written_somewhere_is_taken_or_refused_in_one_line(key: str, value: Any) -> None:
    with suppress(InputError):
        build_scenario(with_(key, value), PARTS, SOURCE)
        return
    refused(with_(key, value))


@pytest.mark.parametrize("file", ["gone.log", "a\nb", "a\0b", ".", ""])
def test_a_trace_that_cannot_be_read_is_told_by_its_name(file: str, tmp_path: Path) -> None:
    whole = document(world__load={"kind": "replay", "file": file})
    with pytest.raises(InputError) as caught:
        build_scenario(whole, PARTS, tmp_path / "s.toml")
    assert str(caught.value).startswith(str(tmp_path))
    assert str(caught.value).isprintable()


def test_another_trace_than_the_recorded_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("time,user\n1,a\n2,b\n3,a\n")
    load = {"kind": "replay", "file": "log.csv", "time_column": "time", "user_column": "user"}
    found = build_scenario(document(world__load=load), PARTS, tmp_path / "s.toml")
    assert found.trace is not None
    assert build_scenario(export_scenario(found), PARTS, tmp_path / "s.toml").trace is not None
    with pytest.raises(InputError, match=r"log\.csv: is not the file that this run replayed"):
        build_scenario(document(world__load={**load, "sha256": "0" * 64}), PARTS, tmp_path / "s.toml")


@pytest.mark.parametrize("row", ["jwt.verify.RS256,1e-5,x", "jwt.verify.RS256,2e-5,1e-5", "jwt.verify.RS256,nan,nan"])
def test_a_profile_that_is_broken_is_told_with_its_row(row: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(f"# format: simlib-profile-1\noperation,q0,q1\n{row}\n")
    with pytest.raises(InputError, match=r"mine\.csv, row 3 \(jwt\.verify\.RS256\): "):
        build_scenario(document(world__profile="mine.csv"), PARTS, tmp_path / "s.toml")


# --- files -------------------------------------------------------------------------------------------------------

BROKEN = {
    "unfinished.toml": b"title = ",
    "twice.toml": b"title = 'a'\ntitle = 'b'",
    "control.toml": b"'a\x1b[31m' = 1",
    "latin1.toml": "title = 'Grüße'".encode("latin-1"),
    "utf16.toml": "title = 'a'".encode("utf-16"),
    "binary.toml": bytes(range(256)),
    "zeros.toml": b"\x00" * 100,
    "deep.toml": b"a = " + b"[" * 20_000,
    "digits.toml": b"a = " + b"1" * 6000,
    "unfinished.json": b'{"scenario": {',
    "list.json": b"[]",
    "null.json": b"null",
    "other.json": b"{}",
    "number.json": b'{"scenario": 1}',
    "deep.json": b"[" * 200_000,
    "digits.json": b'{"scenario": ' + b"1" * 6000 + b"}",
    "not json.json": b"title = 'a'",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_scenario_is_refused_by_its_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(BROKEN[name])
    with pytest.raises(InputError) as caught:
        read_document(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert str(caught.value).isprintable()


def test_an_empty_file_lacks_its_keys(tmp_path: Path) -> None:
    path = tmp_path / "empty.toml"
    path.touch()
    assert refused(read_document(path), path) == "title: is missing (and 3 more)"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone.toml", tmp_path / "gone" / "gone.toml"):
        with pytest.raises(InputError, match=r"cannot be read as a scenario \("):
            read_document(path)


def test_a_line_that_is_wrong_is_named(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text("title = 'a'\n[world]\nx = = 1\n")
    with pytest.raises(InputError, match="line 3"):
        read_document(path)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_bytes("title = 'ü'".encode("utf-8-sig"))
    assert read_document(path) == {"title": "ü"}


# --- what is right comes back ------------------------------------------------------------------------------------


def again(found: Scenario, source: Path = SOURCE) -> Scenario:
    """The scenario through its document as JSON text and back."""
    written = json.dumps(export_scenario(found), allow_nan=False)
    return build_scenario(json.loads(written), PARTS, source)


@pytest.mark.parametrize("host", ["service", "authorization_server"])
def test_a_discipline_that_no_station_serves_is_refused_with_file_key_and_what_is_allowed(host: str) -> None:
    allowed = "'fifo', 'processor_sharing'"
    with pytest.raises(InputError, match=rf"^{SOURCE}: world\.{host}\.discipline: .*'lifo'; allowed: {allowed}"):
        load_scenario_document(document(**{f"world__{host}__discipline": "lifo"}), SOURCE)


@pytest.mark.parametrize("name", sorted(bundled_scenarios()))
def test_a_bundled_scenario_comes_back_from_its_document(name: str) -> None:
    found = load_scenario(name)
    back = again(found)
    assert export_scenario(back) == export_scenario(found)
    assert found.name == name
    for part in (back.world, back.run, back.limits, back.margins):
        assert part in (found.world, found.run, found.limits, found.margins)
    assert {key: design.parts for key, design in back.designs.items()} == {
        key: design.parts for key, design in found.designs.items()
    }


SHARED_STORE = {
    "link": {"round_trip": {"kind": "constant", "value_s": 0.001}},
    "call": {"kind": "constant", "value_s": 0.0},
    "work": {"kind": "constant", "value_s": 0.0},
}


REGIONS = {
    "names": ["eu", "us"],
    "shares": [0.5, 0.5],
    "round_trips": {"eu-us": {"kind": "constant", "value_s": 0.08}},
}


@pytest.mark.parametrize("pair", PAIRS, ids=name_of)
@given(st.data())
@settings(max_examples=12)
def test_all_settings_come_back(pair: Any, data: st.DataObject) -> None:
    chosen = data.draw(settings_of(pair[0]))
    validator, issuer = pair
    given_settings = {"part": validator.name, **vars(chosen)}
    sources = getattr(issuer, "user_information_sources", validator.user_information_sources)
    information = next(source for source in validator.user_information_sources if source in sources)
    mine = design_of(validator.name, issuer.name, service=given_settings, user_information=information)
    regional = {"world__regions": REGIONS} if getattr(issuer, "regional", False) else {}
    found = scenario(designs={"x": mine}, world__shared_store=SHARED_STORE, **regional)
    assert found.design("x").get_settings("service") == chosen
    back = again(found)
    assert back.design("x").get_settings("service") == chosen
    assert export_scenario(back) == export_scenario(found)


def test_a_document_has_every_default_and_is_the_same_whether_they_were_written_or_not() -> None:
    found = scenario()
    spelled = export_scenario(found)
    assert spelled["world"]["service"]["workers"] == 1
    assert spelled["designs"]["opaque_cached"]["service"]["ttl_s"] == 60.0
    assert spelled["designs"]["opaque_cached"]["client"] == {
        "part": "bearer",
        **vars(found.design("jwt_local").get_settings("client")),
    }
    assert spelled["run"]["level"] == 0.95


def test_a_run_json_gives_the_scenario_of_its_run(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"seed": 7, "scenario": export_scenario(scenario())}))
    assert export_scenario(load_scenario(path)) == export_scenario(scenario())


def test_a_scenario_without_a_name_has_the_name_of_its_file() -> None:
    assert scenario().name == "tiny"
    assert scenario(name="mine").name == "mine"


def test_loading_changes_nothing_of_what_it_was_given() -> None:
    whole, same = document(), document()
    build_scenario(whole, PARTS, SOURCE)
    assert whole == same


def test_a_loaded_scenario_cannot_be_changed() -> None:
    found: Any = scenario()
    attempts: list[Callable[[], Any]] = [
        lambda: setattr(found, "name", "x"),
        lambda: setattr(found.world, "profile", "x"),
        lambda: found.designs.update(x=1),
        lambda: found.designs["jwt_local"].parts.update(x=1),
        lambda: setattr(found.designs["jwt_local"].get_settings("service"), "leeway_s", 1.0),
    ]
    for attempt in attempts:
        with pytest.raises((AttributeError, ValueError)):
            attempt()


def test_a_design_that_does_not_exist_is_told_with_those_that_do() -> None:
    with pytest.raises(InputError, match=rf"no design 'jwt'; it has {', '.join(COMPARED)}"):
        scenario().design("jwt")


def test_toml_and_the_dictionary_of_these_tests_say_the_same(tmp_path: Path) -> None:
    bundled = bundled_scenarios()["web-shop"]
    assert read_document(bundled) == tomllib.loads(bundled.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["long.toml", "long.json"])
def test_a_number_of_very_many_digits_is_refused_without_advice_to_programmers(name: str, tmp_path: Path) -> None:
    path, digits = tmp_path / name, "9" * 5000
    path.write_text(f"seed = {digits}" if path.suffix == ".toml" else f'{{"scenario": {{"seed": {digits}}}}}')
    with pytest.raises(InputError) as error:
        read_document(path)
    assert str(error.value).startswith(f"{path}: not well formed: ")
    assert "sys." not in str(error.value)
