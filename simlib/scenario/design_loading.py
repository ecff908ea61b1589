"""One design of a scenario file: its parts looked up in the catalogue, their settings checked, and whether they fit.

Whether the parts of a design can work together, in its world: contradictions are told before anything runs.
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from simlib.scenario.design import ALWAYS, PLACES, Admission, Chosen, Design, RefreshPolicy
from simlib.scenario.document import DesignDocument, ScenarioDocument
from simlib.scenario.errors import InputError, in_one_line, unknown
from simlib.scenario.presets import expanded, implied_wrappers
from simlib.scenario.world import World

Catalogue = Mapping[str, Mapping[str, type[Any]]]
"""Place -> part name -> part class with ``Settings`` and ``token_format``; also "wrappers" and "flows"."""


def check_agreement(design: Design, world: World, catalogue: Catalogue, where: str) -> None:
    """Refuse a design whose parts contradict each other or lack something in the world.

    ``where`` begins each message. Raises InputError with the key, what is wrong, and what is allowed.
    """
    kinds = {place: catalogue[place][chosen.part] for place, chosen in design.parts.items()}
    _check_places(design, world, kinds, where)
    _check_formats(design, kinds, catalogue, where)
    _check_order(design, catalogue, where)
    _check_user_information(design, kinds, catalogue, where)
    _check_algorithms(design, where)
    _check_needs(design, world, kinds, catalogue, where)


def _check_places(design: Design, world: World, kinds: Mapping[str, type[Any]], where: str) -> None:
    if "gateway" in kinds and world.gateway is None:
        raise InputError(f"{where}.gateway: the world has no gateway; add [world.gateway] or leave this place out")
    for place in ("inner_service", "downstream"):
        if place in kinds and not world.inner_services:
            raise InputError(f"{where}.{place}: the world has no inner services; add them or leave this place out")
    for host in design.admission:
        if host in ("gateway", "inner_service") and host not in kinds:
            raise InputError(f"{where}.admission.{host}: the design has no such host; add one or leave this limit out")
    exchanges = "downstream" in kinds and kinds["downstream"].own_audiences
    if exchanges and getattr(kinds.get("gateway"), "forwards", None) is not None:
        raise InputError(
            f"{where}.downstream.part: {kinds['downstream'].name} exchanges the client's own token, "
            f"but gateway.part {kinds['gateway'].name} passes another one inwards; allowed: pass_through"
        )


def _check_formats(design: Design, kinds: Mapping[str, type[Any]], catalogue: Catalogue, where: str) -> None:
    """Follow the token from where it is issued to where it is validated."""
    issuer = kinds["authorization_server"]
    issued = at_service = issuer.token_format
    source = f"authorization_server.part {issuer.name} issues"
    if "gateway" in kinds:
        gateway = kinds["gateway"]
        _fits(gateway, issued, source, f"{where}.gateway.part")
        if getattr(gateway, "forwards", None) is not None:
            at_service, source = gateway.forwards, f"gateway.part {gateway.name} passes on"
    _fits(kinds["service"], at_service, source, f"{where}.service.part")
    if "inner_service" in kinds:
        _fits(kinds["inner_service"], at_service, source, f"{where}.inner_service.part")
    for number, chosen in enumerate(design.wrappers):
        wrapper = catalogue["wrappers"][chosen.part]
        for there in (issued,) if wrapper.at_edge else (issued, at_service):
            if there not in wrapper.formats:
                allowed = ", ".join(sorted(wrapper.formats))
                raise InputError(
                    f"{where}.wrappers[{number}]: {wrapper.name} is for {allowed} tokens, not {there} ones"
                )


def _check_order(design: Design, catalogue: Catalogue, where: str) -> None:
    """Each wrapper is put around those before it in the list, and not all can bear that."""
    wrappers = [catalogue["wrappers"][chosen.part] for chosen in design.wrappers]
    for number, (chosen, wrapper) in enumerate(zip(design.wrappers, wrappers, strict=True)):
        here = f"{where}.wrappers[{number}]: {wrapper.name} must"
        if number and getattr(wrapper, "comes_first", False):
            raise InputError(f"{here} come first: it skips what it is put around")
        binding = next((before.name for before in wrappers[:number] if before.at_edge), "")
        if binding and getattr(wrapper, "comes_before_bindings", False):
            raise InputError(f"{here} come before {binding}, whose refusals it would overrule")
        if number + 1 < len(wrappers) and hasattr(wrapper, "comes_last") and wrapper.comes_last(chosen.settings):
            raise InputError(f"{here} come last with these settings: what it lets in has no claims for others to judge")


def _fits(validator: type[Any], token_format: str, source: str, where: str) -> None:
    if validator.token_format not in (None, token_format):
        raise InputError(
            f"{where}: {validator.name} validates {validator.token_format} tokens, but {source} {token_format} tokens"
        )


def _check_user_information(design: Design, kinds: Mapping[str, type[Any]], catalogue: Catalogue, where: str) -> None:
    validator = kinds["service"]
    sources = validator.user_information_sources
    changed = getattr(kinds.get("gateway"), "forwards", None) is not None
    if changed or any(catalogue["wrappers"][chosen.part].at_edge for chosen in design.wrappers):
        # The service holds another token than the server issued, or one that only its owner can present.
        sources = tuple(source for source in sources if source != "userinfo")
    if design.user_information not in sources:
        raise InputError(
            f"{where}.user_information: {design.user_information!r} is not possible with {validator.name}; "
            f"allowed: {', '.join(sources)}"
        )
    issuer = kinds["authorization_server"]
    possible = getattr(issuer, "user_information_sources", sources)
    if design.user_information not in possible:
        raise InputError(
            f"{where}.user_information: {design.user_information!r} is not possible with {issuer.name}; "
            f"allowed: {', '.join(source for source in sources if source in possible)}"
        )


def _check_algorithms(design: Design, where: str) -> None:
    """Whoever verifies or decrypts must take what the server makes, wherever in the design that is."""
    made = design.parts["authorization_server"].settings
    algorithm, management = getattr(made, "algorithm", None), getattr(made, "key_management", None)
    for place, chosen in design.parts.items():
        accepted = getattr(chosen.settings, "algorithms", None)
        if algorithm is not None and accepted is not None and algorithm not in accepted:
            raise InputError(f"{where}.{place}.algorithms: does not accept {algorithm}, which the AS signs with")
        key = getattr(chosen.settings, "key_management", management)
        if management is not None and key != management:
            raise InputError(f"{where}.{place}.key_management: must be {management}, which the AS encrypts with")


def _check_needs(
    design: Design, world: World, kinds: Mapping[str, type[Any]], catalogue: Catalogue, where: str
) -> None:
    """What a part declares that it cannot work without (static ``needs(settings)``), word by word."""
    placed = [(place, kinds[place], design.settings(place)) for place in kinds]
    placed += [
        (f"wrappers[{number}]", catalogue["wrappers"][chosen.part], chosen.settings)
        for number, chosen in enumerate(design.wrappers)
    ]
    for key, kind, settings in placed:
        needs = kind.needs(settings) if hasattr(kind, "needs") else frozenset()
        for need in sorted(needs):
            missing = _missing(need, design, world, kinds, catalogue)
            if missing:
                raise InputError(f"{where}.{key}: {kind.name} {missing}")


def _missing(need: str, design: Design, world: World, kinds: Mapping[str, type[Any]], catalogue: Catalogue) -> str:
    """Why a need is not met, empty when it is."""
    if need == "shared_store" and world.shared_store is None:
        return "needs a [world.shared_store]"
    if need == "gateway" and "gateway" not in kinds:
        return "needs a part at the gateway"
    if need == "signing" and not hasattr(kinds["authorization_server"], "sign"):
        able = [name for name, kind in catalogue["authorization_server"].items() if hasattr(kind, "sign")]
        return f"needs an authorization server that signs; allowed as authorization_server.part: {', '.join(able)}"
    if need == "id_token" and not world.clients:
        return "needs [[world.clients]]: only who signs in gets an identity token"
    if need == "id_token":
        flows = catalogue.get("flows", {})
        unable = [f"{kind} ({name})" for kind, name in design.flows.items() if "id_token" not in flows[name].gives]
        if unable:
            return f"needs flows with a user who signs in, for an identity token; {', '.join(unable)} has none"
    if need.startswith("gateway:") and ("gateway" not in kinds or kinds["gateway"].name != need[8:]):
        return f"needs gateway.part {need[8:]}"
    if need.startswith("issuer:") and kinds["authorization_server"].name != need[7:]:
        return f"needs authorization_server.part {need[7:]}"
    return ""


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
