"""Export of a scenario as a document with explicit defaults, and checked changes of single values of a scenario."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

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
