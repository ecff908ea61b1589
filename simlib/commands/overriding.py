"""Options of the command line that take the place of values in the scenario file."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simlib.api import scenario_from, scenario_path
from simlib.scenario.errors import InputError
from simlib.scenario.loading import find_profile, read_document
from simlib.scenario.overriding import checked, overridden
from simlib.scenario.scenario import Scenario
from simlib.scenario.world import ReplayLoad


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
