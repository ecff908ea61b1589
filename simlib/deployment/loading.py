"""Loading of scenarios by file or name, with the parts of this package; promises and disciplines are checked."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from os.path import lexists
from pathlib import Path
from typing import Any

from simlib.deployment.bounds import check_revocation_lag
from simlib.deployment.parts import PARTS
from simlib.engine.stations import list_disciplines
from simlib.scenario.base import bundled_scenarios
from simlib.scenario.errors import InputError, describe_unknown
from simlib.scenario.loading import build_scenario
from simlib.scenario.loads import ReplayLoad
from simlib.scenario.reading import read_document
from simlib.scenario.scenario import Scenario
from simlib.scenario.world import World


def load_scenario(source: str | Path) -> Scenario:
    """Load a scenario file (TOML), the run.json of an earlier run, or a bundled scenario by its name.

    Raises InputError with file, key and what is allowed.
    """
    path = find_scenario_file(source)
    return load_scenario_document(read_document(path), path)


def find_scenario_file(source: str | Path) -> Path:
    """The file itself, or the bundled scenario of that name when there is no such file.

    Raises InputError for what looks like a name and is not one.
    """
    path, bundled = Path(source), bundled_scenarios()
    if path.is_file() or path.suffix or len(path.parts) > 1:
        return path
    if str(source) not in bundled:
        if lexists(path):  # a folder, or a link that leads nowhere: the error of reading it says so
            return path
        raise InputError(describe_unknown("scenario", str(source), [*bundled, "or the path of a scenario file"]))
    return bundled[str(source)]


def load_scenario_document(document: Mapping[str, Any], source: Path) -> Scenario:
    """Check a scenario document; paths in it are relative to ``source``, the file it was read from.

    In the scenario they are absolute, so that it means the same wherever it is written down again. Raises InputError
    with file, key and what is allowed.
    """
    scenario = build_scenario(document, PARTS, source)
    check_disciplines(scenario, source)
    check_revocation_lag(scenario, source)
    return replace(
        scenario,
        world=_make_paths_absolute(scenario.world, source.absolute().parent),
        source=source.stem if source in bundled_scenarios().values() else str(source),
    )


def _make_paths_absolute(world: World, base: Path) -> World:
    changed: dict[str, Any] = {}
    if isinstance(world.load, ReplayLoad):
        changed["load"] = world.load.model_copy(update={"file": (base / world.load.file).resolve()})
    if world.profile.endswith(".csv"):
        changed["profile"] = str((base / world.profile).resolve())
    return world.model_copy(update=changed)


def check_disciplines(scenario: Scenario, source: str | Path) -> None:
    """Refuse a scenario with a discipline that no station serves; InputError names file, key and what is allowed."""
    allowed = list_disciplines()
    for key, discipline in _list_disciplines(scenario.world):
        if discipline not in allowed:
            names = ", ".join(repr(name) for name in allowed)
            raise InputError(f"{source}: world.{key}.discipline: unknown discipline {discipline!r}; allowed: {names}")


def _list_disciplines(world: World) -> Iterator[tuple[str, str]]:
    yield "service", world.service.discipline
    yield "authorization_server", world.authorization_server.discipline
    if world.gateway is not None:
        yield "gateway", world.gateway.discipline
    if world.backend is not None:
        yield "backend", world.backend.discipline
    yield from ((f"inner_services.{name}", inner.discipline) for name, inner in world.inner_services.items())
