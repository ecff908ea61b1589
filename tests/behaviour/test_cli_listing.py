"""The smaller commands: scenarios, strategies, schema, help and version."""

import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

import simlib as package
from simlib.deployment.parts import PARTS
from simlib.engine.stations import list_disciplines
from simlib.scenario.base import bundled_scenarios
from simlib.scenario.document import build_scenario_schema
from simlib.scenario.loading import build_scenario
from simlib.scenario.presets import load_presets
from simlib.scenario.writing import export_scenario
from support.command_line import COMMAND, TINY, environment, simlib, simlib_alone, write_tiny
from support.scenarios import changed


@pytest.fixture(scope="module")
def checker() -> Any:
    import jsonschema  # here, for it takes a second of CPU

    schema = build_scenario_schema(PARTS, list_disciplines())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def as_json(text: str) -> Any:
    return json.loads(json.dumps(tomllib.loads(text)))


def test_scenarios_are_listed_with_what_they_compare(tmp_path: Path) -> None:
    told = simlib("scenarios", cwd=tmp_path)
    listed = json.loads(simlib("scenarios", "--json", cwd=tmp_path).stdout)
    assert told.returncode == 0
    assert [one["name"] for one in listed] == list(bundled_scenarios())
    for one in listed:
        assert one["name"] in told.stdout
        assert one["path"] in told.stdout
        assert one["expected_requests"] == package.load_scenario(one["name"]).expected_requests


def test_what_is_listed_of_a_scenario_is_what_loading_it_gives(tmp_path: Path) -> None:
    for listed in json.loads(simlib("scenarios", "--json", cwd=tmp_path).stdout):
        scenario = package.load_scenario(listed["name"])
        assert listed["title"] == scenario.title
        assert listed["description"] == scenario.description
        assert listed["designs"] == list(scenario.designs)
        assert (listed["expected_requests"], listed["replications"]) == (
            scenario.expected_requests,
            scenario.run.replications,
        )


def test_a_scenario_is_printed_as_toml_and_runs_as_itself(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    printed = simlib("scenarios", "--toml", "tiny.toml", cwd=tmp_path)
    assert (printed.returncode, printed.stderr) == (0, "")
    (tmp_path / "again.toml").write_text(printed.stdout, encoding="utf-8")
    first, again = (simlib("compare", f"{name}.toml", "--json", cwd=tmp_path) for name in ("tiny", "again"))
    assert first.returncode == again.returncode == 0
    assert first.stdout == again.stdout


def test_the_scenario_of_a_report_is_printed_as_toml(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    assert simlib("compare", "tiny.toml", "--seed", "11", "--out", "out", cwd=tmp_path).returncode == 0
    printed = simlib("scenarios", "--toml", "out/run.json", cwd=tmp_path).stdout
    recorded = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["scenario"]
    assert tomllib.loads(printed)["run"]["seed"] == 11
    assert tomllib.loads(printed)["designs"].keys() == recorded["designs"].keys()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--toml", "web-shp"), "did you mean 'web-shop'?"),
        (("--toml", "web-shop", "--json"), "--toml and --json: give one"),
    ],
)
def test_a_scenario_that_cannot_be_printed_is_refused_in_one_line(
    options: tuple[str, ...], reason: str, tmp_path: Path
) -> None:
    done = simlib("scenarios", *options, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert reason in done.stderr


def test_strategies_are_listed_by_place_with_settings_and_bounds(tmp_path: Path) -> None:
    told = simlib("strategies", cwd=tmp_path).stdout
    listed = json.loads(simlib("strategies", "--json", cwd=tmp_path).stdout)
    assert {place: [part["part"] for part in parts] for place, parts in listed.items()} == {
        place: list(parts) for place, parts in PARTS.items()
    }
    cached = next(part for part in listed["service"] if part["part"] == "opaque_cached")
    assert {"name": "ttl_s", "default": 60.0, "unit": "seconds"} in cached["settings"]
    assert cached["bound"] == {"after_expiry_s": 10.0, "after_revocation_s": 60.0}
    assert "ttl_s = 60.0 seconds" in told


def test_the_schema_command_prints_the_schema(tmp_path: Path) -> None:
    assert json.loads(simlib("schema", cwd=tmp_path).stdout) == build_scenario_schema(PARTS, list_disciplines())


@pytest.mark.parametrize("name", list(bundled_scenarios()))
def test_the_schema_takes_bundled_scenarios_and_their_records(name: str, checker: Any) -> None:
    path = bundled_scenarios()[name]
    assert list(checker.iter_errors(as_json(path.read_text(encoding="utf-8")))) == []
    record = json.loads(json.dumps(export_scenario(package.load_scenario(path))))
    assert list(checker.iter_errors(record)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"wrold": {}},
        {"world.load.arrival_rat": 1.0},
        {"world.load.arrival_rate": -1.0},
        {"designs.cached.service.tll_s": 3},
        {"designs.cached.service.ttl_s": "long"},
        {"designs.cached.service.part": "opaque_cache"},
        {"designs.cached.client": {"part": "bearer", "hurry": True}},
        {"designs.jwt.service": {"algorithms": ["RS256"]}},  # names no part
        {"designs.jwt.token_lifetime_s": ...},
        {"designs.Bad-Name": tomllib.loads(TINY)["designs"]["jwt"]},
        {"run.length_s": 0},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(change: dict[str, Any], checker: Any) -> None:
    wrong = json.loads(json.dumps(changed(as_json(TINY), change)))
    assert list(checker.iter_errors(wrong)) != []
    with pytest.raises(package.InputError):
        build_scenario(wrong, PARTS, Path("wrong.toml"))


def test_every_part_and_setting_of_the_catalogue_is_described(checker: Any) -> None:
    definitions = checker.schema["$defs"]
    for place, parts in PARTS.items():
        for name, part in parts.items() if place != "flows" else ():
            if getattr(part, "refused", ""):
                assert f"{place}.{name}" not in definitions
                continue
            assert definitions[f"{place}.{name}"]["description"].startswith(part.summary)
            assert definitions[f"{place}.{name}"]["properties"].keys() == {"part", *part.Settings.__dataclass_fields__}


def test_help_shows_examples_and_no_arguments_show_help(tmp_path: Path) -> None:
    helped, bare = simlib_alone("--help", cwd=tmp_path), simlib_alone(cwd=tmp_path)
    assert helped.returncode == bare.returncode == 0
    assert "simlib compare web-shop --out report/" in helped.stdout
    assert bare.stdout.strip() == helped.stdout.strip()
    assert "--speed-up" in simlib("compare", "--help", cwd=tmp_path).stdout


def test_the_version_is_told(tmp_path: Path) -> None:
    assert simlib_alone("--version", cwd=tmp_path).stdout == f"simlib {package.__version__}\n"


def test_a_reader_that_stops_early_meets_no_traceback(tmp_path: Path) -> None:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*COMMAND, "schema"], cwd=tmp_path, env=environment(), **pipes) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait() == 141


def test_presets_are_listed_with_the_source_of_every_value(tmp_path: Path) -> None:
    told = simlib("presets", cwd=tmp_path).stdout
    listed = json.loads(simlib("presets", "--json", cwd=tmp_path).stdout)
    assert [one["preset"] for one in listed] == list(load_presets())
    for one in listed:
        assert one["preset"] in told
        assert all(setting["source"] for setting in one["settings"])
    wiping = next(one for one in listed if one["preset"] == "pyjwt-2.12")
    assert {
        key: value
        for key, value in next(s for s in wiping["settings"] if s["name"] == "jwks_clear_on_error").items()
        if key != "source"
    } == {"name": "jwks_clear_on_error", "value": True}
    assert "simlib presets" in simlib("--help", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    "change",
    [
        {"designs.jwt.service": {"preset": "pyjwt-2.13"}},
        {"designs.jwt.service": {"preset": "pyjwt-2.12", "part": "jwt_local"}},
        {"designs.jwt.service": {"preset": "pyjwt-2.12", "ttl_s": 5}},
        {"designs.jwt.authorization_server": {"preset": "pyjwt-2.12"}},
        {"designs.jwt.admission": {"service": {"limit": 0}}},
    ],
)
def test_the_schema_refuses_presets_and_limits_that_the_loader_refuses(change: dict[str, Any], checker: Any) -> None:
    good = changed(as_json(TINY), {"designs.jwt.service": {"preset": "pyjwt-2.12", "leeway_s": 5.0}})
    assert list(checker.iter_errors(good)) == []
    assert build_scenario(good, PARTS, Path("good.toml")).designs["jwt"].presets == {"service": "pyjwt-2.12"}
    wrong = changed(good, change)
    assert list(checker.iter_errors(wrong)) != []
    with pytest.raises(package.InputError):
        build_scenario(wrong, PARTS, Path("wrong.toml"))
