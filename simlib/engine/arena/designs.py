"""Designs to be attacked beside those of a scenario: one for every part of the catalogue, and one for every victim.

Nothing here names a strategy: what fits is found by trying what the loader's checks take.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any, get_args

from simlib.engine.arena.ground import Ground, prepared
from simlib.engine.parts import DOWNSTREAM, INNER_SERVICE, deployment_of, part_of
from simlib.scenario.design import Chosen, Design, UserInformationSource
from simlib.scenario.errors import InputError
from simlib.scenario.people import ClientKind
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.strategies import CATALOGUE, GATEWAY_VALIDATORS, VALIDATORS, WRAPPERS, Grant
from simlib.strategies.victims import VICTIMS
from simlib.tokens import SECRET_ALGORITHM

ALGORITHM = "ES256"
"""What signs where a part leaves the choice: the one whose signatures can be written in two ways."""
USUAL_FORMAT = "jwt"
"""The format around which wrappers are shown."""
_NOBODY = Grant("nobody", "nobody", "")


def token_kind(scenario: Scenario) -> ClientKind:
    """The kind of client whose tokens are attacked: the first in the world that holds any itself, else "web"."""
    return next((client.kind for client in scenario.world.clients if client.kind != "spa_bff"), "web")


def binds(scenario: Scenario, design: Design) -> bool:
    """Whether a design's tokens are of no use without a key of their client."""
    deployment = deployment_of(scenario, design, Variates(scenario.run.seed, 0), {})
    made = [part_of("wrappers", chosen.part)(chosen.settings, deployment) for chosen in design.wrappers]
    return any(wrapper.grant_before(0, _NOBODY).confirmation for wrapper in made)


def bound_variants(scenario: Scenario) -> tuple[Design, ...]:
    """Each design of the scenario with each wrapper that binds tokens to a key of the client."""
    found = []
    for design in scenario.designs.values():
        for name in WRAPPERS:
            wrapped = _wrapped(design, name)
            if binds(scenario, wrapped) and not binds(scenario, design):
                found.append(_working(scenario, wrapped))
    return tuple(design for design in found if design is not None)


def victim_designs(scenario: Scenario) -> tuple[Design, ...]:
    """One design around each victim, with its name."""
    return _each_victim(scenario, lambda name, kind: name)


def counterparts(scenario: Scenario) -> tuple[Design, ...]:
    """The same designs with the sound parts in the place of the victims, with the names of those parts."""
    return _each_victim(scenario, lambda name, kind: kind.instead)


def _each_victim(scenario: Scenario, choose: Callable[[str, Any], str]) -> tuple[Design, ...]:
    found: dict[str, Design | None] = {}
    for place in ("service", "authorization_server"):
        for name, kind in VICTIMS[place].items():
            chosen = choose(name, kind)
            found[chosen] = _around(scenario, place, chosen)
    for name, kind in VICTIMS["wrappers"].items():
        token_format = USUAL_FORMAT if USUAL_FORMAT in kind.formats else min(kind.formats)
        found[choose(name, kind)] = _first(scenario, {}, (choose(name, kind),), token_format)
    return tuple(replace(design, name=name, title=name) for name, design in found.items() if design is not None)


def format_of(design: Design) -> str:
    """The format of the tokens that a design's authorization server issues."""
    return str(part_of("authorization_server", design.parts["authorization_server"].part).token_format)


def catalogue_designs(scenario: Scenario) -> tuple[Design, ...]:
    """One design for every part of the catalogue, and one for every wrapper with every format that it is for."""
    found = [_around(scenario, "service", name) for name in VALIDATORS]
    found += [_around(scenario, "authorization_server", name) for name in CATALOGUE["authorization_server"]]
    found += [_around(scenario, "gateway", name) for name in CATALOGUE["gateway"] if name not in VALIDATORS]
    found += [_around(scenario, "gateway", name) for name in GATEWAY_VALIDATORS if name not in CATALOGUE["gateway"]]
    found += [_around(scenario, "client", name) for name in CATALOGUE["client"]]
    if scenario.world.inner_services:
        found += [_around(scenario, DOWNSTREAM, name) for name in CATALOGUE[DOWNSTREAM]]
    for name, kind in WRAPPERS.items():
        found += [_first(scenario, {}, (name,), token_format) for token_format in sorted(kind.formats)]
    found += [_with_secret(scenario, design) for design in found if design is not None and not design.wrappers]
    unique: dict[Any, Design] = {}
    for design in found:
        if design is not None:
            unique.setdefault((frozenset(design.parts.items()), design.wrappers), design)
    return tuple(unique.values())


# --- what fits -------------------------------------------------------------------------------------------------------


def _around(scenario: Scenario, place: str, name: str) -> Design | None:
    return _first(scenario, {place: name}, ())


def _first(
    scenario: Scenario, fixed: Mapping[str, str], wrappers: tuple[str, ...], token_format: str = ""
) -> Design | None:
    """The first design that has these parts and works; of the rest what comes first in the catalogue."""
    base = next(iter(scenario.designs.values()))
    for issuer in _candidates(fixed, "authorization_server"):
        kind = part_of("authorization_server", issuer)
        if token_format and kind.token_format != token_format:
            continue
        for service in _candidates(fixed, "service"):
            chosen = {"client": "bearer", **fixed, "service": service, "authorization_server": issuer}
            parts = {place: _default(place, part) for place, part in chosen.items()}
            if scenario.world.inner_services:
                inner = {INNER_SERVICE: _default(INNER_SERVICE, service), DOWNSTREAM: base.parts[DOWNSTREAM]}
                parts = {**inner, **parts}
            around = tuple(_default("wrappers", name) for name in wrappers)
            named = _name(fixed, service, wrappers, token_format)
            design = replace(base, name=named, title=named, parts=MappingProxyType(parts), wrappers=around, flows={})
            working = _working(scenario, replace(design, max_revocation_lag_s=None))
            if working is not None:
                return working
    return None


def _name(fixed: Mapping[str, str], service: str, wrappers: tuple[str, ...], token_format: str) -> str:
    """What a design is about; the service is named as well where it is not that."""
    about = "_".join((*fixed.values(), *wrappers, token_format)).rstrip("_")
    return about if wrappers or "service" in fixed or service == about else f"{about}+{service}"


def _candidates(fixed: Mapping[str, str], place: str) -> tuple[str, ...]:
    return (fixed[place],) if place in fixed else tuple(CATALOGUE[place])


def _default(place: str, name: str, **changes: Any) -> Chosen:
    """A part with its defaults, or as near to them as ``algorithm`` lets it be."""
    settings = part_of(place, name).Settings
    known = {field.name for field in fields(settings)}
    wanted = {"algorithm": ALGORITHM, **changes}
    return Chosen(name, settings(**{key: value for key, value in wanted.items() if key in known}))


def _working(scenario: Scenario, design: Design) -> Design | None:
    """The design with the first source of user information with which it works; None when it works with none."""
    sources = (design.user_information, *get_args(UserInformationSource))
    return next((found for found in _trying(scenario, design, sources)), None)


def _trying(scenario: Scenario, design: Design, sources: tuple[UserInformationSource, ...]) -> Iterator[Design]:
    for source in sources:
        changed = replace(design, user_information=source)
        try:
            prepared(Ground(scenario, changed, token_kind(scenario)))
        except InputError:
            continue
        yield changed


def _wrapped(design: Design, name: str) -> Design:
    called = f"{design.name}+{name}"
    return replace(design, name=called, title=called, wrappers=(*design.wrappers, _default("wrappers", name)))


def _with_secret(scenario: Scenario, design: Design) -> Design | None:
    """The same with a secret that all servers share instead of a key pair, where its parts know such a thing."""
    service, issuer = design.parts["service"], design.parts["authorization_server"]
    if not (hasattr(issuer.settings, "algorithm") and hasattr(service.settings, "algorithms")):
        return None
    try:
        signing = replace(issuer.settings, algorithm=SECRET_ALGORITHM)
        verifying = replace(service.settings, algorithms=(SECRET_ALGORITHM,))
    except ValueError:
        return None
    parts = {
        **design.parts,
        "service": Chosen(service.part, verifying),
        "authorization_server": Chosen(issuer.part, signing),
    }
    if INNER_SERVICE in parts:
        parts[INNER_SERVICE] = parts["service"]
    named = f"{design.name}_{SECRET_ALGORITHM.lower()}"
    return _working(scenario, replace(design, name=named, title=named, parts=MappingProxyType(parts)))
