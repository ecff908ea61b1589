"""Loading of scenario documents: checked against the schema and a catalogue, and built into a `Scenario`."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from simlib.scenario.base import find_bundled
from simlib.scenario.design import Catalogue, Design
from simlib.scenario.design_loading import build_design
from simlib.scenario.design_warnings import list_design_warnings
from simlib.scenario.document import ScenarioDocument
from simlib.scenario.economics import Terms
from simlib.scenario.errors import InputError, describe_first_mistake, describe_unknown
from simlib.scenario.fault_checks import check_fault_hosts
from simlib.scenario.fault_times import check_fault_times
from simlib.scenario.loads import ReplayLoad
from simlib.scenario.profile import CostProfile, HostNoise, load_profile
from simlib.scenario.scenario import Scenario
from simlib.scenario.texts import TITLE_LENGTH, escape_controls, find_bad_text, simplify_title
from simlib.scenario.traces import Trace, read_trace


def build_scenario(document: Mapping[str, Any], catalogue: Catalogue, source: Path) -> Scenario:
    """Check a document against the schema and the catalogue; ``source`` names the file in messages.

    Paths in the document are relative to the file. Raises InputError with file, key and what is allowed.
    """
    bad_text = find_bad_text(document)
    if bad_text is not None:
        raise InputError(f"{source}: {bad_text[0]}: {bad_text[1]}")
    try:
        parsed = ScenarioDocument.model_validate(document)
    except ValidationError as error:
        raise InputError(f"{source}: {describe_first_mistake(error, ScenarioDocument)}") from error
    designs = {
        name: build_design(name, design, parsed.world, catalogue, source) for name, design in parsed.designs.items()
    }
    _check_titles(designs, source)
    _check_terms(parsed.decision, designs, source)
    check_fault_hosts(parsed.world, designs, catalogue, f"{source}: world.faults")
    scenario = Scenario(
        name=parsed.name or escape_controls(source.stem)[:TITLE_LENGTH],
        title=parsed.title,
        description=parsed.description,
        world=parsed.world,
        designs=MappingProxyType(designs),
        run=parsed.run,
        limits=parsed.limits,
        margins=parsed.margins,
        prices=parsed.prices,
        worth=parsed.worth,
        organisation=parsed.organisation,
        terms=parsed.decision,
        profile=find_profile(parsed.world.profile, parsed.run.host_noise, source),
        trace=_load_trace(parsed.world.load, source) if isinstance(parsed.world.load, ReplayLoad) else None,
        source=str(source),
        warnings=tuple(
            warning
            for name, design in designs.items()
            for warning in list_design_warnings(design, parsed.world, catalogue, f"designs.{name}")
        ),
    )
    check_fault_times(scenario.world, scenario.horizon_s, f"{source}: world.faults")
    return scenario


def _check_titles(designs: Mapping[str, Design], source: Path) -> None:
    """Tables and figures are labelled by titles, so each must name one design, for readers who look at no case."""
    first: dict[str, str] = {}
    for name, design in designs.items():
        title = simplify_title(design.title)
        if title in first:
            key, other = (name, first[title]) if design.title != name else (first[title], name)
            shown = " ".join(designs[key].title.split())
            alike = "" if shown == " ".join(designs[other].title.split()) else ", but for its case,"
            raise InputError(
                f"{source}: designs.{key}.title: {shown!r} is also{alike} that of {other}; titles must differ"
            )
        first[title] = name


def _check_terms(terms: Terms, designs: Mapping[str, Any], source: Path) -> None:
    for key, name in (("baseline", terms.baseline), ("present", terms.present)):
        if name is not None and name not in designs:
            raise InputError(f"{source}: decision.{key}: {describe_unknown('design', name, designs)}")


def find_profile(name: str, noise: HostNoise, source: Path) -> CostProfile:
    """Find a bundled profile by its name, or a profile file by its path (relative to ``source``)."""
    profiles = {path.stem: path for path in sorted(find_bundled("profiles").glob("*.csv"))}
    if name in profiles:
        return replace(load_profile(profiles[name], noise), source="")
    path = source.parent / name
    if name.endswith(".csv") and path.exists():
        return replace(load_profile(path, noise), source=name)
    raise InputError(
        f"{source}: world.profile: {describe_unknown('profile', name, [*profiles, 'or the path of a .csv'])}"
    )


def _load_trace(load: ReplayLoad, source: Path) -> Trace:
    trace = read_trace(source.parent / load.file, time_column=load.time_column, user_column=load.user_column)
    if load.sha256 is not None and load.sha256 != trace.sha256:
        raise InputError(f"{load.file}: is not the file that this run replayed (sha256 is {trace.sha256})")
    return trace
