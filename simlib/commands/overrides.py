"""Options of the command line that take the place of values in the scenario file.

Options of `simlib decide`: values that take the place of those in the file, and what a run.json made them be.

The option --profiles: under which other cost profiles a comparison is repeated.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simlib.deployment.loading import scenario_from, scenario_path
from simlib.experiment import OtherProfiles, under_other_profiles
from simlib.report.run_record import is_record
from simlib.scenario.base import bundled
from simlib.scenario.errors import InputError, unknown
from simlib.scenario.loading import find_profile, read_document
from simlib.scenario.profile import CostProfile
from simlib.scenario.scenario import Scenario
from simlib.scenario.world import ReplayLoad
from simlib.scenario.writing import checked, overridden


@dataclass(frozen=True)
class Overrides:
    """What the user gave; None where nothing was given. ``load`` and a profile's path are as seen from where he is."""

    load: Path | None = None
    time_column: str | None = None
    user_column: str | None = None
    speed_up: float | None = None
    copies: int | None = None
    replications: int | None = None
    seed: int | None = None
    profile: str | None = None
    timing: str | None = None


def chosen_scenario(source: str, overrides: Overrides) -> Scenario:
    """The scenario with what the options say; raises InputError naming file and key, or the option."""
    path = scenario_path(source)
    scenario = scenario_from(_with_load(read_document(path), overrides), path)
    if overrides.profile is not None:
        scenario = _with_profile(scenario, overrides.profile)
    run = _given(seed=overrides.seed, replications=overrides.replications, timing=overrides.timing)
    return scenario.with_run(overridden(scenario.run, run))


def _with_load(document: Mapping[str, Any], overrides: Overrides) -> Mapping[str, Any]:
    """The document with another load; a replay's own values stay where no option is given."""
    options = _given(
        time_column=overrides.time_column,
        user_column=overrides.user_column,
        speed_up=overrides.speed_up,
        copies=overrides.copies,
    )
    world = document.get("world")
    if not isinstance(world, dict) or (overrides.load is None and not options):
        return document  # a broken world is told by the loader
    if overrides.load is not None:
        load = {"kind": "replay", "file": str(overrides.load.absolute()), **options}
        checked(ReplayLoad, load)
        return {**document, "world": {**world, "load": load}}
    own = world.get("load")
    if not isinstance(own, dict) or own.get("kind") != "replay":
        option = next(iter(options)).replace("_", "-")
        raise InputError(f"--{option}: needs a log to replay: give --load FILE as well")
    checked(ReplayLoad, {"file": "log", **options})
    return {**document, "world": {**world, "load": {**own, **options}}}


def _with_profile(scenario: Scenario, name: str) -> Scenario:
    """Another cost profile: a bundled one by name, or a file."""
    here = Path.cwd() / "--profile"
    try:
        profile = find_profile(name, scenario.run.host_noise, here)
    except InputError as error:
        raise InputError(str(error).replace(f"{here}: world.profile: ", "--profile: ")) from error
    named = str((Path.cwd() / name).resolve()) if name.endswith(".csv") else name
    return replace(scenario, world=scenario.world.model_copy(update={"profile": named}), profile=profile)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


DRAWS, FEWEST_DRAWS, MOST_DRAWS = 10_000, 100, 1_000_000
_OPTIONS = {"--horizon-years": "--horizon", "--developer-day": "--price-developer-day"}


@dataclass(frozen=True)
class TermsGiven:
    """Terms and prices that the user gave; None where nothing was given."""

    baseline: str | None = None
    present: str | None = None
    horizon: float | None = None
    discount_rate: float | None = None
    requests_per_year: float | None = None
    price_developer_day: float | None = None


@dataclass(frozen=True)
class Made:
    """How a decision is made: the user's own estimates, draws of the Monte-Carlo, and whether inputs are varied."""

    effort: Path | None
    draws: int
    sensitivity: bool


def decided_scenario(source: str, overrides: Overrides, given: TermsGiven) -> Scenario:
    """The scenario with what the options say; raises InputError naming file and key, or the option."""
    scenario = chosen_scenario(source, overrides)
    if scenario.run.timing == "live":
        raise InputError("run.timing: a decision must come out the same again, and live times do not; use profile")
    for option, name in (("--baseline", given.baseline), ("--present", given.present)):
        if name is not None and name not in scenario.designs:
            raise InputError(f"{option}: {unknown('design', name, scenario.designs)}")
    terms = {
        "baseline": given.baseline,
        "present": given.present,
        "horizon_years": given.horizon,
        "discount_rate": given.discount_rate,
        "requests_per_year": given.requests_per_year,
    }
    return replace(
        scenario,
        terms=_overridden(scenario.terms, terms),
        prices=_overridden(scenario.prices, {"developer_day": given.price_developer_day}),
    )


def _overridden(model: Any, values: dict[str, Any]) -> Any:
    given = {name: value for name, value in values.items() if value is not None}
    try:
        return overridden(model, given)
    except InputError as error:
        option, _, rest = str(error).partition(": ")
        raise InputError(f"{_OPTIONS.get(option, option)}: {rest}") from error


def made_how(source: str, effort: Path | None, draws: int | None, sensitivity: bool | None) -> Made:
    """What was asked for, else what a run.json was made with, else the defaults; raises InputError."""
    recorded = _read_recorded_decision(Path(source))
    chosen = draws if draws is not None else recorded.get("draws", DRAWS)
    if not FEWEST_DRAWS <= chosen <= MOST_DRAWS:
        raise InputError(f"--draws: must be {FEWEST_DRAWS:,} to {MOST_DRAWS:,}, not {chosen:,}")
    return Made(
        effort=effort if effort is not None else _recorded_effort(Path(source), recorded),
        draws=chosen,
        sensitivity=sensitivity if sensitivity is not None else recorded.get("sensitivity", True),
    )


def made_document(made: Made, folder: Path) -> dict[str, Any]:
    """For run.json: all that `made_how` reads again; the file of estimates as seen from the folder of the record."""
    import os

    effort = made.effort
    file = None if effort is None else Path(os.path.relpath(effort.resolve(), folder)).as_posix()
    return {
        "draws": made.draws,
        "sensitivity": made.sensitivity,
        "effort": None if effort is None else {"file": file, "sha256": _sha256(effort)},
    }


def _read_recorded_decision(path: Path) -> dict[str, Any]:
    """The part of a run.json that tells how a decision was made; empty for any other file."""
    if path.suffix != ".json" or not is_record(path):
        return {}
    found = json.loads(path.read_text(encoding="utf-8")).get("decision")
    return found if isinstance(found, dict) else {}


def _recorded_effort(source: Path, recorded: dict[str, Any]) -> Path | None:
    effort = recorded.get("effort")
    if not isinstance(effort, dict):
        return None
    path = source.parent / str(effort.get("file"))
    try:
        digest = _sha256(path)
    except OSError as error:
        raise InputError(f"{path}: estimates of this decision cannot be read ({error.strerror})") from error
    if digest != effort.get("sha256"):
        raise InputError(f"{path}: is not the file that this decision was made with (sha256 is {digest})")
    return path


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


ALL, NONE = "all", "none"


def other_profiles(given: str | None, scenario: Scenario, source: str, report: bool) -> OtherProfiles:
    """The scenario under the profiles that were asked for; raises InputError naming the option and what is allowed.

    Without the option they are those of the record that is repeated; else all bundled ones when a report is written,
    and none for a mere look, which should be quick. Live times leave little to a profile, so there are none either.
    """
    if given is None:
        given = _read_recorded_profiles(Path(source)) if report and scenario.run.timing == "profile" else NONE
    names = _bundled() if given == ALL else [] if given == NONE else [name.strip() for name in given.split(",")]
    profiles = [_profile(name, scenario) for name in names]
    called = [profile.name for profile in profiles]
    for name in called:
        if called.count(name) > 1:
            raise InputError(f"--profiles: {name!r} comes twice; profiles are told apart by the names of their files")
    return under_other_profiles(scenario, profiles)


def _bundled() -> list[str]:
    return [path.stem for path in sorted(bundled("profiles").glob("*.csv"))]


def _read_recorded_profiles(path: Path) -> str:
    """What a run.json was made with, so that it is repeated exactly."""
    if path.suffix != ".json" or not is_record(path):
        return ALL
    options = json.loads(path.read_text(encoding="utf-8")).get("options")
    recorded = options.get("profiles", ALL) if isinstance(options, dict) else ALL
    return recorded if isinstance(recorded, str) else ALL


def _profile(name: str, scenario: Scenario) -> CostProfile:
    here = Path.cwd() / "--profiles"
    try:
        return find_profile(name, scenario.run.host_noise, here)
    except InputError as error:
        told = str(error).replace(f"{here}: world.profile: ", "--profiles: ")
        if told.startswith("--profiles: unknown"):
            told += f"; or {ALL!r}, {NONE!r}, or several with commas between them"
        raise InputError(told) from error
