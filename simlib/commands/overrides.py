"""Overrides: options of the command line that replace values of a scenario file, and what a run.json recorded."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simlib.commands.console import print_warnings
from simlib.decision.effort.csv_tables import LARGEST_FILE_BYTES
from simlib.deployment.loading import find_scenario_file, load_scenario_document
from simlib.experiment import OtherProfiles, prepare_other_profiles
from simlib.report.run_record import read_record
from simlib.scenario.base import find_bundled
from simlib.scenario.errors import InputError, describe_unknown
from simlib.scenario.loading import find_profile
from simlib.scenario.loads import ReplayLoad
from simlib.scenario.profile import CostProfile
from simlib.scenario.reading import read_document
from simlib.scenario.scenario import Scenario
from simlib.scenario.texts import describe_read_failure, read_bytes
from simlib.scenario.writing import override_fields, validate_fields


@dataclass(frozen=True)
class Overrides:
    """Options of a simulation, None where an option is absent; paths are relative to the current folder."""

    load: Path | None = None
    time_column: str | None = None
    user_column: str | None = None
    speed_up: float | None = None
    copies: int | None = None
    replications: int | None = None
    seed: int | None = None
    profile: str | None = None
    timing: str | None = None


def load_chosen_scenario(source: str, overrides: Overrides) -> Scenario:
    """The scenario with the overrides applied; raises InputError that names file and key, or the option.

    Its warnings go to standard error.
    """
    path = find_scenario_file(source)
    scenario = load_scenario_document(_apply_load(read_document(path), overrides), path)
    print_warnings(scenario)
    if overrides.profile is not None:
        scenario = _apply_profile(scenario, overrides.profile)
    run = _drop_missing(seed=overrides.seed, replications=overrides.replications, timing=overrides.timing)
    return scenario.with_run(override_fields(scenario.run, run))


def _apply_load(document: Mapping[str, Any], overrides: Overrides) -> Mapping[str, Any]:
    """The document with another load; values of a replay remain where an option is absent."""
    options = _drop_missing(
        time_column=overrides.time_column,
        user_column=overrides.user_column,
        speed_up=overrides.speed_up,
        copies=overrides.copies,
    )
    world = document.get("world")
    if not isinstance(world, dict) or (overrides.load is None and not options):
        return document  # an invalid world is reported by the loader
    if overrides.load is not None:
        load = {"kind": "replay", "file": str(overrides.load.absolute()), **options}
        validate_fields(ReplayLoad, load)
        return {**document, "world": {**world, "load": load}}
    replay = world.get("load")
    if not isinstance(replay, dict) or replay.get("kind") != "replay":
        option = next(iter(options)).replace("_", "-")
        raise InputError(f"--{option}: needs a log to replay: give --load FILE as well")
    validate_fields(ReplayLoad, {"file": "log", **options})
    return {**document, "world": {**world, "load": {**replay, **options}}}


def _apply_profile(scenario: Scenario, name: str) -> Scenario:
    """The scenario with another cost profile: a bundled one by name, or a file."""
    source = Path.cwd() / "--profile"
    try:
        profile = find_profile(name, scenario.run.host_noise, source)
    except InputError as error:
        raise InputError(str(error).replace(f"{source}: world.profile: ", "--profile: ")) from error
    recorded_name = str((Path.cwd() / name).resolve()) if name.endswith(".csv") else name
    return replace(scenario, world=scenario.world.model_copy(update={"profile": recorded_name}), profile=profile)


def _drop_missing(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


# --- decisions -------------------------------------------------------------------------------------------------------

DRAWS, FEWEST_DRAWS, MOST_DRAWS = 10_000, 100, 1_000_000
_OPTIONS = {"--horizon-years": "--horizon", "--developer-day": "--price-developer-day"}


@dataclass(frozen=True)
class DecisionOverrides:
    """Options of a decision: terms and prices; None where an option is absent."""

    baseline: str | None = None
    present: str | None = None
    horizon: float | None = None
    discount_rate: float | None = None
    requests_per_year: float | None = None
    price_developer_day: float | None = None


@dataclass(frozen=True)
class DecisionSettings:
    """Settings of the Monte-Carlo: a file with estimates of effort, number of draws, and whether inputs are varied."""

    effort: Path | None
    draws: int
    sensitivity: bool


def load_decision_scenario(source: str, overrides: Overrides, decision: DecisionOverrides) -> Scenario:
    """The scenario with all overrides applied; raises InputError that names file and key, or the option."""
    scenario = load_chosen_scenario(source, overrides)
    if scenario.run.timing == "live":
        raise InputError("run.timing: a decision must be reproducible, and live times are not; use profile")
    for option, name in (("--baseline", decision.baseline), ("--present", decision.present)):
        if name is not None and name not in scenario.designs:
            raise InputError(f"{option}: {describe_unknown('design', name, scenario.designs)}")
    terms = {
        "baseline": decision.baseline,
        "present": decision.present,
        "horizon_years": decision.horizon,
        "discount_rate": decision.discount_rate,
        "requests_per_year": decision.requests_per_year,
    }
    return replace(
        scenario,
        terms=_override(scenario.terms, terms),
        prices=_override(scenario.prices, {"developer_day": decision.price_developer_day}),
    )


def _override(model: Any, values: dict[str, Any]) -> Any:
    try:
        return override_fields(model, _drop_missing(**values))
    except InputError as error:
        option, _, rest = str(error).partition(": ")
        raise InputError(f"{_OPTIONS.get(option, option)}: {rest}") from error


def choose_decision_settings(
    source: str, effort: Path | None, draws: int | None, sensitivity: bool | None
) -> DecisionSettings:
    """Settings of the options, else those that a run.json recorded, else the defaults; raises InputError."""
    recorded = _read_recorded_decision(Path(source))
    chosen = draws if draws is not None else recorded.get("draws", DRAWS)
    where = "--draws" if draws is not None else f"{source}: decision.draws"
    if type(chosen) is not int or not FEWEST_DRAWS <= chosen <= MOST_DRAWS:
        given = f"{chosen:,}" if type(chosen) is int else repr(chosen)
        raise InputError(f"{where}: must be {FEWEST_DRAWS:,} to {MOST_DRAWS:,}, not {given}")
    return DecisionSettings(
        effort=effort if effort is not None else _find_recorded_effort(Path(source), recorded),
        draws=chosen,
        sensitivity=sensitivity if sensitivity is not None else recorded.get("sensitivity", True) is True,
    )


def build_settings_document(settings: DecisionSettings, folder: Path) -> dict[str, Any]:
    """Settings for run.json, from which `choose_decision_settings` reads them; the file of estimates is relative to
    ``folder``, where the record will be.
    """
    effort = settings.effort
    file = None if effort is None else Path(os.path.relpath(effort.resolve(), folder)).as_posix()
    return {
        "draws": settings.draws,
        "sensitivity": settings.sensitivity,
        "effort": None if effort is None else {"file": file, "sha256": _hash_file(effort)},
    }


def _read_recorded_decision(path: Path) -> dict[str, Any]:
    """Settings of the decision in a run.json; empty for any other file."""
    recorded = read_record(path).get("decision")
    return recorded if isinstance(recorded, dict) else {}


def _find_recorded_effort(source: Path, recorded: dict[str, Any]) -> Path | None:
    effort = recorded.get("effort")
    if not isinstance(effort, dict):
        return None
    path = source.parent / str(effort.get("file"))
    try:
        digest = _hash_file(path)
    except (OSError, ValueError) as error:
        reason = describe_read_failure(error)
        raise InputError(f"{path}: estimates of this decision cannot be read ({reason})") from error
    if digest != effort.get("sha256"):
        raise InputError(f"{path}: is not the file that this decision was made with (sha256 is {digest})")
    return path


def _hash_file(path: Path) -> str:
    return hashlib.sha256(read_bytes(path, LARGEST_FILE_BYTES)).hexdigest()


# --- other cost profiles ---------------------------------------------------------------------------------------------

ALL, NONE = "all", "none"


def select_other_profiles(option: str | None, scenario: Scenario, source: str, report: bool) -> OtherProfiles:
    """The scenario under the cost profiles of ``--profiles``; raises InputError that names the allowed values.

    Without the option they are those of the record that is repeated; else all bundled ones when a report is written,
    and none otherwise, which is quicker. Live times depend little on a profile, so there are none either.
    """
    if option is None:
        option = _read_recorded_profiles(Path(source)) if report and scenario.run.timing == "profile" else NONE
    if option == ALL:
        names = _list_bundled_profiles()
    else:
        names = [] if option == NONE else [name.strip() for name in option.split(",")]
    profiles = [_load_profile(name, scenario) for name in names]
    profile_names = [profile.name for profile in profiles]
    for name in profile_names:
        if profile_names.count(name) > 1:
            raise InputError(f"--profiles: {name!r} is given twice; the names of the files must differ")
    return prepare_other_profiles(scenario, profiles)


def _list_bundled_profiles() -> list[str]:
    return [path.stem for path in sorted(find_bundled("profiles").glob("*.csv"))]


def _read_recorded_profiles(path: Path) -> str:
    """The option that a run.json recorded, so that the run is repeated exactly."""
    options = read_record(path).get("options")
    recorded = options.get("profiles", ALL) if isinstance(options, dict) else ALL
    return recorded if isinstance(recorded, str) else ALL


def _load_profile(name: str, scenario: Scenario) -> CostProfile:
    source = Path.cwd() / "--profiles"
    try:
        return find_profile(name, scenario.run.host_noise, source)
    except InputError as error:
        message = str(error).replace(f"{source}: world.profile: ", "--profiles: ")
        if message.startswith("--profiles: unknown"):
            message += f"; or {ALL!r}, {NONE!r}, or several with commas between them"
        raise InputError(message) from error
