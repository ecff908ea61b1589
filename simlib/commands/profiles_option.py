"""The option --profiles: under which other cost profiles a comparison is repeated."""

import json
from pathlib import Path

from simlib.experiment import OtherProfiles, under_other_profiles
from simlib.report.run_record import is_record
from simlib.scenario.data import bundled
from simlib.scenario.errors import InputError
from simlib.scenario.loading import find_profile
from simlib.scenario.profile import CostProfile
from simlib.scenario.scenario import Scenario

ALL, NONE = "all", "none"


def other_profiles(given: str | None, scenario: Scenario, source: str, report: bool) -> OtherProfiles:
    """The scenario under the profiles that were asked for; raises InputError naming the option and what is allowed.

    Without the option they are those of the record that is repeated; else all bundled ones when a report is written,
    and none for a mere look, which should be quick. Live times leave little to a profile, so there are none either.
    """
    if given is None:
        given = _recorded(Path(source)) if report and scenario.run.timing == "profile" else NONE
    names = _bundled() if given == ALL else [] if given == NONE else [name.strip() for name in given.split(",")]
    profiles = [_profile(name, scenario) for name in names]
    called = [profile.name for profile in profiles]
    for name in called:
        if called.count(name) > 1:
            raise InputError(f"--profiles: {name!r} comes twice; profiles are told apart by the names of their files")
    return under_other_profiles(scenario, profiles)


def _bundled() -> list[str]:
    return [path.stem for path in sorted(bundled("profiles").glob("*.csv"))]


def _recorded(path: Path) -> str:
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
