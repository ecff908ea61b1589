"""A scenario as a document again, with every default spelled out, so that a run can be repeated from its record."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from simlib.scenario.design import Chosen, Design
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
