"""Loading of one design of a scenario file: parts from the catalogue, checked settings, compatibility."""

import re
from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from simlib.scenario.compatibility import check_compatibility
from simlib.scenario.design import ALWAYS, PLACES, Admission, Catalogue, ChosenPart, Design, RefreshPolicy
from simlib.scenario.document import DesignDocument, ScenarioDocument
from simlib.scenario.errors import InputError, describe_first_mistake, describe_unknown
from simlib.scenario.presets import expand_preset, list_implied_wrappers
from simlib.scenario.world import World

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
WITH_INNER_SERVICES = ("inner_service", "downstream")


def build_design(name: str, document: DesignDocument, world: World, catalogue: Catalogue, source: Any) -> Design:
    """Build one checked design; ``source`` names the file in messages. InputError has key and allowed values."""
    where = f"{source}: designs.{name}"
    if not _NAME.fullmatch(name):
        raise InputError(f"{where}: a design's name is a lower-case letter, then letters, digits or _ (at most 40)")
    for place in document.presets:
        if place not in PLACES:
            raise InputError(f"{where}.presets: {describe_unknown('place', place, PLACES)}")
    tables = {
        place: expand_preset(table, catalogue[place], f"{where}.{place}")
        for place, table in _list_tables(document, world)
    }
    parts = {
        place: _build_part(expanded.table, catalogue[place], f"{where}.{place}") for place, expanded in tables.items()
    }
    implied = list_implied_wrappers(tables.values(), document.wrappers)
    wrappers = tuple(
        _build_part(table, catalogue["wrappers"], f"{where}.wrappers[{number}]")
        for number, table in enumerate((*implied, *document.wrappers))
    )
    design = Design(
        name=name,
        title=document.title or name,
        token_lifetime_s=document.token_lifetime_s,
        user_information=document.user_information,
        parts=MappingProxyType(parts),
        replicas=MappingProxyType(document.replicas.model_dump()),
        wrappers=wrappers,
        flows=MappingProxyType(_choose_flows(document.flows, world, catalogue.get("flows", {}), f"{where}.flows")),
        refresh=RefreshPolicy(document.refresh.rotation, document.refresh.lifetime_s),
        max_revocation_lag_s=document.max_revocation_lag_s,
        admission=MappingProxyType(_build_admission(document)),
        presets=MappingProxyType(
            {**document.presets, **{place: expanded.preset for place, expanded in tables.items() if expanded.preset}}
        ),
    )
    check_compatibility(design, world, catalogue, where)
    _check_regions(design, world, catalogue, where)
    return design


def _check_regions(design: Design, world: World, catalogue: Catalogue, where: str) -> None:
    issuer = design.parts["authorization_server"].part
    if world.regions is None and getattr(catalogue["authorization_server"][issuer], "regional", False):
        reason = "its tokens name the region of their row"
        raise InputError(f"{where}.authorization_server: {issuer} needs [world.regions], because {reason}")


def _build_admission(document: DesignDocument) -> Mapping[str, Admission]:
    """Build the admission limits by kind of host."""
    limits = ((host, getattr(document.admission, host)) for host in type(document.admission).model_fields)
    return {host: Admission(limit.limit, limit.retry_after_s) for host, limit in limits if limit is not None}


def _list_tables(document: DesignDocument, world: World) -> list[tuple[str, Mapping[str, Any]]]:
    """List the table of each place; places behind the first service exist only in worlds with inner services."""
    tables = {place: getattr(document, place) for place in PLACES}
    if world.inner_services:
        tables["inner_service"] = tables["inner_service"] or document.service
        tables["downstream"] = tables["downstream"] or {"part": "pass_through"}
    return [(place, table) for place, table in tables.items() if place in ALWAYS or table is not None]


def _choose_flows(
    chosen: Mapping[str, str], world: World, catalogue: Mapping[str, type[Any]], where: str
) -> Mapping[str, str]:
    """Choose the flow of every kind of client in the world: the design's own, else the first for this kind."""
    kinds = [client.kind for client in world.clients]
    for kind, name in chosen.items():
        if kind not in kinds:
            raise InputError(
                f"{where}: {describe_unknown('kind of client', kind, kinds or ['(the world has no clients)'])}"
            )
        if name not in catalogue:
            usable = [flow for flow in catalogue if not catalogue[flow].refused]
            raise InputError(f"{where}.{kind}: {describe_unknown('flow', name, usable)}")
        if catalogue[name].refused:
            raise InputError(f"{where}.{kind}: {name!r} is refused: {catalogue[name].refused}")
        if kind not in catalogue[name].client_kinds:
            fitting = ", ".join(
                flow for flow in catalogue if kind in catalogue[flow].client_kinds and not catalogue[flow].refused
            )
            raise InputError(f"{where}.{kind}: {name!r} is not for clients of this kind; allowed: {fitting}")
    defaults: dict[str, str] = {kind: _choose_default_flow(kind, catalogue) for kind in kinds}
    return {**defaults, **chosen}


def _choose_default_flow(kind: str, catalogue: Mapping[str, type[Any]]) -> str:
    return next((name for name, flow in catalogue.items() if kind in flow.client_kinds and not flow.refused), "")


def _build_part(table: Mapping[str, Any], kinds: Mapping[str, type[Any]], where: str) -> ChosenPart:
    part = table.get("part")
    usable = [name for name, kind in kinds.items() if not getattr(kind, "refused", "")]
    if not isinstance(part, str):
        raise InputError(f"{where}.part: is missing; allowed: {', '.join(usable)}")
    if part not in kinds:
        raise InputError(f"{where}.part: {describe_unknown('part', part, usable)}")
    if part not in usable:
        raise InputError(f"{where}.part: {part!r} is vulnerable and cannot be chosen: {kinds[part].refused}")
    values = {key: value for key, value in table.items() if key != "part"}
    settings_type = kinds[part].Settings
    allowed = [field.name for field in fields(settings_type)]
    for key in values:
        if key not in allowed:
            raise InputError(
                f"{where}.{key}: {describe_unknown('setting of ' + part, key, allowed or ['(it has none)'])}"
            )
    _check_types(values, settings_type, where)
    try:
        return ChosenPart(part, _build_adapter(settings_type).validate_python(values))
    except ValidationError as error:
        raise InputError(
            describe_first_mistake(error, ScenarioDocument, f"{where}.").replace(".: ", ": ", 1)
        ) from error


@lru_cache(maxsize=256)
def _build_adapter(settings_type: type[Any]) -> TypeAdapter[Any]:
    """Build the validator of a part's settings, which takes longer than to validate them."""
    return TypeAdapter(settings_type)


_KINDS: Mapping[type[Any], tuple[tuple[type[Any], ...], str]] = {
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    str: ((str,), "a text"),
}


def _check_types(values: Mapping[str, Any], settings_type: type[Any], where: str) -> None:
    """Refuse a text or a truth value for a number, which pydantic would accept for a dataclass."""
    for setting in fields(settings_type):
        kinds, allowed = next((row for kind, row in _KINDS.items() if kind is setting.type), ((), ""))
        value = values.get(setting.name)
        if setting.name in values and kinds and type(value) not in kinds:
            raise InputError(f"{where}.{setting.name}: must be {allowed}, not {value!r}")
