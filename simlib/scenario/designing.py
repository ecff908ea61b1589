"""One design of a scenario file: its parts looked up in the catalogue, their settings checked, and whether they fit."""

import re
from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from simlib.scenario.agreeing import check_agreement
from simlib.scenario.design import ALWAYS, PLACES, Admission, Chosen, Design, RefreshPolicy
from simlib.scenario.document import DesignDocument, ScenarioDocument
from simlib.scenario.errors import InputError
from simlib.scenario.presets import expanded, implied_wrappers
from simlib.scenario.refusal import in_one_line, unknown
from simlib.scenario.world import World

Catalogue = Mapping[str, Mapping[str, type[Any]]]
"""Place -> part name -> part class with ``Settings`` and ``token_format``; also "wrappers" and "flows"."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
WITH_INNER_SERVICES = ("inner_service", "downstream")


def build_design(name: str, document: DesignDocument, world: World, catalogue: Catalogue, source: Any) -> Design:
    """Check one design; ``source`` names the file in messages. Raises InputError with key and what is allowed."""
    where = f"{source}: designs.{name}"
    if not _NAME.fullmatch(name):
        raise InputError(f"{where}: a design's name is a lower-case letter, then letters, digits or _ (at most 40)")
    tables = {place: expanded(table, catalogue[place], f"{where}.{place}") for place, table in _tables(document, world)}
    parts = {place: _chosen(own.table, catalogue[place], f"{where}.{place}") for place, own in tables.items()}
    implied = implied_wrappers(tables.values(), document.wrappers)
    wrappers = tuple(
        _chosen(table, catalogue["wrappers"], f"{where}.wrappers[{number}]")
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
        flows=MappingProxyType(_flows(document.flows, world, catalogue.get("flows", {}), f"{where}.flows")),
        refresh=RefreshPolicy(document.refresh.rotation, document.refresh.lifetime_s),
        max_revocation_lag_s=document.max_revocation_lag_s,
        admission=MappingProxyType(_admission(document)),
        presets=MappingProxyType(
            {**document.presets, **{place: own.preset for place, own in tables.items() if own.preset}}
        ),
    )
    check_agreement(design, world, catalogue, where)
    return design


def _admission(document: DesignDocument) -> Mapping[str, Admission]:
    """The limits that are set, by kind of host."""
    limits = ((host, getattr(document.admission, host)) for host in type(document.admission).model_fields)
    return {host: Admission(set_.limit, set_.retry_after_s) for host, set_ in limits if set_ is not None}


def _tables(document: DesignDocument, world: World) -> list[tuple[str, Mapping[str, Any]]]:
    """What stands at each place; places behind the first service count only where there is such a service."""
    tables = {place: getattr(document, place) for place in PLACES}
    if world.inner_services:
        tables["inner_service"] = tables["inner_service"] or document.service
        tables["downstream"] = tables["downstream"] or {"part": "pass_through"}
    return [(place, table) for place, table in tables.items() if place in ALWAYS or table is not None]


def _flows(given: Mapping[str, str], world: World, known: Mapping[str, type[Any]], where: str) -> Mapping[str, str]:
    """The flow of every kind of client in the world: the one given, else the first that is for this kind."""
    kinds = [client.kind for client in world.clients]
    for kind, name in given.items():
        if kind not in kinds:
            raise InputError(f"{where}: {unknown('kind of client', kind, kinds or ['(the world has no clients)'])}")
        if name not in known:
            usable = [flow for flow in known if not known[flow].refused]
            raise InputError(f"{where}.{kind}: {unknown('flow', name, usable)}")
        if known[name].refused:
            raise InputError(f"{where}.{kind}: {name!r} is refused: {known[name].refused}")
        if kind not in known[name].client_kinds:
            fitting = ", ".join(flow for flow in known if kind in known[flow].client_kinds and not known[flow].refused)
            raise InputError(f"{where}.{kind}: {name!r} is not for clients of this kind; allowed: {fitting}")
    usual: dict[str, str] = {kind: _usual(kind, known) for kind in kinds}
    return {**usual, **given}


def _usual(kind: str, known: Mapping[str, type[Any]]) -> str:
    return next((name for name, flow in known.items() if kind in flow.client_kinds and not flow.refused), "")


def _chosen(table: Mapping[str, Any], kinds: Mapping[str, type[Any]], where: str) -> Chosen:
    part = table.get("part")
    usable = [name for name, kind in kinds.items() if not getattr(kind, "refused", "")]
    if not isinstance(part, str):
        raise InputError(f"{where}.part: is missing; allowed: {', '.join(usable)}")
    if part not in kinds:
        raise InputError(f"{where}.part: {unknown('part', part, usable)}")
    if part not in usable:
        raise InputError(f"{where}.part: {part!r} is a victim and no part of a design: {kinds[part].refused}")
    given = {key: value for key, value in table.items() if key != "part"}
    settings_type = kinds[part].Settings
    allowed = [field.name for field in fields(settings_type)]
    for key in given:
        if key not in allowed:
            raise InputError(f"{where}.{key}: {unknown('setting of ' + part, key, allowed or ['(it has none)'])}")
    _check_kinds(given, settings_type, where)
    try:
        return Chosen(part, TypeAdapter(settings_type).validate_python(given))
    except ValidationError as error:
        raise InputError(in_one_line(error, ScenarioDocument, f"{where}.").replace(".: ", ": ", 1)) from error


_KINDS: Mapping[type[Any], tuple[tuple[type[Any], ...], str]] = {
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    str: ((str,), "a text"),
}


def _check_kinds(given: Mapping[str, Any], settings_type: type[Any], where: str) -> None:
    """Refuse a text or a truth where a number belongs, which pydantic would take for a dataclass."""
    for setting in fields(settings_type):
        kinds, allowed = next((row for kind, row in _KINDS.items() if kind is setting.type), ((), ""))
        value = given.get(setting.name)
        if setting.name in given and kinds and type(value) not in kinds:
            raise InputError(f"{where}.{setting.name}: must be {allowed}, not {value!r}")
