"""Export of a scenario as a document with explicit defaults, as TOML too, and checked changes of single values."""

import errno
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import tomli_w
from pydantic import BaseModel, ValidationError

from simlib.scenario.design import ChosenPart, Design
from simlib.scenario.errors import InputError, describe_first_mistake
from simlib.scenario.scenario import Scenario


def export_scenario(scenario: Scenario) -> dict[str, Any]:
    """Export the tables from which `build_scenario` makes the same scenario; only JSON types."""
    world = scenario.world.model_dump(mode="json", exclude_none=True)
    if scenario.trace is not None:
        world["load"]["sha256"] = scenario.trace.sha256
    return {
        "format": 1,
        "name": scenario.name,
        "title": scenario.title,
        "description": scenario.description,
        "world": world,
        "designs": {name: _export_design(design) for name, design in scenario.designs.items()},
        "run": scenario.run.model_dump(mode="json", exclude_none=True),
        "limits": scenario.limits.model_dump(mode="json", exclude_none=True),
        "margins": scenario.margins.model_dump(mode="json", exclude_none=True),
        "prices": scenario.prices.model_dump(mode="json", exclude_none=True),
        "worth": scenario.worth.model_dump(mode="json", exclude_none=True),
        "organisation": scenario.organisation.model_dump(mode="json", exclude_none=True),
        "decision": scenario.terms.model_dump(mode="json", exclude_none=True),
    }


def export_scenario_beside(scenario: Scenario, folder: Path) -> dict[str, Any]:
    """Export the tables for a file in ``folder``: paths that loading made absolute are relative to it."""
    document = export_scenario(scenario)
    world = document["world"]
    if "file" in world["load"]:
        world["load"]["file"] = _make_relative(folder, world["load"]["file"])
    if world["profile"].endswith(".csv"):
        world["profile"] = _make_relative(folder, world["profile"])
    return document


def _make_relative(folder: Path, name: str) -> str:
    return Path(os.path.relpath(name, folder)).as_posix() if os.path.isabs(name) else name


def format_scenario(scenario: Scenario, folder: str | Path) -> str:
    """Format a scenario as the TOML of a file in ``folder``, with every default; loading it gives the same scenario.

    A value None, which TOML lacks, is left out: it is the default wherever it is allowed.
    """
    return tomli_w.dumps(_drop_none(export_scenario_beside(scenario, Path(folder).resolve())))


def _drop_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _drop_none(inner) for key, inner in value.items() if inner is not None}
    return [_drop_none(inner) for inner in value] if isinstance(value, list | tuple) else value


def write_scenario(scenario: Scenario, path: str | Path) -> Path:
    """Write a scenario as a TOML file, with every default, and return its path; `load_scenario` reads the same again.

    Files that the scenario names stay where they are; the new file names them relative to itself. Raises InputError
    for a name that does not end in .toml, a file that exists and one that cannot be written.
    """
    path = Path(path)
    if path.suffix != ".toml":
        raise InputError(f"{path}: the name of a scenario file ends in .toml")
    text = format_scenario(scenario, path.parent)
    try:
        _create_file(path, text.encode())
    except FileExistsError as error:
        raise InputError(f"{path}: exists; name a new file") from error
    except (OSError, UnicodeEncodeError) as error:
        reason = getattr(error, "strerror", None) or "a text in it has no characters of Unicode"
        raise InputError(f"{path}: cannot be written ({reason})") from error
    return path


def _create_file(path: Path, content: bytes) -> None:
    """Create a file that is whole as soon as it has its name; raises FileExistsError for a name that is taken."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(content)
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _export_design(design: Design) -> dict[str, Any]:
    places: Mapping[str, Any] = {place: _export_part(chosen) for place, chosen in design.parts.items()}
    further: dict[str, Any] = {}
    if design.max_revocation_lag_s is not None:
        further["max_revocation_lag_s"] = design.max_revocation_lag_s
    if design.admission:
        further["admission"] = {host: asdict(admission) for host, admission in design.admission.items()}
    if design.presets:
        further["presets"] = dict(design.presets)
    return {
        "title": design.title,
        "token_lifetime_s": design.token_lifetime_s,
        "user_information": design.user_information,
        "replicas": dict(design.replicas),
        "wrappers": [_export_part(chosen) for chosen in design.wrappers],
        "flows": dict(design.flows),
        "refresh": asdict(design.refresh),
        **places,
        **further,
    }


def _export_part(chosen: ChosenPart) -> dict[str, Any]:
    return {"part": chosen.part, **asdict(chosen.settings)}


M = TypeVar("M", bound=BaseModel)


def override_fields(model: M, values: Mapping[str, Any]) -> M:
    """Return a copy of a validated value with other fields, validated again.

    Raises InputError as ``--field: what is allowed``, because values come from options of a command line.
    """
    return validate_fields(type(model), {**model.model_dump(), **values})


def validate_fields(kind: type[M], values: Mapping[str, Any]) -> M:
    """Build a value from fields; raises InputError as ``--field: what is allowed``."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        field, _, mistake = describe_first_mistake(error, kind).partition(": ")
        raise InputError(f"--{field.replace('_', '-')}: {mistake}") from error
