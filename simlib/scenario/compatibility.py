"""Compatibility of the parts of a design with each other and with its world, checked before anything runs."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from simlib.scenario.design import Catalogue, ChosenPart, Design
from simlib.scenario.errors import InputError
from simlib.scenario.world import World


def check_compatibility(design: Design, world: World, catalogue: Catalogue, where: str) -> None:
    """Refuse a design whose parts contradict each other or need something that the world lacks.

    ``where`` begins each message. Raises InputError with the key, the mistake, and the allowed values.
    """
    kinds = {place: catalogue[place][chosen.part] for place, chosen in design.parts.items()}
    _check_places(design, world, kinds, where)
    _check_formats(design, kinds, catalogue, where)
    _check_wrappers(design, catalogue, where)
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
    """Check the format of the token from its issuer to every validator."""
    issuer = kinds["authorization_server"]
    issued = at_service = issuer.token_format
    source = f"authorization_server.part {issuer.name} issues"
    if "gateway" in kinds:
        gateway = kinds["gateway"]
        _check_format(gateway, issued, source, f"{where}.gateway.part")
        if getattr(gateway, "forwards", None) is not None:
            at_service, source = gateway.forwards, f"gateway.part {gateway.name} passes on"
    _check_format(kinds["service"], at_service, source, f"{where}.service.part")
    if "inner_service" in kinds:
        _check_format(kinds["inner_service"], at_service, source, f"{where}.inner_service.part")
    for number, chosen in enumerate(design.wrappers):
        wrapper = catalogue["wrappers"][chosen.part]
        for token_format in (issued,) if wrapper.at_edge else (issued, at_service):
            if token_format not in wrapper.formats:
                allowed = ", ".join(map(str, sorted(wrapper.formats)))
                raise InputError(
                    f"{where}.wrappers[{number}]: {wrapper.name} is for {allowed} tokens, not {token_format} ones"
                )


def _check_wrappers(design: Design, catalogue: Catalogue, where: str) -> None:
    """Check that no wrapper is there twice, and that at most one binds tokens to their client."""
    names = [chosen.part for chosen in design.wrappers]
    binding = ""
    for number, name in enumerate(names):
        key = f"{where}.wrappers[{number}]"
        if name in names[:number]:
            raise InputError(f"{key}: {name} is there twice, first as wrappers[{names.index(name)}]; allowed: once")
        if getattr(catalogue["wrappers"][name], "binds", False):
            if binding:
                raise InputError(f"{key}: {name} binds tokens to their client, as {binding} does; allowed: one of them")
            binding = name


def _check_order(design: Design, catalogue: Catalogue, where: str) -> None:
    """Check the order of wrappers: each one wraps those before it in the list, and some must come first or last."""
    wrappers = [catalogue["wrappers"][chosen.part] for chosen in design.wrappers]
    for number, (chosen, wrapper) in enumerate(zip(design.wrappers, wrappers, strict=True)):
        message = f"{where}.wrappers[{number}]: {wrapper.name} must"
        if number and getattr(wrapper, "comes_first", False):
            raise InputError(f"{message} come first: it skips the parts that it wraps")
        binding = next((before.name for before in wrappers[:number] if before.at_edge), "")
        if binding and getattr(wrapper, "comes_before_bindings", False):
            raise InputError(f"{message} come before {binding}, whose refusals it would overrule")
        if number + 1 < len(wrappers) and hasattr(wrapper, "comes_last") and wrapper.comes_last(chosen.settings):
            raise InputError(
                f"{message} come last with these settings: requests that it accepts have no claims for others to check"
            )
        reasons: Mapping[str, str] = getattr(wrapper, "comes_after", {})
        late = next((after.name for after in wrappers[number + 1 :] if after.name in reasons), "")
        if late:
            raise InputError(f"{message} come after {late}: {reasons[late]}")


def _check_format(validator: type[Any], token_format: Any, source: str, where: str) -> None:
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
    issuer = kinds["authorization_server"]
    possible = getattr(issuer, "user_information_sources", sources)
    if design.user_information not in sources:
        allowed = [source for source in sources if source in possible] or sources
        raise InputError(
            f"{where}.user_information: {design.user_information!r} is not possible with {validator.name}; "
            f"allowed: {', '.join(allowed)}"
        )
    if design.user_information not in possible:
        raise InputError(
            f"{where}.user_information: {design.user_information!r} is not possible with {issuer.name}; "
            f"allowed: {', '.join(source for source in sources if source in possible)}"
        )


def _check_algorithms(design: Design, where: str) -> None:
    """Check that every part accepts the algorithms with which the server signs and encrypts."""
    issuer = design.parts["authorization_server"].settings
    algorithm, management = getattr(issuer, "algorithm", None), getattr(issuer, "key_management", None)
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
    """Check the requirements that parts declare (static ``list_requirements(settings)``), one by one."""
    placed = [(place, kinds[place], design.get_settings(place)) for place in kinds]
    placed += [
        (f"wrappers[{number}]", catalogue["wrappers"][chosen.part], chosen.settings)
        for number, chosen in enumerate(design.wrappers)
    ]
    for key, kind, settings in placed:
        needs = kind.list_requirements(settings) if hasattr(kind, "list_requirements") else frozenset()
        for need in sorted(needs):
            message = _find_unmet_need(need, design, world, kinds, catalogue)
            if message:
                raise InputError(f"{where}.{key}: {kind.name} {message}")


def _fits(issuer: str, design: Design, world: World, catalogue: Catalogue) -> bool:
    """Whether a design would be accepted with another authorization server under its default settings."""
    try:
        chosen = ChosenPart(issuer, catalogue["authorization_server"][issuer].Settings())
        parts = MappingProxyType({**design.parts, "authorization_server": chosen})
        check_compatibility(replace(design, parts=parts), world, catalogue, "")
    except (ValueError, ImportError):
        return False
    return True


def _find_unmet_need(
    need: str, design: Design, world: World, kinds: Mapping[str, type[Any]], catalogue: Catalogue
) -> str:
    """Describe why a need is not met; empty when it is."""
    if need == "shared_store" and world.shared_store is None:
        return "needs a [world.shared_store]"
    if need == "gateway" and "gateway" not in kinds:
        return "needs a part at the gateway"
    if need == "signing" and not hasattr(kinds["authorization_server"], "sign"):
        able = [name for name, kind in catalogue["authorization_server"].items() if hasattr(kind, "sign")]
        able = [name for name in able if _fits(name, design, world, catalogue)] or able
        return f"needs an authorization server that signs; allowed as authorization_server.part: {', '.join(able)}"
    if need == "id_token" and not world.clients:
        return "needs [[world.clients]]: an identity token is issued only at a sign-in"
    if need == "id_token":
        flows = catalogue.get("flows", {})
        unable = [
            f"{kind} ({name})" for kind, name in design.flows.items() if "id_token" not in flows[name].token_kinds
        ]
        if unable:
            return f"needs flows with a user who signs in, for an identity token; {', '.join(unable)} has none"
    if need.startswith("gateway:") and ("gateway" not in kinds or kinds["gateway"].name != need[8:]):
        return f"needs gateway.part {need[8:]}"
    if need.startswith("issuer:") and kinds["authorization_server"].name != need[7:]:
        return f"needs authorization_server.part {need[7:]}"
    return ""
