"""A scenario as a document again, with every default spelled out, so that a run can be repeated from its record.

Single values put in the place of those in a scenario, checked as the file's own are.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from simlib.scenario.design import Chosen, Design
from simlib.scenario.errors import InputError, in_one_line
from simlib.scenario.scenario import Scenario


def to_document(scenario: Scenario) -> dict[str, Any]:
    """What `build_scenario` makes the same scenario from; only JSON types."""
    world = scenario.world.model_dump(mode="json", exclude_none=True)
    if scenario.trace is not None:
        world["load"]["sha256"] = scenario.trace.sha256
    return {
        "format": 1,
        "name": scenario.name,
        "title": scenario.title,
        "description": scenario.description,
        "world": world,
        "designs": {name: _design(design) for name, design in scenario.designs.items()},
        "run": scenario.run.model_dump(mode="json", exclude_none=True),
        "limits": scenario.limits.model_dump(mode="json", exclude_none=True),
        "margins": scenario.margins.model_dump(mode="json", exclude_none=True),
        "prices": scenario.prices.model_dump(mode="json", exclude_none=True),
        "worth": scenario.worth.model_dump(mode="json", exclude_none=True),
        "organisation": scenario.organisation.model_dump(mode="json", exclude_none=True),
        "decision": scenario.terms.model_dump(mode="json", exclude_none=True),
    }


def _design(design: Design) -> dict[str, Any]:
    places: Mapping[str, Any] = {place: _chosen(chosen) for place, chosen in design.parts.items()}
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
        "wrappers": [_chosen(chosen) for chosen in design.wrappers],
        "flows": dict(design.flows),
        "refresh": asdict(design.refresh),
        **places,
        **further,
    }


def _chosen(chosen: Chosen) -> dict[str, Any]:
    return {"part": chosen.part, **asdict(chosen.settings)}


M = TypeVar("M", bound=BaseModel)


def overridden(model: M, values: Mapping[str, Any]) -> M:
    """A copy of a validated value with other fields, validated again.

    Raises InputError as ``--field: what is allowed``, for values come from options of a command line.
    """
    return checked(type(model), {**model.model_dump(), **values})


def checked(kind: type[M], values: Mapping[str, Any]) -> M:
    """A value made of fields; raises InputError as ``--field: what is allowed``."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        field, _, what = in_one_line(error, kind).partition(": ")
        raise InputError(f"--{field.replace('_', '-')}: {what}") from error
