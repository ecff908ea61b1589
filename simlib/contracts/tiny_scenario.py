"""Tiny scenario in which parts, metrics, figures and attacks are checked: twenty users, twenty seconds."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from simlib.deployment.parts import DOWNSTREAM, INNER_SERVICE, PARTS
from simlib.pentest.design_variants import list_catalogue_designs
from simlib.scenario.design import ChosenPart, Design
from simlib.scenario.hosts import GATEWAY
from simlib.scenario.loading import build_scenario
from simlib.scenario.scenario import Scenario
from simlib.strategies import GATEWAY_VALIDATORS

_NO_TIME = {"kind": "constant", "value_s": 0.0}
_LINK = {"round_trip": {"kind": "constant", "value_s": 0.001}}
_SERVICE: Mapping[str, Any] = {
    "audience": "https://api.example",
    "scope": "catalogue:read",
    "work": {"kind": "exponential", "mean_s": 0.004},
    "reply_bytes": 500,
}
_WORLD: Mapping[str, Any] = {
    "population": {"users": 20, "zipf_exponent": 0.5},
    "load": {"kind": "poisson", "arrival_rate": 20.0},
    "service": {**_SERVICE, "user_information_share": 0.25},
    "authorization_server": {"issuer": "https://as.example"},
    "revocations": {"rate": 0.1},
    "shared_store": {"link": _LINK, "call": _NO_TIME, "work": _NO_TIME},
    "network": {
        "request_head_bytes": 300,
        "reply_head_bytes": 200,
        "client_to_service": {"round_trip": {"kind": "lognormal", "median_s": 0.03, "p99_s": 0.12}},
        "client_to_authorization_server": {"round_trip": {"kind": "uniform", "low_s": 0.02, "high_s": 0.04}},
        "service_to_authorization_server": _LINK,
    },
}
_RUN = {"seed": 7, "length_s": 20.0, "warm_up_s": 5.0, "replications": 2}
_DESIGNS = {
    "opaque": ("opaque_introspection", "reference_token", "introspection"),
    "jwt": ("jwt_local", "jwt_access_token", "token"),
}


@cache
def build_tiny_scenario(inner_service: bool = False, **service: Any) -> Scenario:
    """Build the scenario with an opaque and a JWT design; ``service`` are further values of world.service."""
    world = {**_WORLD, "service": {**_WORLD["service"], **service}}
    if inner_service:
        world["service"]["calls"] = ["inner"]
        world["inner_services"] = {"inner": {**_SERVICE, "audience": "https://inner.example"}}
    designs = {name: _build_design(*parts, inner_service) for name, parts in _DESIGNS.items()}
    document = {"title": "Tiny", "world": world, "designs": designs, "run": _RUN}
    return build_scenario(document, PARTS, Path("tiny.toml"))


def _build_design(validator: str, issuer: str, information: str, inner_service: bool) -> dict[str, Any]:
    behind = {INNER_SERVICE: {"part": validator}, DOWNSTREAM: {"part": "pass_through"}} if inner_service else {}
    return {
        "token_lifetime_s": 30.0,
        "user_information": information,
        "service": {"part": validator},
        "authorization_server": {"part": issuer},
        **behind,
    }


def list_designs_with(part: type[Any], settings: Any = None) -> tuple[Scenario, tuple[Design, ...]]:
    """List designs with a registered part under these settings, one for each token format that it fits."""
    scenario = build_tiny_scenario(inner_service=hasattr(part, "obtain_credential"))
    designs = [design for design in list_catalogue_designs(scenario) if part.name in _list_parts(design)]
    if not hasattr(part, "wrap_validator"):
        designs = designs[:1]
    return scenario, tuple(_set_settings(design, part.name, settings) for design in designs)


def _list_parts(design: Design) -> list[str]:
    return [chosen.part for chosen in (*design.parts.values(), *design.wrappers)]


def _set_settings(design: Design, name: str, settings: Any) -> Design:
    def change(chosen: ChosenPart) -> ChosenPart:
        return replace(chosen, settings=settings) if chosen.part == name and settings is not None else chosen

    parts = MappingProxyType({place: change(chosen) for place, chosen in design.parts.items()})
    return replace(design, parts=parts, wrappers=tuple(change(chosen) for chosen in design.wrappers))


def has_gateway_only_part(design: Design) -> bool:
    """Check whether a design has a part that stands at a gateway only."""
    return GATEWAY in design.parts and design.parts[GATEWAY].part in GATEWAY_VALIDATORS
