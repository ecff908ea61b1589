"""Scenarios as TOML: what is written is read again as the same scenario."""

import os
import tomllib
from contextlib import suppress
from dataclasses import fields
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st

import simlib
from simlib.deployment.loading import load_scenario, load_scenario_document
from simlib.deployment.parts import PARTS
from simlib.scenario.base import bundled_scenarios
from simlib.scenario.errors import InputError
from simlib.scenario.loading import build_scenario
from simlib.scenario.scenario import Scenario
from simlib.scenario.writing import _create_file, export_scenario, format_scenario, write_scenario
from support.interrupting import list_strikes, press_ctrl_c
from support.pairs import PAIRS, list_needed_regions, name_of, settings_of
from support.scenarios import changed, design_of, document, scenario

HERE = Path()
NAMES = sorted(bundled_scenarios())
TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=40)
SECONDS = st.floats(2.0, 31_536_000.0)


@cache
def bundled(name: str) -> dict[str, Any]:
    return export_scenario(load_scenario(name))


def read(text: str) -> Scenario:
    return load_scenario_document(tomllib.loads(text), Path("again.toml"))


def assert_equal(found: Scenario, expected: Scenario) -> None:
    """Field by field; the profile by its name."""
    assert export_scenario(found) == export_scenario(expected)
    for field in fields(Scenario):
        if field.compare and field.name not in ("profile", "trace"):
            assert getattr(found, field.name) == getattr(expected, field.name), field.name
    assert found.profile.name == expected.profile.name


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_scenario_is_written_and_read_again(name: str, tmp_path: Path) -> None:
    found = load_scenario(name)
    path = write_scenario(found, tmp_path / "mine.toml")
    assert_equal(load_scenario(path), found)
    assert format_scenario(load_scenario(path), tmp_path) == path.read_text(encoding="utf-8")


@given(
    name=st.sampled_from(NAMES),
    title=TEXTS,
    description=TEXTS,
    seed=st.integers(0, 2**31),
    lifetimes=st.lists(SECONDS, min_size=1, max_size=3),
    prices=st.floats(0, 1e9),
    replicas=st.integers(1, 1000),
)
@settings(max_examples=20, deadline=None)
def test_changed_bundled_scenarios_are_read_again(
    name: str, title: str, description: str, seed: int, lifetimes: list[float], prices: float, replicas: int
) -> None:
    whole = changed(
        bundled(name),
        {
            "title": title,
            "description": description,
            "run.seed": seed,
            "prices.developer_day": prices,
            **{
                f"designs.{design}.token_lifetime_s": lifetimes[at % len(lifetimes)]
                for at, design in enumerate(bundled(name)["designs"])
            },
            **{f"designs.{design}.replicas.service": replicas for design in bundled(name)["designs"]},
        },
    )
    try:
        found = load_scenario_document(whole, Path("changed.toml"))
    except InputError:  # such as a lifetime that breaks the design's own limit on revoked tokens
        reject()
    assert_equal(read(format_scenario(found, HERE)), found)


@pytest.mark.parametrize("pair", PAIRS, ids=name_of)
@given(st.data())
@settings(max_examples=8)
def test_all_settings_of_parts_are_read_again(pair: Any, data: st.DataObject) -> None:
    validator, issuer = pair
    chosen = data.draw(settings_of(validator))
    sources = getattr(issuer, "user_information_sources", validator.user_information_sources)
    information = next(source for source in validator.user_information_sources if source in sources)
    mine = design_of(
        validator.name, issuer.name, service={"part": validator.name, **vars(chosen)}, user_information=information
    )
    store = {"round_trip": {"kind": "constant", "value_s": 0.001}}
    times = {"kind": "constant", "value_s": 0.0}
    world = {"shared_store": {"link": store, "call": times, "work": times}, **list_needed_regions(issuer)}
    found = scenario(designs={"x": mine}, **{f"world__{name}": table for name, table in world.items()})
    back = build_scenario(tomllib.loads(format_scenario(found, HERE)), PARTS, Path("again.toml"))
    assert back.design("x").get_settings("service") == chosen
    assert_equal(back, found)


def test_a_setting_that_may_be_none_has_that_as_its_default() -> None:
    """TOML has no None, so it is left out and must be what the loader puts there."""
    optional = [
        (part.name, field.name, field.default)
        for kinds in PARTS.values()
        for part in kinds.values()
        for field in fields(part.Settings)
        if NoneType in get_args(get_type_hints(part.Settings)[field.name])
    ]
    assert [each for each in optional if each[2] is not None] == []


def test_limits_on_admission_and_bounds_are_read_again() -> None:
    mine = design_of("opaque_cached", "reference_token", admission={"service": {"limit": 3}}, max_revocation_lag_s=60.0)
    found = scenario(designs={"x": mine})
    back = read(format_scenario(found, HERE))
    assert back.design("x").admission["service"].retry_after_s is None
    assert_equal(back, found)


@given(st.floats(0.0, 1e15))
@example(5e-324)
@example(1 / 3)
@example(123_456_789.123_456_79)
@settings(max_examples=25)
def test_numbers_keep_every_digit(value: float) -> None:
    assert read(format_scenario(scenario(prices__developer_day=value), HERE)).prices.developer_day == value


def test_files_are_named_relative_to_the_new_file(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "logs" / "log.csv").write_text("time,user\n1,a\n2,b\n3,a\n")
    load = {"kind": "replay", "file": "log.csv", "time_column": "time", "user_column": "user"}
    found = load_scenario_document(document(world__load=load), tmp_path / "logs" / "mine.toml")
    path = write_scenario(found, tmp_path / "elsewhere" / "mine.toml")
    written = tomllib.loads(path.read_text(encoding="utf-8"))["world"]["load"]
    assert written["file"] == "../logs/log.csv"
    assert found.trace is not None
    assert written["sha256"] == found.trace.sha256
    assert export_scenario(load_scenario(path)) == export_scenario(found)


def test_what_exists_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("precious", encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.toml: exists; name a new file$"):
        write_scenario(scenario(), path)
    assert path.read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("run.json", "ends in .toml"), ("mine", "ends in .toml"), ("no/such/mine.toml", "No such file or directory")],
)
def test_a_file_that_cannot_be_written_is_refused_in_one_line(name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=reason) as refused:
        write_scenario(scenario(), tmp_path / name)
    assert str(refused.value).startswith(f"{tmp_path / name}: ")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_at_any_line_leaves_the_whole_file_or_none(tmp_path: Path) -> None:
    existed = set()
    for strike in list_strikes(press_ctrl_c, ("writing.py",)):
        path = tmp_path / "mine.toml"
        with suppress(KeyboardInterrupt), strike:
            _create_file(path, b"whole")
        existed.add(path.exists())
        assert not path.exists() or path.read_bytes() == b"whole"
        path.unlink(missing_ok=True)
        assert list(tmp_path.iterdir()) == []
    assert existed == {False, True}


def test_it_is_public() -> None:
    assert simlib.write_scenario is write_scenario


def test_a_link_that_leads_to_the_folder_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "real" / "deep").mkdir(parents=True)
    os.symlink(tmp_path / "real" / "deep", tmp_path / "link")
    (tmp_path / "mine.csv").write_text(
        (simlib.bundled_scenarios()["web-shop"].parents[1] / "profiles" / "python-2026.csv").read_text("utf-8"), "utf-8"
    )
    found = load_scenario_document(document(world__profile="mine.csv"), tmp_path / "tiny.toml")
    path = write_scenario(found, tmp_path / "link" / "mine.toml")
    assert_equal(load_scenario(path.resolve()), found)
